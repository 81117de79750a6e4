"""Samples in the rows of a CSV or Parquet table.

A modality is a list of columns or a pattern of their names. Empty cells, ``NA`` and ``NaN`` are NaN in
features. Rows are counted from 1 for the first row of data. A table holds feature vectors only, as float32
where all columns of a modality are float32, else as float64.
"""

from __future__ import annotations

import csv
import fnmatch
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mmfusion.data.readers.checks import (
    Place,
    check_counts,
    check_features,
    check_known,
    check_name,
    check_target,
    shown,
    unknown,
)
from mmfusion.data.readers.memory import check_memory, memory_needed, unreadable
from mmfusion.data.readers.source import Source
from mmfusion.errors import DataError

EMPTY = ("", "NA", "NaN", "nan")
"""Cells of a CSV file that are NaN in features."""
BLOCK_BYTES = 1 << 26


class _Choice(NamedTuple):
    """Columns in their roles."""

    modalities: dict[str, list[str]]
    target: list[str]
    groups: str | None
    ids: str | None

    @property
    def features(self) -> list[str]:
        return [column for columns in self.modalities.values() for column in columns]

    @property
    def texts(self) -> list[str]:
        return [column for column in (self.groups, self.ids) if column is not None]

    @property
    def everything(self) -> list[str]:
        return list(dict.fromkeys([*self.features, *self.target, *self.texts]))


def read_table(
    path: Path,
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | None,
    groups: str | None = None,
    ids: str | None = None,
) -> Source:
    """Read a ``.csv`` or ``.parquet`` file.

    Parameters
    ----------
    path : Path
        The table, with the names of the columns in its first row if it is CSV (UTF-8, separated by commas).
    target : str or sequence of str
        Column of the target, or several columns of numbers.
    modalities : mapping of str to str or sequence of str
        Columns of every modality, or one pattern such as ``"audio_*"``.
    groups, ids : str, optional
        Columns of what samples have in common and of their names. Default: none.

    Returns
    -------
    Source

    Raises
    ------
    DataError
        If a column is unknown or in two roles, a value cannot be used, or the table is unreadable.
    """
    try:
        names = _column_names(path)
        choice = _choose(path, names, target, modalities, groups, ids)
        check_memory(path, memory_needed(path, choice.everything))
        table = _load(path, choice)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error) from None
    check_counts(path, {"the table": table.num_rows})
    place = Place(path, 1, choice.modalities)
    arrays = {name: _features(place, name, table, columns) for name, columns in choice.modalities.items()}
    outputs = [_plain(place, "the target", table, column) for column in choice.target]
    together = outputs[0] if isinstance(target, str) else _outputs(path, choice.target, outputs)
    return Source(
        arrays,
        check_target(place, ", ".join(choice.target), together),
        ids=tuple(_plain(place, "the name", table, ids).astype(str).tolist()) if ids is not None else (),
        groups=_plain(place, "the group", table, groups) if groups is not None else None,
        first_row=place.first_row,
    )


def _column_names(path: Path) -> list[str]:
    if path.suffix.lower() == ".parquet":
        names = list(pq.read_schema(path).names)
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file), [])
        if len(names) == 1 and ";" in names[0]:
            raise DataError(
                f"{path}: the columns are separated by ';', expected ','; save the file with ','."
            )
    name, times = max(Counter(names).items(), key=lambda item: item[1], default=("", 0))
    if times > 1:
        raise DataError(
            f"{path}: the column name {name!r} occurs {times} times, expected different names; rename the "
            "columns."
        )
    return names


def _choose(
    path: Path,
    names: Sequence[str],
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | None,
    groups: str | None,
    ids: str | None,
) -> _Choice:
    if not isinstance(modalities, Mapping) or not modalities:
        raise DataError(
            f"{path}: the modalities of a table are not guessed, expected their columns; write for example "
            "modalities={'text': 'text_*', 'audio': ['pitch', 'energy']}; the columns are "
            f"{shown(names)}."
        )
    chosen = {name: _columns(path, names, name, wanted) for name, wanted in modalities.items()}
    choice = _Choice(chosen, [target] if isinstance(target, str) else list(target), groups, ids)
    if not choice.target:
        raise DataError(f"{path}: target is an empty list, expected at least one column; name it.")
    for column in (*choice.target, *choice.texts):
        if column not in names:
            raise unknown(str(path), "column", column, names)
    _check_roles(path, choice)
    return choice


def _columns(path: Path, names: Sequence[str], name: str, wanted: str | Sequence[str]) -> list[str]:
    check_name(path, name)
    where = f"{path}: modalities[{name!r}]"
    if isinstance(wanted, str) and wanted not in names:
        if "*" not in wanted:
            raise unknown(where, "column", wanted, names)
        found = fnmatch.filter(names, wanted)
        if not found:
            raise DataError(
                f"{where}: no column fits the pattern {wanted!r}, expected at least one of {shown(names)}; "
                "correct the pattern."
            )
        return found
    columns = [wanted] if isinstance(wanted, str) else list(wanted)
    if not columns:
        raise DataError(f"{where}: there are no columns, expected at least one; leave the modality out.")
    for column in columns:
        if column not in names:
            raise unknown(where, "column", column, names)
    return columns


