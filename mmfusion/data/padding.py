"""Padding of real-valued sequences: which steps are not real, by their lengths or as NaN.

A *step* is a row of d numbers. *Padding* are the steps behind the length of a sequence or, where lengths are
unknown, the steps that are NaN in all d columns; every other step is *real*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmfusion.errors import DataError, MmfusionError
from mmfusion.fusion.precision import as_floats
from mmfusion.sentences import row_name


def check_lengths(
    lengths: ArrayLike,
    samples: int,
    steps: int,
    where: str = "lengths",
    row: Callable[[int], str] = row_name,
    error: type[MmfusionError] = DataError,
) -> NDArray[np.int64]:
    """Check that every sequence has a length, from 1 to its number of steps.

    Parameters
    ----------
    lengths : array of int, shape (n,)
        Real steps of every sequence.
    samples : int
        Number n of sequences.
    steps : int
        Number of steps of every sequence, with padding.
    where : str, default "lengths"
        What the user calls the lengths.
    row : function of int to str, default `mmfusion.sentences.row_name`
        Names a row, given by its position.
    error : type, default DataError
        What is raised.

    Returns
    -------
    array of int64, shape (n,)

    Raises
    ------
    MmfusionError
        If they are not one whole number per sequence, or one is out of range.

    Examples
    --------
    >>> check_lengths([3, 1], samples=2, steps=3)
    array([3, 1])
    """
    counts = np.asarray(lengths)
    if counts.shape != (samples,) or counts.dtype.kind not in "iu":
        raise error(
            f"{where} are an array {counts.shape} of {counts.dtype}, expected one whole number for each of "
            f"the {samples} sequences; count the steps of every sequence."
        )
    wrong = np.flatnonzero((counts < 1) | (counts > steps))
    if len(wrong):
        more = f" ({len(wrong)} rows are out of range)" if len(wrong) > 1 else ""
        raise error(
            f"{where}, {row(int(wrong[0]))}: {counts[wrong[0]]} is not a length, expected 1 to "
            f"{steps} steps{more}; correct it; where the modality is missing, set all steps to NaN and the "
            "length to 1."
        )
    return counts.astype(np.int64)


def padding_mask(steps: NDArray[Any], lengths: NDArray[np.int64] | None) -> NDArray[np.bool_]:
    """Find the padding of sequences.

    Parameters
    ----------
    steps : array, shape (n, length, d)
    lengths : array of int64, shape (n,), or None
        Real steps of every sequence; None: steps that are NaN in all columns are padding.

    Returns
    -------
    array of bool, shape (n, length)
        True where a step is padding.
    """
    if lengths is None:
        return np.asarray(np.isnan(steps).all(axis=2))
    return np.asarray(np.arange(steps.shape[1]) >= lengths[:, np.newaxis])


def pad(values: NDArray[Any], lengths: ArrayLike) -> NDArray[Any]:
    """Mark the steps behind the end of every sequence as padding.

    Parameters
    ----------
    values : array, shape (n, length, d)
        Numbers; the values behind an end are ignored.
    lengths : array of int, shape (n,)
        Steps of every sequence, from 1 to length.

    Returns
    -------
    array, shape (n, length, d)
        A copy with NaN behind every end; floats keep their type, other numbers become floats that hold them.

    Raises
    ------
    DataError
        If an array has another form or type, or a length is out of range.

    Examples
    --------
    >>> pad(np.ones((2, 3, 1)), [1, 3])[:, :, 0]
    array([[ 1., nan, nan],
           [ 1.,  1.,  1.]])
    """
    if values.ndim != 3 or values.dtype.kind not in "biuf" or 0 in values.shape[1:]:
        raise DataError(
            f"sequences are an array {values.shape} of {values.dtype}, expected numbers (samples, steps, "
            "columns); put sequences of unequal length into one array."
        )
    steps = values if values.dtype == np.float16 else as_floats(values)
    padding = padding_mask(steps, check_lengths(lengths, *steps.shape[:2]))
    return np.where(padding[:, :, np.newaxis], np.nan, steps)
