"""Standardising columns by the training rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def standardise(
    values: NDArray[np.float64], train: NDArray[np.intp]
) -> tuple[NDArray[np.float32], list[int]]:
    """Give every column mean 0 and variance 1 on the training rows; constant training columns become 0.

    z = (x - mean) / sd, with the training mean and the (biased) training standard deviation of the column; 0
    in all rows where all training values of a column are equal.

    Parameters
    ----------
    values : array of float64, shape (n, d)
        Features of all rows.
    train : array of int
        Rows that are used for training.

    Returns
    -------
    standardised : array of float32, shape (n, d)
        The columns in their old order, none left out.
    constant : list of int
        The columns that became 0, counted from 0.
    """
    fitted = values[train]
    constant = fitted.max(axis=0) == fitted.min(axis=0)
    sd = np.where(constant, 1.0, fitted.std(axis=0))
    result = np.where(constant, 0.0, (values - fitted.mean(axis=0)) / sd)
    return result.astype(np.float32), np.flatnonzero(constant).tolist()
