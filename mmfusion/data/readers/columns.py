"""Columns of a table in their roles: modalities, target, groups and names of the samples.

Only the names of the columns are read, so that a wrong name is reported before any value is.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from mmfusion.data.location import Location
from mmfusion.data.readers.reader_checks import check_name
from mmfusion.data.readers.reading_memory import unreadable
from mmfusion.data.roles import assign_roles
from mmfusion.errors import DataError
from mmfusion.sentences import joined_names


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
    for name in modalities:
        check_name(path, name)
    targets = [target] if isinstance(target, str) else list(target)
    if not targets:
        raise DataError(f"{path}: target is an empty list, expected at least one column; name it.")
    others = {"the target": targets, "groups": [groups] if groups else [], "ids": [ids] if ids else []}
    return Columns(assign_roles(names, modalities, others, Location(path)), targets, groups, ids)


def column_names(path: Path) -> list[str]:
    """Return the names of the columns of a table, without repeats.

    Raises
    ------
    DataError
        If a name occurs twice, or the first row is missing, unreadable or separated by semicolons.
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
    if len(names) == 1 and ";" in names[0]:
        raise DataError(
            f"{path}: the columns are separated by ';', expected ','; save the file with ',' between columns "
            "and '.' in numbers."
        )
    name, times = max(Counter(names).items(), key=lambda item: item[1])
    if times > 1:
        raise DataError(
            f"{path}: the column name {name!r} occurs {times} times, expected different names; rename the "
            "columns."
        )
    return names
