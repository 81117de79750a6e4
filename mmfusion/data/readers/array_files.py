"""Samples in arrays: an ``.npz`` or ``.safetensors`` file, or a folder of ``.npy`` files.

There is one array per modality, its key or file name being the name of the modality. ``<modality>_lengths``
or ``<modality>.lengths`` holds the lengths of a padded sequence. Folders and safetensors files are
memory-mapped read-only, so that data larger than the memory can be used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.conversion import as_part
from mmfusion.data.letters import is_sequence
from mmfusion.data.location import Location
from mmfusion.data.part import SYMBOLS, Part
from mmfusion.data.readers.array_store import Store
from mmfusion.data.readers.columns import Columns, in_roles
from mmfusion.data.readers.reader_checks import (
    check_counts,
    check_form,
    check_known,
)
from mmfusion.data.readers.reading_memory import check_memory, memory_needed
from mmfusion.data.readers.source import Source, source_of
from mmfusion.errors import DataError

LENGTHS = ("_lengths", ".lengths")
"""Endings of the keys of lengths, behind the key of their modality."""
CLOSE = 0.75
"""Smallest ratio of `difflib` at which a key is taken for a misspelt one."""
_WORDS = {"b": "truth value", "U": "text", "S": "text"}


def choose_keys(
    path: Path,
    store: Collection[str],
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None,
    groups: str | None,
    ids: str | None,
) -> Columns:
    """Find the arrays of a file or folder among its keys, `store`; see `mmfusion.data.readers.read_source`.

    Raises
    ------
    DataError
        If a key is unknown or in two roles, or looks like lengths without belonging to a modality.
    """
    if not isinstance(target, str):
        raise DataError(
            f"{path}: target is {target!r}, expected one key; store several outputs as one array (samples, "
            "outputs)."
        )
    keys = modality_keys(path, store, modalities, {target, groups, ids})
    chosen = in_roles(path, store, [target], {name: [keys[name]] for name in keys}, groups, ids, "key")
    if not keys:
        raise DataError(
            f"{path}: there is no array beside {', '.join([target, *chosen.texts])}, expected at least one "
            "modality; add its array."
        )
    if modalities is None:
        _check_no_lengths(path, keys)
    return chosen._replace(lengths=_length_keys(path, store, keys), named=modalities is not None)


def read_arrays(path: Path, store: Store, keys: Columns, symbols: Sequence[str] = ()) -> Source:
    """Read an ``.npz`` or ``.safetensors`` file or a folder of ``.npy`` files.

    Parameters
    ----------
    path : Path
        The file or folder.
    store : mapping of str to function
        Its arrays, of `mmfusion.data.readers.array_store.open_arrays`.
    keys : Columns
        Of `choose_keys`.
    symbols : sequence of str, optional
        Modalities that are called symbols.

    Returns
    -------
    Source
        Unchecked, see `mmfusion.data.readers.finish`.

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
    location, (target,) = Location(path), keys.target
    parts = {
        name: modality_part(location, key, loaded[key], name in symbols)
        for name, (key,) in keys.modalities.items()
    }
    for name, key in keys.lengths.items():
        if parts[name].lengths is not None:
            raise DataError(
                f"{path}: {key!r} would be lengths of {name!r}, which has its own as letters, expected "
                "none; rename it."
            )
        parts[name] = replace(parts[name], lengths=loaded[key])
    groups, ids = (
        None if key is None else _labels(location, f"the {noun} {key!r}", loaded[key])
        for noun, key in (("group", keys.groups), ("name", keys.ids))
    )
    names = () if ids is None else tuple(ids.astype(str).tolist())
    labels = _text(location, target, loaded[target])
    return source_of(parts, labels, keys.lengths, ids=names, groups=groups)


