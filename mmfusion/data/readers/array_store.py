"""Named arrays in a file or folder, mapped or loaded one by one.

Folders of ``.npy`` files and ``.safetensors`` files are memory-mapped read-only; arrays of an ``.npz`` file
are read one by one, on demand. Nothing is ever unpickled.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from mmfusion.data.readers.reading_memory import unreadable
from mmfusion.errors import DataError

Store = Mapping[str, Callable[[], NDArray[Any]]]
"""A function per key that loads or maps its array."""


def open_arrays(path: Path) -> Store:
    """Open an ``.npz`` or ``.safetensors`` file or a folder of ``.npy`` files.

    Parameters
    ----------
    path : Path

    Returns
    -------
    mapping of str to function
        In the order of the file, of the names in a folder.

    Raises
    ------
    DataError
        If it is unreadable or holds no arrays.
    """
    if path.is_dir():
        files = sorted(path.glob("*.npy"))
        if not files:
            raise DataError(f"{path}: there are no .npy files, expected one per modality and the target.")
        return {file.stem: partial(_map_npy, file) for file in files}
    try:
        if path.suffix.lower() == ".safetensors":
            file: Any = safe_open(path, "pt")  # maps the file; the variant for NumPy copies
            return {key: partial(_map_tensor, path, file, key) for key in file.offset_keys()}
        with zipfile.ZipFile(path) as archive:
            names = _members(path, archive.namelist())
    except (SafetensorError, zipfile.BadZipFile, OSError) as error:
        raise unreadable(path, error) from None
    return {name.removesuffix(".npy"): partial(_load_npz, path, name) for name in names}


def _members(path: Path, names: Sequence[str]) -> list[str]:
    """Check that every member of an ``.npz`` file is an array of a name of its own."""
    for name, count in Counter(names).items():
        if not name.endswith(".npy"):
            raise DataError(
                f"{path}: the member {name!r} is not an array, expected names that end in .npy, as "
                "numpy.savez writes them; write the file again without it."
            )
        if count > 1:
            raise DataError(
                f"{path}: there are {count} arrays of the name {name.removesuffix('.npy')!r}, of which one "
                "would be read, expected one; write the file again."
            )
    return list(names)


def _map_tensor(path: Path, file: Any, key: str) -> NDArray[Any]:
    tensor = file.get_tensor(key)
    try:
        array: NDArray[Any] = tensor.numpy()
    except TypeError:
        raise DataError(
            f"{path}: {key!r} has the type {tensor.dtype}, which NumPy lacks, expected truth values, whole "
            "numbers or floats of 16 to 64 bits; convert it (for example to F32) before it is saved."
        ) from None
    array.flags.writeable = False
    return array


def _map_npy(path: Path) -> NDArray[Any]:
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except (ValueError, OSError, EOFError) as error:
        if zipfile.is_zipfile(path):
            raise DataError(f"{path}: this is an .npz file, expected one array; name it .npz.") from None
        raise _unreadable_array(path, "", error) from None


def _load_npz(path: Path, name: str) -> NDArray[Any]:
    where = f", key {name.removesuffix('.npy')!r}"
    try:
        with np.load(path, allow_pickle=False) as file:
            array = file[name]
    except (ValueError, OSError, EOFError, MemoryError, zipfile.BadZipFile, NotImplementedError) as error:
        raise _unreadable_array(path, where, error) from None
    if not isinstance(array, np.ndarray):
        raise _unreadable_array(path, where, ValueError("it is not an .npy array"))
    return array


def _unreadable_array(path: Path, where: str, error: Exception) -> DataError:
    if "bject" in str(error):
        return DataError(
            f"{path}{where}: the array holds Python objects, which are not read as they can run code, "
            "expected numbers or text; save np.asarray(values, dtype=str), or dtype=float."
        )
    if not where:
        return unreadable(path, error)
    return DataError(f"{path}{where}: not a readable array ({error}); write the file again.")
