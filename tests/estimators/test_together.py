"""Estimators that are fitted together find what each finds alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmfusion import FusionClassifier, FusionRegressor
from mmfusion.estimators.together import fit_together
from mmfusion.training.stack import NetworkStack

pytestmark = pytest.mark.usefixtures("no_linear_baseline")
SMALL: dict[str, Any] = {"epochs": 3, "cv": 2, "information": True, "device": "cpu"}


def data_set(seed: int, widths: tuple[int, int], n: int = 90) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    X = {name: rng.normal(size=(n, width)) for name, width in zip("ab", widths, strict=True)}
    return {"X": X, "y": (X["a"][:, 0] * X["b"][:, 0] + 0.1 * rng.normal(size=n) > 0).astype(int)}


def compare(alone: Any, together: Any) -> None:
    for name in ("relevance_", "information_", "modality_information_", "synergy_", "penalties_", "history_"):
        pd.testing.assert_frame_equal(getattr(alone, name), getattr(together, name), rtol=1e-4, atol=1e-6)
    assert alone.penalty_ == together.penalty_


@pytest.mark.parametrize("make", [FusionClassifier, FusionRegressor])
def test_data_sets_of_one_shape_share_stacks_and_nothing_else(make: Any) -> None:
    sets = [data_set(seed, (3, 4)) for seed in range(3)]
    together = [make(**SMALL, random_state=seed) for seed in range(3)]
    fit_together(together, sets)
    for seed, given in enumerate(sets):
        alone = make(**SMALL, random_state=seed).fit(**given)
        compare(alone, together[seed])
        np.testing.assert_allclose(alone.predict(given["X"]), together[seed].predict(given["X"]), atol=1e-3)


def test_vectors_may_have_unequal_numbers_of_columns() -> None:
    linear = {name: {"kind": "linear"} for name in "ab"}  # without dropout, whose noise depends on the stack
    sets = [data_set(0, (2, 6)), data_set(1, (5, 3))]
    together = [FusionClassifier(**SMALL, encoders=linear, random_state=seed) for seed in range(2)]
    fit_together(together, sets)
    for seed, given in enumerate(sets):
        compare(FusionClassifier(**SMALL, encoders=linear, random_state=seed).fit(**given), together[seed])


@pytest.fixture
def stacked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of networks in the stacks that are made."""
    sizes: list[int] = []
    build = NetworkStack.__init__

    def counting(self: NetworkStack, networks: Any, *rest: Any) -> None:
        sizes.append(len(networks))
        build(self, networks, *rest)

    monkeypatch.setattr(NetworkStack, "__init__", counting)
    return sizes


@pytest.mark.parametrize(("sizes", "expected"), [((90, 90, 91), [9]), ((90, 300), [3, 3])])
def test_networks_share_a_stack_where_they_take_equally_many_steps(
    stacked: list[int], sizes: tuple[int, ...], expected: list[int]
) -> None:
    models = [FusionClassifier(epochs=1, cv=3, penalty=0.01, device="cpu") for _ in sizes]
    fit_together(models, [data_set(seed, (2, seed + 1), n) for seed, n in enumerate(sizes)])
    assert stacked == expected


def test_sequences_of_unequal_lengths_are_trained_apart() -> None:
    def of_length(seed: int, length: int) -> dict[str, Any]:
        rng = np.random.default_rng(seed)
        dna = ["".join(rng.choice(list("ACGT"), length)) for _ in range(40)]
        return {"X": {"dna": dna, "a": rng.normal(size=(40, 2))}, "y": np.arange(40) % 2}

    sets = [of_length(0, 12), of_length(1, 20)]
    settings: dict[str, Any] = {"epochs": 2, "cv": 2, "penalty": 0.01, "device": "cpu"}
    together = [FusionClassifier(**settings, random_state=seed) for seed in range(2)]
    fit_together(together, sets)
    for seed, given in enumerate(sets):
        alone = FusionClassifier(**settings, random_state=seed).fit(**given)
        pd.testing.assert_frame_equal(alone.relevance_, together[seed].relevance_, rtol=1e-4, atol=1e-6)


def test_an_earlier_summary_does_not_stay() -> None:
    model = FusionClassifier(epochs=1, cv=2, penalty=0.01, device="cpu").fit(**data_set(0, (2, 2)))
    fit_together([model], [data_set(1, (2, 2))])
    assert not hasattr(model, "summary_")
    with pytest.raises(ValueError, match="one occurs twice"):
        fit_together([model, model], [data_set(1, (2, 2))] * 2)
