"""The CMU-MOSI files: which ones, their SHA-256, and their folder.

``registry.txt`` is the only list of them: per line a name, its SHA-256 and its address at a pinned commit.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mmfusion.errors import DataError

if TYPE_CHECKING:
    import pooch

DIRECTORY_VARIABLE = "MMFUSION_MOSI_DIR"
REGISTRY = Path(__file__).with_name("registry.txt")
Mode = Literal["auto", "required", "off"]


def mosi_registry(directory: str | Path, registry: str | Path = REGISTRY, *, retries: int = 0) -> pooch.Pooch:
    """Read a registry of files.

    Parameters
    ----------
    directory : str or Path
        Local folder of the files; need not exist.
    registry : str or Path, default `REGISTRY`
        Text file with a line per file, ``name sha256:hash address``.
    retries : int, default 0
        How often `fetch` asks for a file again after a failure, after pauses of 1, 2, ... seconds.

    Returns
    -------
    pooch.Pooch
        Knows the names and hashes (``registry``) and the addresses (``urls``), and can fetch the files.
    """
    import pooch  # here, as it takes longer to import than all that planning a study needs of this module

    files = pooch.create(path=directory, base_url="", retry_if_failed=retries)
    files.load_registry(registry)
    return files


_LINES = REGISTRY.read_text(encoding="utf-8").splitlines()
MOSI_FILES = tuple(line.split()[0] for line in _LINES if line and not line.startswith("#"))


def check_mosi_bytes(directory: str | Path, registry: str | Path = REGISTRY) -> None:
    """Compare the SHA-256 of every file with the registry.

    Parameters
    ----------
    directory : str or Path
        Folder of the files.
    registry : str or Path, default `REGISTRY`
        The files and their hashes, as `mosi_registry` reads them.

    Raises
    ------
    DataError
        If a file is missing, cannot be read or has other bytes; one sentence names all such files.
    """
    folder = Path(directory)
    hashes = mosi_registry(folder, registry).registry
    different = different_files(folder, hashes)
    if different:
        raise DataError(
            f"{folder}: {len(different)} of the {len(hashes)} CMU-MOSI files "
            f"{'differs' if len(different) == 1 else 'differ'} from the published ones "
            f"({', '.join(different)}), expected the SHA-256 in {Path(registry).name} for each; fetch them "
            f"into mosi.dir with `snakemake --cores 1 mosi_data`, or set {DIRECTORY_VARIABLE} or mosi.dir to "
            "a folder with the published files."
        )


def different_files(folder: Path, hashes: Mapping[str, str]) -> list[str]:
    """Say of every file whose bytes do not have its SHA-256 what is wrong with it.

    Parameters
    ----------
    folder : Path
    hashes : mapping of str to str
        By name within the folder, ``sha256:...`` or bare.

    Returns
    -------
    list of str
        Such as "model.safetensors: other bytes".
    """
    problems = {name: _problem(folder / name, known) for name, known in hashes.items()}
    return [f"{name}: {problem}" for name, problem in problems.items() if problem]


def _problem(path: Path, known_hash: str) -> str | None:
    """Say how a file differs from its hash, ``sha256:...`` or bare; None if it does not."""
    try:
        with path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == known_hash.removeprefix("sha256:")
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None if same else "other bytes"


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
    """Find the folder of the CMU-MOSI files; their bytes are not read.

    Parameters
    ----------
    directory : str or Path
        The folder named by the configuration; the variable ``MMFUSION_MOSI_DIR`` overrides it.
    mode : {"auto", "required", "off"}
        ``off`` never looks; ``auto`` accepts a folder with none of the files; ``required`` does not.

    Returns
    -------
    Path or None
        The folder that holds all of `MOSI_FILES`; None with ``off``, and with ``auto`` if it holds none of
        them.

    Raises
    ------
    DataError
        If all files (``required``) or some of them (``auto``, ``required``) are missing.
    """
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
