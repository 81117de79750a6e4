"""The AUROC and Mann and Whitney's test: references, symmetries, calibration under the null."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kstest, norm
from sklearn.metrics import roc_auc_score

from mmfusion.study.tables.eigen import separation

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
    found, _ = separation(values, labels)
    assert found == pytest.approx(loop_auroc(values, labels))
    assert found == pytest.approx(max(area, 1 - area))


@given(samples)
def test_symmetric_under_swapped_labels_and_sign(rows):
    values, labels = split(rows)
    expected, _ = separation(values, labels)
    assert separation(values, 1 - labels)[0] == pytest.approx(expected)
    assert separation(-values, labels) == separation(values, labels)


@given(samples, st.sampled_from([np.exp, np.cbrt, lambda x: 3 * x - 1]))
def test_only_ranks_count(rows, transform):
    values, labels = split(rows)
    assert separation(transform(values), labels) == separation(values, labels)


def permutation_p(values, labels, relabellings):
    """Share of relabellings whose statistic reaches the observed one, by loops."""
    observed = loop_auroc(values, labels)
    return np.mean([loop_auroc(values, other) >= observed - 1e-12 for other in relabellings])


@given(st.permutations(range(8)), st.integers(1, 7))
def test_p_value_is_that_of_all_relabellings_of_a_few_samples(ranks, ones):
    values, labels = np.array(ranks) ** 3 / 7, (np.arange(8) < ones).astype(int)
    relabellings = [np.isin(np.arange(8), chosen).astype(int) for chosen in combinations(range(8), ones)]
    assert separation(values, labels)[1] == pytest.approx(permutation_p(values, labels, relabellings))


@pytest.mark.parametrize("decimals", [0, 1, 6], ids=["many ties", "some ties", "no ties"])
@pytest.mark.parametrize("shift", [0.0, 0.6])
def test_p_value_is_close_to_that_of_random_relabellings(decimals, shift):
    rng = np.random.default_rng(2)
    labels = np.arange(60) % 3 // 2
    values = np.round(rng.normal(size=60) + shift * labels, decimals)
    exact = permutation_p(values, labels, [rng.permutation(labels) for _ in range(2000)])
    p_value = separation(values, labels)[1]
    assert p_value == pytest.approx(exact, abs=0.01 + 4 * math.sqrt(exact * (1 - exact) / 2000))


def test_p_value_of_many_samples_is_the_normal_limit_with_its_corrections():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 300)
    values = np.round(rng.normal(size=300) + 0.3 * labels, 1)
    ones, n = labels.sum(), len(labels)
    pairs = ones * (n - ones)
    area = roc_auc_score(labels, values)
    counts = np.unique(values, return_counts=True)[1]
    variance = pairs / 12 * (n + 1 - (counts**3 - counts).sum() / (n * (n - 1)))
    z = (abs(area - 0.5) * pairs - 0.5) / math.sqrt(variance)
    assert separation(values, labels)[1] == pytest.approx(2 * norm.sf(z))


def test_p_values_are_uniform_under_the_null():
    rng = np.random.default_rng(1)
    labels = np.arange(40) % 2
    p_values = [separation(rng.normal(size=40), labels)[1] for _ in range(300)]
    assert kstest(p_values, "uniform").pvalue > 0.01
    assert np.mean(np.array(p_values) <= 0.05) < 0.09


def test_p_value_of_separated_classes_is_the_smallest():
    labels = np.arange(60) % 2
    auroc, p_value = separation(labels + 0.0, labels)
    assert auroc == 1.0
    assert p_value < min(separation(labels + 0.0, np.roll(np.sort(labels), k))[1] for k in range(1, 30))
    assert separation(labels + np.linspace(0, 0.5, 60), labels)[1] < 1e-10


def test_p_value_falls_with_the_signal():
    rng = np.random.default_rng(0)
    labels, noise = np.arange(100) % 2, rng.normal(size=100)
    values = [separation(noise + shift * labels, labels)[1] for shift in (0.0, 0.3, 0.6)]
    assert values[0] > values[1] > values[2]


def test_ties_everywhere_do_not_separate():
    assert separation(np.full(30, 0.1), np.arange(30) % 2) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("values", "labels"),
    [([1.0, 2.0], [1, 1]), ([1.0, 2.0], [0, 0]), ([1.0, np.nan], [0, 1]), ([], [])],
    ids=["only ones", "only zeros", "not finite", "empty"],
)
def test_undefined_is_nan(values, labels):
    assert np.isnan(separation(np.array(values), np.array(labels, dtype=int))).all()


def test_labels_of_other_classes_are_refused():
    with pytest.raises(ValueError, match="other than 0 and 1"):
        separation(np.array([1.0, 2.0]), np.array([1, 2]))
