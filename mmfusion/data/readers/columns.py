"""Columns of a table in their roles: modalities, target, groups and names of the samples.

Nothing but the names of the columns is looked at, so that a wrong name is told before anything is read.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from mmfusion.data.readers.reader_checks import check_name, unknown
from mmfusion.data.readers.reading_memory import unreadable
from mmfusion.errors import DataError
from mmfusion.sentences import columns_of, shown

Wanted = str | Sequence[str]
"""One column, a pattern of names such as ``audio_*``, or a list of columns."""


class Columns(NamedTuple):
    """Columns in their roles."""

    modalities: dict[str, list[str]]
    target: list[str]
    groups: str | None
    ids: str | None

    @property
    def features(self) -> list[str]:
        """Columns of all modalities."""
        return [column for columns in self.modalities.values() for column in columns]

    @property
    def texts(self) -> list[str]:
        """Columns that are read as text."""
        return [column for column in (self.groups, self.ids) if column is not None]

    @property
    def everything(self) -> list[str]:
        """All columns that are read."""
        return list(dict.fromkeys([*self.features, *self.target, *self.texts]))


def choose_columns(
    path: Path,
    target: str | Sequence[str],
    modalities: Mapping[str, Wanted] | None,
    groups: str | None = None,
    ids: str | None = None,
) -> Columns:
    """Find the columns of a table in its header.

    Parameters
    ----------
    path : Path
        A ``.csv`` or ``.parquet`` file.
    target, modalities, groups, ids
        As for `mmfusion.data.readers.tables.read_table`.

    Returns
    -------
    Columns

    Raises
    ------
    DataError
        If a column is unknown or in two roles, or the header is unreadable.
    """
    names = header(path)
    if not isinstance(modalities, Mapping) or not modalities:
        raise DataError(
            f"{path}: the modalities of a table are not guessed, expected the columns of each, as a list of "
            f"names or one pattern such as 'audio_*'; the columns are {shown(names)}."
        )
    chosen = {}
    for name, wanted in modalities.items():
        check_name(path, name)
        chosen[name] = columns_of(f"{path}: modalities[{name!r}]", wanted, names, DataError)
    choice = Columns(chosen, [target] if isinstance(target, str) else list(target), groups, ids)
    if not choice.target:
        raise DataError(f"{path}: target is an empty list, expected at least one column; name it.")
    for column in (*choice.target, *choice.texts):
        if column not in names:
            raise unknown(str(path), "column", column, names)
    _check_roles(path, choice)
    return choice


def header(path: Path) -> list[str]:
    """Return the names of the columns of a table, without repeats.

    Raises
    ------
    DataError
        If a name occurs twice, or the first row is missing, unreadable or separated by semicolons.
    """
    try:
        names = _names(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error) from None
    name, times = max(Counter(names).items(), key=lambda item: item[1], default=("", 0))
    if times > 1:
        raise DataError(
            f"{path}: the column name {name!r} occurs {times} times, expected different names; rename the "
            "columns."
        )
    return names


def _names(path: Path) -> list[str]:
    if path.suffix.lower() == ".parquet":
        return list(pq.read_schema(path).names)
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file), [])
    if not names:
        raise DataError(f"{path}: the file is empty, expected the names of the columns in its first row.")
    if len(names) == 1 and ";" in names[0]:
        raise DataError(
            f"{path}: the columns are separated by ';', expected ','; save the file with ',' between columns "
            "and '.' in numbers."
        )
    return names


def _check_roles(path: Path, choice: Columns) -> None:
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
