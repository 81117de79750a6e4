"""Named arrays in a file or folder, mapped or loaded one by one.

Folders of ``.npy`` files and ``.safetensors`` files are memory-mapped read-only; arrays of an ``.npz`` file
are read one by one, on demand. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from mmfusion.data.readers.file_kind import check_exists
from mmfusion.data.readers.reader_checks import check_spaces
from mmfusion.data.readers.reading_memory import unreadable
from mmfusion.errors import DataError

Store = Mapping[str, Callable[[], NDArray[Any]]]
"""A function per key that loads or maps its array."""
_DAMAGE = (
    ValueError,
    TypeError,
    ArithmeticError,
    OSError,
    EOFError,
    MemoryError,
    RecursionError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,
)
"""What NumPy and zipfile raise about damaged arrays."""
ENCRYPTED = 1
"""Bit of the flags of a member of a zip file."""


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
        check_spaces(path, "the names of the files", [file.stem for file in files])
        return {file.stem: partial(_map_npy, file) for file in files}
    try:
        if path.suffix.lower() == ".safetensors":
            file: Any = safe_open(path, "pt")  # maps the file; the variant for NumPy copies
            _check_header(path)
            return {key: partial(_map_tensor, path, file, key) for key in file.offset_keys()}
        with zipfile.ZipFile(path) as archive:
            names = _members(path, archive.infolist())
    except (SafetensorError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise unreadable(path, error) from None
    return {name.removesuffix(".npy"): partial(_load_npz, path, name) for name in names}


def _members(path: Path, entries: Iterable[zipfile.ZipInfo]) -> list[str]:
    """Return the members of an ``.npz`` file; refuse what is not an array, or not the only one of its key."""
    names = []
    for entry in entries:
        if not entry.filename.endswith(".npy"):
            raise DataError(
                f"{path}: the member {entry.filename!r} is not an array (.npy), expected arrays only; take "
                "it out."
            )
        if entry.flag_bits & ENCRYPTED:
            raise DataError(
                f"{path}: the member {entry.filename!r} is encrypted, expected arrays without a password; "
                "write the file again."
            )
        names.append(entry.filename)
    _check_once(path, [name.removesuffix(".npy") for name in names])
    return names


def _check_header(path: Path) -> None:
    """Refuse keys that occur twice in a ``.safetensors`` file, of which the library would take the last."""
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))  # checked by the library
        json.loads(file.read(size), object_pairs_hook=partial(_object, path))


def _object(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _check_once(path, [key for key, _ in pairs])
    return dict(pairs)


def _check_once(path: Path, keys: list[str]) -> None:
    for key, times in Counter(keys).items():
        if times > 1:
            raise DataError(
                f"{path}: the key {key!r} occurs {times} times, expected it once; write the file again."
            )
    check_spaces(path, "the keys", keys)


def _map_tensor(path: Path, file: Any, key: str) -> NDArray[Any]:
    tensor = file.get_tensor(key)
    try:
        array: NDArray[Any] = tensor.numpy()
    except TypeError:
        raise DataError(
            f"{path}: {key!r} has the type {tensor.dtype}, which NumPy lacks, expected truth values, whole "
            "numbers or floats of 16 to 64 bits; convert it (for example to F32) before it is saved."
        ) from None
    except (ValueError, RuntimeError) as error:
        raise _unreadable_array(path, f", key {key!r}", error) from None
    array.flags.writeable = False
    return array


def _map_npy(path: Path) -> NDArray[Any]:
    try:
        check_exists(path)
        with _headers():
            return np.lib.format.open_memmap(path, mode="r")
    except _DAMAGE as error:
        if zipfile.is_zipfile(path):
            raise DataError(f"{path}: this is an .npz file, expected one array; name it .npz.") from None
        raise _unreadable_array(path, "", error) from None


def _load_npz(path: Path, name: str) -> NDArray[Any]:
    where = f", key {name.removesuffix('.npy')!r}"
    try:
        with _headers(), np.load(path, allow_pickle=False) as file:
            array = file[name]
    except _DAMAGE as error:
        raise _unreadable_array(path, where, error) from None
    if not isinstance(array, np.ndarray):
        raise _unreadable_array(path, where, ValueError("it is not an .npy array"))
    return array


@contextmanager
def _headers() -> Iterator[None]:
    """Stop at sizes in a header that overflow; read those of Python 2 without NumPy's warning."""
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Reading `.npy` or `.npz` file required additional header")
        yield


def _unreadable_array(path: Path, where: str, error: Exception) -> DataError:
    if "bject" in str(error):
        return DataError(
            f"{path}{where}: the array holds Python objects, which are not read as they can run code, "
            "expected numbers or text; save np.asarray(values, dtype=str), or dtype=float."
        )
    if not where:
        return unreadable(path, error)
    reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return DataError(f"{path}{where}: not a readable array ({reason}); write the file again.")
