"""Columns in their roles: which are the target, groups and ids, and which belong to which modality.

A *column* is whatever the user names: a column of a table, an array of a file, a position in an array.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from mmfusion.errors import InputError, MmfusionError
from mmfusion.sentences import joined_names, similar

MAY_SHARE = {"groups", "ids"}
"""Roles that may have the same column."""


@dataclass(frozen=True)
class RoleWords:
    """How the sentences of errors speak.

    Parameters
    ----------
    where : str, default ""
        Begins every sentence, such as a file with a colon and a space.
    noun : str, default "column"
        What the user calls a column.
    error : type, default InputError
        What is raised.
    """

    where: str = ""
    noun: str = "column"
    error: type[MmfusionError] = InputError


def assign_roles(
    known: Collection[Any],
    modalities: Mapping[str, Any],
    others: Mapping[str, Sequence[Any]] | None = None,
    words: RoleWords | None = None,
) -> dict[str, list[Any]]:
    """Find the columns of every modality, and check that every column exists and has one role.

    Parameters
    ----------
    known : collection
        Names of all columns.
    modalities : mapping of str to str or sequence
        Columns of every modality: a list of names, one name, or one pattern such as ``audio_*``.
    others : mapping of str to sequence, optional
        Columns of ``the target``, ``groups`` and ``ids``. Groups and ids may be one column.
    words : RoleWords, optional
        Words of the sentences of errors. Default: columns, and `InputError`.

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
    others, words = others or {}, words or RoleWords()
    names = dict.fromkeys(known)
    for columns in others.values():
        _check_known(words.where, columns, names, words)
    chosen = {
        name: _columns(f"{words.where}modalities[{name!r}]", columns, names, words)
        for name, columns in modalities.items()
    }
    _check_one_role({**others, **{f"modality {name!r}": chosen[name] for name in chosen}}, others, words)
    return chosen


def _columns(where: str, wanted: Any, known: Mapping[Any, None], words: RoleWords) -> list[Any]:
    """Find the columns of a modality by name, by a list of names, or by a pattern."""
    noun = words.noun
    if isinstance(wanted, str) and "*" in wanted and wanted not in known:
        matches = [name for name in known if isinstance(name, str) and fnmatchcase(name, wanted)]
        if not matches:
            raise words.error(
                f"{where}: no {noun} fits the pattern {wanted!r}, expected at least one of "
                f"{joined_names(map(str, known))}; correct the pattern."
            )
        return matches
    if not isinstance(wanted, Iterable):
        raise words.error(
            f"{where}: {wanted!r} is not a list of {noun}s, expected their names or one pattern."
        )
    columns = [wanted] if isinstance(wanted, str) else list(wanted)
    if not columns:
        raise words.error(f"{where}: there are no {noun}s, expected at least one; leave the modality out.")
    _check_known(f"{where}: ", columns, known, words)
    return columns


def _check_known(where: str, columns: Iterable[Any], known: Mapping[Any, None], words: RoleWords) -> None:
    for column in columns:
        if not isinstance(column, Hashable) or column not in known:
            raise words.error(f"{where}there is no {words.noun} {column!r}; {similar(column, known)}")


def _check_one_role(roles: Mapping[str, Sequence[Any]], others: Collection[str], words: RoleWords) -> None:
    role_of: dict[Any, str] = {}
    for role, columns in roles.items():
        for column in columns:
            first = role_of.setdefault(column, role)
            if first == role and columns.count(column) > 1:
                raise words.error(
                    f"{words.where}{words.noun} {column!r} is twice in {role}, expected it once; remove one."
                )
            if first != role and {first, role} != MAY_SHARE:
                leak = ", as it would leak into the features" if (first in others) != (role in others) else ""
                raise words.error(
                    f"{words.where}{words.noun} {column!r} is in {first} and in {role}, expected it in one "
                    f"place{leak}; take it out of one of them."
                )
