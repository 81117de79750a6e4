"""Checksums inside files: readers notice bytes that changed after a file was written.

Safetensors and Parquet have a place for text beside their content: the description in the header of the
former, which is JSON, and the metadata in the footer of the latter. There, under the key `CHECKSUM`, is the
SHA-256 of the whole file; it is computed with zeros in its own place.
"""

from __future__ import annotations

import hashlib
import mmap
import re
from pathlib import Path

from mmfusion.errors import DataError

CHECKSUM = "sha256_of_file"
BLANK = "0" * 64
"""What a file has under `CHECKSUM` until `with_checksum` has computed it."""
PARQUET = b"PAR1"
"""How a Parquet file starts and ends."""
# The description is text inside of the JSON of safetensors: its quotation marks have a backslash.
_IN_SAFETENSORS = re.compile(rb'\\"%s\\": \\"([0-9a-f]{64})(?=\\")' % CHECKSUM.encode())
# Thrift writes a text as the mark \x18 and its length, which is 64 ("@"), before its letters.
_IN_PARQUET = re.compile(rb"%s\x18@([0-9a-f]{64})" % CHECKSUM.encode())
_LENGTH_BYTES = 8


def with_checksum(content: bytes) -> bytes:
    """Fill in the checksum of a file, in place of what it has there.

    Parameters
    ----------
    content : bytes
        Safetensors or Parquet, with `CHECKSUM` and `BLANK` among its metadata.

    Returns
    -------
    bytes
        Of the same length.

    Raises
    ------
    ValueError
        If there is no `CHECKSUM` in the metadata.
    """
    place = _place(content)
    if place is None:
        raise ValueError(f"there is no {CHECKSUM} in the metadata")
    start, end = place
    return content[:start] + _computed(content, start, end).encode() + content[end:]


def check_content(path: str | Path, remedy: str) -> None:
    """Compare a safetensors or Parquet file with the checksum in it.

    Parameters
    ----------
    path : str or Path
    remedy : str
        What the user can do about a damaged file.

    Raises
    ------
    DataError
        If they differ, the file has no checksum, or it cannot be opened.
    """
    try:
        with Path(path).open("rb") as file:
            # An empty file cannot be mapped.
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.read(1) else b""
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); {remedy}.") from None
    place = _place(content)
    if place is None or content[slice(*place)].decode() != _computed(content, *place):
        raise DataError(
            f"{path}: the content does not fit its checksum: bytes were changed, damaged or lost after "
            f"it was written; {remedy}."
        )


def _place(content: bytes | mmap.mmap) -> tuple[int, int] | None:
    """Return where the checksum starts and ends; None without one.

    In Parquet, it is the last place that looks like one: extreme values of text columns come before it.
    """
    if content[: len(PARQUET)] == PARQUET:
        length = int.from_bytes(content[-_LENGTH_BYTES : -len(PARQUET)], "little")
        places = list(_IN_PARQUET.finditer(content, max(len(content) - _LENGTH_BYTES - length, 0)))
    else:
        length = int.from_bytes(content[:_LENGTH_BYTES], "little")
        places = list(_IN_SAFETENSORS.finditer(content, 0, min(_LENGTH_BYTES + length, len(content))))
    return places[-1].span(1) if places else None


def _computed(content: bytes | mmap.mmap, start: int, end: int) -> str:
    with memoryview(content) as view:
        digest = hashlib.sha256(view[:start])
        digest.update(BLANK.encode())
        digest.update(view[end:])
    return digest.hexdigest()
