"""Small multimodal data whose truth is known, and estimators that learn it in a second."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mmfusion import FusionClassifier, FusionRegressor

N = 400
Arrays = dict[str, NDArray[Any]]
SYMBOLS = {"encoders": {"text": "symbols"}}
QUICK = {"epochs": 6, "batch_size": 32, "dim": 4, "random_state": 0, "cv": None, "penalty": 0.01}
HELD_OUT_QUARTER = [[list(range(N // 4, N)), list(range(N // 4))]]
"""One fold, as lists: a splitter could not be saved."""


@pytest.fixture(scope="session")
def arrays() -> Arrays:
    """Vectors of unequal width, and a sequence of symbols."""
    rng = np.random.default_rng(0)
    return {
        "video": rng.normal(size=(N, 3)) * [1.0, 10.0, 0.1] + 5.0,
        "audio": rng.normal(size=(N, 2)).astype(np.float32),
        "text": rng.integers(0, 4, (N, 20)),
    }


@pytest.fixture(scope="session")
def binary(arrays: Arrays) -> NDArray[np.str_]:
    return np.where(arrays["audio"][:, 0] > 0, "yes", "no")


@pytest.fixture(scope="session")
def numbers(arrays: Arrays) -> NDArray[np.float64]:
    return 100.0 + 20.0 * arrays["video"][:, 0]


@pytest.fixture(scope="session")
def classifier(
    arrays: Arrays, binary: NDArray[np.str_], one_strength: Callable[[], AbstractContextManager[None]]
) -> FusionClassifier:
    """Two seeds, with a held-out part."""
    changes = {"epochs": 40, "n_seeds": 2, "cv": HELD_OUT_QUARTER}
    model = FusionClassifier(**QUICK | SYMBOLS | changes)
    with one_strength():
        return model.fit(arrays, binary)


@pytest.fixture(scope="session")
def regressor(arrays: Arrays, numbers: NDArray[np.float64]) -> FusionRegressor:
    return FusionRegressor(**QUICK | SYMBOLS | {"epochs": 40}, n_seeds=2).fit(arrays, numbers)


def head(arrays: Arrays, rows: int = 5) -> Arrays:
    return {name: values[:rows] for name, values in arrays.items()}
