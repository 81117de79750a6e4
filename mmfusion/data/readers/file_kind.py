"""Whether a path can be read to its end: a file of a known size or a folder, found without opening it.

Opening a pipe that nobody writes to waits forever, and some devices never end. Files of the system, such as
those in ``/proc``, have no size before they are read, and some of them never end either.
"""

from __future__ import annotations

import stat
from pathlib import Path

from mmfusion.errors import DataError
from mmfusion.sentences import file_kind


def check_exists(path: Path) -> None:
    """Check that there is a file that is not empty, or a folder.

    Raises
    ------
    DataError
        If there is none, or it is a pipe, a device, a socket or an empty file.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last of names that no file can have
        raise DataError(f"{path}: no such file or folder, expected the data; check the name.") from None
    except OSError as error:
        raise DataError(
            f"{path}: cannot be looked at ({error.strerror}), expected the data; check the name and its "
            "permissions."
        ) from None
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        kind = file_kind(status.st_mode)
        raise DataError(
            f"{path}: this is {kind}, which may never end, expected a file or folder; save what it gives to "
            "a file first."
        )
    if stat.S_ISREG(status.st_mode) and not status.st_size:
        raise DataError(
            f"{path}: the file is empty, or has no size before it is read as files of the system do, "
            "expected the data; write it again."
        )
