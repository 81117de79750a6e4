"""What an answer costs: fits with a path of lambda, and with networks of every coalition, against one."""

from __future__ import annotations

from typing import Any

import numpy as np
from measure import Work, in_turn, spread
from results import Row, row

from mmfusion import FusionClassifier

PART = "answer"
SAMPLES, MODALITIES, COLUMNS, EPOCHS = 400, 3, 4, 5
PATHS = {length: np.logspace(-4, -1, length).tolist() for length in (1, 4, 12)}
CASES: dict[str, dict[str, Any]] = {
    "one lambda": {"penalty": PATHS[1]},
    "4 lambdas": {"penalty": PATHS[4]},
    "12 lambdas": {"penalty": PATHS[12]},
    "one lambda, 7 coalitions": {"penalty": PATHS[1], "information": True},
    "4 lambdas, 7 coalitions": {"penalty": PATHS[4], "information": True},
}
"""By name: settings of a fit. Coalitions are all of three modalities but the empty one."""


def measure(quick: bool) -> list[Row]:
    """Fit every case in turn, five folds each; the first is what the others are compared with."""
    seconds = in_turn({name: fit(**settings) for name, settings in CASES.items()}, 20.0 if quick else 120.0)
    base = seconds["one lambda"]
    keys = {"modalities": MODALITIES, "order": MODALITIES}
    return [
        row(PART, "fit", spread(taken / base), "x one lambda", case=name, **keys)
        for name, taken in seconds.items()
    ]


def fit(**settings: Any) -> Work:
    """Return the fitting of one kind of network to the same samples, cross-fitted."""
    rng = np.random.default_rng(0)
    X = {name: rng.normal(size=(SAMPLES, COLUMNS)).astype(np.float32) for name in "abc"}
    y = X["a"][:, 0] + X["b"][:, 0] * X["c"][:, 0] > 0
    fixed = {"information": False, "encoders": dict.fromkeys(X, "vector"), "epochs": EPOCHS, "device": "cpu"}
    return lambda: FusionClassifier(**{**fixed, **settings}, random_state=0).fit(X, y)
