"""The arrays of a safetensors file as views on the file, so that nothing is copied into memory.

A safetensors file is the length of its header (8 bytes, little-endian), the header (JSON: per key the type,
the shape and the offsets of the bytes), and the bytes of the arrays, row-major and little-endian.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.errors import DataError

DTYPES = {
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
    "I8": "i1",
    "I16": "<i2",
    "I32": "<i4",
    "I64": "<i8",
    "U8": "u1",
    "U16": "<u2",
    "U32": "<u4",
    "U64": "<u8",
    "BOOL": "?",
}


def map_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    """Map the arrays of a file, read-only.

    Parameters
    ----------
    path : Path
        A safetensors file.

    Returns
    -------
    dict of str to array
        Views on one `numpy.memmap` of the file, in the order of its header.

    Raises
    ------
    DataError
        If the file is damaged, or an array has a type that NumPy lacks (such as BF16).
    """
    if path.stat().st_size < 8:
        raise _damaged(path, "it is shorter than 8 bytes")
    raw = np.memmap(path, dtype=np.uint8, mode="r")
    size = int.from_bytes(raw[:8].tobytes(), "little")
    if size > len(raw) - 8:
        raise _damaged(path, f"its header of {size} bytes is longer than the file")
    try:
        header = json.loads(raw[8 : 8 + size].tobytes())
    except (ValueError, RecursionError):
        raise _damaged(path, "its header is not JSON text") from None
    if not isinstance(header, dict):
        raise _damaged(path, "its header is not a JSON object")
    data = raw[8 + size :]
    return {key: _view(path, key, entry, data) for key, entry in header.items() if key != "__metadata__"}


def _view(path: Path, key: str, entry: Any, data: NDArray[np.uint8]) -> NDArray[Any]:
    try:
        code, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        raise _damaged(path, f"the header does not describe {key!r}") from None
    if code not in DTYPES:
        raise DataError(
            f"{path}: {key!r} has the type {code}, which NumPy lacks, expected one of {', '.join(DTYPES)}; "
            "convert it (for example to F32) before it is saved."
        )
    dtype = np.dtype(DTYPES[code])
    counts = (*shape, start, end)
    if not all(isinstance(count, int) and not isinstance(count, bool) and count >= 0 for count in counts):
        raise _damaged(path, f"shape or offsets of {key!r} are not whole numbers")
    if end > len(data) or end - start != math.prod(shape) * dtype.itemsize:
        raise _damaged(path, f"the bytes {start} to {end} of {key!r} do not hold {shape} values of {code}")
    return data[start:end].view(dtype).reshape(shape)


def _damaged(path: Path, reason: str) -> DataError:
    return DataError(f"{path}: not a readable .safetensors file ({reason}); write it again.")
