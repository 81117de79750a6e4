"""Slots of a horizontal axis: one per subset, p or block, with marks around its centre."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmfusion.plotting.style import PALE


def offsets(count: int, step: float) -> NDArray[Any]:
    """Return the distances of `count` marks from the centre of their slot, `step` between two of them.

    Examples
    --------
    >>> offsets(3, 0.25).tolist()
    [-0.25, 0.0, 0.25]
    """
    return step * (np.arange(count) - (count - 1) / 2)


def label_slots(ax: Axes, labels: Sequence[str]) -> None:
    """Give every slot its label and the axis the width of all slots."""
    ax.set_xticks(range(len(labels)), labels)
    ax.set_xlim(-0.5, len(labels) - 0.5)


def shade_slot(ax: Axes, slot: int, text: str = "") -> None:
    """Shade a slot, and say inside why it is empty if there is a `text`."""
    ax.axvspan(slot - 0.5, slot + 0.5, color=PALE, zorder=0)
    if text:
        ax.text(slot, 0.5, text, ha="center", va="center", color="#666666", size=8)
