"""The AUROC and its permutation test: references, symmetries, calibration under the null."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kstest
from sklearn.metrics import roc_auc_score

from mmfusion.study.tables.separation import separation

samples = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30)


def split(rows):
    values = np.array([float(value) for value, _ in rows])
    labels = np.array([int(label) for _, label in rows])
    assume(0 < labels.sum() < len(labels))
    return values, labels


def loop_auroc(values, labels):
    pairs = [(a, b) for a in values[labels == 1] for b in values[labels == 0]]
    area = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)
    return max(area, 1 - area)


@given(samples)
def test_auroc_agrees_with_loops_and_scikit_learn_with_ties(rows):
    values, labels = split(rows)
    area = roc_auc_score(labels, values)
    found, _ = separation(values, labels, permutations=1)
    assert found == pytest.approx(loop_auroc(values, labels))
    assert found == pytest.approx(max(area, 1 - area))


@given(samples)
def test_symmetric_under_swapped_labels_and_sign(rows):
    values, labels = split(rows)
    expected, _ = separation(values, labels, permutations=1)
    assert separation(values, 1 - labels, permutations=1)[0] == pytest.approx(expected)
    assert separation(-values, labels, permutations=19) == separation(values, labels, permutations=19)


@given(samples, st.sampled_from([np.exp, np.cbrt, lambda x: 3 * x - 1]))
def test_only_ranks_count(rows, transform):
    values, labels = split(rows)
    assert separation(transform(values), labels, permutations=19) == separation(
        values, labels, permutations=19
    )


def test_p_value_approaches_the_exact_one():
    values = np.array([0.1, 0.4, 0.4, 1.0, 2.0, 3.0, 3.5])
    labels = np.array([0, 0, 1, 0, 1, 1, 1])
    observed = loop_auroc(values, labels)
    all_labels = [np.isin(np.arange(7), ones).astype(int) for ones in combinations(range(7), 4)]
    exact = np.mean([loop_auroc(values, other) >= observed - 1e-12 for other in all_labels])
    found = separation(values, labels, permutations=20_000)
    assert found[0] == pytest.approx(observed)
    assert found[1] == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 20_000))


def test_p_values_are_uniform_under_the_null():
    rng = np.random.default_rng(1)
    labels = np.arange(40) % 2
    found = [separation(rng.normal(size=40), labels, permutations=199, seed=seed)[1] for seed in range(300)]
    assert kstest(found, "uniform").pvalue > 0.01
    assert np.mean(np.array(found) <= 0.05) < 0.09


def test_p_value_of_separated_classes_is_the_smallest():
    labels = np.arange(60) % 2
    assert separation(labels + 0.0, labels) == (1.0, 1 / 1000)


def test_p_value_falls_with_the_signal():
    rng = np.random.default_rng(0)
    labels, noise = np.arange(100) % 2, rng.normal(size=100)
    values = [separation(noise + shift * labels, labels)[1] for shift in (0.0, 0.3, 0.6)]
    assert values[0] > values[1] > values[2]


def test_seed_decides_the_permutations():
    rng = np.random.default_rng(0)
    values, labels = rng.normal(size=50), np.arange(50) % 2
    assert separation(values, labels, seed=3) == separation(values, labels, seed=3)
    assert separation(values, labels, seed=3)[1] != separation(values, labels, seed=4)[1]


def test_ties_everywhere_do_not_separate():
    assert separation(np.full(30, 0.1), np.arange(30) % 2) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("values", "labels"),
    [([1.0, 2.0], [1, 1]), ([1.0, 2.0], [0, 0]), ([1.0, np.nan], [0, 1]), ([], [])],
    ids=["only ones", "only zeros", "not finite", "empty"],
)
def test_undefined_is_nan(values, labels):
    assert np.isnan(separation(np.array(values), np.array(labels, dtype=int))).all()


@pytest.mark.parametrize(
    ("values", "labels", "message"),
    [
        ([1.0, 2.0], [0], "differ"),
        ([[1.0]], [[1]], "expected \\(n,\\)"),
        ([1.0, 2.0], [1, 2], "other than 0 and 1"),
    ],
)
def test_input_that_does_not_fit(values, labels, message):
    with pytest.raises(ValueError, match=message):
        separation(np.array(values), np.array(labels))
