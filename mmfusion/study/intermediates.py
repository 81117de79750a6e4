"""What a rule of the workflow reads of another rule's results: every file has a checksum, which is compared.

Safetensors and Parquet hold it themselves, and so does PNG, for each of its parts. Other files (CSV, JSON,
text) have it beside them, in a file with the suffix ``.sha256`` that the command `sha256sum` understands.
Files of the user are read elsewhere: they have no checksums.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd

from mmfusion.checksum import check_content
from mmfusion.errors import DataError
from mmfusion.files import write_text

AGAIN = "delete the file and run the same snakemake command again, which makes it anew"
"""What to do about a damaged result of the workflow."""


def write_checksum(path: str | Path) -> None:
    """Write the SHA-256 of a file beside it, for `checked`.

    Parameters
    ----------
    path : str or Path
        A file that is complete.
    """
    file = Path(path)
    write_text(_beside(file), _line(file))


def checked(path: str | Path) -> Path:
    """Compare a result of another rule with its checksum.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Path
        The same file.

    Raises
    ------
    DataError
        If they differ, or the file or its checksum is missing.
    """
    file = Path(path)
    if file.suffix in (".parquet", ".safetensors"):
        check_content(file, AGAIN)
    elif file.suffix == ".png":
        _check_picture(file)
    else:
        _check_beside(file)
    return file


def load_table(path: str | Path, **options: Any) -> pd.DataFrame:
    """Read a table that another rule wrote, as Parquet or CSV.

    Parameters
    ----------
    path : str or Path
    **options
        Of `pandas.read_csv`.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        See `checked`.
    """
    file = checked(path)
    return pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file, **options)


def load_text(path: str | Path) -> str:
    """Read a text that another rule wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    str

    Raises
    ------
    DataError
        See `checked`.
    """
    return checked(path).read_text(encoding="utf-8")


def _check_beside(file: Path) -> None:
    beside = _beside(file)
    try:
        stated = beside.read_bytes()
        fits = stated == _line(file).encode()
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror}); {AGAIN}.") from None
    if not fits:
        raise DataError(
            f"{file}: the content does not fit its checksum in {beside.name}: bytes were changed, damaged "
            f"or lost after it was written; {AGAIN}."
        )


def _check_picture(file: Path) -> None:
    # Imported here: only the rules that copy pictures need it.
    from PIL import Image

    try:
        with Image.open(file) as picture:
            picture.verify()
    except (OSError, SyntaxError, ValueError) as error:  # Pillow's, for bytes that do not fit
        raise DataError(f"{file}: the picture is damaged ({error}); {AGAIN}.") from None


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


def _line(file: Path) -> str:
    return f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
