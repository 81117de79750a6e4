"""The mean over samples, each of which may have a weight: a weight is a number of copies of its sample."""

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
