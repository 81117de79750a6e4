"""On held-out samples a weight is a number of copies, none at zero, and only the ratios of weights count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmfusion.fusion.subsets import Subset, subsets
from mmfusion.fusion.tensor_fusion import TensorFusion
from mmfusion.measures.array_losses import TASKS, mean_loss, mean_score
from mmfusion.measures.catalogue import OF_HELD_OUT, OF_WEIGHTS
from mmfusion.measures.heldout import heldout_relevance
from mmfusion.measures.subset_measures import subset_measures

SEEDS = st.integers(0, 10**6)
PROBLEMS = [*((task, False) for task in TASKS), ("binary", True), ("regression", True)]
Floats = NDArray[np.float64]


class HeldOut(NamedTuple):
    """Parts (n, outputs) of the score, its bias, the training means of the parts, and the target."""

    parts: Mapping[Subset, Floats]
    bias: Floats
    means: Mapping[Subset, Floats]
    target: NDArray[Any]

    def rows(self, index: NDArray[Any]) -> HeldOut:
        parts = {subset: part[index] for subset, part in self.parts.items()}
        return self._replace(parts=parts, target=self.target[index])


def problem(seed: int, task: str, several: bool) -> tuple[HeldOut, NDArray[np.int64]]:
    """Held-out samples, and whole-number weights of which some are zero and two are not."""
    rng = np.random.default_rng(seed)
    n, outputs = int(rng.integers(4, 25)), 3 if several or task == "multiclass" else 1
    parts = {s: 10 ** rng.uniform(-2, 1) * rng.normal(size=(n, outputs)) + 1.0 for s in subsets("123")}
    shape = (n, outputs) if several else (n,)
    classes = rng.integers(0, 3 if task == "multiclass" else 2, shape)
    target = rng.normal(size=shape) if task == "regression" else classes
    weight = rng.integers(0, 5, n)
    weight[:2] += 1
    means = {subset: rng.normal(size=outputs) for subset in parts}
    return HeldOut(parts, rng.normal(size=outputs), means, target), weight


def measured(held_out: HeldOut, task: str, weight: Floats | None = None) -> Floats:
    """Loss, score, and rise and shares of all subsets."""
    parts, bias, means, target = held_out
    scores = np.sum(list(parts.values()), axis=0) + bias
    table = heldout_relevance(parts, bias, means, target, task, weight).drop(columns=["subset", "order"])
    whole = [mean_loss(scores, target, task, weight), mean_score(scores, target, task, weight)]
    return np.concatenate([whole, table.to_numpy(dtype=float).ravel()])


def check(actual: Floats, expected: Floats) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-8, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize(("task", "several"), PROBLEMS)
@given(SEEDS)
def test_a_weight_is_a_number_of_copies(task: str, several: bool, seed: int) -> None:
    held_out, weight = problem(seed, task, several)
    copies = held_out.rows(np.repeat(np.arange(len(weight)), weight))
    check(measured(held_out, task, weight.astype(float)), measured(copies, task))


@pytest.mark.parametrize(("task", "several"), PROBLEMS)
@given(SEEDS)
def test_zero_weight_leaves_a_sample_out(task: str, several: bool, seed: int) -> None:
    held_out, copies = problem(seed, task, several)
    weight = copies * np.random.default_rng(seed).uniform(0.1, 3.0, len(copies))
    kept = weight > 0
    check(measured(held_out, task, weight), measured(held_out.rows(kept), task, weight[kept]))


@pytest.mark.parametrize(("task", "several"), PROBLEMS)
@given(SEEDS, st.floats(1e-6, 1e6))
def test_only_the_ratios_of_weights_count(task: str, several: bool, seed: int, factor: float) -> None:
    held_out, weight = problem(seed, task, several)
    check(measured(held_out, task, factor * weight), measured(held_out, task, weight.astype(float)))
    check(measured(held_out, task, np.full(len(weight), factor)), measured(held_out, task))


# All measures of a fusion layer on one table


def table_of(
    weight: Floats | None, change: Callable[[Any], Any] = lambda values: values, task: str = "multiclass"
) -> pd.DataFrame:
    """All measures of 30 samples, of which `change` selects some."""
    rng, outputs = np.random.default_rng(3), 3 if task == "multiclass" else 1
    parts = {s: change(rng.normal(size=(30, outputs))) for s in subsets("12")}
    means = {subset: np.zeros(outputs) for subset in parts}
    features = {name: change(torch.from_numpy(rng.normal(size=(30, 2)))) for name in "12"}
    target = change(torch.from_numpy(rng.integers(0, 2, 30)))
    torch.manual_seed(0)
    fusion = TensorFusion({"1": 2, "2": 2}, outputs=outputs)
    given_weight = None if weight is None else torch.from_numpy(weight)
    return subset_measures(fusion, parts, means, features, target, task, 0, given_weight)


@pytest.mark.parametrize("task", TASKS)
def test_every_held_out_measure_uses_the_weights_and_no_other_does(task: str) -> None:
    plain, weighted = table_of(None, task=task), table_of(np.linspace(0.1, 4.0, 30), task=task)
    pd.testing.assert_frame_equal(weighted[[*OF_WEIGHTS]], plain[[*OF_WEIGHTS]], check_exact=True)
    for name in OF_HELD_OUT:
        differences = (weighted[name] - plain[name]).dropna()
        assert len(differences), name
        assert (differences.abs() > 1e-6).all(), name


def test_every_held_out_measure_leaves_samples_of_zero_weight_out() -> None:
    weight = np.where(np.arange(30) % 3 == 0, 0.0, np.linspace(0.1, 4.0, 30))
    kept = np.flatnonzero(weight)
    expected = table_of(weight[kept], lambda values: values[kept])
    pd.testing.assert_frame_equal(table_of(weight), expected, rtol=1e-9)
    equal = table_of(np.full(30, 0.3))
    pd.testing.assert_frame_equal(equal, table_of(None), rtol=1e-6)
