"""Samples in arrays: an ``.npz`` or ``.safetensors`` file, or a folder of ``.npy`` files.

There is one array per modality, its key or file name being the name of the modality. ``<modality>_lengths``
or ``<modality>.lengths`` holds the lengths of a padded sequence. Folders and safetensors files are
memory-mapped read-only, so that data larger than the memory can be used. Rows are counted from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.data.readers.array_store import Store
from mmfusion.data.readers.keys import Keys, similar_lengths
from mmfusion.data.readers.reader_checks import (
    check_counts,
    check_form,
    check_known,
    check_numbers,
    check_target,
)
from mmfusion.data.readers.reading_memory import check_memory, memory_needed
from mmfusion.data.readers.source import Source
from mmfusion.errors import DataError

_WORDS = {"b": "truth value", "U": "text", "S": "text"}


def read_arrays(path: Path, store: Store, keys: Keys) -> Source:
    """Read an ``.npz`` or ``.safetensors`` file or a folder of ``.npy`` files.

    Parameters
    ----------
    path : Path
        The file or folder.
    store : mapping of str to function
        Its arrays, of `mmfusion.data.readers.array_store.open_arrays`.
    keys : Keys
        Of `mmfusion.data.readers.keys.choose_keys`.

    Raises
    ------
    DataError
        If arrays do not fit together or cannot be used, or the file is unreadable.
    """
    check_memory(path, memory_needed(path, keys.everything))
    loaded = {key: store[key]() for key in keys.everything}
    for key, array in loaded.items():
        if not array.ndim:
            raise DataError(f"{path}: {key!r} is a single value, expected one per sample; store an array.")
    check_counts(path, {key: len(array) for key, array in loaded.items()})
    if not keys.named:
        _check_chosen_by_default(path, keys, loaded)
    return _source(path, loaded, keys)


def _check_chosen_by_default(path: Path, keys: Keys, loaded: Mapping[str, NDArray[Any]]) -> None:
    """Refuse arrays that nobody has named and that are more likely groups or names than features."""
    for key in keys.modalities.values():
        array = loaded[key]
        if array.size == len(array) and array.ndim < 3 and array.dtype.kind in "iubUS":
            sequences = [
                name
                for name in keys.modalities.values()
                if loaded[name].ndim == 3 and loaded[name].dtype.kind == "f" and name not in keys.lengths
            ]
            raise DataError(
                f"{path}: {key!r} holds one {_WORDS.get(array.dtype.kind, 'whole number')} per sample, which "
                "may be groups, ids, lengths or a second target, and nothing says which; "
                f"{similar_lengths(key, sequences)} it in groups, ids or modalities, or take it out."
            )


def _source(path: Path, loaded: Mapping[str, NDArray[Any]], keys: Keys) -> Source:
    location, target = Location(path), keys.others["target"]
    arrays = {name: check_form(path, key, loaded[key]) for name, key in keys.modalities.items()}
    lengths = check_numbers(location, arrays, {name: loaded[key] for name, key in keys.lengths.items()})
    roles = [role for role in ("groups", "ids") if role in keys.others]
    labels = {role: _labels(location, keys.others[role], loaded[keys.others[role]]) for role in roles}
    return Source(
        arrays,
        check_target(location, target, _text(location, target, loaded[target])),
        lengths,
        ids=tuple(labels["ids"].astype(str).tolist()) if "ids" in labels else (),
        groups=labels.get("groups"),
    )


def _text(location: Location, key: str, values: NDArray[Any]) -> NDArray[Any]:
    """Decode bytes as UTF-8; numbers and text stay as they are."""
    if values.dtype.kind != "S":
        return values
    try:
        return np.char.decode(values, "utf-8")
    except UnicodeDecodeError:
        raise DataError(
            f"{location.path}: {key!r} holds bytes that are not UTF-8 text; store it as an array of text."
        ) from None


def _labels(location: Location, key: str, values: NDArray[Any]) -> NDArray[Any]:
    """Check names of samples or of groups, (n,)."""
    labels = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if labels.ndim != 1 or labels.dtype.kind not in "biufUS":
        raise DataError(
            f"{location.path}: {key!r} is an array {values.shape} of {values.dtype}, expected one text or "
            "number for each sample; convert it before it is saved."
        )
    texts = _text(location, key, labels)
    check_known(location, repr(key), texts)
    return texts
