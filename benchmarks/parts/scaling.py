"""How cost grows: with the number of samples, and with the work of the kappa form."""

from __future__ import annotations

import math

import pandas as pd
from cells import EPOCHS, per_epoch, sample_of_study
from layers import dims_of, fusion_step, too_large, work_per_sample
from measure import exponent, in_turn, spread
from results import Row, row, skipped

PART = "scaling"
NORM = "ibn"
LAYERS = ((2, 8), (3, 8), (4, 8), (3, 16), (5, 8), (4, 16), (3, 32), (6, 4), (7, 4))
"""(M, d) of the layers whose cost is fitted against their work."""


def measure(quick: bool) -> list[Row]:
    """Fit exponents of seconds against size on logarithms, for IBN."""
    sizes = [2**k for k in (range(10, 14) if quick else range(10, 17))]
    return [*training(sizes, quick), *samples(sizes, quick), *work(quick)]


def training(sizes: list[int], quick: bool) -> list[Row]:
    """Fit the seconds of an epoch of training one seed to the number of samples."""
    drawn = {n: sample_of_study("XRelIrrXOR", 1, n) for n in sizes}
    jobs = {(n, epochs): drawn[n].training(NORM, epochs) for n in sizes for epochs in EPOCHS}
    seconds = in_turn(jobs, 15.0 if quick else 90.0, most=5)
    return _rows(
        "epoch of training", sizes, pd.DataFrame({n: per_epoch(seconds, n) for n in sizes}), "samples"
    )


def samples(sizes: list[int], quick: bool) -> list[Row]:
    """Fit the seconds of the fusion layer to the number of samples, all in one batch; M = 3, d = 8."""
    dims = dims_of(3, 8)
    reason = too_large(dims, sizes[-1], None, (NORM,))
    if reason:
        return [skipped(PART, "fusion layer", reason, case=f"samples = {sizes[-1]}")]
    seconds = in_turn({n: fusion_step(NORM, dims, n) for n in sizes}, 5.0 if quick else 30.0)
    return _rows("fusion layer", sizes, seconds, "samples")


def work(quick: bool) -> list[Row]:
    """Fit the seconds of the fusion layer to the sum over I of 2^|I| prod d_m; batches of 64."""
    layers = {work_per_sample(dims_of(m, d)): (m, d) for m, d in (LAYERS[:4] if quick else LAYERS)}
    sizes = sorted(layers)
    seconds = in_turn({n: fusion_step(NORM, dims_of(*layers[n]), 64) for n in sizes}, 5.0 if quick else 60.0)
    return _rows("fusion layer", sizes, seconds, "work")


def _rows(quantity: str, sizes: list[int], seconds: pd.DataFrame, size: str) -> list[Row]:
    rows = [
        row(PART, quantity, spread(1e3 * seconds[n]), "ms", case=f"{size} = {n}", norm=NORM) for n in sizes
    ]
    fitted = seconds[(seconds > 0).all(axis=1)]
    slope = exponent(sizes, fitted) if len(fitted) else math.nan
    title = f"{quantity}: exponent of {size}"
    return [*rows, row(PART, title, slope, "exponent", case=f"{sizes[0]} to {sizes[-1]}", norm=NORM)]