def _check_roles(path: Path, choice: _Choice) -> None:
    roles = dict.fromkeys(choice.target, "the target")
    roles |= {column: role for column, role in ((choice.groups, "groups"), (choice.ids, "ids")) if column}
    for name, columns in choice.modalities.items():
        for column in columns:
            if column in roles:
                raise DataError(
                    f"{path}: column {column!r} is in {roles[column]} and in modality {name!r}, expected it "
                    "in one place, as it would leak into the features; take it out of the modality."
                )
            roles[column] = f"modality {name!r}"
    repeated = [column for column in choice.texts if column in choice.target]
    if repeated:
        raise DataError(
            f"{path}: column {repeated[0]!r} is the target and groups or ids, expected two columns; name "
            "another one."
        )


def _load(path: Path, choice: _Choice) -> Any:
    if path.suffix.lower() == ".parquet":
        with pq.ParquetFile(path) as file:
            return file.read(columns=choice.everything).select(choice.everything)
    types = {column: pa.float64() for column in choice.features}
    types |= {column: pa.string() for column in choice.texts}
    try:
        return _read_csv(path, choice.everything, types)
    except pa.ArrowInvalid:
        texts = _read_csv(path, choice.features, {column: pa.string() for column in choice.features})
        _raise_first_text(path, choice, texts)
        raise


def _read_csv(path: Path, columns: list[str], types: Mapping[str, Any]) -> Any:
    return pv.read_csv(
        path,
        read_options=pv.ReadOptions(block_size=BLOCK_BYTES),
        parse_options=pv.ParseOptions(newlines_in_values=True),
        convert_options=pv.ConvertOptions(
            include_columns=columns, column_types=types, null_values=list(EMPTY), strings_can_be_null=False
        ),
    )


def _raise_first_text(path: Path, choice: _Choice, texts: Any) -> None:
    found = []
    for order, column in enumerate(choice.features):
        for row, text in enumerate(texts.column(column).to_pylist()):
            if not _is_number(text):
                found.append((row, order, text))
                break
    if found:
        row, order, text = min(found)
        column = choice.features[order]
        name = next(name for name, columns in choice.modalities.items() if column in columns)
        raise _no_number(Place(path, 1), name, column, row, text)


def _is_number(text: str) -> bool:
    if text in EMPTY:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _no_number(place: Place, name: str, column: str, row: int, value: Any) -> DataError:
    return DataError(
        f"{place.path}: modality {name!r}, {place.row(row)}, column {column!r}: the value is {value!r}, "
        "expected a number; correct it or take the column out of the modality."
    )


def _features(place: Place, name: str, table: Any, columns: list[str]) -> NDArray[Any]:
    """Return the columns of a modality, floats (n, d)."""
    types = {table.schema.field(column).type for column in columns}
    values = np.empty((table.num_rows, len(columns)), np.float32 if types == {pa.float32()} else np.float64)
    for index, column in enumerate(columns):
        cells = table.column(column)
        kind = cells.type
        if not (pa.types.is_null(kind) or pa.types.is_boolean(kind) or _numeric(kind)):
            rows = (row for row, cell in enumerate(cells.to_pylist()) if cell is not None)
            row = next(rows, 0)
            raise _no_number(place, name, column, row, cells[row].as_py())
        # Not a safe cast: whole numbers above 2^53 are rounded.
        values[:, index] = cells.cast(pa.float64(), safe=False).to_numpy()
    check_features(place, name, values)
    return values


def _numeric(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _plain(place: Place, what: str, table: Any, column: str) -> NDArray[Any]:
    """Return numbers as they are and everything else as text, (n,); no cell may be empty."""
    cells = table.column(column)
    known = np.asarray(cells.is_valid().to_numpy(), dtype=bool)
    check_known(place, f"{what} {column!r}", known)
    if pa.types.is_boolean(cells.type) or pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
        numbers: NDArray[Any] = cells.to_numpy()
        check_known(place, f"{what} {column!r}", np.isfinite(numbers))
        return numbers
    texts = np.array([str(cell) for cell in cells.to_pylist()], dtype=str)
    check_known(place, f"{what} {column!r}", texts != "")
    return texts


def _outputs(path: Path, names: Sequence[str], outputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
    for name, values in zip(names, outputs, strict=True):
        if values.dtype.kind == "U" and len(outputs) > 1:
            raise DataError(
                f"{path}: the target {name!r} is text, expected numbers where the target has several "
                "columns; name one column or replace the text by numbers."
            )
    return np.column_stack(outputs)
