"""Bootstrap over groups: equal to explicit resampling, paired for differences, near its nominal coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from mmfusion.measures.cluster_bootstrap import cluster_bootstrap


def mean(sums: np.ndarray) -> np.ndarray:
    return sums[..., 0] / sums[..., 1]


def with_ones(values: np.ndarray) -> np.ndarray:
    return np.stack([values, np.ones_like(values)], axis=1)


def test_it_is_explicit_resampling_of_whole_groups() -> None:
    random = np.random.default_rng(1)
    groups = np.repeat(np.arange(12), random.integers(1, 9, 12))
    values = random.normal(size=len(groups)) + groups
    found = cluster_bootstrap(with_ones(values), groups, mean, 4000, 0)
    drawn = []
    for _ in range(4000):
        chosen = random.integers(0, 12, 12)
        drawn.append(np.concatenate([values[groups == group] for group in chosen]).mean())
    assert found.mean == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.2)


@given(st.integers(0, 2**31 - 1), st.integers(2, 6))
def test_order_and_names_of_groups_do_not_matter(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(count), random.integers(0, count, 20)])
    values = with_ones(random.normal(size=len(groups)))
    first = cluster_bootstrap(values, groups, mean, 50, seed)
    order = random.permutation(len(groups))
    names = np.array([f"video {group}" for group in groups])
    assert cluster_bootstrap(values[order], names[order], mean, 50, seed) == pytest.approx(first)
    assert first.low <= first.high


def test_a_difference_sees_the_same_draws_twice() -> None:
    random = np.random.default_rng(0)
    groups, values = np.repeat(np.arange(20), 5), random.normal(size=100)
    both = np.hstack([with_ones(values + 0.25), with_ones(values)])
    found = cluster_bootstrap(both, groups, lambda sums: mean(sums[..., :2]) - mean(sums[..., 2:]))
    assert found == pytest.approx((0.25, 0.25, 0.25))


def test_one_group_has_no_interval() -> None:
    found = cluster_bootstrap(with_ones(np.arange(4.0)), np.zeros(4), mean)
    assert found.mean == 1.5
    assert np.isnan([found.low, found.high]).all()


def test_coverage_with_as_many_groups_as_test_videos() -> None:
    """Samples of a group share half of their variance; where groups are ignored, far fewer cover."""
    random = np.random.default_rng(5)
    groups, runs = np.repeat(np.arange(31), 10), 400
    inside = {"groups": 0, "samples": 0}
    for _ in range(runs):
        values = with_ones(random.normal(size=31)[groups] + random.normal(size=310))
        for unit, names in (("groups", groups), ("samples", np.arange(310))):
            found = cluster_bootstrap(values, names, mean, 400)
            inside[unit] += found.low <= 0 <= found.high
    assert binomtest(inside["groups"], runs).proportion_ci(0.999).high > 0.93
    assert inside["groups"] > 0.9 * runs
    assert binomtest(inside["samples"], runs).proportion_ci(0.999).high < 0.8
