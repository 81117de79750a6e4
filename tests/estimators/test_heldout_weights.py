"""The weights of held-out samples count in losses, scores, the choice of lambda and relevance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.metrics import accuracy_score, r2_score

from mmfusion import FusionClassifier, FusionRegressor
from mmfusion.errors import InputError

pytestmark = pytest.mark.usefixtures("quick_baseline")
Rows = NDArray[np.intp]
ROWS = np.random.default_rng(5).permutation(400)
TRAIN, HELD_OUT_ROWS = np.sort(ROWS[120:]), np.sort(ROWS[:120])
QUICK: dict[str, Any] = {
    "epochs": 20,
    "batch_size": 32,
    "dim": 4,
    "random_state": 0,
    "cv": [(TRAIN, HELD_OUT_ROWS)],
    "penalty": 0.01,
}
HELD_OUT = ["loss_rise", "variance_share", "covariance_share", "reducibility_single", "reducibility_within"]
TESTS = ["loss_rise_low", "loss_rise_high", "p_value", "p_adjusted"]


@pytest.fixture(scope="module")
def noisy(binary: NDArray[np.str_]) -> NDArray[np.str_]:
    """Classes of which one in six is wrong."""
    wrong = np.random.default_rng(1).random(len(binary)) < 1 / 6
    return np.where(wrong, np.where(binary == "yes", "no", "yes"), binary)


def nine_to_one(heavy: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(heavy, 9.0, 1.0)


def rows_of(arrays: dict[str, NDArray[Any]], rows: Rows) -> dict[str, NDArray[Any]]:
    return {name: values[rows] for name, values in arrays.items()}


def penalties_row(model: Any) -> list[float]:
    return model.penalties_[["loss", "loss_constant", "score"]].iloc[0].tolist()


def test_losses_and_score_of_classes_by_hand(arrays, noisy) -> None:
    weight = nine_to_one(noisy == "yes")
    model = FusionClassifier(**QUICK).fit(arrays, noisy, sample_weight=weight)
    train, held_out, truth = TRAIN, HELD_OUT_ROWS, noisy == "yes"
    share = np.average(truth[train], weights=weight[train])
    y, w = truth[held_out], weight[held_out]
    logits = model.decision_function(rows_of(arrays, held_out))
    expected = [
        np.average(np.logaddexp(0, logits) - y * logits, weights=w),
        np.average(-np.where(y, np.log(share), np.log(1 - share)), weights=w),
        accuracy_score(y, logits >= 0, sample_weight=w),
    ]
    assert penalties_row(model) == pytest.approx(expected, rel=1e-5)
    unweighted = np.mean(np.logaddexp(0, logits) - y * logits)
    assert expected[0] != pytest.approx(unweighted, rel=0.05)


def test_losses_and_score_of_several_classes_by_hand(arrays) -> None:
    y = np.digitize(arrays["audio"][:, 0], [-0.5, 0.5])
    weight = nine_to_one(y == 1)
    model = FusionClassifier(**QUICK).fit(arrays, y, sample_weight=weight)
    train, held_out = TRAIN, HELD_OUT_ROWS
    shares = np.bincount(y[train], weights=weight[train]) / weight[train].sum()
    scores = model.decision_function(rows_of(arrays, held_out))
    own = np.take_along_axis(log_softmax(scores, axis=1), y[held_out, None], axis=1)[:, 0]
    w = weight[held_out]
    expected = [
        np.average(-own, weights=w),
        np.average(-np.log(shares[y[held_out]]), weights=w),
        accuracy_score(y[held_out], scores.argmax(axis=1), sample_weight=w),
    ]
    assert penalties_row(model) == pytest.approx(expected, rel=1e-5)


def test_losses_and_score_of_numbers_by_hand(arrays, numbers) -> None:
    weight = nine_to_one(numbers > 205.0)
    model = FusionRegressor(**QUICK).fit(arrays, numbers, sample_weight=weight)
    train, held_out = TRAIN, HELD_OUT_ROWS
    mean = np.average(numbers[train], weights=weight[train])
    variance = np.average((numbers[train] - mean) ** 2, weights=weight[train])
    y, w, predicted = numbers[held_out], weight[held_out], model.predict(rows_of(arrays, held_out))
    expected = [
        np.average((predicted - y) ** 2, weights=w) / variance,
        np.average((mean - y) ** 2, weights=w) / variance,
        r2_score(y, predicted, sample_weight=w),
    ]
    assert penalties_row(model) == pytest.approx(expected, rel=1e-4)


def test_weights_of_held_out_samples_alone_can_change_the_choice_of_lambda(arrays, noisy) -> None:
    """Where a small lambda is confidently wrong, heavy samples prefer the constant of a large one."""
    model = FusionClassifier(**QUICK | {"penalty": [0.001, 100.0]})
    plain = model.fit(arrays, noisy)
    assert plain.penalty_ == 0.001
    held_out = HELD_OUT_ROWS
    wrong = held_out[plain.predict(rows_of(arrays, held_out)) != noisy[held_out]]
    weight = np.ones(len(noisy))
    weight[wrong] = 1000.0
    assert 5 < len(wrong) < len(held_out) / 2
    changed = FusionClassifier(**model.get_params()).fit(arrays, noisy, sample_weight=weight)
    assert changed.penalty_ == 100.0
    assert changed.penalties_["loss"][0] > plain.penalties_["loss"][0] + 0.5
    share = weight[held_out] @ ~np.isin(held_out, wrong) / weight[held_out].sum()
    assert changed.penalties_["score"][0] == pytest.approx(share)  # the same networks


def test_relevance_of_a_fit_is_that_of_its_held_out_samples_with_their_weights(arrays, noisy) -> None:
    weight = nine_to_one(noisy == "yes")
    model = FusionClassifier(**QUICK | {"n_seeds": 2, "penalty": [0.001, 0.01]})
    model.fit(arrays, noisy, sample_weight=weight)
    rows = HELD_OUT_ROWS
    given = rows_of(arrays, rows), noisy[rows]
    pd.testing.assert_frame_equal(model.relevance_, model.relevance(*given, weight[rows]), rtol=1e-4)
    plain = model.relevance(*given)
    assert not np.allclose(plain["loss_rise"], model.relevance_["loss_rise"], rtol=0.05)


@pytest.mark.parametrize(
    "weights",
    [
        lambda w: (1e6 * w, w),
        lambda w: (1e-30 * w, w),
        lambda w: (np.full_like(w, 7.0), None),
    ],
    ids=["large", "small", "equal"],
)
def test_the_scale_of_the_weights_does_not_matter(
    arrays, binary, classifier, weights: Callable[[Any], tuple[Any, Any]]
) -> None:
    one, other = (
        classifier.relevance(arrays, binary, sample_weight=w) for w in weights(nine_to_one(binary == "yes"))
    )
    pd.testing.assert_frame_equal(one, other, rtol=1e-4)


def test_samples_of_zero_weight_are_left_out_of_relevance(arrays, binary, classifier) -> None:
    weight = nine_to_one(binary == "yes")
    weight[::3] = 0.0
    kept = np.flatnonzero(weight)
    actual = classifier.relevance(arrays, binary, weight)
    expected = classifier.relevance(rows_of(arrays, kept), binary[kept], weight[kept])
    pd.testing.assert_frame_equal(actual, expected, rtol=1e-4)
    three = np.where(np.arange(len(binary)) < 3, 1.0, 0.0)
    assert classifier.relevance(arrays, binary, three)[HELD_OUT + TESTS].isna().all(axis=None)


def test_a_weight_is_a_number_of_copies_in_relevance(arrays, binary, classifier) -> None:
    weight = np.random.default_rng(2).integers(1, 4, len(binary))
    copies = np.repeat(np.arange(len(binary)), weight)
    shares = HELD_OUT[:3]  # reducibility halves the samples, which copies change
    actual = classifier.relevance(arrays, binary, weight)[shares]
    expected = classifier.relevance(rows_of(arrays, copies), binary[copies])[shares]
    pd.testing.assert_frame_equal(actual, expected, rtol=1e-4)


@pytest.mark.parametrize("held_out_weight", [1e-300, 1e-3, 1e3, 1e300])
def test_held_out_samples_of_another_weight_than_training(arrays, binary, held_out_weight: float) -> None:
    """Weights that are equal within the two parts change nothing."""
    model = FusionClassifier(**QUICK | {"epochs": 2, "penalty": [0.01, 0.1]})
    plain = model.fit(arrays, binary).penalties_
    table = model.relevance_
    weight = np.ones(len(binary))
    weight[HELD_OUT_ROWS] = held_out_weight
    weighted = model.fit(arrays, binary, sample_weight=weight)
    pd.testing.assert_frame_equal(weighted.penalties_, plain, check_exact=True)
    pd.testing.assert_frame_equal(weighted.relevance_, table, check_exact=True)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(3), r"sample_weight has shape \(3,\), expected one number for each of the 400 samples"),
        (np.full(400, -1.0), r"sample_weight, row 0 \(counted from 0\): -1.0"),
        (np.zeros(400), "sample_weight: all samples but at most one have zero weight"),
    ],
)
def test_weights_of_relevance_that_cannot_be(arrays, binary, classifier, weight: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        classifier.relevance(arrays, binary, sample_weight=weight)