def modality_part(location: Location, key: str, values: Any, symbols: bool) -> Part:
    """Turn a stored array, or a list, into a modality; numbers are not copied."""
    if isinstance(values, np.ndarray) and values.dtype.kind not in "USO":
        part = Part(check_form(location.path, key, values), kind=SYMBOLS if symbols else None)
        return as_part(key, part, location, symbols)
    text = isinstance(values, np.ndarray) and values.dtype.kind == "S"
    return as_part(key, _text(location, key, values) if text else values, location, symbols)


def _check_chosen_by_default(path: Path, keys: Columns, loaded: Mapping[str, NDArray[Any]]) -> None:
    """Refuse arrays that nobody has named and that are more likely groups or names than features."""
    for key in keys.features:
        array = loaded[key]
        letters = array.dtype.kind in "US" and array.ndim == 1 and is_sequence(array.astype(str).tolist())
        if array.size == len(array) and array.ndim < 3 and array.dtype.kind in "iubUS" and not letters:
            sequences = [
                name
                for name in keys.features
                if loaded[name].ndim == 3 and loaded[name].dtype.kind == "f" and name not in keys.lengths
            ]
            raise DataError(
                f"{path}: {key!r} holds one {_WORDS.get(array.dtype.kind, 'whole number')} per sample, "
                "which may be groups, ids, lengths or a second target, and nothing says which; "
                f"{_similar_lengths(key, sequences)} it in groups, ids or modalities, or take it out."
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


def _labels(location: Location, what: str, values: NDArray[Any]) -> NDArray[Any]:
    """Check names of samples or of groups, (n,)."""
    labels = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if labels.ndim != 1 or labels.dtype.kind not in "biufUS":
        raise DataError(
            f"{location.path}: {what} is an array {values.shape} of {values.dtype}, expected one text or "
            "number for each sample; convert it before it is saved."
        )
    texts = _text(location, what, labels)
    check_known(location, what, texts)
    return texts


def _check_no_lengths(path: Path, keys: Mapping[str, str]) -> None:
    """Refuse a key that is a modality only by default, and lengths by its ending."""
    for key in keys:
        ending = next((ending for ending in LENGTHS if key.endswith(ending)), "")
        if ending:
            others = [name for name in keys if name != key]
            raise DataError(
                f"{path}: {key!r} would be the lengths of {key.removesuffix(ending)!r}, which is not there; "
                f"{_similar_lengths(key, others)} all modalities if it is one of them, or take it out."
            )


def _similar_lengths(key: str, sequences: Iterable[str]) -> str:
    """Begin the remedy for a key that is not the lengths of a modality, but may be meant to be."""
    names = [f"{name}{ending}" for name in sequences for ending in LENGTHS]
    close = get_close_matches(key, names, n=1, cutoff=CLOSE)
    return f"did you mean {close[0]!r}? If not, name" if close else "name"


def modality_keys(
    path: str | Path,
    store: Collection[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None,
    taken: Collection[str | None],
) -> dict[str, str]:
    """Return the key of every modality; by default, the keys that are neither taken nor lengths."""
    if modalities is None:
        lengths = {f"{key}{ending}" for key in store for ending in LENGTHS}
        return {key: key for key in store if key not in taken and key not in lengths}
    given = [modalities] if isinstance(modalities, str) else modalities
    chosen = {}
    for name in given:
        key = given[name] if isinstance(given, Mapping) else name
        key = key[0] if isinstance(key, list | tuple) and len(key) == 1 else key
        if not isinstance(key, str):
            raise DataError(
                f"{path}: modalities[{name!r}] is {key!r}, expected one key; join the arrays before they "
                "are saved."
            )
        chosen[name] = key
    return chosen


def _length_keys(path: Path, store: Collection[str], keys: Mapping[str, str]) -> dict[str, str]:
    lengths = {}
    for name, key in keys.items():
        matches = [f"{key}{ending}" for ending in LENGTHS if f"{key}{ending}" in store]
        if len(matches) > 1:
            raise DataError(
                f"{path}: {' and '.join(matches)} both hold lengths of {name!r}; remove one of them."
            )
        if matches:
            lengths[name] = matches[0]
    return lengths
