"""Samples in arrays: an ``.npz`` or ``.safetensors`` file, or a folder of ``.npy`` files.

There is one array per modality, its key or file name being the name of the modality. ``<modality>_lengths``
or ``<modality>.lengths`` holds the lengths of a padded sequence. Folders and safetensors files are
memory-mapped read-only, so that data larger than the memory can be used. Rows are counted from 0.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.readers.checks import (
    Place,
    check_counts,
    check_features,
    check_form,
    check_known,
    check_lengths,
    check_name,
    check_target,
    unknown,
)
from mmfusion.data.readers.memory import check_memory, memory_needed, unreadable
from mmfusion.data.readers.safetensors_map import map_safetensors
from mmfusion.data.readers.source import Source
from mmfusion.errors import DataError

Store = Mapping[str, Callable[[], NDArray[Any]]]
LENGTHS = ("_lengths", ".lengths")


def read_arrays(
    path: Path,
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None = None,
    groups: str | None = None,
    ids: str | None = None,
) -> Source:
    """Read an ``.npz`` or ``.safetensors`` file or a folder of ``.npy`` files.

    Parameters
    ----------
    path : Path
        The file or folder.
    target : str
        Key of the target, (n,) or (n, outputs).
    modalities : sequence of str, or mapping of str to str, optional
        Keys of the modalities, or a key for every name. Default: all keys that are nothing else, in the order
        of the file (of the names in a folder).
    groups, ids : str, optional
        Keys of what samples have in common and of their names, (n,). Default: none.

    Returns
    -------
    Source

    Raises
    ------
    DataError
        If a key is unknown or in two roles, arrays do not fit together or cannot be used, or the file is
        unreadable.
    """
    store = _open(path)
    if not isinstance(target, str):
        raise DataError(
            f"{path}: target is {target!r}, expected one key; store several outputs as one array (samples, "
            "outputs)."
        )
    others = {role: key for role, key in (("target", target), ("groups", groups), ("ids", ids)) if key}
    for key in others.values():
        if key not in store:
            raise unknown(str(path), "key", key, store)
    keys = _modality_keys(path, store, modalities, others)
    lengths = _length_keys(path, store, keys)
    chosen = [*keys.values(), *lengths.values(), *others.values()]
    check_memory(path, memory_needed(path, chosen))
    loaded = {key: store[key]() for key in dict.fromkeys(chosen)}
    for key, array in loaded.items():
        if not array.ndim:
            raise DataError(f"{path}: {key!r} is a single value, expected one per sample; store an array.")
    check_counts(path, {key: len(array) for key, array in loaded.items()})
    return _source(path, loaded, keys, lengths, others)


def _source(
    path: Path,
    loaded: Mapping[str, NDArray[Any]],
    keys: Mapping[str, str],
    length_keys: Mapping[str, str],
    others: Mapping[str, str],
) -> Source:
    place, target = Place(path), others["target"]
    arrays = {name: check_form(path, key, loaded[key]) for name, key in keys.items()}
    lengths = {
        name: check_lengths(path, name, loaded[key], arrays[name]) for name, key in length_keys.items()
    }
    for name, values in arrays.items():
        check_features(place, name, values, lengths.get(name))
    labels = {role: _labels(place, key, loaded[key]) for role, key in others.items() if role != "target"}
    return Source(
        arrays,
        check_target(place, target, _text(place, target, loaded[target])),
        lengths,
        ids=tuple(labels["ids"].astype(str).tolist()) if "ids" in labels else (),
        groups=labels.get("groups"),
    )


def _open(path: Path) -> Store:
    """Return a function per key that loads or maps its array."""
    if path.is_dir():
        files = sorted(path.glob("*.npy"))
        if not files:
            raise DataError(f"{path}: there are no .npy files, expected one per modality and the target.")
        return {file.stem: partial(_map_npy, file) for file in files}
    if path.suffix.lower() == ".safetensors":
        return {key: partial(_same, array) for key, array in map_safetensors(path).items()}
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
    except (zipfile.BadZipFile, OSError) as error:
        raise unreadable(path, error) from None
    return {name.removesuffix(".npy"): partial(_load_npz, path, name) for name in names}


def _same(array: NDArray[Any]) -> NDArray[Any]:
    return array


def _map_npy(path: Path) -> NDArray[Any]:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise _no_array(path, "", error) from None
    if not isinstance(array, np.ndarray):
        array.close()
        raise DataError(f"{path}: this is an .npz file, expected one array; name it .npz.")
    return array


def _load_npz(path: Path, name: str) -> NDArray[Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            array = file[name]
    except (ValueError, OSError, EOFError, MemoryError, zipfile.BadZipFile, NotImplementedError) as error:
        raise _no_array(path, f", key {name.removesuffix('.npy')!r}", error) from None
    if not isinstance(array, np.ndarray):
        raise _no_array(path, f", key {name.removesuffix('.npy')!r}", ValueError("it is no .npy array"))
    return array


def _no_array(path: Path, where: str, error: Exception) -> DataError:
    if "bject" in str(error) or "pickled data" in str(error):
        return DataError(
            f"{path}{where}: the array holds Python objects, which are not read as they can run code, "
            "expected numbers or text; convert it with astype before it is saved."
        )
    if not where:
        return unreadable(path, error)
    return DataError(f"{path}{where}: not a readable array ({error}); write the file again.")


def _modality_keys(
    path: Path,
    store: Store,
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None,
    others: Mapping[str, str],
) -> dict[str, str]:
    """Return the key of every modality."""
    if modalities is None:
        taken = {*others.values(), *(f"{key}{ending}" for key in store for ending in LENGTHS)}
        keys = {key: key for key in store if key not in taken}
    elif isinstance(modalities, Mapping):
        keys = {name: _one_key(path, name, key) for name, key in modalities.items()}
    else:
        keys = {key: key for key in ([modalities] if isinstance(modalities, str) else modalities)}
    roles = {key: role for role, key in others.items()}
    for name, key in keys.items():
        check_name(path, name)
        if key not in store:
            raise unknown(f"{path}: modalities", "key", key, store)
        if key in roles:
            raise DataError(
                f"{path}: {key!r} is {roles[key]} and modality {name!r}, expected it in one place, as it "
                "would leak into the features; take it out of the modalities."
            )
        roles[key] = f"modality {name!r}"
    if not keys:
        raise DataError(
            f"{path}: there is no array beside {', '.join(others.values())}, expected modalities."
        )
    return keys


def _one_key(path: Path, name: str, key: str | Sequence[str]) -> str:
    if isinstance(key, str):
        return key
    raise DataError(
        f"{path}: modalities[{name!r}] is {key!r}, expected one key; join the arrays before they are saved."
    )


def _length_keys(path: Path, store: Store, keys: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, key in keys.items():
        here = [f"{key}{ending}" for ending in LENGTHS if f"{key}{ending}" in store]
        if len(here) > 1:
            raise DataError(
                f"{path}: {' and '.join(here)} both hold lengths of {name!r}; remove one of them."
            )
        if here:
            found[name] = here[0]
    return found


def _text(place: Place, key: str, values: NDArray[Any]) -> NDArray[Any]:
    """Decode bytes as UTF-8; numbers and text stay as they are."""
    if values.dtype.kind != "S":
        return values
    try:
        return np.char.decode(values, "utf-8")
    except UnicodeDecodeError:
        raise DataError(
            f"{place.path}: {key!r} holds bytes that are no UTF-8 text; store it as an array of text."
        ) from None


def _labels(place: Place, key: str, values: NDArray[Any]) -> NDArray[Any]:
    """Check names of samples or of groups, (n,)."""
    labels = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if labels.ndim != 1 or labels.dtype.kind not in "biufUS":
        raise DataError(
            f"{place.path}: {key!r} is an array {values.shape} of {values.dtype}, expected one text or "
            "number for each sample; convert it before it is saved."
        )
    texts = _text(place, key, labels)
    check_known(place, repr(key), texts != "" if texts.dtype.kind == "U" else np.isfinite(texts))
    return texts
