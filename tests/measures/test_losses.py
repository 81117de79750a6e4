"""The loss from arrays: hand-computed values, large scores, input that does not fit."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score

from mmfusion.measures.array_losses import mean_loss, mean_score


@pytest.mark.parametrize(
    ("scores", "target", "task", "expected"),
    [
        ([[0.0], [0.0]], [0, 1], "binary", math.log(2)),
        ([[math.log(3)], [math.log(3)]], [1, 0], "binary", (math.log(4 / 3) + math.log(4)) / 2),
        ([[1000.0], [-1000.0]], [1, 0], "binary", 0.0),
        ([[1000.0], [-1000.0]], [0, 1], "binary", 1000.0),
        ([[0.0, 0.0, 0.0]], [2], "multiclass", math.log(3)),
        ([[1000.0, 0.0], [-1000.0, 0.0]], [0, 0], "multiclass", 500.0),
        ([[1.0], [-2.0]], [0.0, 1.0], "regression", 5.0),
    ],
)
def test_hand_computed(scores, target, task, expected):
    assert mean_loss(np.array(scores), np.array(target), task) == pytest.approx(expected, abs=1e-12)


def test_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    scores, target = rng.normal(size=(50, 4)), rng.integers(0, 4, 50)
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert mean_loss(scores, target, "multiclass") == pytest.approx(
        log_loss(target, probabilities, labels=range(4))
    )


@given(
    arrays(np.float64, (6, 1), elements=st.floats(-800, 800)), arrays(np.int64, 6, elements=st.integers(0, 1))
)
def test_binary_is_multiclass_with_a_zero_score(scores, target):
    both = np.hstack([np.zeros_like(scores), scores])
    assert mean_loss(scores, target, "binary") == pytest.approx(
        mean_loss(both, target, "multiclass"), abs=1e-9
    )


@given(st.floats(-1e6, 1e6))
def test_multiclass_ignores_what_all_classes_share(shift):
    scores, target = np.array([[0.5, -1.0, 2.0], [1.0, 0.0, 0.0]]), np.array([1, 0])
    assert mean_loss(scores + shift, target, "multiclass") == pytest.approx(
        mean_loss(scores, target, "multiclass"), abs=1e-8
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("task", "outputs"), [("binary", 1), ("multiclass", 3), ("regression", 1)])
def test_scores_that_are_not_finite_give_nan(task, outputs, bad):
    scores = np.zeros((4, outputs))
    scores[1, 0] = bad
    assert math.isnan(mean_loss(scores, np.array([0, 1, 0, 1]), task))


@pytest.mark.parametrize(
    ("shape", "target", "task"),
    [
        ((2, 1), (2,), "ranking"),
        ((2,), (2,), "binary"),
        ((2, 1), (1,), "binary"),
        ((0, 1), (0,), "binary"),
        ((2, 2), (2,), "binary"),
        ((2, 2), (2,), "regression"),
        ((2, 1), (2,), "multiclass"),
        ((2, 2), (2, 2), "multiclass"),
    ],
)
def test_input_that_does_not_fit(shape, target, task):
    message = re.escape(f"task {task!r}, scores {shape}, target {target}: expected one of binary")
    with pytest.raises(ValueError, match=message):
        mean_loss(np.zeros(shape), np.zeros(target), task)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_several_targets_are_averaged(task):
    rng = np.random.default_rng(0)
    scores, target = rng.normal(size=(6, 3)), rng.integers(0, 2, (6, 3))
    alone = [mean_loss(scores[:, [k]], target[:, k], task) for k in range(3)]
    assert mean_loss(scores, target, task) == pytest.approx(np.mean(alone))


def test_score_by_hand() -> None:
    assert mean_score(np.array([[2.0], [-1.0], [0.5], [-3.0]]), np.array([1, 1, 1, 0]), "binary") == 0.75
    labels = np.array([[1, 0], [0, 1]])
    assert mean_score(np.array([[1.0, 1.0], [-1.0, 1.0]]), labels, "binary") == 0.75
    classes = np.array([[0.0, 1.0, 0.5], [2.0, 1.0, 0.0]])
    assert mean_score(classes, np.array([1, 2]), "multiclass") == 0.5
    target = np.array([0.0, 2.0, 4.0])
    assert mean_score(np.array([[1.0], [2.0], [4.0]]), target, "regression") == pytest.approx(1 - 1 / 8)
    assert np.isnan(mean_score(np.array([[np.nan], [2.0], [4.0]]), target, "regression"))
    assert np.isnan(mean_score(np.array([[1.0]]), np.array([1.0]), "regression"))


def weighted_problem(task, several=False, n=30):
    """Scores, a target and whole-number weights, zero among them."""
    rng = np.random.default_rng(5)
    outputs = 3 if task == "multiclass" or several else 1
    scores = rng.normal(size=(n, outputs))
    shape = (n, outputs) if several else n
    target = rng.normal(size=shape) if task == "regression" else rng.integers(0, 2, shape)
    return scores, target, rng.integers(0, 4, n).astype(float)


def test_weighted_loss_agrees_with_scikit_learn():
    scores, target, weight = weighted_problem("binary")
    probability = 1 / (1 + np.exp(-scores[:, 0]))
    expected = log_loss(target, probability, sample_weight=weight, labels=[0, 1])
    assert mean_loss(scores, target, "binary", weight) == pytest.approx(expected)
    scores, target, weight = weighted_problem("multiclass")
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    expected = log_loss(target, probabilities, sample_weight=weight, labels=range(3))
    assert mean_loss(scores, target, "multiclass", weight) == pytest.approx(expected)
    for several in (False, True):
        scores, target, weight = weighted_problem("regression", several)
        expected = mean_squared_error(target, scores.reshape(target.shape), sample_weight=weight)
        assert mean_loss(scores, target, "regression", weight) == pytest.approx(expected)


def test_weighted_score_agrees_with_scikit_learn():
    scores, target, weight = weighted_problem("binary")
    expected = accuracy_score(target, scores[:, 0] >= 0, sample_weight=weight)
    assert mean_score(scores, target, "binary", weight) == pytest.approx(expected)
    scores, target, weight = weighted_problem("multiclass")
    expected = accuracy_score(target, scores.argmax(axis=1), sample_weight=weight)
    assert mean_score(scores, target, "multiclass", weight) == pytest.approx(expected)
    scores, target, weight = weighted_problem("binary", several=True)
    labels = [accuracy_score(target[:, k], scores[:, k] >= 0, sample_weight=weight) for k in range(3)]
    assert mean_score(scores, target, "binary", weight) == pytest.approx(np.mean(labels))
    for several in (False, True):
        scores, target, weight = weighted_problem("regression", several)
        expected = r2_score(target, scores.reshape(target.shape), sample_weight=weight)
        assert mean_score(scores, target, "regression", weight) == pytest.approx(expected)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_weights_that_are_all_zero_give_nan(task):
    scores, target, _ = weighted_problem(task)
    assert math.isnan(mean_loss(scores, target, task, np.zeros(30)))
    assert math.isnan(mean_score(scores, target, task, np.zeros(30)))


def test_one_sample_of_positive_weight_has_no_r2():
    scores, target, _ = weighted_problem("regression")
    assert math.isnan(mean_score(scores, target, "regression", np.eye(30)[4]))
    assert mean_loss(scores, target, "regression", np.eye(30)[4]) == (scores[4, 0] - target[4]) ** 2
