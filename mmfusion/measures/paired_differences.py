"""Tests of the mean of paired differences over samples, or over groups of samples; Holm's adjustment."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from mmfusion.measures.intervals import LEVEL

FEWEST_FREEDOM = 0.5
"""Degrees of freedom where one group has nearly all weight: fewer would make intervals infinite."""


class MeanTest(NamedTuple):
    """A mean with its two-sided 95 % interval and p-values.

    Parameters
    ----------
    mean : float
    low, high : float
        Ends of the interval; NaN with fewer than two samples (or groups).
    p_value : float
        One-sided, of a mean that is at most zero.
    p_two_sided : float
        Of a mean that is zero.
    error : float
        Standard error of the mean.
    """

    mean: float
    low: float
    high: float
    p_value: float
    p_two_sided: float
    error: float


def mean_and_test(
    values: ArrayLike, weight: NDArray[Any] | None = None, groups: NDArray[Any] | None = None
) -> MeanTest:
    """Test whether the mean of one number per sample is above zero.

    The mean is sum of w_i d_i / sum of w_i. Its variance is that of the jackknife over the groups (Tukey,
    Annals of Mathematical Statistics 29, 1958), (G - 1) / G times the sum of squares of what the mean changes
    by when a group g of share s_g of all weights is left out: r_g / (1 - s_g), r_g being the sum over its
    samples of s_i (d_i - mean). Unlike the sum of r_g^2, this does not vanish where one group has nearly all
    weight. The statistic is compared with Student's t whose degrees of freedom are the effective number of
    groups (Kish, *Survey Sampling*, 1965), 1 / sum of s_g^2, less one. Without groups every sample is its
    own; with equal weights this is the t-test of one sample.

    Parameters
    ----------
    values : array-like, shape (n,)
        d, such as differences of two losses; samples of weight zero do not count.
    weight : array, shape (n,), optional
        Weights of the samples, zero or more. Default: all one.
    groups : array, shape (n,), optional
        Group of every sample. Default: samples are independent.

    Returns
    -------
    MeanTest
        Differences that are all zero have a mean of 0, the interval [0, 0] and the p-values 1.

    Examples
    --------
    >>> round(mean_and_test([1.0, 2.0, 3.0]).p_value, 3)
    0.037
    """
    d = np.asarray(values, dtype=np.float64)
    w = np.ones(len(d)) if weight is None else np.asarray(weight, dtype=np.float64)
    used = w > 0
    d, w = d[used], w[used]
    if not len(d):
        return MeanTest(*[float("nan")] * 6)
    clusters = np.arange(len(d)) if groups is None else np.unique(groups[used], return_inverse=True)[1]
    if not d.any():
        return MeanTest(0.0, 0.0, 0.0, 1.0, 1.0, 0.0)
    share = w / w.sum()
    mean = float(share @ d)
    count = int(clusters.max()) + 1
    if count < 2:
        return MeanTest(mean, *[float("nan")] * 5)
    shares = np.bincount(clusters, share)
    changes = np.bincount(clusters, share * (d - mean)) / (1 - shares)
    error = float(np.sqrt((count - 1) / count * np.sum(changes**2)))
    if error == 0:
        sure = 0.0 if mean > 0 else 1.0
        return MeanTest(mean, mean, mean, sure, 0.0, error)
    freedom = max(1 / np.sum(shares**2) - 1, FEWEST_FREEDOM)
    half = float(student.ppf((1 + LEVEL) / 2, freedom)) * error
    statistic = mean / error
    one, two = student.sf(statistic, freedom), 2 * student.sf(abs(statistic), freedom)
    return MeanTest(mean, mean - half, mean + half, float(one), float(two), error)


def effective_units(weight: NDArray[Any], groups: NDArray[Any] | None) -> float:
    """Return the effective number of samples, or of groups: (sum of w)^2 / sum of w^2 (Kish, 1965).

    Parameters
    ----------
    weight : array, shape (n,)
        Weights of the samples, zero or more.
    groups : array, shape (n,), or None
        The weight of a group is the sum of those of its samples.

    Returns
    -------
    float
    """
    if groups is not None:
        weight = np.bincount(np.unique(groups, return_inverse=True)[1], weight)
    return float(weight.sum() ** 2 / np.sum(weight**2))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjust p-values for the number of tests (Holm, Scandinavian Journal of Statistics 6, 1979).

    Parameters
    ----------
    p_values : array-like, shape (tests,)
        NaN is no test and stays NaN.

    Returns
    -------
    array, shape (tests,)
        Naming every test with an adjusted value below a level names a false one with at most the probability
        of that level, however the tests depend on each other.

    Examples
    --------
    >>> holm([0.01, 0.04, float("nan")]).tolist()
    [0.02, 0.04, nan]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")[: np.count_nonzero(~np.isnan(values))]  # NaN is last
    factors = len(order) - np.arange(len(order))
    adjusted = np.full(len(values), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * values[order]), 1.0)
    return adjusted
