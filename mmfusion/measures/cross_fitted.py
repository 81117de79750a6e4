"""Tests of what every subset adds to the out-of-fold score, over samples or groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import nct
from scipy.stats import t as student

from mmfusion.fusion.subsets import Subset, subset_label
from mmfusion.measures.array_losses import loss_of_samples, mean_loss, mean_score
from mmfusion.measures.heldout import variance_shares
from mmfusion.measures.paired_differences import MeanTest, effective_units, holm, mean_and_test
from mmfusion.measures.parts import centre_classes

Floats = NDArray[np.float64]

ERROR_RATE = 0.05
"""Probability with which a table may name anything where nothing is to be found."""
FLOOR = 0.02
"""Share of the explained loss below which a rise of the loss is not named, whatever its p-value."""
POWER = 0.8
"""Probability with which the smallest rise that can be shown is shown."""


class Truth(NamedTuple):
    """The samples that scores are compared with.

    Parameters
    ----------
    target : array, shape (n,) or (n, outputs)
        Class index from 0, or the standardised target.
    task : {"binary", "multiclass", "regression"}
    weight : array, shape (n,), or None
        Weights of the samples, zero or more.
    groups : array, shape (n,), or None
        Group of every sample.
    """

    target: NDArray[Any]
    task: str
    weight: NDArray[Any] | None = None
    groups: NDArray[Any] | None = None

    def losses(self, scores: Floats) -> Floats:
        """Return the loss of every sample, see `mmfusion.measures.losses.loss_of_samples`."""
        return loss_of_samples(scores, self.target, self.task)

    def tested(self, values: Floats) -> MeanTest:
        """Test the mean of one number per sample, see `mmfusion.measures.paired_differences`."""
        return mean_and_test(values, self.weight, self.groups)


class Quality(NamedTuple):
    """How good a prediction is.

    Parameters
    ----------
    loss, loss_constant : float
        Mean loss of the scores and of the constant.
    score : float
        Share of right decisions, or R^2.
    explained : MeanTest
        Of the loss of the constant minus that of the scores.
    smallest_rise : float
        See `smallest_rise`.
    """

    loss: float
    loss_constant: float
    score: float
    explained: MeanTest
    smallest_rise: float

    @property
    def shown(self) -> bool:
        """Whether anything is predicted: the explained loss is above zero (one-sided, 5 %)."""
        return bool(self.explained.p_value < ERROR_RATE)

    def named(self, p_adjusted: Floats, size: Floats, floor: float) -> NDArray[np.bool_]:
        """Say what is named: adjusted p below 5 %, and large enough, where anything is predicted at all."""
        with np.errstate(invalid="ignore"):
            large = size >= floor * self.explained.mean
            return np.asarray(self.shown & (p_adjusted < ERROR_RATE) & large)


def prediction_quality(scores: Floats, constant: Floats, truth: Truth, tests: int) -> Quality:
    """Compare scores (n, outputs) with those of the constant predictor.

    Parameters
    ----------
    scores, constant : array, shape (n, outputs)
    truth : Truth
    tests : int
        Subsets that are tested, for the smallest rise.

    Returns
    -------
    Quality
    """
    by_sample = truth.losses(constant) - truth.losses(scores)
    explained = truth.tested(by_sample)
    task, target, weight = truth.task, truth.target, truth.weight
    loss = mean_loss(scores, target, task, weight)
    return Quality(
        loss,
        mean_loss(constant, target, task, weight),
        mean_score(scores, target, task, weight),
        explained,
        smallest_rise(loss, by_sample, truth, tests),
    )


def smallest_rise(loss: float, by_sample: Floats, truth: Truth, tests: int) -> float:
    r"""Return the smallest rise of the loss that would be named in four of five such data sets.

    A part with a small effect whose network has learned it perfectly changes the loss of a sample by a number
    with mean r and, to first order, variance 2 r for log-losses and 4 r sigma^2 for squared errors, sigma^2
    being the mean squared error. A one-sided test at 5 % over the number of tests then needs

        r = c z^2 / n,   c = 2 or 4 sigma^2,

    where z is the noncentrality at which Student's t exceeds its quantile of 1 - 0.05 / tests in four of five
    cases: with many samples z_(1 - 0.05 / tests) + z_0.8, more where the degrees of freedom (the effective
    number of samples or groups, less one) are few. n is the number of samples (effective, where they have
    weights), less where samples of a group resemble each other: by the ratio of the variance of the explained
    loss over samples to that over groups.

    Parameters
    ----------
    loss : float
        Mean loss of the scores.
    by_sample : array, shape (n,)
        Explained loss of every sample.
    truth : Truth
    tests : int
        Subsets that are tested.

    Returns
    -------
    float
        In the unit of the loss.
    """
    weight = np.ones(len(by_sample)) if truth.weight is None else truth.weight
    count = effective_units(weight, None)
    if truth.groups is not None:
        alone, together = mean_and_test(by_sample, truth.weight).error, truth.tested(by_sample).error
        count *= min(1.0, (alone / together) ** 2) if together > 0 else 1.0
    z = _noncentrality(tests, effective_units(weight, truth.groups) - 1)
    return (4.0 * loss if truth.task == "regression" else 2.0) * z**2 / count


def _noncentrality(tests: int, freedom: float) -> float:
    """Return the noncentrality at which a one-sided t-test at 5 % over the tests has the power 0.8."""
    if freedom < 1:
        return float("nan")
    critical = float(student.ppf(1 - ERROR_RATE / tests, freedom))
    high = 2 * critical + 10
    return float(brentq(lambda z: nct.sf(critical, freedom, z) - POWER, 0.0, high))


def subset_tests(
    parts: Mapping[Subset, Floats], scores: Floats, truth: Truth, quality: Quality, floor: float
) -> pd.DataFrame:
    """Test for every subset whether the loss rises without it.

    d_i = loss(y_i, s_i with the part of I replaced by its training mean) - loss(y_i, s_i); loss_rise is its
    mean, with the two-sided 95 % interval over samples (or groups) and the one-sided p-value of a mean that
    is at most zero, adjusted over all subsets by Holm's method.

    Parameters
    ----------
    parts : mapping of subset to array, shape (n, outputs)
        What every subset adds to the score of a sample, less its training mean, averaged over networks that
        were not trained on the sample.
    scores : array, shape (n, outputs)
        The averaged scores.
    truth : Truth
    quality : Quality
        Of the scores.
    floor : float
        Share of the explained loss below which nothing is named.

    Returns
    -------
    DataFrame
        One row per subset: subset (label), order, loss_rise, loss_rise_low, loss_rise_high, p_value,
        p_adjusted, named, variance_share, covariance_share.
    """
    losses = truth.losses(scores)
    tests = [truth.tested(truth.losses(scores - part) - losses) for part in parts.values()]
    shares = variance_shares(centre_classes(parts) if truth.task == "multiclass" else parts, truth.weight)
    table = pd.DataFrame(
        {
            "subset": [subset_label(subset) for subset in parts],
            "order": [len(subset) for subset in parts],
            "loss_rise": [test.mean for test in tests],
            "loss_rise_low": [test.low for test in tests],
            "loss_rise_high": [test.high for test in tests],
            "p_value": [test.p_value for test in tests],
        }
    )
    table["p_adjusted"] = holm(table["p_value"])
    rises, adjusted = table["loss_rise"].to_numpy(), table["p_adjusted"].to_numpy()
    table["named"] = quality.named(adjusted, rises, floor)
    return table.assign(**{name: shares[name] for name in ("variance_share", "covariance_share")})
