"""Checks of the values of a modality, some rows at a time: it may be mapped from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.finite_values import check_finite
from mmfusion.data.location import Location
from mmfusion.data.missing import missing_rows
from mmfusion.data.modality_data import ModalityData
from mmfusion.errors import InputError
from mmfusion.sentences import row_name

Rows = Callable[[int], str]
"""Names a row, given by its position, in the words of the user."""

ROWS_AT_ONCE = 4096
MOST_SYMBOLS = 1024
"""Largest alphabet: above it, whole numbers are more likely counts or codes than symbols of a sequence."""


def check_values(
    data: ModalityData, kinds: dict[str, str], row_of: Rows = row_name
) -> dict[str, NDArray[np.bool_]]:
    """Check all values, and find which samples have which modality.

    Parameters
    ----------
    data : ModalityData
    kinds : dict of str to str
        Kind of every modality; the kind of a user module is checked like a vector or sequence.
    row_of : function of int to str, default `mmfusion.sentences.row_name`
        Names a row, given by its position, in the sentences of errors.

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
    present = {name: _present(data, name, kinds[name], row_of) for name in data.modalities}
    anything = np.any(list(present.values()), axis=0)
    if not anything.all():
        row = int(np.flatnonzero(~anything)[0])
        raise InputError(
            f"X, {row_of(row)}: no modality is present, expected at least one; leave this sample out."
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


def _present(data: ModalityData, name: str, kind: str, row_of: Rows) -> NDArray[np.bool_]:
    values, present = data.arrays[name], data.present.get(name)
    if kind != "symbols" and values.dtype.kind == "f":
        return check_finite(name, values, data.lengths.get(name), present, Location(row=row_of))
    here = np.ones(len(data), dtype=bool) if present is None else present.copy()
    if kind == "symbols":
        for start in range(0, len(values), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            part = np.asarray(values[rows])
            here[rows] &= ~missing_rows(part)
            _check_symbols(name, part, here[rows], start, row_of)
    return here


def _check_symbols(name: str, part: NDArray[Any], here: NDArray[np.bool_], start: int, row_of: Rows) -> None:
    wrong = here[:, np.newaxis] & ((part < 0) | (part >= MOST_SYMBOLS))
    if wrong.any():
        row, column = (int(axis[0]) for axis in np.nonzero(wrong))
        raise InputError(
            f"X[{name!r}], {row_of(start + row)}, step {column}: {part[row, column]} is not a symbol, "
            f"expected whole numbers from 0 to {MOST_SYMBOLS - 1}; correct it, or pass numbers as floats if "
            "they are measurements or counts, or set the whole row to -1 if the modality is missing there."
        )
