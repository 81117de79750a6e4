"""Samples in the rows of a CSV or Parquet table.

A modality is a list of columns or a pattern of their names. Empty cells, ``NA`` and ``NaN`` are missing in
features. Numbers are feature vectors, as float32 where all columns of a modality are float32, else as
float64. A column of strings that look like sequences of letters, or are called symbols, is a modality of its
own.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pyarrow.types as pt
from numpy.typing import NDArray

from mmfusion.data.conversion import as_part
from mmfusion.data.location import Location
from mmfusion.data.part import SYMBOLS, Part
from mmfusion.data.readers.columns import Columns, in_roles
from mmfusion.data.readers.reader_checks import check_counts, check_known, check_spaces
from mmfusion.data.readers.reading_memory import check_memory, memory_needed, unreadable
from mmfusion.data.readers.source import Source, named_row, source_of
from mmfusion.data.readers.unused_columns import grouping_notes
from mmfusion.data.table_columns import column_numbers
from mmfusion.errors import DataError
from mmfusion.sentences import joined_names

EMPTY = ("", "NA", "NaN", "nan")
"""Cells of a CSV file that are NaN in features."""
TRUTH = ("true", "True", "TRUE", "false", "False", "FALSE")
BLOCK_BYTES = 1 << 26
NAME = "the name"
"""What a column of names of the samples is called; a name may be any text."""
_NUMBERS = (pt.is_integer, pt.is_floating, pt.is_decimal, pt.is_boolean, pt.is_null)


def choose_columns(
    path: Path,
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None,
    groups: str | None,
    ids: str | None,
) -> Columns:
    """Find the columns of a table in its header; see `mmfusion.data.readers.read_source`.

    Raises
    ------
    DataError
        If a column is unknown or in two roles, or the header is unreadable.
    """
    names = column_names(path)
    if not isinstance(modalities, Mapping) or not modalities:
        raise DataError(
            f"{path}: the modalities of a table are not guessed, expected the columns of each, as a list of "
            f"names or one pattern such as 'audio_*'; the columns are {joined_names(names)}."
        )
    targets = [target] if isinstance(target, str) else list(target)
    if not targets:
        raise DataError(f"{path}: target is an empty list, expected at least one column; name it.")
    return in_roles(path, names, targets, modalities, groups, ids)


def column_names(path: Path) -> list[str]:
    """Return the names of the columns of a table, without repeats.

    Raises
    ------
    DataError
        If a name occurs twice or two differ only by spaces, or the first row is missing, unreadable or
        separated by semicolons.
    """
    try:
        if path.suffix.lower() == ".parquet":
            names = list(pq.read_schema(path).names)
        else:
            with path.open(encoding="utf-8-sig", newline="") as file:
                names = next(csv.reader(file), [])
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error) from None
    if not names:
        raise DataError(f"{path}: the file is empty, expected the names of the columns in its first row.")
    separator = next((mark for mark in (";", "\t") if len(names) == 1 and mark in names[0]), "")
    if separator:
        raise DataError(
            f"{path}: the columns are separated by {separator!r}, expected ','; save the file with ',' "
            "between columns and '.' in numbers."
        )
    name, times = max(Counter(names).items(), key=lambda item: item[1])
    if times > 1:
        raise DataError(
            f"{path}: the column name {name!r} occurs {times} times, expected different names; rename the "
            "columns."
        )
    check_spaces(path, "the column names", names)
    return names


def read_table(path: Path, columns: Columns, symbols: Sequence[str] = ()) -> Source:
    """Read a ``.csv`` or ``.parquet`` file.

    Parameters
    ----------
    path : Path
        The table, with the names of the columns in its first row if it is CSV (UTF-8, separated by commas).
    columns : Columns
        Of `choose_columns`.
    symbols : sequence of str, optional
        Modalities that are called symbols.

    Returns
    -------
    Source
        Unchecked, see `mmfusion.data.readers.finish`.

    Raises
    ------
    DataError
        If a value cannot be used, or the table is unreadable or does not fit into the free memory.
    """
    check_memory(path, memory_needed(path, columns.everything))
    location = Location(path, columns=columns.modalities)
    strings = {cols[0] for name, cols in columns.modalities.items() if name in symbols and len(cols) == 1}
    try:
        table = _load(path, columns, strings)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error) from None
    check_counts(path, {"the table": table.num_rows})
    ids = None if columns.ids is None else _plain(location, NAME, table, columns.ids)
    names = () if ids is None else tuple(ids.astype(str).tolist())
    location = replace(location, row=partial(named_row, names))
    parts = {
        name: _part(location, name, table, chosen, name in symbols)
        for name, chosen in columns.modalities.items()
    }
    target = _target(location, table, columns.target)
    groups = None if columns.groups is None else _plain(location, "the group", table, columns.groups)
    notes = [] if columns.groups else grouping_notes(path, column_names(path), columns.everything)
    return source_of(parts, target, ids=names, groups=groups, notes=tuple(notes))


def _load(path: Path, choice: Columns, strings: Collection[str]) -> Any:
    if path.suffix.lower() == ".parquet":
        with pq.ParquetFile(path) as file:
            return file.read(columns=choice.everything).select(choice.everything)
    types = {column: pa.string() if column in strings else pa.float64() for column in choice.features}
    types |= {column: pa.string() for column in choice.texts}
    try:
        return _read_csv(path, choice.everything, types)
    except pa.ArrowInvalid:
        texts = _read_csv(path, choice.features, dict.fromkeys(choice.features, pa.string()))
        for column in choice.features:
            cells = _cells(texts.column(column))
            if column_numbers(pd.Series(cells, dtype=object)) is None:
                truth = all(cell is None or cell in TRUTH for cell in cells)
                types[column] = pa.bool_() if truth else pa.string()
        return _read_csv(path, choice.everything, types)


def _read_csv(path: Path, columns: list[str], types: Mapping[str, Any]) -> Any:
    return pv.read_csv(
        path,
        read_options=pv.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=pv.ParseOptions(newlines_in_values=True),
        convert_options=pv.ConvertOptions(
            include_columns=columns, column_types=types, null_values=list(EMPTY), strings_can_be_null=False
        ),
    )


def _cells(column: Any) -> list[str | None]:
    """Return the cells of a column of text, None where they are empty."""
    return [None if cell is None or cell in EMPTY else str(cell) for cell in column.to_pylist()]


def _part(location: Location, name: str, table: Any, columns: list[str], symbols: bool) -> Part:
    """Return a modality: numbers (n, d), or one column of strings."""
    types = [table.schema.field(column).type for column in columns]
    if all(any(is_kind(kind) for is_kind in _NUMBERS) for kind in types):
        part = Part(_features(table, columns), columns=tuple(columns), kind=SYMBOLS if symbols else None)
        return as_part(name, part, location, symbols)
    frame = pd.DataFrame(
        {
            column: pd.Series(_cells(table.column(column)), dtype=object)
            if _is_text(kind)
            else table.column(column).to_pandas()
            for column, kind in zip(columns, types, strict=True)
        }
    )
    return replace(as_part(name, frame, location, symbols), ids=None)


def _is_text(kind: Any) -> bool:
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_dictionary(kind))


def _features(table: Any, columns: list[str]) -> NDArray[Any]:
    """Return columns of numbers, floats (n, d)."""
    types = {table.schema.field(column).type for column in columns}
    values = np.empty((table.num_rows, len(columns)), np.float32 if types == {pa.float32()} else np.float64)
    for index, column in enumerate(columns):
        # Not a safe cast: whole numbers above 2^53 are rounded.
        values[:, index] = table.column(column).cast(pa.float64(), safe=False).to_numpy()
    return values


def _plain(location: Location, what: str, table: Any, column: str) -> NDArray[Any]:
    """Return numbers and text as they are, (n,); no cell may be empty, nor hold a word for that."""
    cells, kind = table.column(column), table.column(column).type
    if pt.is_boolean(kind) or pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        exact = not (cells.null_count or pt.is_decimal(kind))
        cells = cells if exact else cells.cast(pa.float64(), safe=False)  # empty cells become NaN
        values: NDArray[Any] = cells.to_numpy()
    elif _is_text(kind) or pt.is_null(kind):
        words = location.path is not None and Path(location.path).suffix.lower() == ".csv" and what != NAME
        empty = EMPTY if words else ("",)
        given = ["" if cell is None or cell in empty else str(cell) for cell in cells.to_pylist()]
        values = np.array(given, dtype=str)
    else:
        raise DataError(
            f"{location.path}: {what} {column!r} is a column of {kind}, expected numbers or text; convert "
            "it, dates for instance to days since the first one."
        )
    check_known(location, f"{what} {column!r}", values)
    return values


def _target(location: Location, table: Any, columns: Sequence[str]) -> NDArray[Any]:
    outputs = {column: _plain(location, "the target", table, column) for column in columns}
    for column, values in outputs.items():
        if values.dtype.kind == "U" and len(outputs) > 1:
            raise DataError(
                f"{location.path}: the target {column!r} is text, expected numbers where the target has "
                "several columns; name one column or replace the text by numbers."
            )
    return np.column_stack(list(outputs.values())) if len(outputs) > 1 else outputs[columns[0]]
