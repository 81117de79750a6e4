"""Names of the samples in the dictionary pickles, and the videos in these names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.errors import DataError
from mmfusion.sentences import row_name, value_name

_MARKS = ("$_$", "[")
LONGEST = 1000
"""Most letters of a name: NumPy gives all names the room of the longest."""


def sample_names(
    path: str | Path, parts: Mapping[str, Mapping[str, Any]]
) -> tuple[tuple[str, ...], NDArray[Any] | None]:
    """Return the names of all samples and their videos.

    Parameters
    ----------
    path : str or Path
        Named in errors.
    parts : mapping of str to mapping
        Dictionaries of the splits; ``id`` is an array (n,) or (n, k) or such a list, or absent.

    Returns
    -------
    ids : tuple of str
        Several columns are joined by ``/``; empty if there are no names.
    groups : array of str, shape (n,), or None
        The first of several columns, cut before ``$_$`` or ``[``; None if the names do not contain videos.

    Raises
    ------
    DataError
        If some splits lack names, or they are not text or not one per sample.
    """
    if not any("id" in part for part in parts.values()):
        return (), None
    rows = [row for split, part in parts.items() for row in _rows(path, split, part)]
    ids = tuple("/".join(row) for row in rows)
    firsts = [row[0] for row in rows]
    if all(len(row) > 1 or any(mark in row[0] for mark in _MARKS) for row in rows):
        return ids, np.array([_video(first) for first in firsts], dtype=str)
    return ids, None


def _video(name: str) -> str:
    """Return the name of a video.

    Examples
    --------
    >>> _video("03bSnISJMiM$_$11"), _video("03bSnISJMiM[4]"), _video("03bSnISJMiM")
    ('03bSnISJMiM', '03bSnISJMiM', '03bSnISJMiM')
    """
    for mark in _MARKS:
        name = name.split(mark)[0]
    return name


def _rows(path: str | Path, split: str, part: Mapping[str, Any]) -> list[tuple[str, ...]]:
    names = part.get("id", ())
    listed = names.tolist() if isinstance(names, np.ndarray) else names
    if not isinstance(listed, list | tuple) or len(listed) != len(part["text"]):
        given = f"{len(listed)} names" if isinstance(listed, list | tuple) else f"a {type(listed).__name__}"
        raise DataError(
            f"{path}: {split!r} has {len(part['text'])} samples of text, but {given} in 'id', expected one "
            "name for each sample; write the file again."
        )
    return [_row(path, split, index, name) for index, name in enumerate(listed)]


def _row(path: str | Path, split: str, index: int, name: Any) -> tuple[str, ...]:
    columns = name.tolist() if isinstance(name, np.ndarray) else name
    columns = columns if isinstance(columns, list | tuple) else [columns]
    if not columns or not all(_is_name(entry) for entry in columns):
        raise DataError(
            f"{path}: 'id' of {split!r}, {row_name(index)}, is {value_name(name)}, expected text of at most "
            f"{LONGEST} letters or a row of it; correct the file."
        )
    return tuple(
        entry.decode("utf-8", "replace") if isinstance(entry, bytes) else str(entry) for entry in columns
    )


def _is_name(entry: Any) -> bool:
    if isinstance(entry, str | bytes):
        return len(entry) <= LONGEST
    return isinstance(entry, int | float)
