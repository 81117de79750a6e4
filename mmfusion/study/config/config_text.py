"""A configuration file as text: what is not a small text file is refused before any of it is understood.

A pipe that nobody writes to or a device without an end would otherwise be read for ever.
"""

from __future__ import annotations

import stat
from pathlib import Path

from mmfusion.errors import ConfigError
from mmfusion.sentences import file_kind

MOST_BYTES = 2**20
"""Size of the largest file that is read; the study's own configuration has a few thousand bytes."""
_OTHER_ENCODINGS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""The first bytes of a file that say its encoding; longer ones first."""


def config_text(path: str | Path) -> str:
    """Read a configuration file as text.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    str
        Without a byte order mark.

    Raises
    ------
    ConfigError
        If the file is missing, not readable, not a file, too large or not text in UTF-8.
    """
    file = Path(path)
    try:
        mode = file.stat().st_mode
        if stat.S_ISREG(mode):
            with file.open("rb") as stream:
                content = stream.read(MOST_BYTES + 1)
            return _decoded(content)
        problem = f"this is {file_kind(mode)}, expected a file with a study in YAML; correct the path."
    except FileNotFoundError:
        problem = (
            "there is no such file, expected a study in YAML; correct the path or copy config/config.yaml."
        )
    except OSError as error:
        problem = (
            f"the file is not readable ({error.strerror}), expected text in UTF-8; correct the path or the "
            "permissions of the file."
        )
    except ValueError as error:
        problem = str(error)
    raise ConfigError([problem], str(path))


def _decoded(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise ValueError(
            f"the file has more than {MOST_BYTES} bytes, expected a study in YAML, which is short; "
            "correct the path."
        )
    for mark, name in _OTHER_ENCODINGS.items():
        if content.startswith(mark):
            raise ValueError(f"the file is in {name}, expected text in UTF-8; save it in UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"line {line}: the byte {content[error.start]:#04x} is not UTF-8, expected text in UTF-8; save "
            "the file in UTF-8, or write this character again."
        ) from None
