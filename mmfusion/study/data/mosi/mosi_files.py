"""The CSV files of CMU-MOSI: their names and where they are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from mmfusion.errors import ConfigError, DataError

DIRECTORY_VARIABLE = "MMFUSION_MOSI_DIR"
MOSI_MODALITIES = ("text", "audio", "video")
PUBLISHED_PARTS = ("train", "test")
TRANSCRIPTS = "transcripts.csv"
SENTIMENT = "OpinionLevelSentiment.csv"
MOSI_FILES = (
    *(f"{modality}_{part}0.csv" for modality in MOSI_MODALITIES for part in PUBLISHED_PARTS),
    *(f"text_{part}.csv" for part in PUBLISHED_PARTS),
    TRANSCRIPTS,
    SENTIMENT,
)
Mode = Literal["auto", "required", "off"]


def mosi_directory(directory: str | Path) -> Path:
    """Return the folder of CMU-MOSI: the variable ``MMFUSION_MOSI_DIR`` where it is set, else `directory`.

    Parameters
    ----------
    directory : str or Path
        The folder named by the configuration.

    Returns
    -------
    Path
    """
    return Path(os.environ.get(DIRECTORY_VARIABLE) or directory)


def find_mosi(directory: str | Path, mode: Mode) -> Path | None:
    """Find the folder of the CMU-MOSI files.

    Parameters
    ----------
    directory : str or Path
        The folder named by the configuration; the variable ``MMFUSION_MOSI_DIR`` overrides it.
    mode : {"auto", "required", "off"}
        ``off`` never looks; ``auto`` accepts that none of the files is there; ``required`` does not.

    Returns
    -------
    Path or None
        The folder that holds all of `MOSI_FILES`; None with ``off``, and with ``auto`` if it holds none of
        them.

    Raises
    ------
    DataError
        If all files (``required``) or some of them (``auto``, ``required``) are missing.
    ConfigError
        If `mode` is not one of the three.
    """
    if mode not in ("auto", "required", "off"):
        raise ConfigError([f"mosi.mode is {mode!r}, expected auto, required or off."])
    if mode == "off":
        return None
    folder = mosi_directory(directory)
    missing = [name for name in MOSI_FILES if not (folder / name).is_file()]
    if not missing:
        return folder
    if mode == "auto" and len(missing) == len(MOSI_FILES):
        return None
    remedy = (
        "fetch them with `snakemake --cores 1 --config 'mosi={mode: off}' -- mosi_data`, or set "
        f"{DIRECTORY_VARIABLE} or mosi.dir to the folder that holds them"
    )
    if mode == "auto":
        remedy += ", or leave CMU-MOSI out with mosi.mode: off"
    raise DataError(
        f"{folder}: {len(missing)} of the {len(MOSI_FILES)} CMU-MOSI files are missing "
        f"({', '.join(missing)}), expected all of them; {remedy}."
    )
