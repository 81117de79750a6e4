"""What a network costs in a stack: fitting an estimator with more and more networks, against one."""

from __future__ import annotations

import numpy as np
from measure import Work, in_turn, spread
from results import Row, row

from mmfusion import FusionClassifier

PART = "networks"
SAMPLES, MODALITIES, COLUMNS, DIM, BATCH, EPOCHS = 1000, 3, 10, 8, 64, 10
COUNTS = (1, 10, 50, 250)


def measure(quick: bool) -> list[Row]:
    """Fit networks on vectors, and subtract the time of an epoch less: what is left are steps alone."""
    counts = COUNTS[:3] if quick else COUNTS
    seconds = in_turn({(n, e): fit(n, e) for n in counts for e in (1, 1 + EPOCHS)}, 20.0 if quick else 120.0)
    steps = EPOCHS * (SAMPLES // BATCH)
    keys = {"modalities": MODALITIES, "order": MODALITIES, "dim": DIM, "batch": BATCH}
    rows: list[Row] = []
    for count in counts:
        case = f"networks = {count}"
        each = 1000 * (seconds[count, 1 + EPOCHS] - seconds[count, 1]) / (steps * count)
        rows.append(row(PART, "a step, per network", spread(each), "ms", case=case, **keys))
        ratio = seconds[count, 1 + EPOCHS] / seconds[1, 1 + EPOCHS]
        rows.append(
            row(PART, f"fit of {1 + EPOCHS} epochs", spread(ratio), "x one network", case=case, **keys)
        )
    return rows


def fit(networks: int, epochs: int) -> Work:
    """Return the fitting of so many networks to the same samples, with nothing held out."""
    rng = np.random.default_rng(0)
    X = {name: rng.normal(size=(SAMPLES, COLUMNS)).astype(np.float32) for name in "abc"}
    y = X["a"][:, 0] + X["b"][:, 0] * X["c"][:, 0] > 0
    settings = {"cv": None, "penalty": 0.01, "n_seeds": networks, "epochs": epochs, "batch_size": BATCH}
    return lambda: FusionClassifier(**settings, random_state=0, device="cpu").fit(X, y)
