"""The checks of the values of a modality, some rows at a time: an array may be mapped from a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.data.missing import missing_rows
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.padding import check_lengths, padding_mask
from mmfusion.errors import InputError

BYTES_AT_ONCE = 1 << 24
"""Size of the rows that are in memory together."""
LARGEST = np.float64(np.finfo(np.float32).max)
"""Largest magnitude of a number: networks compute in float32."""
MOST_SYMBOLS = 1024
"""Largest alphabet: above it, whole numbers are more likely counts or codes than symbols of a sequence."""


def check_values(
    data: ModalityData, kinds: Mapping[str, str], *, all_occur: bool = False
) -> dict[str, NDArray[np.bool_]]:
    """Check all values, and find which samples have which modality.

    Parameters
    ----------
    data : ModalityData
    kinds : mapping of str to str
        Kind of every modality; that of a user's module is checked like a vector or sequence.
    all_occur : bool, default False
        Whether every modality must be present for some sample: from others nothing can be learned.

    Returns
    -------
    dict of str to array of bool, shape (n,)
        Only modalities that some sample lacks; every sample has at least one modality.

    Raises
    ------
    InputError
        With modality, row and column, if a value is infinite, beyond float32, or NaN without the modality
        being missing, a symbol is negative, a length is out of range, a sample has no modality at all, or a
        modality has no samples where all must occur.
    """
    present = {name: _present(data, name, kinds[name]) for name in data.modalities}
    anything = np.any(list(present.values()), axis=0)
    if not anything.all():
        row = data.location.row(int(np.flatnonzero(~anything)[0]))
        raise InputError(f"X, {row}: no modality is present, expected at least one; leave this sample out.")
    for name, here in present.items():
        if all_occur and not here.any():
            raise InputError(f"X[{name!r}] is missing for all samples, expected values; leave it out.")
    return {name: here for name, here in present.items() if not here.all()}


def _present(data: ModalityData, name: str, kind: str) -> NDArray[np.bool_]:
    values, present = data.arrays[name], data.present.get(name)
    if kind != "symbols" and values.dtype.kind == "f":
        return check_finite(name, values, data.lengths.get(name), present, data.location)
    if name in data.lengths:
        where, location = data.location.lengths(name), data.location
        check_lengths(data.lengths[name], len(values), values.shape[1], where, location.row, location.error)
    here = np.ones(len(data), dtype=bool) if present is None else present.copy()
    for start, part in row_parts(values) if kind == "symbols" else ():
        rows = slice(start, start + len(part))
        here[rows] &= ~missing_rows(part)
        wrong = here[rows, np.newaxis] & ((part < 0) | (part >= MOST_SYMBOLS))
        if wrong.any():
            row, column = (int(axis[0]) for axis in np.nonzero(wrong))
            raise InputError(
                f"X[{name!r}], {data.location.row(start + row)}, step {column}: {part[row, column]} is not a "
                f"symbol, expected whole numbers from 0 to {MOST_SYMBOLS - 1}; correct it, or pass numbers "
                "as floats if they are measurements or counts, or set the whole row to -1 if the modality is "
                "missing there."
            )
    return here


def check_finite(
    name: str,
    values: NDArray[Any],
    lengths: NDArray[Any] | None,
    present: NDArray[np.bool_] | None,
    location: Location,
) -> NDArray[np.bool_]:
    """Check that numbers are finite, also in float32, where the modality is present and not padded.

    Parameters
    ----------
    name : str
        Name of the modality.
    values : array, shape (n, ..., d)
        Floats; all axes between the first and the last are steps.
    lengths : array of int, shape (n,), or None
        Real steps of every sample. None: steps that are NaN in all columns are padding.
    present : array of bool, shape (n,), or None
        Which samples may have the modality. None: all.
    location : Location

    Returns
    -------
    array of bool, shape (n,)
        Which samples have the modality: those of `present` with a number in a step that is not padding.

    Raises
    ------
    MmfusionError
        With modality, row and column of the first NaN, infinity or number beyond float32, and their count, or
        if a length is out of range.
    """
    here = np.ones(len(values), dtype=bool) if present is None else present.copy()
    steps = int(np.prod(values.shape[1:-1]))
    if lengths is not None:
        where = location.lengths(name)
        lengths = check_lengths(lengths, len(values), steps, where, location.row, location.error)
    first: tuple[tuple[int, ...], float] | None = None
    count = 0
    for start, part in row_parts(values):
        if part.min(initial=0.0) >= -LARGEST and part.max(initial=0.0) <= LARGEST:  # neither of NaN
            continue
        rows = slice(start, start + len(part))
        numbers = part.reshape(len(part), steps, part.shape[-1])
        here[rows], wrong = _wrong(numbers, None if lengths is None else lengths[rows], here[rows])
        count += int(wrong.sum())
        if first is None and wrong.any():
            row, step, column = (int(axis[0]) for axis in np.nonzero(wrong))
            first = (start + row, step, column), float(numbers[row, step, column])
    if first is not None:
        raise location.error(_sentence(location, name, *first, count, values.ndim > 2, lengths is not None))
    return here


def row_parts(values: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Cut an array into parts of some rows each, with the position of their first row."""
    rows = max(1, BYTES_AT_ONCE // max(1, values[:1].nbytes))
    for start in range(0, len(values), rows):
        yield start, np.asarray(values[start : start + rows])


def _wrong(
    steps: NDArray[Any], lengths: NDArray[np.int64] | None, present: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which samples (n,) are present, and which values (n, steps, d) are wrong."""
    padding = np.zeros(steps.shape[:2], dtype=bool)
    if lengths is not None or steps.shape[1] > 1:
        padding = padding_mask(steps, lengths)
    here = present & ~missing_rows(np.where(padding[:, :, np.newaxis], np.nan, steps))
    return here, ~(np.abs(steps) <= LARGEST) & (here[:, np.newaxis] & ~padding)[:, :, np.newaxis]


def _sentence(
    location: Location,
    name: str,
    index: tuple[int, ...],
    value: float,
    count: int,
    sequence: bool,
    has_lengths: bool,
) -> str:
    row, step, column = index
    where = f"{location.modality(name)}, {location.row(row)}{f', step {step}' * sequence}"
    remedy = "set all columns of the sample to NaN if the modality is missing there"
    if sequence:
        padding = "set all columns of the step to NaN if it is padding"
        if has_lengths:
            padding = f"correct the length ('{name}_lengths' in a file) if the step is padding"
        remedy = f"{padding}, or set all steps of the sample to NaN if the modality is missing there"
    where = f"{where}, {location.column(name, column)}: the value is"
    places = f"{count} place{'s' * (count > 1)}"
    if np.isfinite(value):
        return (
            f"{where} {value!r}, too large for float32 (or NaN, in {places}), expected a magnitude of at "
            f"most {LARGEST:.2g}; correct it, or {remedy}."
        )
    wrong = "NaN" if np.isnan(value) else f"{'-' * (value < 0)}infinity"
    return (
        f"{where} {wrong} (NaN or infinity in {places}), expected a finite number; fill it in, or {remedy}."
    )
