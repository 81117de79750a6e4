"""Checksums inside safetensors files: readers notice bytes that changed after a file was written.

The description in the file's header, which is JSON, has the SHA-256 of the whole file under the key
`CHECKSUM`; it is computed with zeros in its own place.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from mmfusion.errors import DataError

CHECKSUM = "sha256_of_file"
BLANK = "0" * 64
"""What a description has under `CHECKSUM` until `with_checksum` has computed it."""
# The description is text inside of the JSON of safetensors: its quotation marks have a backslash.
_STATED = re.compile(rb'(\\"%s\\": \\")([0-9a-f]{64})(?=\\")' % CHECKSUM.encode())
_LENGTH_BYTES, _CHUNK = 8, 1 << 20


def with_checksum(content: bytes) -> bytes:
    """Fill in the checksum of a safetensors file, in place of what its description has there.

    Parameters
    ----------
    content : bytes
        The file; its description has `CHECKSUM`.

    Returns
    -------
    bytes
        Of the same length.

    Raises
    ------
    ValueError
        If the description has no `CHECKSUM`.
    """
    place = _STATED.search(content, 0, _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "little"))
    if place is None:
        raise ValueError(f"there is no {CHECKSUM} in the description")
    start, end = place.span(2)
    blank = content[:start] + BLANK.encode() + content[end:]
    return content[:start] + hashlib.sha256(blank).hexdigest().encode() + content[end:]


def check_content(path: str | Path, remedy: str) -> None:
    """Compare a safetensors file with the checksum in its description.

    Parameters
    ----------
    path : str or Path
        A file that could be read as safetensors.
    remedy : str
        What the user can do about a damaged file.

    Raises
    ------
    DataError
        If they differ, or the description has none.
    """
    with Path(path).open("rb") as file:
        length = file.read(_LENGTH_BYTES)
        header = file.read(int.from_bytes(length, "little"))
        place = _STATED.search(header)
        found = hashlib.sha256(length + _STATED.sub(rb"\g<1>" + BLANK.encode(), header, count=1))
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    if place is None or place[2].decode() != found.hexdigest():
        raise DataError(
            f"{path}: the content does not fit its checksum: bytes were changed or damaged after "
            f"it was written; {remedy}."
        )
