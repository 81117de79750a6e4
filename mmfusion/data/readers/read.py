"""One function for all formats that name their contents: tables and named arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mmfusion.data.readers.array_files import choose_keys, read_arrays
from mmfusion.data.readers.array_store import open_arrays
from mmfusion.data.readers.reading_memory import check_exists
from mmfusion.data.readers.source import Source
from mmfusion.data.readers.tables import choose_columns, read_table
from mmfusion.errors import DataError

_ELSEWHERE = {
    ".npy": "one array is not a dataset; put the .npy files of all modalities and of the target into one "
    "folder and read the folder",
    ".pkl": "use read_dictionary_pickle for the dictionaries of CMU-MOSI and CMU-MOSEI; save others as .npz",
    ".csd": "use read_csd, which takes the files of all modalities and of the labels",
}


def read_source(
    path: str | Path,
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None = None,
    groups: str | None = None,
    ids: str | None = None,
) -> Source:
    """Read samples from a table, from named arrays or from a folder of arrays.

    Parameters
    ----------
    path : str or Path
        A ``.csv``, ``.parquet``, ``.npz`` or ``.safetensors`` file, or a folder of ``.npy`` files. Folders
        and safetensors files are memory-mapped; the others have to fit into the free memory.
    target : str or sequence of str
        Column (or columns) or key of the target.
    modalities : mapping of str to str or sequence of str, or sequence of str, optional
        In modality order. Tables need it: per modality a list of columns or a pattern such as ``"audio_*"``.
        Arrays: keys, or a key per modality. Default for arrays: all keys without another role;
        ``<modality>_lengths`` and ``<modality>.lengths`` are the lengths of padded sequences.
    groups : str, optional
        Column or key of what samples have in common, such as their video. Default: none.
    ids : str, optional
        Column or key of the names of the samples. Default: none.

    Returns
    -------
    Source
        Nothing is standardised or repaired. A modality is missing for a sample where all its numbers are NaN.

    Raises
    ------
    DataError
        If the data cannot be used as they are, in one sentence that says where and what to do.
    """
    file = Path(path)
    if is_table(file):
        return read_table(file, choose_columns(file, target, modalities, groups, ids))
    store = open_arrays(file)
    return read_arrays(file, store, choose_keys(file, store, target, modalities, groups, ids))


def check_names(
    path: str | Path,
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None = None,
    groups: str | None = None,
    ids: str | None = None,
) -> None:
    """Check that a file has the columns or arrays that `read_source` would read, without reading them.

    Raises
    ------
    DataError
        If one is unknown or in two roles, or the file is missing or of another format.
    """
    file = Path(path)
    if is_table(file):
        choose_columns(file, target, modalities, groups, ids)
    else:
        choose_keys(file, open_arrays(file), target, modalities, groups, ids)


def is_table(file: Path) -> bool:
    """Return whether a file is a table or arrays, by its ending.

    Raises
    ------
    DataError
        If the file is missing, or is neither.
    """
    check_exists(file)
    suffix = file.suffix.lower()
    if file.is_dir() or suffix in (".npz", ".safetensors"):
        return False
    if suffix in (".csv", ".parquet"):
        return True
    advice = _ELSEWHERE.get(".pkl" if suffix == ".pickle" else suffix, "convert it to one of these")
    raise DataError(
        f"{file}: cannot be read as {suffix or 'a file without an ending'}, expected .csv, .parquet, .npz, "
        f".safetensors or a folder of .npy files; {advice}."
    )
