"""Peak memory of a step of the fusion layer, as a multiple of the bytes of all f^I."""

from __future__ import annotations

from layers import NORMS, dims_of, fusion_step, numbers_per_sample, too_large
from memory_peak import peak_bytes
from results import Row, row, skipped

PART = "memory"
BATCH, BYTES = 512, 4
GOAL = ("<=", 4.0)
CELLS = ((2, 8, 2), (3, 8, 3), (4, 8, 4), (5, 8, 5), (3, 32, 3), (4, 16, 4), (6, 4, 6), (8, 8, 2))
"""(M, d, order); more subsets than these have more operations than the profiler can keep a trace of."""


def measure(quick: bool) -> list[Row]:
    """Measure every layer of `CELLS`; once, since allocations repeat exactly."""
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
            work()  # what torch allocates once, and keeps
            multiple = peak_bytes(work) / all_products
            rows.append(row(PART, "peak of a step", multiple, "x bytes of all f^I", GOAL, norm=norm, **keys))
    return rows
