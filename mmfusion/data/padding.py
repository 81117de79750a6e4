"""Padding of sequences: which steps are not real, by their lengths, by a mask of their own, or as NaN.

A *step* is a row of d numbers, or a symbol. *Padding* are the steps behind the length of a sequence (or,
where the user says so, those in front of it), those that a mask does not call real or, where neither is
known, the steps that are NaN in all d columns; every other step is *real*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmfusion.errors import DataError, MmfusionError
from mmfusion.fusion.precision import as_floats
from mmfusion.sentences import row_name

SIDES = ("front", "behind")
"""Where padding can be."""


def check_lengths(
    lengths: ArrayLike,
    samples: int,
    steps: int,
    where: str = "lengths",
    row: Callable[[int], str] = row_name,
    error: type[MmfusionError] = DataError,
) -> NDArray[Any]:
    """Check that every sequence has a length, from 1 to its number of steps, or a mask with a real step.

    Parameters
    ----------
    lengths : array of int, shape (n,), or of bool, shape (n, steps)
        How many steps of every sequence are real, or which.
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
    array of int64, shape (n,), or of bool, shape (n, steps)

    Raises
    ------
    MmfusionError
        If they are not one whole number per sequence, or one is out of range, or a mask has no real step.

    Examples
    --------
    >>> check_lengths([3, 1], samples=2, steps=3)
    array([3, 1])
    """
    counts = np.asarray(lengths)
    if counts.dtype.kind == "b" and counts.shape == (samples, steps):
        empty = np.flatnonzero(~counts.any(axis=1))
        if len(empty):
            raise error(
                f"{where}, {row(int(empty[0]))}: no step is real, expected at least one; where the modality "
                "is missing, set all steps to NaN and one of the mask to true."
            )
        return counts
    if counts.shape != (samples,) or counts.dtype.kind not in "iu":
        raise error(
            f"{where} are an array {counts.shape} of {counts.dtype}, expected one whole number for each of "
            f"the {samples} sequences; count the steps of every sequence."
        )
    wrong = np.flatnonzero((counts < 1) | (counts > steps))
    if len(wrong):
        more = f" ({len(wrong)} rows are out of range)" if len(wrong) > 1 else ""
        raise error(
            f"{where}, {row(int(wrong[0]))}: {counts[wrong[0]]} is not a length, expected 1 to {steps} "
            f"steps{more}; correct it; where the modality is missing, set all steps to NaN and the length "
            "to 1."
        )
    return counts.astype(np.int64)


def padding_mask(steps: NDArray[Any], lengths: NDArray[Any] | None) -> NDArray[np.bool_]:
    """Find the padding of sequences.

    Parameters
    ----------
    steps : array, shape (n, length, d) or (n, length)
    lengths : array of int64, shape (n,), or of bool, shape (n, length), or None
        How many steps of every sample are real, or which; None: steps that are NaN in all columns are
        padding.

    Returns
    -------
    array of bool, shape (n, length)
        True where a step is padding.
    """
    if lengths is None:
        return np.asarray(np.isnan(steps).all(axis=2))
    if lengths.dtype.kind == "b":
        return np.asarray(~lengths)
    return np.asarray(np.arange(steps.shape[1]) >= lengths[:, np.newaxis])


def real_steps(
    values: NDArray[Any], lengths: NDArray[Any] | None, present: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Return which symbols are real, of samples that have them, shape (n, length)."""
    real = np.ones(values.shape[:2], dtype=bool) if lengths is None else ~padding_mask(values, lengths)
    return real if present is None else real & present[:, np.newaxis]


