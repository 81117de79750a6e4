"""Peak memory of a step of the fusion layer, of both forms of the Wick products, and of training a cell."""

from __future__ import annotations

from cells import sample_of_study
from layers import NORMS, dims_of, fusion_step, numbers_per_sample, too_large
from memory_peak import peak_bytes
from parts import kappa
from results import Row, row, skipped

PART = "memory"
BATCH, BYTES = 512, 4
GOAL = ("<=", 4.0)
CELLS = ((2, 8, 2), (3, 8, 3), (4, 8, 4), (5, 8, 5), (3, 32, 3), (4, 16, 4), (6, 4, 6), (8, 8, 2))
"""(M, d, order); with more subsets a step has more operations than the profiler can trace."""


def measure(quick: bool) -> list[Row]:
    """Measure everything once: allocations are the same in every repetition."""
    return [*layers(quick), *forms(), *training()]


def forms() -> list[Row]:
    """Measure the Wick products in both forms, as the part ``kappa`` times them; M = 8 has too many terms."""
    rows: list[Row] = []
    for modalities in (3, 4, 5, 6):
        keys = {"modalities": modalities, "dim": kappa.DIM, "batch": kappa.BATCH}
        work = kappa.both_forms(modalities)
        for name, title in (("closed", "closed form"), ("kappa", "kappa form")):
            work[name]()
            rows.append(row(PART, f"peak of the {title}", peak_bytes(work[name]) / 2**20, "MiB", **keys))
    return rows


def training() -> list[Row]:
    """Measure training ten seeds in one stack, data included; four steps hold as much as many."""
    sample = sample_of_study("XRelIrrXOR", 10, 256)
    rows: list[Row] = []
    for norm in ("none", "ibn"):
        work = sample.training(norm, 1)
        work()
        case = "10 seeds, 256 samples each"
        rows.append(row(PART, "peak of training", peak_bytes(work) / 2**20, "MiB", case=case, norm=norm))
    return rows


def layers(quick: bool) -> list[Row]:
    """Measure a step of every layer of `CELLS`, as a multiple of the bytes of all f^I."""
    rows: list[Row] = []
    for modalities, dim, order in CELLS[:3] if quick else CELLS:
        keys = {"modalities": modalities, "dim": dim, "order": order, "batch": BATCH}
        dims = dims_of(modalities, dim)
        all_products = BYTES * BATCH * numbers_per_sample(dims, order)
        for norm in NORMS:
            reason = too_large(dims, BATCH, order, (norm,))
            if reason:
                rows.append(skipped(PART, "peak of a step", reason, norm=norm, **keys))
                continue
            work = fusion_step(norm, dims, BATCH, order)
            work()  # torch allocates some memory once, and keeps it
            multiple = peak_bytes(work) / all_products
            rows.append(row(PART, "peak of a step", multiple, "x bytes of all f^I", GOAL, norm=norm, **keys))
    return rows
