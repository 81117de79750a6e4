"""Names of samples in a dictionary pickle, and the videos that they contain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.errors import DataError
from mmfusion.sentences import row_name, value_name

LONGEST_NAME = 1000
"""Most letters of a name: NumPy gives all names the room of the longest."""
_MARKS = re.compile(r"\$_\$|\[")
Parts = Mapping[str, Mapping[str, Any]]


def sample_names(
    path: str | Path, parts: Parts, key: str, counts: Mapping[str, int]
) -> tuple[tuple[str, ...], NDArray[Any] | None]:
    """Return the names of all samples, columns of names joined by ``/``, and their videos (n,), if known.

    The video is the first of several columns, cut before ``$_$`` or ``[``.
    """
    if not any(key in part for part in parts.values()):
        return (), None
    names = [name for split, part in parts.items() for name in _names(path, split, part, key, counts)]
    ids = tuple("/".join(name) for name in names)
    if all(len(name) > 1 or _MARKS.search(name[0]) for name in names):
        return ids, np.array([_MARKS.split(name[0])[0] for name in names], dtype=str)
    return ids, None


def _names(
    path: str | Path, split: str, part: Mapping[str, Any], key: str, counts: Mapping[str, int]
) -> list[tuple[str, ...]]:
    names = part.get(key, ())
    listed = names.tolist() if isinstance(names, np.ndarray) else names
    if not isinstance(listed, list | tuple) or len(listed) != counts[split]:
        given = f"{len(listed)} names" if isinstance(listed, list | tuple) else f"a {type(listed).__name__}"
        raise DataError(
            f"{path}: {split!r} has {counts[split]} samples, but {given} in {key!r}, expected one name for "
            "each sample; write the file again."
        )
    return [_name(path, split, key, index, name) for index, name in enumerate(listed)]


def _name(path: str | Path, split: str, key: str, index: int, name: Any) -> tuple[str, ...]:
    columns = name.tolist() if isinstance(name, np.ndarray) else name
    columns = columns if isinstance(columns, list | tuple) else [columns]
    if columns and all(isinstance(entry, str | bytes | int | float) for entry in columns):
        row = tuple(x.decode("utf-8", "replace") if isinstance(x, bytes) else str(x) for x in columns)
        if max(map(len, row)) <= LONGEST_NAME:
            return row
    raise DataError(
        f"{path}: {key!r} of {split!r}, {row_name(index)}, is {value_name(name)}, expected text of at most "
        f"{LONGEST_NAME} letters or a row of it; correct the file."
    )
