"""Weights of samples, and the mean over them: a weight is a number of copies, and only ratios count."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def weighted_mean(
    values: NDArray[Any], weight: NDArray[Any] | None = None, axis: int = 0
) -> NDArray[np.float64]:
    """Average over the samples.

    Parameters
    ----------
    values : array, shape (..., n, ...)
    weight : array, shape (n,), optional
        Weights of the samples, zero or more, on any scale. Default: all one.
    axis : int, default 0
        That of the samples.

    Returns
    -------
    array
        Without the axis of the samples; NaN where all weights are zero.

    Examples
    --------
    >>> float(weighted_mean(np.array([1.0, 5.0]), np.array([3.0, 1.0])))
    2.0
    """
    if weight is None:
        return np.asarray(values.mean(axis=axis))
    known = weight if weight.any() else np.full(len(weight), np.nan)
    return np.asarray(np.average(values, axis=axis, weights=known))


def relative_weights(weight: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Scale weights to a mean of one; None where all are equal, so that they change nothing.

    Parameters
    ----------
    weight : array, shape (n,)
        Zero or more, and not all zero.

    Returns
    -------
    array, shape (n,), or None

    Examples
    --------
    >>> relative_weights(np.array([1.0, 3.0])).tolist(), relative_weights(np.array([0.7, 0.7]))
    ([0.5, 1.5], None)
    """
    return None if np.ptp(weight) == 0 else np.asarray(weight / weight.mean())
