"""What is constant in training has no effect in prediction: every kind of modality, every normalisation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion import FusionClassifier, FusionRegressor, ModalityData

pytestmark = pytest.mark.usefixtures("quick_baseline")
N = 120
NORMS = ("none", "bn", "vbn", "dbn", "ibn")
KINDS = ("vector", "sequence", "symbols", "module")
QUICK: dict[str, Any] = {"epochs": 4, "dim": 4, "random_state": 0, "cv": None, "penalty": 0.01}
CASES = [(kind, dtype) for kind in ("vector", "sequence", "module") for dtype in (np.float32, np.float64)]
CASES.append(("symbols", np.int64))
Array = NDArray[Any]


class Own(nn.Module):
    """A user's module with a hidden layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, 8), nn.Linear(8, 4, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.last(torch.relu(self.first(inputs)))
        return features


def signal() -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, N)
    return rng.normal(size=(N, 2)) + 2.0 * y[:, None], y


def values_of(kind: str, dtype: type, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    if kind == "symbols":
        return rng.integers(0, 4, (N, 15))
    return (7.1 + rng.normal(size=(N, 6, 3) if kind == "sequence" else (N, 3))).astype(dtype)


def model_of(kind: str, norm: str) -> FusionClassifier:
    encoders = {"m": Own()} if kind == "module" else {"m": kind}
    return FusionClassifier(norm=norm, encoders=encoders, **QUICK)


def decision(model: FusionClassifier, signal: Array, values: Array) -> Array:
    return np.asarray(model.decision_function({"s": signal, "m": values}))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("kind", "dtype"), CASES)
def test_a_constant_modality_has_no_effect_whatever_comes(
    kind: str, dtype: type, norm: str, tmp_path: Path
) -> None:
    inputs, y = signal()
    constant, changed = np.repeat(values_of(kind, dtype, 0)[:1], N, axis=0), values_of(kind, dtype, 1)
    model = model_of(kind, norm).fit({"s": inputs, "m": constant}, y)
    expected = decision(model, inputs, constant)
    np.testing.assert_allclose(decision(model, inputs, changed), expected, rtol=1e-6, atol=1e-6)
    model.save(tmp_path / "model")
    loaded = FusionClassifier.load(tmp_path / "model", {"m": Own()} if kind == "module" else None)
    np.testing.assert_array_equal(decision(loaded, inputs, changed), decision(model, inputs, changed))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("kind", ["vector", "sequence", "module"])
def test_a_constant_column_has_no_effect_whatever_comes(kind: str, norm: str, tmp_path: Path) -> None:
    inputs, y = signal()
    constant = values_of(kind, np.float64, 0)
    constant[..., 1] = 7.1
    changed = constant.copy()
    changed[..., 1] = values_of(kind, np.float64, 1)[..., 1]
    model = model_of(kind, norm).fit({"s": inputs, "m": constant}, y)
    expected = decision(model, inputs, constant)
    np.testing.assert_array_equal(decision(model, inputs, changed), expected)
    assert not np.allclose(decision(model, inputs, values_of(kind, np.float64, 2)), expected)
    model.save(tmp_path / "model")
    loaded = FusionClassifier.load(tmp_path / "model", {"m": Own()} if kind == "module" else None)
    np.testing.assert_array_equal(decision(loaded, inputs, changed), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_modality_that_is_constant_wherever_it_is_known(kind: str) -> None:
    """Where it is missing, its mean replaces it: the same constant, in spite of rounding."""
    inputs, y = signal()
    present = np.random.default_rng(3).random(N) < 0.6
    constant = np.repeat(values_of(kind, np.float32, 0)[:1], N, axis=0)
    model = model_of(kind, "dbn")
    model.fit(ModalityData({"s": inputs, "m": constant}, present={"m": present}), y)
    gain = model.ensemble_.networks[0].fusion.norm.get_buffer("scale").reciprocal()
    by_subset = model.ensemble_.networks[0].fusion.norm.by_subset(gain)
    assert [bool((part > 0).any()) for part in by_subset.values()] == [True, False, False]
    changed = values_of(kind, np.float32, 1)
    expected = decision(model, inputs, constant)
    np.testing.assert_allclose(decision(model, inputs, changed), expected, rtol=1e-6, atol=1e-6)


def test_seconds_since_1970_and_large_whole_numbers_are_learned() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(300, 1))
    for values in (1.6e9 + z, (2**40 + 1000 * z).astype(np.int64)):
        model = FusionRegressor(encoders={"t": "vector"}, **QUICK | {"epochs": 60, "dim": 8})
        model.fit({"t": values}, z[:, 0])
        assert model.score({"t": values}, z[:, 0]) > 0.9
