"""Tests of subsets: what is named, the gate, the floor, and the power that is stated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from mmfusion.measures.cross_fitted import (
    ERROR_RATE,
    FLOOR,
    Truth,
    _noncentrality,
    prediction_quality,
    smallest_rise,
    subset_tests,
)
from mmfusion.measures.paired_differences import mean_and_test


def example(n: int, effect: float, task: str, seed: int = 0) -> tuple[dict, np.ndarray, Truth]:
    """Two parts that are learned perfectly: the first with an effect, the second with none."""
    rng = np.random.default_rng(seed)
    parts = {(name,): scale * rng.normal(size=(n, 1)) for name, scale in (("a", effect), ("b", 0.0))}
    scores = sum(parts.values())
    if task == "regression":
        y = scores[:, 0] + np.sqrt(1 - effect**2) * rng.normal(size=n)
    else:
        y = (rng.random(n) < 1 / (1 + np.exp(-scores[:, 0]))).astype(float)
    return parts, scores, Truth(y, task)


def table_of(parts: dict, scores: np.ndarray, truth: Truth, floor: float = FLOOR):
    quality = prediction_quality(scores, np.zeros_like(scores), truth, len(parts))
    return subset_tests(parts, scores, truth, quality, floor), quality


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_an_effect_is_named_and_a_silent_part_is_not(task: str) -> None:
    table, quality = table_of(*example(500, 0.8, task))
    assert table["named"].tolist() == [True, False]
    assert quality.shown
    assert table["loss_rise"][0] == pytest.approx(quality.explained.mean)
    assert table["loss_rise"][1] == 0.0
    assert table["p_value"][1] == 1.0
    assert table["loss_rise_low"][0] < table["loss_rise"][0] < table["loss_rise_high"][0]


def test_the_floor_is_a_share_of_what_is_explained() -> None:
    rng = np.random.default_rng(0)
    parts = {("a",): rng.normal(size=(5000, 1)), ("b",): 0.05 * rng.normal(size=(5000, 1))}
    scores = sum(parts.values())
    truth = Truth(scores[:, 0] + 0.02 * rng.normal(size=5000), "regression")
    assert table_of(parts, scores, truth)[0]["named"].tolist() == [True, False]
    assert table_of(parts, scores, truth, floor=0.0)[0]["named"].tolist() == [True, True]


def test_nothing_is_named_where_nothing_is_explained() -> None:
    """A part may cancel another: without it the loss rises, and yet the whole predicts nothing."""
    rng = np.random.default_rng(0)
    part = rng.normal(size=(400, 1))
    truth = Truth(rng.normal(size=400), "regression")
    table, quality = table_of({("a",): part, ("b",): -part}, np.zeros((400, 1)), truth)
    assert table["p_adjusted"].max() < ERROR_RATE
    assert not quality.shown
    assert not table["named"].any()


@pytest.mark.parametrize(("task", "n"), [("binary", 200), ("binary", 800), ("regression", 200)])
def test_the_smallest_rise_is_shown_in_four_of_five_data_sets(task: str, n: int) -> None:
    """With parts that are learned perfectly; the bounds are binomial at one in a thousand."""
    runs, tests = 300, 2
    quality = table_of(*example(n, 1e-6, task))[1]
    rise = quality.smallest_rise
    # mean rise of an effect: its variance for numbers, about an eighth of it for balanced classes
    effect = np.sqrt(rise if task == "regression" else 8 * rise)
    named = 0
    for seed in range(runs):
        parts, scores, truth = example(n, float(effect), task, seed + 1)
        table = table_of(parts, scores, truth)[0]
        named += bool(table["p_value"][0] < ERROR_RATE / tests)
    assert binom.ppf(0.001, runs, 0.75) <= named <= binom.ppf(0.999, runs, 0.87)


@pytest.mark.parametrize("groups", [2, 5, 20])
def test_the_stated_power_holds_with_few_groups(groups: int) -> None:
    """Of tests over independent groups of independent samples, as the formula assumes; binomial bounds."""
    runs, n, tests = 1000, 200, 3
    member = np.arange(n) % groups
    truth = Truth(np.zeros(n), "regression", None, member)
    # the explained loss is the same for all samples of a size: no group is unlike another
    rise = smallest_rise(1.0, np.tile([-1.0, 1.0], n // 2), truth._replace(groups=None), tests)
    rise *= (_noncentrality(tests, groups - 1) / _noncentrality(tests, n - 1)) ** 2
    rng = np.random.default_rng(100 + groups)
    named = 0
    for _ in range(runs):
        d = rise + np.sqrt(4.0 * rise) * rng.normal(size=n)
        named += mean_and_test(d, None, member).p_value < ERROR_RATE / tests
    assert binom.ppf(0.001, runs, 0.8) <= named <= binom.ppf(0.999, runs, 0.8)


def test_few_groups_raise_the_smallest_rise() -> None:
    parts, scores, truth = example(400, 0.5, "binary")
    sizes = [
        table_of(parts, scores, truth._replace(groups=np.arange(400) % count))[1].smallest_rise
        for count in (2, 5, 20, 100)
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 5 * sizes[-1]


def test_weights_and_groups_lower_the_power() -> None:
    parts, scores, truth = example(400, 0.5, "binary")
    plain = table_of(parts, scores, truth)[1].smallest_rise
    weight = np.where(np.arange(400) < 100, 4.0, 1.0)
    assert table_of(parts, scores, truth._replace(weight=weight))[1].smallest_rise > plain
    groups = np.argsort(np.argsort(scores[:, 0] * (2 * truth.target - 1))) // 40  # alike within groups
    assert table_of(parts, scores, truth._replace(groups=groups))[1].smallest_rise > 3 * plain
