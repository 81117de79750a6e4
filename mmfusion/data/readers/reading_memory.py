"""How much memory reading a file takes, known before it is read."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Collection
from pathlib import Path

import h5py
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from mmfusion.data.readers.file_kind import check_exists
from mmfusion.errors import DataError
from mmfusion.sentences import gibibytes

SAMPLE_BYTES = 1 << 20
CELL_BYTES = 16
"""Bytes of a number of a table: once as it is read, once in the array of its modality."""
PICKLE_COPIES = 3
"""Arrays of a pickle as text or bytes, as arrays of a split, and joined over the splits."""


def memory_needed(path: str | Path, columns: Collection[str] | None = None) -> int:
    """Estimate the memory that reading a file takes.

    Parameters
    ----------
    path : str or Path
        A ``.csv``, ``.parquet``, ``.npz``, ``.safetensors``, ``.pkl``, ``.pickle``, ``.csd`` or ``.h5`` file,
        or a folder of ``.npy`` files.
    columns : collection of str, optional
        Columns of a table or keys of an ``.npz`` file that are read. Default: all.

    Returns
    -------
    int
        Bytes; 0 for memory-mapped files (``.safetensors`` and folders).

    Raises
    ------
    DataError
        If the file is missing, unreadable or of another format.
    """
    file = Path(path)
    check_exists(file)
    if file.is_dir() or file.suffix.lower() == ".safetensors":
        return 0
    suffix = file.suffix.lower()
    try:
        if suffix in (".csv", ".parquet"):
            return CELL_BYTES * (_csv_cells if suffix == ".csv" else _parquet_cells)(file, columns)
        if suffix == ".npz":
            return _npz_bytes(file, columns)
        if suffix in (".pkl", ".pickle"):
            return PICKLE_COPIES * file.stat().st_size
        if suffix in (".csd", ".h5"):
            return hdf5_bytes(file)
    except (OSError, zipfile.BadZipFile, pa.ArrowException, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(file, error) from None
    raise DataError(
        f"{file}: unknown format, expected one of .csv, .parquet, .npz, .pkl, .pickle, .csd, .h5; convert "
        "the file."
    )


def check_memory(path: str | Path, needed: int) -> None:
    """Refuse to read a file that does not fit into the free memory.

    Parameters
    ----------
    path : str or Path
    needed : int
        Bytes, of `memory_needed`.

    Raises
    ------
    DataError
        With the memory needed and the free memory.
    """
    free = psutil.virtual_memory().available
    if needed > free:
        raise DataError(
            f"{path}: reading needs about {gibibytes(needed)} of memory, {gibibytes(free)} are "
            "free; convert it to a folder of npy files, which are memory-mapped."
        )


def unreadable(path: str | Path, error: Exception) -> DataError:
    """Return the error about a file that another library could not read."""
    words = " ".join(str(error).split()) or type(error).__name__
    # Libraries repeat bytes of the file, and some bytes are commands to a terminal.
    reason = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in words)
    return DataError(
        f"{path}: not a readable {Path(path).suffix or 'file'} ({reason.rstrip('.')}); write it again."
    )


def _csv_cells(path: Path, columns: Collection[str] | None) -> int:
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if columns is None:
        columns = next(csv.reader([sample.split(b"\n", 1)[0].decode("utf-8")]), [])
    rows = path.stat().st_size * (sample.count(b"\n") + 1) // max(1, len(sample))
    return rows * len(columns)


def _parquet_cells(path: Path, columns: Collection[str] | None) -> int:
    metadata = pq.read_metadata(path)
    return int(metadata.num_rows) * (metadata.num_columns if columns is None else len(columns))


def _npz_bytes(path: Path, columns: Collection[str] | None) -> int:
    with zipfile.ZipFile(path) as archive:
        sizes = {entry.filename.removesuffix(".npy"): entry.file_size for entry in archive.infolist()}
    return sum(size for key, size in sizes.items() if columns is None or key in columns)


def hdf5_bytes(path: Path) -> int:
    """Return the bytes of all arrays of an HDF5 file, without linked files."""
    sizes: list[int] = []
    with h5py.File(path, "r") as file:
        file.visititems(lambda _, item: sizes.append(int(getattr(item, "nbytes", 0))))  # groups have none
    return sum(sizes)
