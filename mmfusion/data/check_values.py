"""The checks of the values of a modality, some rows at a time: an array may be mapped from a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.data.missing import missing_rows
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.padding import check_lengths, padded_in_front, padding_mask
from mmfusion.data.part import SYMBOLS

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
        Kinds of modalities; only `symbols` makes a difference, others may be left out.
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
    present = {name: _present(data, name, kinds.get(name, "")) for name in data.modalities}
    anything = np.any(list(present.values()), axis=0)
    if not anything.all():
        rows = np.flatnonzero(~anything)
        more = f" ({len(rows)} samples lack all)" if len(rows) > 1 else ""
        raise data.location.error(
            f"{data.location.whole}, {data.location.row(int(rows[0]))}: no modality is present{more}, "
            "expected at least one; leave these samples out."
        )
    for name, here in present.items():
        if all_occur and not here.any():
            raise data.location.error(
                f"{data.location.modality(name)} is missing for all samples, expected values; leave it out."
            )
    return {name: here for name, here in present.items() if not here.all()}


def _present(data: ModalityData, name: str, kind: str) -> NDArray[np.bool_]:
    values, present = data.arrays[name], data.present.get(name)
    lengths, location = data.lengths.get(name), data.location
    sequences = lengths is not None and values.ndim == 3
    if name not in data.letters and kind != SYMBOLS and (values.dtype.kind == "f" or sequences):
        return check_finite(name, values, lengths, present, location)
    if lengths is not None:
        check_lengths(
            lengths, len(values), values.shape[1], location.lengths(name), location.row, location.error
        )
    here = np.ones(len(data), dtype=bool) if present is None else present.copy()
    if name in data.letters or kind != SYMBOLS:
        return here
    for start, part in row_parts(values):
        rows = slice(start, start + len(part))
        real = np.ones(part.shape, dtype=bool) if lengths is None else ~padding_mask(part, lengths[rows])
        here[rows] &= ~missing_rows(part)
        wrong = here[rows, np.newaxis] & real & ((part < 0) | (part >= MOST_SYMBOLS))
        if wrong.any():
            row, column = (int(axis[0]) for axis in np.nonzero(wrong))
            raise location.error(
                f"{location.modality(name)}, {location.row(start + row)}, step {column}: "
                f"{part[row, column]} is not a symbol, expected whole numbers from 0 to {MOST_SYMBOLS - 1}; "
                "correct it, or do not call the modality symbols if it holds measurements or counts, or set "
                "the whole row to -1 if the modality is missing there."
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
    lengths : array of int, shape (n,), or of bool, shape (n, length), or None
        How many steps of every sample are real, or which. None: steps that are NaN in all columns are
        padding.
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
        With modality, row and column of the first NaN, infinity or number beyond float32, and their count;
        if a length is out of range; or if sequences with lengths look padded in front.
    """
    here = np.ones(len(values), dtype=bool)
    first: tuple[tuple[int, ...], float] | None = None
    count = 0
    for rows, part, has, wrong in wrong_values(name, values, lengths, present, location):
        here[rows] = has
        count += int(wrong.sum())
        if first is None and wrong.any():
            row, step, column = (int(axis[0]) for axis in np.nonzero(wrong))
            first = (rows.start + row, step, column), float(part[row, step, column])
    if first is not None:
        raise location.error(_sentence(location, name, *first, count, values.ndim > 2, lengths is not None))
    return here


def wrong_values(
    name: str,
    values: NDArray[Any],
    lengths: NDArray[Any] | None,
    present: NDArray[np.bool_] | None,
    location: Location,
) -> Iterator[tuple[slice, NDArray[Any], NDArray[np.bool_], NDArray[np.bool_]]]:
    """Find values that are not finite, some rows at a time; see `check_finite`.

    Yields
    ------
    rows : slice
    numbers : array, shape (rows, steps, d)
    present : array of bool, shape (rows,)
    wrong : array of bool, shape (rows, steps, d)
    """
    steps = int(np.prod(values.shape[1:-1]))
    if lengths is not None:
        where = location.lengths(name)
        lengths = check_lengths(lengths, len(values), steps, where, location.row, location.error)
    in_front = 0
    for start, part in row_parts(values):
        rows = slice(start, start + len(part))
        numbers = part.reshape(len(part), steps, part.shape[-1])
        here = np.ones(len(part), dtype=bool) if present is None else present[rows]
        ends = None if lengths is None else lengths[rows]
        if ends is not None and ends.dtype.kind != "b":
            in_front += int(padded_in_front(numbers, ends)[here].sum())
        if part.min(initial=0.0) >= -LARGEST and part.max(initial=0.0) <= LARGEST:  # neither of NaN
            yield rows, numbers, here, np.zeros((1, 1, 1), dtype=bool)
        else:
            yield rows, numbers, *_wrong(numbers, ends, here)
    if in_front:
        raise location.error(
            f"{location.modality(name)}: {in_front} of {len(values)} sequences look padded in front (as "
            "many steps as are padding are zero at their beginning, but not behind their length), expected "
            "padding behind; pass padding='front' (--padding front, or padding: front in a configuration), "
            "or 'behind' if the zeros are measured."
        )


def row_parts(values: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Cut an array into parts of some rows each, with the position of their first row."""
    rows = max(1, BYTES_AT_ONCE // max(1, values[:1].nbytes))
    for start in range(0, len(values), rows):
        yield start, np.asarray(values[start : start + rows])


def _wrong(
    steps: NDArray[Any], lengths: NDArray[Any] | None, present: NDArray[np.bool_]
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
        f"{where} {wrong} (NaN or infinity in {places}), expected a finite number; fill it in, choose "
        f"nonfinite (zero or missing; --nonfinite in the shell), or {remedy}."
    )
