"""Held-out relevance: hand-computed values, a loop as reference, invariances, degenerate scores."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmfusion.fusion.subsets import subsets
from mmfusion.measures.array_losses import mean_loss
from mmfusion.measures.heldout import heldout_relevance, variance_shares
from mmfusion.measures.parts import centre_classes

SHARES = ["variance_share", "covariance_share"]


def random_parts(seed, modalities="123", n=40, outputs=1):
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.uniform(-3, 3, size=2**3)
    common = rng.normal(size=(n, outputs))
    return {
        subset: factor * (rng.normal(size=(n, outputs)) + common) + rng.normal(size=outputs)
        for subset, factor in zip(subsets(modalities), scale, strict=False)
    }


def random_run(seed, task="binary"):
    outputs = 3 if task == "multiclass" else 1
    parts = random_parts(seed, outputs=outputs)
    rng = np.random.default_rng(seed + 1)
    target = rng.normal(size=40) if task == "regression" else rng.integers(0, max(2, outputs), 40)
    means = {subset: rng.normal(size=outputs) for subset in parts}
    return parts, rng.normal(size=outputs), means, target, task


def test_hand_computed_regression():
    parts = {
        ("a",): np.array([[1.0], [-1.0]]),
        ("b",): np.array([[2.0], [2.0]]),
        ("a", "b"): np.array([[0.0], [1.0]]),
    }
    means = {("a",): np.array([0.5]), ("b",): np.array([0.0]), ("a", "b"): np.array([1.0])}
    table = heldout_relevance(parts, np.array([-2.0]), means, np.array([1.0, 0.0]), "regression")
    # N = (1, 0) = target. Without a: (.5, 1.5). Without b: (-1, -2). Without a+b: (2, 0).
    assert table["subset"].tolist() == ["a", "b", "a+b"]
    assert table["order"].tolist() == [1, 1, 2]
    assert table["loss_rise"].tolist() == pytest.approx([(0.25 + 2.25) / 2, (4 + 4) / 2, 1 / 2])
    # Var N = 1/4; Var of the parts 1, 0, 1/4; Cov with N 1/2, 0, -1/4.
    assert table["variance_share"].tolist() == [4.0, 0.0, 1.0]
    assert table["covariance_share"].tolist() == [2.0, 0.0, -1.0]


def test_hand_computed_multiclass_shares():
    # Centred over classes the parts are (1, -1), (-1, 1) and (0, 0), (0, 0).
    parts = {("a",): np.array([[2.0, 0.0], [0.0, 2.0]]), ("b",): np.array([[5.0, 5.0], [-9.0, -9.0]])}
    assert variance_shares(centre_classes(parts))[SHARES].to_numpy().tolist() == [[1.0, 1.0], [0.0, 0.0]]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_agrees_with_loops(task):
    parts, bias, means, target, _ = random_run(7, task)
    table = heldout_relevance(parts, bias, means, target, task).set_index("subset")
    scores = sum(parts.values()) + bias
    flat = {
        subset: part - part.mean(axis=1, keepdims=True) * (task == "multiclass")
        for subset, part in parts.items()
    }
    total = sum(flat.values())
    variance = sum(np.cov(total[:, c], bias=True) for c in range(total.shape[1]))
    for subset, part in parts.items():
        row = table.loc["+".join(subset)]
        replaced = np.array([scores[i] - part[i] + means[subset] for i in range(len(target))])
        assert row["loss_rise"] == pytest.approx(
            mean_loss(replaced, target, task) - mean_loss(scores, target, task)
        )
        pairs = [np.cov(flat[subset][:, c], total[:, c], bias=True) for c in range(total.shape[1])]
        assert row["variance_share"] == pytest.approx(sum(pair[0, 0] for pair in pairs) / variance)
        assert row["covariance_share"] == pytest.approx(
            sum(pair[0, 1] for pair in pairs) / variance, abs=1e-12
        )


@given(st.integers(0, 10**6), st.sampled_from([1, 2, 5]))
def test_covariance_shares_sum_to_one(seed, outputs):
    table = variance_shares(random_parts(seed, outputs=outputs))
    assert table["covariance_share"].sum() == pytest.approx(1.0, abs=1e-9 * table["variance_share"].sum())
    assert (table["variance_share"] >= 0).all()


@given(st.integers(0, 10**6), st.floats(-1e3, 1e3), st.sampled_from([-100.0, -1.0, 1e-3, 10.0]))
def test_shares_ignore_offset_and_scale_of_the_score(seed, offset, factor):
    parts = random_parts(seed)
    other = {subset: factor * (part + offset) for subset, part in parts.items()}
    np.testing.assert_allclose(
        variance_shares(other)[SHARES], variance_shares(parts)[SHARES], rtol=1e-6, atol=1e-8
    )


@given(st.integers(0, 10**6))
def test_nothing_depends_on_what_all_classes_share(seed):
    parts, bias, means, target, task = random_run(seed, "multiclass")
    common = np.random.default_rng(seed).normal(size=(40, 1))
    other = {subset: part + common for subset, part in parts.items()}
    expected = heldout_relevance(parts, bias, means, target, task)
    actual = heldout_relevance(other, bias + 2.0, {s: mean - 3.0 for s, mean in means.items()}, target, task)
    columns = ["loss_rise", *SHARES]
    np.testing.assert_allclose(actual[columns], expected[columns], rtol=1e-7, atol=1e-9)


@given(st.integers(0, 10**6))
def test_order_of_the_parts_is_kept_and_changes_nothing(seed):
    parts, *rest = random_run(seed)
    order = list(parts)[::-1]
    table = heldout_relevance(parts, *rest)
    turned = heldout_relevance({subset: parts[subset] for subset in order}, *rest)
    assert turned["subset"].tolist() == ["+".join(subset) for subset in order]
    np.testing.assert_allclose(
        turned[["loss_rise", *SHARES]][::-1], table[["loss_rise", *SHARES]], rtol=1e-9, atol=1e-9
    )


def test_shares_coincide_for_a_functional_anova():
    first, second = (grid.ravel() for grid in np.meshgrid([-1.0, 0.0, 1.0], [-2.0, 2.0]))
    parts = {("1",): first[:, None], ("2",): second[:, None], ("1", "2"): (first * second)[:, None]}
    table = variance_shares(parts)
    expected = np.array([2 / 3, 4.0, 8 / 3]) / (2 / 3 + 4 + 8 / 3)
    np.testing.assert_allclose(table["variance_share"], expected)
    np.testing.assert_allclose(table["covariance_share"], expected)


def test_a_part_that_equals_its_training_mean_rises_nothing():
    parts, bias, means, target, task = random_run(3)
    parts[("1",)] = np.full((40, 1), 0.25)
    means[("1",)] = np.array([0.25])
    row = heldout_relevance(parts, bias, means, target, task).set_index("subset").loc["1"]
    assert row[["loss_rise", *SHARES]].tolist() == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)


@pytest.mark.parametrize(
    "parts",
    [
        {("1",): np.full((30, 1), 0.1), ("2",): np.full((30, 1), 1e6 / 3)},
        {("1",): np.full((30, 3), 1 / 3), ("2",): np.tile([0.1, 0.2, 0.7], (30, 1))},
        {("1",): np.linspace(0, 1, 30)[:, None] / 3, ("2",): -np.linspace(0, 1, 30)[:, None] / 3},
        {("1",): np.linspace(0, 1, 30)[:, None], ("2",): 1 / 3 - np.linspace(0, 1, 30)[:, None]},
    ],
    ids=["constant", "constant classes", "cancelling", "cancelling up to rounding"],
)
def test_constant_score_has_no_shares(parts):
    assert variance_shares(parts)[SHARES].isna().all(axis=None)


def test_a_single_sample_has_no_shares_but_a_loss_rise():
    parts, means = {("1",): np.array([[3.0]])}, {("1",): np.array([1.0])}
    table = heldout_relevance(parts, np.zeros(1), means, np.array([1.0]), "regression")
    assert table["loss_rise"].tolist() == [-4.0]
    assert table[SHARES].isna().all(axis=None)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_diverged_network_gives_nan(bad):
    parts, *rest = random_run(5)
    parts[("1",)][3] = bad
    table = heldout_relevance(parts, *rest)
    assert table[["loss_rise", *SHARES]].isna().all(axis=None)
    assert len(table) == len(parts)


def test_shares_of_single_precision_are_computed_in_double():
    parts = random_parts(11)
    single = {subset: part.astype(np.float32) for subset, part in parts.items()}
    double = {subset: part.astype(np.float64) for subset, part in single.items()}
    assert variance_shares(single).equals(variance_shares(double))
    assert math.isfinite(variance_shares(single)["covariance_share"].sum())


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_weighted_measures_agree_with_covariances_of_numpy(task):
    parts, bias, means, target, _ = random_run(8, task)
    weight = np.random.default_rng(9).uniform(0.1, 5.0, 40)
    table = heldout_relevance(parts, bias, means, target, task, weight).set_index("subset")
    scores = sum(parts.values()) + bias
    flat = {
        subset: part - part.mean(axis=1, keepdims=True) * (task == "multiclass")
        for subset, part in parts.items()
    }
    total = sum(flat.values())

    def covariance(one, other):
        return sum(
            np.cov(one[:, c], other[:, c], ddof=0, aweights=weight)[0, 1] for c in range(total.shape[1])
        )

    def loss(values):
        losses = [mean_loss(values[[i]], target[[i]], task) for i in range(len(target))]
        return np.dot(weight, losses) / weight.sum()

    for subset, part in parts.items():
        row = table.loc["+".join(subset)]
        assert row["loss_rise"] == pytest.approx(loss(scores - part + means[subset]) - loss(scores))
        variance = covariance(flat[subset], flat[subset])
        assert row["variance_share"] == pytest.approx(variance / covariance(total, total))
        share = covariance(flat[subset], total) / covariance(total, total)
        assert row["covariance_share"] == pytest.approx(share, abs=1e-12)


def test_a_score_that_varies_at_zero_weight_only_has_no_shares():
    parts = {("1",): np.full((30, 1), 0.1), ("2",): np.full((30, 1), 1e6 / 3)}
    parts[("1",)][0] = 5.0
    weight = np.r_[0.0, np.linspace(0.1, 3.0, 29)]
    assert variance_shares(parts, weight)[SHARES].isna().all(axis=None)
    assert variance_shares(parts)[SHARES].notna().all(axis=None)


def test_weights_that_are_all_zero_give_nan():
    parts, *rest = random_run(5)
    table = heldout_relevance(parts, *rest, weight=np.zeros(40))
    assert table[["loss_rise", *SHARES]].isna().all(axis=None)
