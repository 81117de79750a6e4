"""Bootstrap intervals of statistics over samples that come in groups, such as utterances of one video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmfusion.measures.intervals import LEVEL, RESAMPLES, Interval

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]


def cluster_bootstrap(
    terms: ArrayLike, groups: NDArray[Any], statistic: Statistic, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Compute a statistic of sums over samples, and its percentile interval over resampled groups.

    Whole groups are drawn with replacement, as many as there are (Davison and Hinkley, *Bootstrap Methods
    and their Application*, 1997, section 3.8; Field and Welsh, JRSS B 69, 2007). Statistics that are computed
    with the same groups, number of resamples and seed see the same draws, so that the difference of two of
    them is a paired one: pass the terms of both, and let the statistic take their difference.

    Parameters
    ----------
    terms : array-like, shape (n, k)
        What is summed over the samples.
    groups : array, shape (n,)
        Group of every sample.
    statistic : callable
        From sums (..., k) to values (...,).
    resamples : int
        Number of resamples.
    seed : int
        Seed of the resamples.

    Returns
    -------
    Interval
        The statistic of all samples and the ends of its 95 % interval; NaN with fewer than two groups. With
        a few dozen groups it covers a little less often than 95 %.

    Examples
    --------
    >>> values = np.array([[1.0, 1.0], [3.0, 1.0], [2.0, 1.0], [2.0, 1.0]])  # a number and a one
    >>> cluster_bootstrap(values, np.array([0, 0, 1, 1]), lambda sums: sums[..., 0] / sums[..., 1])
    Interval(mean=2.0, low=2.0, high=2.0)
    """
    numbers = np.asarray(terms, dtype=np.float64)
    names, index = np.unique(groups, return_inverse=True)
    count = len(names)
    value = float(statistic(numbers.sum(axis=0)))
    if count < 2:
        return Interval(value, float("nan"), float("nan"))
    sums = np.zeros((count, numbers.shape[1]))
    np.add.at(sums, index, numbers)
    times = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    low, high = np.quantile(statistic(times @ sums), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high))
