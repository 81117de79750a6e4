"""Parts of the sentences of errors: how rows, lists of names and similar names are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from reprlib import Repr
from typing import Any

from mmfusion.errors import MmfusionError

SHOWN = 10
"""Names of a list that are told."""
MOST_LETTERS = 100
"""Letters of a value that are told."""
_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = MOST_LETTERS
_SHORT.maxlevel = 2


def row_name(index: int, first: int = 0, label: Any = None) -> str:
    """Tell a row.

    Parameters
    ----------
    index : int
        Its position, from 0 on.
    first : int, default 0
        The number by which the user knows the first row.
    label : object, optional
        Its name in the index of a table. Default: it has none but its position.

    Returns
    -------
    str

    Examples
    --------
    >>> row_name(5), row_name(5, first=1)
    ('row 5 (counted from 0)', 'row 6 (counted from 1)')
    >>> row_name(5, label="p17")
    "row 5 (counted from 0; index 'p17')"
    """
    named = "" if label is None else f"; index {label!r}"
    return f"row {index + first} (counted from {first}{named})"


def shown(names: Iterable[str]) -> str:
    """List the first names."""
    listed = list(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


def value_name(value: object) -> str:
    """Tell a value, cut if it is long.

    Examples
    --------
    >>> value_name("n/a"), len(value_name("x" * 1000))
    ("'n/a'", 100)
    """
    return _SHORT.repr(value)


def either(remedies: Sequence[str]) -> str:
    """Join what can be done.

    Examples
    --------
    >>> either(["fill it in"]), either(["fill it in", "set it to NaN", "leave it out"])
    ('fill it in', 'fill it in, or set it to NaN, or leave it out')
    """
    return ", or ".join(remedies)


def similar(name: object, known: Iterable[object]) -> str:
    """Ask for the most similar one of the known names, or list them.

    Examples
    --------
    >>> similar("txt", ["text", "audio"]), similar("video", ["text", "audio"])
    ("did you mean 'text'?", 'expected one of text, audio.')
    """
    names = [str(other) for other in known]
    close = get_close_matches(str(name), names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"expected one of {shown(names) or 'none at all'}."


def columns_of(where: str, wanted: Any, known: Sequence[Any], error: type[MmfusionError]) -> list[Any]:
    """Find the columns of a modality: by name, by a list of names, or by a pattern such as ``audio_*``.

    Parameters
    ----------
    where : str
        Begins the sentences of errors.
    wanted : str or sequence
        One text is the name of a column or, with ``*``, a pattern of names.
    known : sequence
        Names of all columns.
    error : type
        What is raised.

    Returns
    -------
    list
        At least one column, in the order of `wanted`, for a pattern in that of `known`.

    Raises
    ------
    MmfusionError
        If a column is not there, nothing fits the pattern, or nothing is wanted.

    Examples
    --------
    >>> columns_of("X", "a_*", ["a_1", "b", "a_2"], MmfusionError)
    ['a_1', 'a_2']
    """
    if isinstance(wanted, str) and "*" in wanted and wanted not in known:
        found = [name for name in known if isinstance(name, str) and fnmatchcase(name, wanted)]
        if not found:
            raise error(
                f"{where}: no column fits the pattern {wanted!r}, expected at least one of "
                f"{shown(map(str, known))}; correct the pattern."
            )
        return found
    if not isinstance(wanted, Iterable):
        raise error(f"{where}: {wanted!r} is no list of columns, expected their names or one pattern.")
    columns = [wanted] if isinstance(wanted, str) else list(wanted)
    if not columns:
        raise error(f"{where}: there are no columns, expected at least one; leave the modality out.")
    for column in columns:
        if column not in known:
            raise error(f"{where}: there is no column {column!r}; {similar(column, known)}")
    return columns
