"""Columns in their roles: modalities, target, groups and names of the samples.

Only the names of the columns are read, so that a wrong name is reported before any value is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mmfusion.data.location import Location
from mmfusion.data.readers.reader_checks import check_name
from mmfusion.data.roles import assign_roles


class Columns(NamedTuple):
    """Columns of a table, or keys of arrays, in their roles; `lengths` are the keys of lengths by modality.

    `named` says whether the user has named the modalities, or all keys without another role are modalities.
    """

    modalities: dict[str, list[str]]
    target: list[str]
    groups: str | None
    ids: str | None
    lengths: Mapping[str, str] = {}
    named: bool = True

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
        return list(dict.fromkeys([*self.features, *self.lengths.values(), *self.target, *self.texts]))


def in_roles(
    path: Path,
    known: Iterable[str],
    target: list[str],
    modalities: Mapping[str, str | Sequence[str]],
    groups: str | None,
    ids: str | None,
    noun: str = "column",
) -> Columns:
    """Check the names of modalities, and assign columns (`noun` as in `mmfusion.data.roles.assign_roles`)."""
    for name in modalities:
        check_name(path, name)
    others = {
        "the target": target,
        "groups": [] if groups is None else [groups],
        "ids": [] if ids is None else [ids],
    }
    chosen = assign_roles(known, modalities, others, Location(path), noun)
    return Columns(chosen, target, groups, ids)
