"""Writing files whole: under a temporary name first, renamed when complete."""

from __future__ import annotations

import io
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmfusion.checksum import BLANK, CHECKSUM, with_checksum
from mmfusion.errors import InputError
from mmfusion.sentences import file_kind

if TYPE_CHECKING:
    import pandas as pd

TEMPORARY = ".unfinished-"
"""How the names of files start that are being written; of a process that was killed, they may stay."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, and rename it to `path` when the block ends well.

    Parameters
    ----------
    path : str or Path
        The final name; its folder is created. What a link points to is replaced, the link stays.

    Yields
    ------
    Path
        The temporary name, with the same suffix; removed if the block raises.

    Raises
    ------
    InputError
        If there is a folder, a pipe or a device of this name.
    """
    target = file_to_replace(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        prefix=f"{TEMPORARY}{target.stem}-", suffix=target.suffix, dir=target.parent
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def file_to_replace(path: str | Path) -> Path:
    """Return the file that is replaced when a path is written.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Path
        The path; what it points to if it is a link.

    Raises
    ------
    InputError
        If it is there, but not a file.
    """
    file = Path(path)
    try:
        target = file.resolve() if file.is_symlink() else file
    except RuntimeError:
        raise InputError(
            f"{path} is a link to itself, expected a file or a new name; nothing was written."
        ) from None
    try:
        mode = target.stat().st_mode
    except OSError:  # not there, or not to be seen: writing it says why
        return target
    if not stat.S_ISREG(mode):
        raise InputError(f"{path} is {file_kind(mode)}, expected a file or a new name; nothing was written.")
    return target


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write bytes, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, content: str) -> None:
    """Write UTF-8 text, whole or not at all."""
    write_bytes(path, content.encode())


def write_json(path: str | Path, content: Any) -> None:
    """Write JSON with sorted keys and two spaces of indentation, whole or not at all."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True) + "\n")


def write_table(path: str | Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet or CSV, by the suffix of `path`, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Ends in ``.parquet`` or ``.csv``. A Parquet file holds a checksum; see `mmfusion.checksum`.
    table : DataFrame
        Written without its index; floats in CSV have 17 significant digits at most.
    """
    with replacing(path) as temporary:
        if temporary.suffix == ".parquet":
            temporary.write_bytes(_parquet(table))
        elif temporary.suffix == ".csv":
            table.to_csv(temporary, index=False, lineterminator="\n")
        else:
            raise ValueError(f"{path}: unknown table suffix, expected .parquet or .csv")


def _parquet(table: pd.DataFrame) -> bytes:
    # Imported here: most of what writes files does not write Parquet.
    import pyarrow as pa
    import pyarrow.parquet as pq

    content, buffer = pa.Table.from_pandas(table, preserve_index=False), io.BytesIO()
    with pq.ParquetWriter(buffer, content.schema) as writer:
        writer.write_table(content)
        writer.add_key_value_metadata({CHECKSUM: BLANK})
    return with_checksum(buffer.getvalue())
