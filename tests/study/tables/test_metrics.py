"""Metrics, by hand and against small references in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from mmfusion.study.tables.definitions import TABLES
from mmfusion.study.tables.metrics import (
    classification_metrics,
    regression_metrics,
    sentiment_metrics,
)

CLASSIFICATION_METRICS = ("accuracy", "f1", "loss")
REGRESSION_METRICS = ("loss", "mae", "pearson_r", "r2")
SENTIMENT_METRICS = (
    *("acc2_zeros_positive", "acc2_zeros_omitted", "acc2_zeros_negative"),
    *("f1_weighted", "acc7", "mae", "pearson_r"),
)


def f1(truth: np.ndarray, decision: np.ndarray) -> float:
    hits = np.sum(truth & decision)
    total = truth.sum() + decision.sum()
    return 2 * hits / total if total else 0.0


def test_binary_by_hand() -> None:
    # decisions 1 0 1 0 1: two true positives, one false positive, one false negative
    metrics = classification_metrics([2.0, -1.0, 0.0, -3.0, 4.0], [1, 1, 1, 0, 0])
    assert metrics["accuracy"] == 0.6
    assert metrics["f1"] == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    signed = np.array([2.0, -1.0, 0.0, 3.0, -4.0])
    assert metrics["loss"] == pytest.approx(np.mean(np.log(1 + np.exp(-signed))))


def test_classes_by_hand() -> None:
    scores = np.log([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.25, 0.5, 0.25], [0.4, 0.4, 0.2]])
    metrics = classification_metrics(scores, [0, 1, 1, 1])  # decisions 0 2 1 0: the tie goes to class 0
    assert metrics["accuracy"] == 0.5
    assert metrics["f1"] == pytest.approx(np.mean([2 / 3, 2 / 4, 0.0]))
    assert metrics["loss"] == pytest.approx(-np.mean(np.log([0.7, 0.1, 0.5, 0.4])))


@pytest.mark.parametrize("seed", range(3))
def test_binary_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, target = rng.normal(size=50), rng.integers(0, 2, 50)
    metrics = classification_metrics(scores[:, None], target)
    assert metrics == classification_metrics(scores, target)
    probability = 1 / (1 + np.exp(-scores))
    assert metrics["accuracy"] == pytest.approx(np.mean((probability >= 0.5) == target))
    assert metrics["f1"] == pytest.approx(f1(target == 1, probability >= 0.5))
    assert metrics["loss"] == pytest.approx(
        -np.mean(target * np.log(probability) + (1 - target) * np.log(1 - probability))
    )


@pytest.mark.parametrize("seed", range(3))
def test_class_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, target = rng.normal(size=(60, 4)), rng.integers(0, 4, 60)
    metrics = classification_metrics(scores, target)
    decision = np.argmax(scores, axis=1)
    assert metrics["f1"] == pytest.approx(np.mean([f1(target == k, decision == k) for k in range(4)]))
    probability = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert metrics["loss"] == pytest.approx(-np.mean(np.log(probability[np.arange(60), target])))
    shifted = classification_metrics(scores + 1000.0, target)
    assert shifted == pytest.approx(metrics)


def test_two_scores_agree_with_their_difference() -> None:
    rng = np.random.default_rng(0)
    scores, target = rng.normal(size=(30, 2)), rng.integers(0, 2, 30)
    pair, single = (classification_metrics(s, target) for s in (scores, scores[:, 1] - scores[:, 0]))
    assert pair["accuracy"] == single["accuracy"]
    assert pair["loss"] == pytest.approx(single["loss"])


def test_extreme_scores() -> None:
    assert classification_metrics([np.inf, -np.inf], [1, 0])["loss"] == 0.0
    assert classification_metrics([np.inf, -np.inf], [0, 0])["loss"] == np.inf
    assert classification_metrics([1e5], [0])["loss"] == 1e5
    assert classification_metrics([-1.0, -1.0], [0, 0]) == pytest.approx(
        {"accuracy": 1.0, "f1": 0.0, "loss": np.log(1 + np.exp(-1))}
    )
    assert classification_metrics([[0.0, -np.inf]], [1])["loss"] == np.inf


def test_regression_by_hand() -> None:
    metrics = regression_metrics([1.0, 2.0, 4.0], [0.0, 2.0, 6.0], target_std=2.0)
    assert metrics["loss"] == pytest.approx((1 + 0 + 4) / 4 / 3)
    assert metrics["mae"] == pytest.approx(1.0)
    centred, truth = np.array([-4, -1, 5]) / 3, np.array([-8, -2, 10]) / 3
    assert metrics["r2"] == pytest.approx(1 - 5 / (truth @ truth))
    assert metrics["pearson_r"] == pytest.approx(
        centred @ truth / np.sqrt(centred @ centred * (truth @ truth))
    )


def test_regression_loss_is_that_of_the_standardised_target() -> None:
    rng = np.random.default_rng(0)
    target, prediction = rng.normal(3, 2, 40), rng.normal(3, 2, (40, 1))
    mean, std = 2.7, 1.9
    loss = np.mean(((prediction[:, 0] - mean) / std - (target - mean) / std) ** 2)
    assert regression_metrics(prediction, target, std)["loss"] == pytest.approx(loss)
    assert regression_metrics(prediction, target, std)["pearson_r"] == pytest.approx(
        np.corrcoef(prediction[:, 0], target)[0, 1]
    )


def test_sentiment_conventions_by_hand() -> None:
    #            zero+  zero-  zero0  wrong  right  right
    score = np.array([0.2, -0.4, 0.0, -1.0, 2.6, -9.0])
    truth = np.array([0.0, 0.0, 0.0, 0.4, 2.4, -3.0])
    metrics = sentiment_metrics(score, truth, real_valued=True)
    assert metrics["acc2_zeros_positive"] == pytest.approx(4 / 6)  # 0.2, 0.0, 2.6, -9
    assert metrics["acc2_zeros_omitted"] == pytest.approx(2 / 3)  # 2.6, -9
    assert metrics["acc2_zeros_negative"] == pytest.approx(4 / 6)  # -0.4, 0.0, 2.6, -9
    # rounded and clipped: 0 0 0 -1 3 -3 against 0 0 0 0 2 -3
    assert metrics["acc7"] == pytest.approx(4 / 6)
    assert metrics["mae"] == pytest.approx((0.2 + 0.4 + 0 + 1.4 + 0.2 + 6) / 6)
    assert metrics["pearson_r"] == pytest.approx(np.corrcoef(score, truth)[0, 1])
    # positive: 5 true, 3 decided, 3 hits; negative: 1 true, 3 decided, 1 hit
    assert metrics["f1_weighted"] == pytest.approx((5 * 6 / 8 + 1 * 2 / 4) / 6)


def test_logits_of_sentiment_have_no_units() -> None:
    rng = np.random.default_rng(0)
    score, truth = rng.normal(size=(30, 1)), rng.normal(size=30)
    logits = sentiment_metrics(score, truth, real_valued=False)
    values = sentiment_metrics(score, truth, real_valued=True)
    differing = {name for name in logits if logits[name] != values[name]}
    assert differing == {"acc7", "mae"}
    assert np.isnan([logits["acc7"], logits["mae"]]).all()


def test_halves_round_to_the_even_class() -> None:
    assert sentiment_metrics([0.5, 1.5], [0.0, 2.0], real_valued=True)["acc7"] == 1.0


def test_only_zeros_leave_nothing_to_count() -> None:
    metrics = sentiment_metrics([1.0, -1.0], [0.0, 0.0], real_valued=True)
    assert np.isnan(metrics["acc2_zeros_omitted"])
    assert metrics["acc2_zeros_positive"] == metrics["acc2_zeros_negative"] == 0.5


@pytest.mark.parametrize("constant", [0.0, 0.3, -1e9])
def test_constant_predictions_have_no_correlation(constant: float) -> None:
    truth = np.array([-1.0, 0.0, 2.0])
    assert np.isnan(regression_metrics(np.full(3, constant), truth, 1.0)["pearson_r"])
    assert np.isnan(regression_metrics(truth, np.full(3, constant), 1.0)["pearson_r"])
    assert np.isnan(regression_metrics(truth, np.full(3, constant), 1.0)["r2"])
    almost = np.full(3, constant) * np.array([1.0, 1.0 + 2e-16, 1.0])
    assert np.isnan(sentiment_metrics(almost, truth, real_valued=True)["pearson_r"])


def test_diverged_scores_give_missing_metrics() -> None:
    truth = np.array([0.0, 1.0])
    for metrics, names in (
        (classification_metrics([np.nan, 1.0], truth), CLASSIFICATION_METRICS),
        (regression_metrics([np.nan, 1.0], truth, 1.0), REGRESSION_METRICS),
        (sentiment_metrics([np.nan, 1.0], truth, real_valued=True), SENTIMENT_METRICS),
    ):
        assert tuple(metrics) == names
        assert np.isnan(list(metrics.values())).all()
    assert np.isnan(regression_metrics([np.inf, 1.0], truth, 1.0)["pearson_r"])


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"scores \(2, 1\), target \(1,\)"):
        classification_metrics([1.0, 2.0], [1])
    with pytest.raises(ValueError, match="at least one sample"):
        classification_metrics([], [])
    with pytest.raises(ValueError, match="shape"):
        sentiment_metrics([[1.0, 2.0]], [1.0, 2.0, 3.0], real_valued=True)


def test_every_metric_is_a_column_of_the_run_table() -> None:
    columns = set(TABLES["runs"].names)
    for name in {*CLASSIFICATION_METRICS, *SENTIMENT_METRICS}:
        assert {f"{name}_train", f"{name}_test"} <= columns
