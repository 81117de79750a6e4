"""Which format a file or folder has, by its ending or by the endings of the files in it."""

from __future__ import annotations

from pathlib import Path

from mmfusion.data.readers.file_kind import check_exists
from mmfusion.errors import DataError

TABLE, ARRAYS, PICKLE, CSD = "table", "arrays", "pickle", "csd"
FORMAT_OF_ENDING = {
    ".csv": TABLE,
    ".parquet": TABLE,
    ".npz": ARRAYS,
    ".safetensors": ARRAYS,
    ".pkl": PICKLE,
    ".pickle": PICKLE,
}
READABLE = "a .csv, .parquet, .npz, .safetensors or .pkl file, or a folder of .npy or .csd files"
_ELSEWHERE = {
    ".npy": "one array is not a dataset; put the .npy files of all modalities and of the target into one "
    "folder, and name the folder",
    ".csd": "name the folder that holds the .csd files of all modalities and of the labels",
}


def format_of(path: Path) -> str:
    """Return the format: `TABLE`, `ARRAYS`, `PICKLE` or `CSD`.

    Raises
    ------
    DataError
        If there is no such file, or it has another format.
    """
    check_exists(path)
    if path.is_dir():
        return CSD if any(path.glob("*.csd")) else ARRAYS
    suffix = path.suffix.lower()
    if suffix in FORMAT_OF_ENDING:
        return FORMAT_OF_ENDING[suffix]
    raise DataError(
        f"{path}: cannot be read as {suffix or 'a file without an ending'}, expected {READABLE}; "
        f"{_ELSEWHERE.get(suffix, 'convert it to one of these')}."
    )
