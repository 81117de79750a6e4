"""From what people have in hand to an array of one modality: the one door for values.

Arrays, lists, torch tensors, sparse matrices, masked arrays, DataFrames and Series (also nullable and Arrow
ones), Arrow tables, strings of letters, and lists of sequences of unequal length. What has one plain meaning
is converted; everything else is refused in one sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.data.letters import is_sequence, letters_part
from mmfusion.data.location import Location
from mmfusion.data.part import Part
from mmfusion.data.table_columns import column_numbers, holds_more, not_numbers, strings_of
from mmfusion.sentences import joined_names, value_name

EXPECTED = (
    "expected numbers (samples, columns), numbers (samples, steps, columns), or one string of letters for "
    "each sample"
)


def as_part(name: str, values: Any, location: Location, symbols: bool = False) -> Part:
    """Turn the values of one modality into an array.

    Parameters
    ----------
    name : str
        Name of the modality.
    values : object
        See the module.
    location : Location
        How the user knows rows and columns.
    symbols : bool, default False
        Whether the user calls it a sequence of symbols: then strings are, whatever they look like.

    Returns
    -------
    Part

    Raises
    ------
    MmfusionError
        With modality, row or column, and remedy, if the meaning of the values is not plain.
    """
    if isinstance(values, Part):
        part = values
    elif isinstance(values, pd.DataFrame):
        part = _table_part(name, values, location, symbols)
    elif isinstance(values, pd.Series):
        part = _series_part(name, values, location, symbols)
    elif hasattr(values, "to_pandas"):
        return as_part(name, as_pandas(values), location, symbols)
    else:
        part = _array_part(name, plain_array(values), location, symbols)
    whole = symbols and part.array.dtype.kind == "f"
    return replace(part, array=_whole_numbers(name, part.array, location)) if whole else part


def as_pandas(values: Any) -> Any:
    """Return Arrow tables, and others that know how, as pandas ones, everything else as it is."""
    return values.to_pandas() if hasattr(values, "to_pandas") else values


def plain_array(values: Any) -> Any:
    """Return torch tensors, sparse matrices and masked arrays as arrays, everything else as it is."""
    if hasattr(values, "detach") and hasattr(values, "cpu"):
        tensor = values.detach().cpu()
        tensor = (tensor if "strided" in str(tensor.layout) else tensor.to_dense()).resolve_conj()
        try:
            return tensor.numpy()
        except TypeError:  # bfloat16 and other types that NumPy lacks
            return tensor.float().numpy()
    if hasattr(values, "toarray"):
        return values.toarray()
    if isinstance(values, np.ma.MaskedArray):
        return np.where(np.ma.getmaskarray(values), np.nan, values.data) if values.mask.any() else values.data
    return values


def _whole_numbers(name: str, array: NDArray[Any], location: Location) -> NDArray[np.int64]:
    """Turn symbols that were stored as floats into whole numbers; samples that are NaN throughout are -1."""
    missing = np.isnan(array).reshape(len(array), -1).all(axis=1)
    filled = np.where(missing.reshape(-1, *(1,) * (array.ndim - 1)), -1.0, array)
    wrong = np.argwhere(~(np.abs(filled) < 2**53) | (filled != np.round(filled)))
    if len(wrong):
        row, *others = (int(axis) for axis in wrong[0])
        raise location.error(
            f"{location.modality(name)}, {location.row(row)}, step {others[0]}: {array[tuple(wrong[0])]} is "
            "not a symbol, expected whole numbers; correct it, or do not call the modality symbols."
        )
    return filled.astype(np.int64)


def _table_part(name: str, table: pd.DataFrame, location: Location, symbols: bool) -> Part:
    where = location.modality(name)
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise location.error(
            f"{where}: the column name {repeated[0]!r} occurs several times, expected different names; "
            "rename the columns."
        )
    if not len(table.columns):
        raise location.error(f"{where}: there are no columns, expected at least one; leave the modality out.")
    columns = [column_numbers(table[column]) for column in table.columns]
    if len(columns) == 1 and (holds_more(table.iloc[:, 0]) or (symbols and table.iloc[:, 0].isna().all())):
        return _named(_series_part(name, table.iloc[:, 0], location, symbols), table)
    for column, numbers in zip(table.columns, columns, strict=True):
        if numbers is None:
            raise not_numbers(where, column, table[column], location)
    kinds = {column.dtype for column in columns if column is not None}
    whole = table.to_numpy() if len(kinds) == 1 and len(set(table.dtypes)) == 1 else None
    values = whole if whole is not None and whole.dtype in kinds else np.column_stack(columns)  # type: ignore[arg-type]  # no None left
    return _named(Part(values), table)


def _named(part: Part, table: pd.DataFrame) -> Part:
    """Give a modality the names of its columns and samples; those of vectors in one column have none."""
    columns = tuple(table.columns) if part.letters or len(table.columns) == part.array.shape[-1] else None
    return replace(part, columns=columns, ids=table.index)


def _series_part(name: str, values: pd.Series, location: Location, symbols: bool) -> Part:
    numbers = column_numbers(values)
    if numbers is not None and not (symbols and np.isnan(numbers).all()):
        part = Part(numbers[:, np.newaxis])
    elif holds_more(values) and strings_of(values) is None:
        part = _list_part(name, list(values), location, symbols)
    else:
        strings = strings_of(values, symbols)
        if strings is None or not (symbols or is_sequence(strings)):
            raise not_numbers(location.modality(name), values.name, values, location)
        part = letters_part(strings)
    columns = (values.name,) if values.name is not None and part.array.shape[1:] == (1,) else None
    return Part(part.array, part.lengths, part.present, columns, values.index, part.letters, part.kind)


def _array_part(name: str, values: Any, location: Location, symbols: bool) -> Part:
    if isinstance(values, list | tuple):
        return _list_part(name, values, location, symbols)
    array = np.asanyarray(values)
    if array.ndim == 0:
        kind = type(values).__name__
        raise location.error(
            f"{location.modality(name)} is a {kind} ({value_name(values)}), {EXPECTED}; pass an array."
        )
    if array.dtype.kind in "OUS":
        if array.ndim == 1:
            return _list_part(name, list(array), location, symbols)
        array = _floats(name, array, location)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.dtype.kind not in "biuf" or 0 in array.shape[1:]:
        raise location.error(
            f"{location.modality(name)} is an array {array.shape} of {array.dtype}, {EXPECTED}; convert it "
            "first."
        )
    return Part(array.astype(np.float32) if array.dtype.kind == "b" else array)


def _list_part(name: str, samples: Sequence[Any], location: Location, symbols: bool) -> Part:
    """Read one entry per sample: numbers, arrays of one shape, sequences of unequal length, or strings."""
    samples = [sample.decode() if isinstance(sample, bytes) else plain_array(sample) for sample in samples]
    strings = strings_of(samples, symbols)
    if strings is not None:
        if not (symbols or is_sequence(strings)):
            raise not_numbers(location.modality(name), None, pd.Series(strings), location)
        return letters_part(strings)
    samples = _alike(name, samples, location)
    arrays = [_sample(name, row, sample, location) for row, sample in enumerate(samples)]
    if not arrays or len({array.shape for array in arrays}) == 1:
        return _array_part(name, np.array(arrays, dtype=None if arrays else float), location, symbols)
    axes, widths = {array.ndim for array in arrays}, {array.shape[1:] for array in arrays}
    if axes == {2} and len(widths) == 1:
        lengths = np.array([len(array) for array in arrays])
        if not lengths.all():
            row = location.row(int(np.flatnonzero(lengths == 0)[0]))
            raise location.error(
                f"{location.modality(name)}, {row}: the sequence has no steps, expected at least one; leave "
                "the sample out, or make it one step of NaN if the modality is missing there."
            )
        values = np.zeros((len(arrays), int(lengths.max()), *widths.pop()), dtype=np.result_type(*arrays))
        for position, array in enumerate(arrays):
            values[position, : len(array)] = array
        return Part(values, lengths)
    other = next(row for row, array in enumerate(arrays) if array.shape != arrays[0].shape)
    raise location.error(
        f"{location.modality(name)}, {location.row(other)} has the shape {arrays[other].shape}, but "
        f"{location.row(0)} has {arrays[0].shape}, expected one shape, or sequences (steps, columns) of "
        "unequal length with the same columns; make each sample an array (steps, columns) if it is a "
        "sequence, else fill it up to the same columns."
    )


def _alike(name: str, samples: list[Any], location: Location) -> list[Any]:
    """Bring tables of one sample each to the same columns, and make a missing sample NaN (one step of it)."""
    known = [sample for sample in samples if sample is not None]
    if known and all(isinstance(sample, pd.DataFrame) for sample in known):
        columns = known[0].columns
        for row, sample in enumerate(samples):
            if sample is not None and set(sample.columns) != set(columns):
                raise location.error(
                    f"{location.modality(name)}, {location.row(row)} has the columns "
                    f"{joined_names(map(repr, sample))}, expected those of the first sample, "
                    f"{joined_names(map(repr, columns))}."
                )
        samples = [None if sample is None else sample[columns].to_numpy() for sample in samples]
    shapes = [np.shape(sample) for sample in samples if sample is not None and np.ndim(sample)]
    if len(shapes) == len(samples) or not shapes:
        return samples
    shape = shapes[0] if len(set(shapes)) == 1 else (1, *shapes[0][1:])
    return [np.full(shape, np.nan) if sample is None else sample for sample in samples]


def _sample(name: str, row: int, sample: Any, location: Location) -> NDArray[Any]:
    try:
        array = np.asarray(sample)
        if array.dtype.kind not in "biuf":
            array = np.asarray(pd.to_numeric(pd.Series(array.reshape(-1))), dtype=float).reshape(array.shape)
        return array
    except (ValueError, TypeError):
        raise location.error(
            f"{location.modality(name)}, {location.row(row)}: {value_name(sample)} is not a number or an "
            f"array of numbers, {EXPECTED}; correct it."
        ) from None


def _floats(name: str, array: NDArray[Any], location: Location) -> NDArray[np.float64]:
    """Convert objects or text to floats, None to NaN."""
    try:
        return np.asarray(array, dtype=np.float64)
    except (ValueError, TypeError):
        for index in np.ndindex(array.shape):
            if column_numbers(pd.Series([array[index]])) is None:
                raise location.error(
                    f"{location.modality(name)}, {location.row(index[0])}, column {index[-1]}: "
                    f"{value_name(array[index])} is not a number, expected numbers; correct it, or set it "
                    "to NaN."
                ) from None
        return np.asarray(pd.to_numeric(pd.Series(array.reshape(-1))), dtype=float).reshape(array.shape)
