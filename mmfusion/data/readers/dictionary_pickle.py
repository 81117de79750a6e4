"""The dictionary pickles in which CMU-MOSI and CMU-MOSEI are distributed.

Keys ``train``, ``valid`` and ``test``; in each ``text``, ``audio`` and ``vision`` (n, length, d), a name per
sample in ``id``, and the target. The *aligned* form has one step per word in all modalities and ``labels``
(n, 1, 1), (n, 1) or (n,). The *unaligned* form has its lengths per modality, ``audio_lengths`` and
``vision_lengths``, and ``regression_labels`` and ``classification_labels``. Aligned files have no lengths:
their sequences are padded with zeros, mostly in front, and the zeros are kept.

The published aligned CMU-MOSI has minus infinity among its audio features (logarithms of zero).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.check_values import row_parts
from mmfusion.data.location import Location
from mmfusion.data.readers.reader_checks import (
    check_counts,
    check_form,
    check_numbers,
    check_target,
    replace_infinite_values,
)
from mmfusion.data.readers.source import Source
from mmfusion.data.readers.unpickle import load_arrays
from mmfusion.errors import DataError
from mmfusion.sentences import joined_names, row_name, value_name

DictionaryTask = Literal["regression", "binary", "multiclass"]
SPLITS = {"train": "train", "valid": "validation", "test": "test"}
MODALITIES = {"text": "text", "audio": "audio", "video": "vision"}
_TARGETS = {
    "regression": ("regression_labels", "labels"),
    "binary": ("regression_labels", "labels"),
    "multiclass": ("classification_labels",),
}
_MARKS = re.compile(r"\$_\$|\[")
LONGEST_NAME = 1000
"""Most letters of a name: NumPy gives all names the room of the longest."""


def read_dictionary_pickle(
    path: str | Path,
    task: DictionaryTask = "regression",
    replace_infinite: Literal["zero"] | None = None,
) -> Source:
    """Read an aligned or unaligned dictionary pickle of CMU-MOSI or CMU-MOSEI.

    Parameters
    ----------
    path : str or Path
        The pickle; nothing in it is run.
    task : {"regression", "binary", "multiclass"}, default "regression"
        Target: ``regression_labels`` or ``labels`` as they are; whether they are 0 or above (0/1, for one
        label per sample); ``classification_labels``.
    replace_infinite : {"zero"}, optional
        Replace infinite features by 0. Default: they raise.

    Returns
    -------
    Source
        Modalities text, audio and video, the rows of ``train``, ``validation`` and ``test`` in this order.
        Groups are the videos, where the names of the samples contain them: columns of names, or text before
        ``[`` or ``$_$``.

    Raises
    ------
    DataError
        If the file is not such a pickle, or contradicts itself, or holds NaN or infinite features.
    """
    if task not in _TARGETS or replace_infinite not in (None, "zero"):
        raise DataError(
            f"{path}: task is {task!r} and replace_infinite {replace_infinite!r}, expected one of "
            f"{', '.join(_TARGETS)}, and 'zero' or None."
        )
    location, parts = Location(path), _parts(path)
    arrays = {name: _joined(path, parts, key) for name, key in MODALITIES.items()}
    lengths = {
        name: _column(path, parts, f"{key}_lengths")
        for name, key in MODALITIES.items()
        if any(f"{key}_lengths" in part for part in parts.values())
    }
    target, key = _target(path, parts, task)
    ids, groups = _sample_names(path, parts)
    for name, values in arrays.items():
        replace_infinite_values(path, name, (part for _, part in row_parts(values)), replace_infinite)
    lengths = check_numbers(location, arrays, lengths)
    return Source(arrays, check_target(location, key, target), lengths, ids, groups, _rows(parts))


def _parts(path: str | Path) -> dict[str, Mapping[str, Any]]:
    """Return the dictionaries of the splits under their names in the file."""
    content = load_arrays(path)
    if not isinstance(content, dict) or not {"train", "test"} <= content.keys():
        what = joined_names(map(str, content)) if isinstance(content, dict) else f"a {type(content).__name__}"
        raise DataError(
            f"{path}: the pickle holds {what}, expected a dictionary with the keys train, valid and test; "
            "take the pickle of all the data."
        )
    parts = {split: content[split] for split in SPLITS if split in content}
    for split, part in parts.items():
        if not isinstance(part, dict):
            raise DataError(
                f"{path}: {split!r} holds a {type(part).__name__}, expected a dictionary with the keys "
                "text, audio, vision and labels."
            )
        counts = {}
        for key in MODALITIES.values():
            values = part.get(key)
            if not isinstance(values, np.ndarray) or not values.ndim:
                raise DataError(
                    f"{path}: {split!r} has no array {key!r}, only {joined_names(map(str, part))}; expected "
                    "text, audio and vision; take a file of features."
                )
            counts[f"{split} {key}"] = len(values)
        check_counts(path, counts)
    return parts


def _joined(path: str | Path, parts: Mapping[str, Mapping[str, Any]], key: str) -> NDArray[Any]:
    """Join a modality over the splits, (n, length, d), a copy."""
    values = [check_form(path, f"{split} {key}", part[key]) for split, part in parts.items()]
    if any(part.ndim != 3 or part.shape[1:] != values[0].shape[1:] for part in values):
        shapes = ", ".join(f"{split} {part.shape}" for split, part in zip(parts, values, strict=True))
        raise DataError(
            f"{path}: {key!r} has the shapes {shapes}, expected (samples, steps, columns) with the same "
            "steps and columns in all splits; pad the splits alike."
        )
    return np.concatenate(values)


def _column(path: str | Path, parts: Mapping[str, Mapping[str, Any]], key: str) -> NDArray[Any]:
    """Join one value (or row) per sample over the splits."""
    columns = []
    for split, part in parts.items():
        if key not in part:
            raise DataError(f"{path}: {split!r} has no {key!r}, which other splits have; complete the file.")
        try:
            columns.append(np.asarray(part[key]))
        except (ValueError, MemoryError):
            raise DataError(
                f"{path}: {key!r} of {split!r} has rows of different lengths, or a long text, expected "
                "numbers; write the file again."
            ) from None
        if columns[-1].ndim == 0 or len(columns[-1]) != len(part["text"]):
            raise DataError(
                f"{path}: {split!r} has {len(part['text'])} samples of text, but {key!r} has the shape "
                f"{columns[-1].shape}, expected one row per sample; write the file again."
            )
    if len({column.shape[1:] for column in columns}) > 1:
        raise DataError(f"{path}: {key!r} has {[column.shape for column in columns]}, expected equal widths.")
    return np.concatenate(columns)


def _target(path: str | Path, parts: Mapping[str, Mapping[str, Any]], task: str) -> tuple[NDArray[Any], str]:
    """Return the target, (n,) or (n, outputs), and its key."""
    keys = [key for key in _TARGETS[task] if all(key in part for part in parts.values())]
    if not keys:
        raise DataError(
            f"{path}: there is no {' or '.join(_TARGETS[task])} in all splits, which the task {task} needs; "
            f"the keys are {joined_names(map(str, next(iter(parts.values()))))}; take another task."
        )
    values = _column(path, parts, keys[0])
    if values.ndim == 3 and 1 in values.shape[1:]:
        values = values.reshape(len(values), -1)
    if values.ndim > 2 or values.dtype.kind not in "biuf":
        raise DataError(
            f"{path}: {keys[0]!r} is an array {values.shape} of {values.dtype}, expected numbers (samples, "
            "outputs, 1), (samples, outputs) or (samples,)."
        )
    if task == "binary":
        if values.size != len(values) or np.isnan(values).any():
            raise DataError(
                f"{path}: {keys[0]!r} has the shape {values.shape} (or NaN), but the task binary needs one "
                "number for each sample; take the task regression."
            )
        values = (values.reshape(-1) >= 0).astype(np.int64)
    return values, keys[0]


def _rows(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, NDArray[np.intp]]:
    """Return the rows of every split."""
    ends = np.cumsum([len(part["text"]) for part in parts.values()])
    total = np.arange(ends[-1], dtype=np.intp)
    return {SPLITS[split]: rows for split, rows in zip(parts, np.split(total, ends[:-1]), strict=True)}


def _sample_names(
    path: str | Path, parts: Mapping[str, Mapping[str, Any]]
) -> tuple[tuple[str, ...], NDArray[Any] | None]:
    """Return the names of all samples, columns of names joined by ``/``, and their videos (n,), if known.

    The video is the first of several columns, cut before ``$_$`` or ``[``.
    """
    if not any("id" in part for part in parts.values()):
        return (), None
    names = [name for split, part in parts.items() for name in _names(path, split, part)]
    ids = tuple("/".join(name) for name in names)
    if all(len(name) > 1 or _MARKS.search(name[0]) for name in names):
        return ids, np.array([_MARKS.split(name[0])[0] for name in names], dtype=str)
    return ids, None


def _names(path: str | Path, split: str, part: Mapping[str, Any]) -> list[tuple[str, ...]]:
    names = part.get("id", ())
    listed = names.tolist() if isinstance(names, np.ndarray) else names
    if not isinstance(listed, list | tuple) or len(listed) != len(part["text"]):
        given = f"{len(listed)} names" if isinstance(listed, list | tuple) else f"a {type(listed).__name__}"
        raise DataError(
            f"{path}: {split!r} has {len(part['text'])} samples of text, but {given} in 'id', expected one "
            "name for each sample; write the file again."
        )
    return [_name(path, split, index, name) for index, name in enumerate(listed)]


def _name(path: str | Path, split: str, index: int, name: Any) -> tuple[str, ...]:
    columns = name.tolist() if isinstance(name, np.ndarray) else name
    columns = columns if isinstance(columns, list | tuple) else [columns]
    if columns and all(isinstance(entry, str | bytes | int | float) for entry in columns):
        row = tuple(x.decode("utf-8", "replace") if isinstance(x, bytes) else str(x) for x in columns)
        if max(map(len, row)) <= LONGEST_NAME:
            return row
    raise DataError(
        f"{path}: 'id' of {split!r}, {row_name(index)}, is {value_name(name)}, expected text of at most "
        f"{LONGEST_NAME} letters or a row of it; correct the file."
    )
