"""Checks of the values of a modality, some rows at a time: it may be mapped from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.modality_data import ModalityData
from mmfusion.errors import InputError
from mmfusion.sentences import either, row_name

Rows = Callable[[int], str]
"""Tells a row, given by its position, in the words of the user."""

ROWS_AT_ONCE = 4096
MOST_SYMBOLS = 1024
"""Largest alphabet: above it, whole numbers are more likely counts or codes than symbols of a sequence."""


def check_values(
    data: ModalityData, kinds: dict[str, str], told: Rows = row_name
) -> dict[str, NDArray[np.bool_]]:
    """Check all values, and find which samples have which modality.

    Parameters
    ----------
    data : ModalityData
    kinds : dict of str to str
        Kind of every modality; a kind of the user's own is checked like a vector or sequence.
    told : function of int to str, default `mmfusion.sentences.row_name`
        Tells a row, given by its position, in the sentences of errors.

    Returns
    -------
    dict of str to array of bool, shape (n,)
        Of the modalities that are missing for some sample; every sample has at least one.

    Raises
    ------
    InputError
        With modality, row and column, if a value is infinite or NaN without the modality being missing, a
        symbol is negative, a length is out of range, or a sample has no modality at all.
    """
    present = {name: _present(data, name, kinds[name], told) for name in data.modalities}
    anything = np.any(list(present.values()), axis=0)
    if not anything.all():
        row = int(np.flatnonzero(~anything)[0])
        raise InputError(
            f"X, {told(row)}: no modality is present, expected at least one; leave this sample out."
        )
    return {name: here for name, here in present.items() if not here.all()}


def check_some_present(present: Mapping[str, NDArray[np.bool_]]) -> None:
    """Check that no modality is missing for all samples, from which nothing could be learned.

    Raises
    ------
    InputError
        If one is.
    """
    for name, here in present.items():
        if not here.any():
            raise InputError(f"X[{name!r}] is missing for all samples, expected values; leave it out.")


def _present(data: ModalityData, name: str, kind: str, told: Rows) -> NDArray[np.bool_]:
    values, lengths = data.arrays[name], data.lengths.get(name)
    here = data.present.get(name, np.ones(len(data), dtype=bool)).copy()
    for start in range(0, len(values), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        part = np.asarray(values[rows])

        def told_here(row: int, start: int = start) -> str:
            return told(start + row)

        if kind == "symbols":
            here[rows] &= ~(part < 0).all(axis=1)
            _check_symbols(name, part, here[rows], told_here)
        elif part.dtype.kind == "f":
            steps = part.reshape(len(part), -1, part.shape[-1])
            padding = _padding(name, steps, None if lengths is None else lengths[rows], told_here)
            here[rows] &= ~(padding | np.isnan(steps).all(axis=2)).all(axis=1)
            _check_numbers(name, steps, padding | ~here[rows, np.newaxis], told_here, part.ndim > 2)
    return here


def _padding(name: str, steps: NDArray[Any], lengths: NDArray[Any] | None, told: Rows) -> NDArray[np.bool_]:
    """Which steps are padding, shape (rows, steps)."""
    count = steps.shape[1]
    if lengths is None:
        return np.isnan(steps).all(axis=2) if count > 1 else np.zeros(steps.shape[:2], dtype=bool)
    wrong = np.flatnonzero((lengths < 1) | (lengths > count))
    if len(wrong):
        raise InputError(
            f"lengths[{name!r}], {told(int(wrong[0]))}: {lengths[wrong[0]]} is no length, expected 1 to "
            f"{count} steps; correct it, or mark a sample without this modality in `present`."
        )
    return np.asarray(np.arange(count) >= lengths[:, np.newaxis])


def _check_numbers(
    name: str, steps: NDArray[Any], ignored: NDArray[np.bool_], told: Rows, sequence: bool
) -> None:
    wrong = ~np.isfinite(steps) & ~ignored[:, :, np.newaxis]
    if wrong.any():
        row, step, column = (int(place[0]) for place in np.nonzero(wrong))
        value = "NaN" if np.isnan(steps[row, step, column]) else "infinity"
        where = f"step {step}, column {column}" if sequence else f"column {column}"
        whole = "all columns" if not sequence else "all steps"
        remedies = ["fill it in", f"set {whole} of the sample to NaN if the modality is missing there"]
        if sequence:
            remedies.insert(1, "set all columns of the step to NaN if it is padding")
        raise InputError(
            f"X[{name!r}], {told(row)}, {where}: the value is {value} (NaN or infinity in "
            f"{int(wrong.sum())} places of these rows), expected a finite number; {either(remedies)}."
        )


def _check_symbols(name: str, part: NDArray[Any], here: NDArray[np.bool_], told: Rows) -> None:
    wrong = here[:, np.newaxis] & ((part < 0) | (part >= MOST_SYMBOLS))
    if wrong.any():
        row, column = (int(place[0]) for place in np.nonzero(wrong))
        raise InputError(
            f"X[{name!r}], {told(row)}, step {column}: {part[row, column]} is no symbol, expected "
            f"whole numbers from 0 to {MOST_SYMBOLS - 1}; correct it, or pass numbers as floats if they are "
            "measurements or counts, or set the whole row to -1 if the modality is missing there."
        )
