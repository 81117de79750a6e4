"""The kappa form of the Wick products against the poster's closed form."""

from __future__ import annotations

import torch
from closed_form import all_closed_forms, terms
from layers import dims_of
from measure import Work, in_turn, spread
from results import Row, row

from mmfusion import subsets, wick_products

PART = "kappa form"
BATCH, DIM = 64, 2
GOALS = {6: 4.0, 8: 10.0}


def measure(quick: bool) -> list[Row]:
    """Measure the time of the closed form over that of the kappa form; forward only, float32."""
    rows = []
    for modalities in (3, 4, 5, 6) if quick else (3, 4, 5, 6, 8):
        keys = {"modalities": modalities, "dim": DIM, "batch": BATCH}
        count = sum(len(terms(subset)) for subset in subsets(dims_of(modalities, DIM)))
        seconds = in_turn(both_forms(modalities), 3.0 if quick else 10.0)
        goal = (">=", GOALS[modalities]) if modalities in GOALS else None
        rows.append(row(PART, "terms of the closed form", count, "terms", **keys))
        for name, title in (("closed", "closed form"), ("kappa", "kappa form")):
            rows.append(row(PART, title, spread(1e3 * seconds[name]), "ms", **keys))
        ratio = spread(seconds["closed"] / seconds["kappa"])
        rows.append(row(PART, "closed form / kappa form", ratio, "x kappa", goal, **keys))
    return rows


def both_forms(modalities: int) -> dict[str, Work]:
    """Return the Wick products of all subsets in the ``kappa`` and in the ``closed`` form."""
    generator = torch.Generator().manual_seed(0)
    dims = dims_of(modalities, DIM)
    features = {m: torch.rand(BATCH, d, generator=generator) for m, d in dims.items()}
    return {"kappa": lambda: wick_products(features), "closed": lambda: all_closed_forms(features)}
