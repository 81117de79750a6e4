"""Forward plus backward of the fusion layer against that under ``none``, over M, d and order."""

from __future__ import annotations

from layers import NORMS, all_cells, dims_of, fusion_step, numbers_per_sample, too_large
from measure import in_turn, spread
from results import Row, row, skipped

PART = "fusion"
MODALITIES, DIMS, BATCH = (2, 3, 4, 5, 6, 7, 8), (4, 8, 16, 32), 64
MOST = 2**20
"""Numbers per sample above which a cell is skipped."""


def measure(quick: bool) -> list[Row]:
    """Measure every (M, d, order), each within its own budget."""
    cells = all_cells(MODALITIES, DIMS)
    if quick:
        cells = [(m, d, order) for m, d, order in cells if m <= 4 and d <= 16 and order in (2, m)]
    return [result for cell in cells for result in one_cell(*cell, budget=0.8 if quick else 2.0)]


def one_cell(modalities: int, dim: int, order: int, budget: float) -> list[Row]:
    """Measure the ratios of one cell, or say why it is skipped."""
    keys = {"modalities": modalities, "dim": dim, "order": order, "batch": BATCH}
    quantity = "forward + backward"
    dims = dims_of(modalities, dim)
    numbers = numbers_per_sample(dims, order)
    reason = f"{numbers:,} numbers per sample, limit {MOST:,}" if numbers > MOST else ""
    reason = reason or too_large(dims, BATCH, order)
    if reason:
        return [skipped(PART, quantity, reason, **keys)]
    work = {norm: fusion_step(norm, dims, BATCH, order) for norm in NORMS}
    work["ibn"]()  # compiles loops when it is first run
    seconds = in_turn(work, budget)
    rows = [row(PART, quantity, spread(1e3 * seconds["none"]), "ms", norm="none", **keys)]
    for norm in NORMS[1:]:
        ratio = spread(seconds[norm] / seconds["none"])
        rows.append(row(PART, quantity, ratio, "x none", norm=norm, **keys))
    return rows
