"""Which subsets are scored, in words."""

from __future__ import annotations

from typing import Any

from mmfusion.fusion.subsets import chosen_order


def order_note(modalities: int, chosen: Any) -> str:
    """Say which subsets are scored, unless all are or the user has chosen them."""
    order = chosen_order("auto", modalities)
    if chosen != "auto" or order == modalities:
        return ""
    return (
        "With five or more modalities, only single modalities and pairs are scored: --max-order "
        f"{modalities} takes all {2**modalities - 1} subsets."
    )
