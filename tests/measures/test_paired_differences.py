"""The test of a mean: against SciPy, under relabelling and copies, its coverage and its error rate."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom, ttest_1samp

from mmfusion.measures.paired_differences import holm, mean_and_test

NUMBERS = st.floats(-100, 100).map(lambda x: round(x, 3))


@given(arrays(float, st.integers(3, 30), elements=NUMBERS))
def test_without_groups_it_is_the_t_test(values: np.ndarray) -> None:
    result = mean_and_test(values)
    if np.ptp(values) == 0:
        assert result.mean == pytest.approx(values[0])
        return
    one, two = ttest_1samp(values, 0, alternative="greater"), ttest_1samp(values, 0)
    assert result.mean == pytest.approx(values.mean(), abs=1e-9)
    assert result.p_value == pytest.approx(one.pvalue, rel=1e-6, abs=1e-12)
    assert result.p_two_sided == pytest.approx(two.pvalue, rel=1e-6, abs=1e-12)
    assert (result.low, result.high) == pytest.approx(
        tuple(two.confidence_interval(0.95)), rel=1e-6, abs=1e-9
    )


@given(st.data())
def test_copies_of_one_group_are_one_sample(data: st.DataObject) -> None:
    """Every sample k times, in a group of its own, says no more than once; so does a weight of k."""
    values = data.draw(arrays(float, st.integers(3, 12), elements=NUMBERS))
    copies = data.draw(arrays(int, len(values), elements=st.integers(1, 4)))
    once = mean_and_test(values, weight=copies.astype(float))
    repeated = mean_and_test(np.repeat(values, copies), groups=np.repeat(np.arange(len(values)), copies))
    assert tuple(repeated) == pytest.approx(tuple(once), rel=1e-6, abs=1e-9)


@given(arrays(float, 8, elements=NUMBERS), st.floats(0.1, 10), st.permutations(range(8)))
def test_neither_the_scale_of_weights_nor_the_order_counts(
    values: np.ndarray, factor: float, order: list[int]
) -> None:
    weight, groups = np.array([1.0, 2, 0, 1, 3, 1, 1, 2]), np.array(list("aabbccdd"))
    plain = mean_and_test(values, weight, groups)
    moved = mean_and_test(values[order], factor * weight[order], groups[order])
    assert tuple(moved) == pytest.approx(tuple(plain), rel=1e-6, abs=1e-9)
    changed = values.copy()
    changed[2] += 1e6  # its weight is zero
    assert mean_and_test(changed, weight, groups) == plain


def test_nothing_to_test() -> None:
    assert mean_and_test(np.zeros(5)) == (0.0, 0.0, 0.0, 1.0, 1.0, 0.0)
    assert mean_and_test(np.full(4, 2.0)).p_value == 0.0
    assert mean_and_test(np.full(4, -2.0)).p_value == 1.0
    assert np.isnan(mean_and_test([1.0]).p_value)
    assert np.isnan(mean_and_test([1.0, 2.0], groups=np.array(["a", "a"])).p_value)
    assert np.isnan(mean_and_test([]).mean)


def test_intervals_cover_and_tests_hold_their_level() -> None:
    """Skewed differences at the sizes in use, as those of two log-losses are: 95 % and at most 5 %.

    The bounds are binomial, at one in a thousand.
    """
    rng, runs = np.random.default_rng(0), 2000
    for n in (100, 200, 400):
        d = rng.normal(size=(runs, n)) + 0.3 * (rng.normal(size=(runs, n)) ** 2 - 1)
        tests = [mean_and_test(row) for row in d]
        covered = sum(test.low <= 0 <= test.high for test in tests)
        assert binom.ppf(0.001, runs, 0.94) <= covered <= binom.ppf(0.999, runs, 0.96)
        assert sum(test.p_value < 0.05 for test in tests) <= binom.ppf(0.999, runs, 0.05)


def test_few_heavy_samples_or_groups_do_not_make_noise_sure() -> None:
    """One weight beside small ones, weights with a long tail, and groups of very unequal sizes."""
    rng, runs = np.random.default_rng(2), 1500
    one = np.ones(120)
    one[0] = 200
    sizes = np.repeat(np.arange(15), [40, 25, 20, 15, 10, 8, 6, 5, 4, 3, 3, 2, 2, 1, 1])
    counts = {"one": 0, "long tail": 0, "groups": 0}
    for _ in range(runs):
        d = rng.normal(size=120)
        counts["one"] += mean_and_test(d, one).p_value < 0.05
        counts["long tail"] += mean_and_test(d, np.exp(2 * rng.normal(size=120))).p_value < 0.05
        grouped = rng.normal(size=15)[sizes] + 0.3 * rng.normal(size=len(sizes))
        counts["groups"] += mean_and_test(grouped, groups=sizes).p_value < 0.05
    assert max(counts.values()) <= binom.ppf(0.999, runs, 0.055), counts


def test_groups_that_resemble_each_other_need_their_own_test() -> None:
    """With group effects, the test over groups holds its level, and one over samples does not."""
    rng, runs = np.random.default_rng(1), 1000
    groups = np.repeat(np.arange(40), 5)
    effects = rng.normal(size=(runs, 40))
    d = effects[:, groups] + rng.normal(size=(runs, 200))
    over_groups = sum(mean_and_test(row, groups=groups).p_value < 0.05 for row in d)
    over_samples = sum(mean_and_test(row).p_value < 0.05 for row in d)
    assert over_groups <= binom.ppf(0.999, runs, 0.055)
    assert over_samples > binom.ppf(0.999, runs, 0.08)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_holm_is_the_closure_of_bonferroni(p_values: list[float]) -> None:
    """A test is rejected where every set of tests that holds it is, by its smallest p times its size."""
    expected = [
        min(
            1.0,
            max(
                len(chosen) * min(p_values[i] for i in chosen)
                for size in range(1, len(p_values) + 1)
                for chosen in itertools.combinations(range(len(p_values)), size)
                if one in chosen
            ),
        )
        for one in range(len(p_values))
    ]
    assert holm(p_values) == pytest.approx(expected)


def test_holm_leaves_out_what_is_no_test() -> None:
    adjusted = holm([float("nan"), 0.01, float("nan"), 0.04])
    assert np.isnan(adjusted[[0, 2]]).all()
    assert adjusted[[1, 3]].tolist() == [0.02, 0.04]
    assert len(holm([])) == 0
