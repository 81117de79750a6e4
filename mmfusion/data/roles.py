"""Columns in their roles: which are the target, groups and ids, and which belong to which modality.

A *column* is whatever the user names: a column of a table, an array of a file, a position in an array.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from mmfusion.data.location import Location
from mmfusion.errors import MmfusionError
from mmfusion.sentences import joined_names, similar

MAY_SHARE = {"groups", "ids"}
"""Roles that may have the same column."""


def assign_roles(
    known: Iterable[Any],
    modalities: Mapping[str, Any],
    others: Mapping[str, Sequence[Any]] | None = None,
    location: Location | None = None,
    noun: str = "column",
) -> dict[str, list[Any]]:
    """Find the columns of every modality, and check that every column exists and has one role.

    Parameters
    ----------
    known : iterable
        Names of all columns.
    modalities : mapping of str to str or sequence
        Columns of every modality: a list of names, one name, or one pattern such as ``audio_*``.
    others : mapping of str to sequence, optional
        Columns of ``the target``, ``groups`` and ``ids``. Groups and ids may be one column.
    location : Location, optional
        Where the columns are. Default: X in memory.
    noun : str, default "column"
        What the user calls a column.

    Returns
    -------
    dict of str to list
        At least one column per modality, in the order given, for a pattern in that of `known`.

    Raises
    ------
    MmfusionError
        If a column does not exist or has two roles, or a modality has no columns.

    Examples
    --------
    >>> assign_roles(["a_1", "y", "a_2", "b"], {"audio": "a_*", "text": "b"}, {"the target": ["y"]})
    {'audio': ['a_1', 'a_2'], 'text': ['b']}
    """
    others, names, location = others or {}, dict.fromkeys(known), location or Location()
    where, error = "" if location.path is None else f"{location.path}: ", location.error
    for columns in others.values():
        _check_known(where, columns, names, noun, error)
    chosen = {
        name: _columns(f"{where}modalities[{name!r}]: ", wanted, names, noun, error)
        for name, wanted in modalities.items()
    }
    roles = {**others, **{f"modality {name!r}": columns for name, columns in chosen.items()}}
    problem = _second_role(roles, others)
    if problem:
        raise error(f"{where}{noun} {problem}")
    return chosen


def _columns(
    where: str, wanted: Any, known: Mapping[Any, None], noun: str, error: type[MmfusionError]
) -> list[Any]:
    """Find the columns of a modality by name, by a list of names, or by a pattern."""
    if isinstance(wanted, str) and "*" in wanted and wanted not in known:
        matches = [name for name in known if isinstance(name, str) and fnmatchcase(name, wanted)]
        if not matches:
            raise error(
                f"{where}no {noun} fits the pattern {wanted!r}, expected at least one of "
                f"{joined_names(map(str, known))}; correct the pattern."
            )
        return matches
    if not isinstance(wanted, Iterable):
        raise error(f"{where}{wanted!r} is not a list of {noun}s, expected their names or one pattern.")
    columns = [wanted] if isinstance(wanted, str) else list(wanted)
    if not columns:
        raise error(f"{where}there are no {noun}s, expected at least one; leave the modality out.")
    patterns = [name for name in columns if isinstance(name, str) and "*" in name and name not in known]
    if patterns:
        raise error(
            f"{where}{patterns[0]!r} is a pattern in a list, expected names of {noun}s in a list, or "
            "one pattern alone; write the names out."
        )
    _check_known(where, columns, known, noun, error)
    return columns


def _check_known(
    where: str, columns: Iterable[Any], known: Mapping[Any, None], noun: str, error: type[MmfusionError]
) -> None:
    for column in columns:
        if not isinstance(column, Hashable) or column not in known:
            raise error(f"{where}there is no {noun} {column!r}; {similar(column, known)}")


def _second_role(roles: Mapping[str, Sequence[Any]], others: Collection[str]) -> str:
    """Say which column has a second role, if there is one."""
    role_of: dict[Any, str] = {}
    for role, columns in roles.items():
        for column, times in Counter(columns).items():
            if times > 1:
                return f"{column!r} is twice in {role}, expected it once; remove one."
            first = role_of.setdefault(column, role)
            if first != role and {first, role} != MAY_SHARE:
                leak = ", as it would leak into the features" if (first in others) != (role in others) else ""
                return (
                    f"{column!r} is in {first} and in {role}, expected it in one place{leak}; take it out of "
                    "one of them."
                )
    return ""
