"""Rates with their intervals."""

from __future__ import annotations

from scipy.stats import binomtest

from mmfusion.measures.intervals import LEVEL, Interval


def wilson_interval(count: int, total: int) -> Interval:
    """Compute a rate and its 95 % interval (Wilson, J. of the American Statistical Association 22, 1927).

    Parameters
    ----------
    count, total : int
        How many of how many.

    Returns
    -------
    Interval
        Its `mean` is the rate; all NaN if the total is 0.

    Examples
    --------
    >>> [round(end, 3) for end in wilson_interval(0, 10)]
    [0.0, 0.0, 0.278]
    """
    if not total:
        return Interval(*[float("nan")] * 3)
    low, high = binomtest(count, total).proportion_ci(LEVEL, method="wilson")
    return Interval(count / total, float(low), float(high))
