"""Cost of a training step against one under ``none``: the whole step, and the fusion layer alone."""

from __future__ import annotations

from cells import EPOCHS, per_epoch, sample_of_study
from layers import NORMS, dims_of, fusion_step
from measure import in_turn, spread
from results import Row, row

PART = "step"
MODALITIES, DIM, BATCH = 3, 8, 64


def measure(quick: bool) -> list[Row]:
    """Measure both, M = 3, d = 8, batches of 64."""
    keys = {"modalities": MODALITIES, "order": MODALITIES, "dim": DIM, "batch": BATCH}
    sample = sample_of_study("XRelIrrXOR", *((2, 512) if quick else (10, 1024)))
    work = {(norm, epochs): sample.training(norm, epochs) for norm in NORMS for epochs in EPOCHS}
    seconds = in_turn(work, 30.0 if quick else 90.0)
    step = {norm: per_epoch(seconds, norm) / sample.steps / len(sample.datasets) for norm in NORMS}
    layer = in_turn(
        {norm: fusion_step(norm, dims_of(MODALITIES, DIM), BATCH) for norm in NORMS}, 10.0, most=50
    )
    rows: list[Row] = []
    for what, times in (("whole training step, per seed", step), ("fusion layer", layer)):
        for norm in NORMS:
            rows.append(row(PART, what, spread(1e3 * times[norm]), "ms", norm=norm, **keys))
        for norm in NORMS[1:]:
            rows.append(row(PART, what, spread(times[norm] / times["none"]), "x none", norm=norm, **keys))
    return rows
