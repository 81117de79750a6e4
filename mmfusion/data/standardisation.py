"""Mean and standard deviation of columns, and the one rule for columns that are constant.

A column is *constant* if its standard deviation is at most a multiple of its largest magnitude that rounding
explains. Constant columns become zero wherever columns are standardised.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmfusion.fusion.precision import DOUBLE

Floats = NDArray[np.float64]

ROWS_AT_ONCE = 4096
"""Rows that are read at once: arrays may be mapped from files that are larger than the memory."""
SMALL, EXPONENT = 1e-140, 600
"""Columns below the first are multiplied by two to the power of the second before they are squared."""


class ColumnMoments(NamedTuple):
    """Moments of the columns of an array.

    Parameters
    ----------
    mean, deviation : array, shape (d,)
        Weighted mean and (biased) standard deviation.
    constant : array of bool, shape (d,)
        Which columns are constant.
    """

    mean: Floats
    deviation: Floats
    constant: NDArray[np.bool_]


def is_constant(deviation: ArrayLike, largest: ArrayLike, precision: float = DOUBLE) -> NDArray[np.bool_]:
    """Say whether numbers are constant up to rounding.

    Parameters
    ----------
    deviation, largest : array-like
        Standard deviation and largest magnitude.
    precision : float, default `DOUBLE`
        Relative rounding error of the numbers.

    Examples
    --------
    >>> bool(is_constant(np.std([0.1, 0.1, 0.1]), 0.1)), bool(is_constant(1e-9, 1.0))
    (True, False)
    """
    return np.asarray(~(np.asarray(deviation) > precision * np.asarray(largest)))


def column_moments(
    values: NDArray[Any], weight: NDArray[Any] | None = None, precision: float = DOUBLE
) -> ColumnMoments:
    """Compute the moments of columns in one pass over the rows.

    The moments of pieces of rows are merged by the formula of Chan, Golub and LeVeque (The American
    Statistician 37(3), 1983).

    Parameters
    ----------
    values : array, shape (n, d) or (n, length, d)
        Entries that are NaN (missing samples, padding) do not count.
    weight : array, shape (n,), optional
        Weights of the samples, zero or more. Default: all one.
    precision : float, default `DOUBLE`
        See `is_constant`.

    Returns
    -------
    ColumnMoments
        Of columns without any entry: zero, zero and constant.
    """
    mean, square, count, largest = (np.zeros(values.shape[-1]) for _ in range(4))
    tiny = np.finfo(float).tiny
    for part, share in _pieces(values, weight):
        here = share.sum(axis=0)
        total = np.maximum(count + here, tiny)
        centre = (part * share).sum(axis=0) / np.maximum(here, tiny)
        difference = np.where(here > 0, centre - mean, 0.0)
        square += ((part - centre) ** 2 * share).sum(axis=0) + difference**2 * (count * here / total)
        mean = np.where(count > 0, mean + difference * (here / total), np.where(here > 0, centre, 0.0))
        count += here
        largest = np.maximum(largest, np.abs(np.where(share > 0, part, 0.0)).max(axis=0, initial=0.0))
    deviation = np.sqrt(square / np.maximum(count, tiny))
    small = np.flatnonzero((largest > 0) & (largest < SMALL))
    if small.size:  # their squares leave the range of floats; powers of two are exact
        scaled = column_moments(np.ldexp(values[..., small], EXPONENT), weight, precision)
        mean[small], deviation[small] = np.ldexp(scaled[:2], -EXPONENT)
        largest[small] = np.where(scaled.constant, np.inf, 0.0)
    return ColumnMoments(mean, deviation, is_constant(deviation, largest, precision))


def standardise(values: NDArray[Any], train: NDArray[np.intp]) -> tuple[NDArray[np.float32], list[int]]:
    """Give every column mean 0 and variance 1 on the training rows; constant training columns become 0.

    z = (x - mean) / sd, with the training mean and the (biased) training standard deviation of the column; 0
    in all rows where the training values of a column are constant. NaN stays NaN, and what is beyond float32
    becomes infinite.

    Parameters
    ----------
    values : array, shape (n, d) or (n, length, d)
        Features of all rows, NaN where padded or missing.
    train : array of int
        Rows that are used for training.

    Returns
    -------
    standardised : array of float32, of the shape of `values`
        The columns in their old order, none left out.
    constant : list of int
        The columns that became 0, counted from 0.
    """
    moments = column_moments(np.asarray(values, dtype=np.float64)[train])
    result = (values - moments.mean) / np.where(moments.constant, np.inf, moments.deviation) + 0.0  # no -0.0
    with np.errstate(over="ignore"):
        return result.astype(np.float32), np.flatnonzero(moments.constant).tolist()


def _pieces(values: NDArray[Any], weight: NDArray[Any] | None) -> Iterator[tuple[Floats, Floats]]:
    """Yield some rows (k, d) at a time with NaN as zero, and the weight of each of their entries."""
    for start in range(0, len(values), ROWS_AT_ONCE):
        part = np.asarray(values[start : start + ROWS_AT_ONCE], dtype=np.float64)
        share = np.ones(len(part)) if weight is None else weight[start : start + ROWS_AT_ONCE]
        if part.ndim == 3:
            share = np.repeat(share, part.shape[1])
            part = part.reshape(-1, part.shape[-1])
        known = ~np.isnan(part)
        yield np.where(known, part, 0.0), known * share[:, np.newaxis]