def padded_in_front(steps: NDArray[Any], lengths: NDArray[Any]) -> NDArray[np.bool_]:
    """Find sequences that look as if their padding were in front, although they have lengths.

    As many steps as are padding are all zero at the beginning, and those behind the length are not.

    Parameters
    ----------
    steps : array, shape (n, length, d)
    lengths : array of int, shape (n,)

    Returns
    -------
    array of bool, shape (n,)

    Examples
    --------
    >>> steps = np.array([[0.0, 0, 1], [1, 2, 0]])[:, :, np.newaxis]
    >>> padded_in_front(steps, np.array([1, 2]))
    array([ True, False])
    """
    position, total = np.arange(steps.shape[1]), steps.shape[1]
    zero = (steps == 0).all(axis=2)
    unused = zero | np.isnan(steps).all(axis=2)
    beginning = position < np.minimum(lengths, total - lengths)[:, np.newaxis]
    behind = position >= lengths[:, np.newaxis]
    padded = lengths < total
    return np.asarray(padded & (zero | ~beginning).all(axis=1) & (behind & ~unused).any(axis=1))


def masks_of_side(
    lengths: Mapping[str, NDArray[Any]],
    arrays: Mapping[str, NDArray[Any]],
    padding: str | Mapping[str, str] | None,
    error: type[MmfusionError],
    where: str = "",
) -> dict[str, NDArray[Any]]:
    """Turn lengths into masks of real steps, where the user says on which side the padding is.

    Parameters
    ----------
    lengths : mapping of str to array of int, shape (n,), or of bool, shape (n, length)
        By modality; those that the user gave.
    arrays : mapping of str to array, shape (n, length, ...)
        The sequences.
    padding : {"front", "behind"} or mapping of str to these, or None
        None: lengths stay as they are.
    error : type
        What is raised.
    where : str, optional
        Begins the message of an error.

    Returns
    -------
    dict of str to array

    Raises
    ------
    MmfusionError
        If the side is unknown, there are no lengths that it could be about, or zeros are on the other side.
    """
    sides = [padding] if isinstance(padding, str) else list((padding or {}).values())
    for side in sides:
        if side not in SIDES:
            raise error(f"{where}padding is {side!r}, expected one of {', '.join(SIDES)}.")
    counted = [name for name, ends in lengths.items() if ends.dtype.kind != "b"]
    chosen = dict.fromkeys(counted, padding) if isinstance(padding, str) else dict(padding or {})
    if isinstance(padding, str) and not chosen:
        raise error(
            f"{where}padding is {padding!r}, but no modality has lengths that count its real steps, "
            "expected some; leave it out."
        )
    masks = dict(lengths)
    for name, side in chosen.items():
        if name not in counted:
            raise error(
                f"{where}padding[{name!r}]: this modality has no lengths that count its real steps, "
                "expected some; leave it out."
            )
        values, total = arrays[name], arrays[name].shape[1]
        counts = check_lengths(lengths[name], len(values), total, f"{where}lengths[{name!r}]", error=error)
        if side == "front" and values.ndim == 3:
            behind = int(padded_in_front(values[:, ::-1], counts).sum())
            if behind:
                raise error(
                    f"{where}padding[{name!r}] is 'front', but {behind} of {len(values)} sequences look "
                    "padded behind (as many steps as are padding are zero at their end, but not at their "
                    "beginning), expected padding in front; leave it out."
                )
        position = np.arange(total)
        unused = total - counts[:, np.newaxis] if side == "front" else 0
        masks[name] = (position >= unused) & (position < unused + counts[:, np.newaxis])
    return masks


def pad(values: NDArray[Any], lengths: ArrayLike) -> NDArray[Any]:
    """Write NaN into the steps that are not real, as encoders of sequences take them.

    Parameters
    ----------
    values : array, shape (n, length, d)
        Numbers; the values of padding are ignored.
    lengths : array of int, shape (n,), or of bool, shape (n, length)
        How many steps of every sequence are real, or which.

    Returns
    -------
    array, shape (n, length, d)
        A copy with NaN in all columns of padding; floats keep their type, other numbers become floats.

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
    return np.where(padding[:, :, np.newaxis], steps.dtype.type(np.nan), steps)
