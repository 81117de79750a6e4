"""The constant predictor: the scores with the lowest loss among those that look at no feature."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def constant_scores(
    target: NDArray[Any],
    task: str,
    outputs: int,
    weight: NDArray[Any] | None = None,
    smallest_share: float = 0.0,
) -> NDArray[np.float64]:
    """Return the constant scores with the lowest mean loss.

    For a binary target the log-odds of class 1, so that the majority class is decided for (class 1 where both
    are equally frequent); for more classes the logarithms of their shares; for a regression the mean.

    Parameters
    ----------
    target : array, shape (n,) or (n, outputs)
        Training target: class indices, zeros and ones of several labels, or numbers.
    task : {"binary", "multiclass", "regression"}
    outputs : int
        Scores per sample.
    weight : array, shape (n,), optional
        Weights of the samples. Default: all one.
    smallest_share : float, default 0
        Shares of classes are at least this, which keeps the score of a class without samples finite.

    Returns
    -------
    array, shape (outputs,)
        Minus infinity for a class without training samples, unless `smallest_share` is above zero.

    Examples
    --------
    >>> constant_scores(np.array([0, 1, 1, 1]), "binary", 1).round(4).tolist()
    [1.0986]
    """
    values = (
        np.eye(outputs)[target.astype(np.intp)] if task == "multiclass" else target.reshape(len(target), -1)
    )
    if task == "regression":
        return _means(values, weight)
    with np.errstate(divide="ignore"):  # a class without samples: minus infinity
        logs = np.log(np.maximum(_means(values, weight), smallest_share))
        if task == "multiclass":
            return np.asarray(logs)
        return np.asarray(logs - np.log(np.maximum(_means(1 - values, weight), smallest_share)))


def _means(columns: NDArray[Any], weight: NDArray[Any] | None) -> NDArray[np.float64]:
    """Average columns (n, outputs), one by one, so that each sum is independent of the other columns."""
    return np.array([np.average(column, weights=weight) for column in columns.T], dtype=np.float64)
