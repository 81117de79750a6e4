"""The folder that the command ``relevance`` fills: all files of one answer or none, and nobody else's."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from mmfusion.errors import InputError
from mmfusion.estimators.source_fit import TABLES

INFORMATION, RELEVANCE, MOTIFS = "information.png", "relevance.png", "motifs.png"
MOTIFS_TABLE = "motifs.csv"
ANSWER, PAGE, SETTINGS = "answer.txt", "index.html", "settings.json"
FILES = (
    *(f"{name}.csv" for name in TABLES),
    MOTIFS_TABLE,
    RELEVANCE,
    INFORMATION,
    MOTIFS,
    ANSWER,
    PAGE,
    SETTINGS,
)
"""All files that a run may write, in the order in which they are listed."""
FIRST_FILES = tuple(name for name in FILES if name not in (MOTIFS_TABLE, MOTIFS, PAGE))
"""Those of runs whose settings do not list them."""
COMPLETE = ".mmfusion-complete"
"""Folder within the output that holds a whole answer while its files are moved."""
UNFINISHED = ".mmfusion-"
"""Start of the name of the folder within the output that a run writes to; machine and process follow."""
ROOM = 50e6
"""Bytes that the disk must have room for; tables and pictures of an answer take a few MB."""


@dataclass
class Done:
    """What has been written.

    Parameters
    ----------
    written : list of str
        Names of the files.
    replaced : bool
        Whether there were files of an earlier run.
    """

    written: list[str] = field(default_factory=list)
    replaced: bool = False


def check_output(folder: Path, data: Path) -> None:
    """Refuse a folder that the files cannot be written to, before anything is read.

    Parameters
    ----------
    folder : Path
    data : Path
        What is read; it must not be replaced.

    Raises
    ------
    InputError
        If the folder is none or cannot be written to, or if a file in it would be lost that no earlier run
        has written.
    """
    try:
        _check_place(folder)
        finish_moving(folder)
        there = [name for name in FILES if (folder / name).exists()]
        taken = [name for name in there if (folder / name).is_dir()]
        reads = any((folder / name).resolve() == data.resolve() for name in FILES)
    except (OSError, RuntimeError) as error:  # RuntimeError: a link to itself
        raise InputError(f"--output: {error}; name another folder.") from None
    if taken:
        raise InputError(f"--output: {folder / taken[0]} is a folder, expected a file; name another folder.")
    if reads:
        raise InputError(f"--output: {data}, which is read, would be replaced there; name another folder.")
    foreign = [name for name in there if name not in _of_a_run(folder / SETTINGS)]
    if foreign:
        raise InputError(
            f"--output: {folder} has {foreign[0]}, which would be replaced, but no {SETTINGS} of an earlier "
            "run of this command that wrote it; name another folder."
        )


def _check_place(folder: Path) -> None:
    """Refuse a folder that is none, cannot be written to, or has no room; an `OSError` passes through."""
    nearest = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not nearest.is_dir():
        raise InputError(f"--output: {nearest} is a file, expected a folder; name another one.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(f"--output: nothing can be written to {nearest}; name another folder.")
    free = shutil.disk_usage(nearest).free
    if free < ROOM:
        raise InputError(
            f"--output: {nearest} has room for {free / 1e6:.0f} MB, expected at least {ROOM / 1e6:.0f} MB; "
            "make room, or name another folder."
        )


def _of_a_run(settings: Path) -> Sequence[str]:
    """List the files that an earlier run has written; none without its settings."""
    try:
        known = json.loads(settings.read_text(encoding="utf-8"))
        if "mmfusion" not in known:
            return ()
        written = (*known.get("files", FIRST_FILES), SETTINGS)
        return [name for name in FILES if name in written]  # never another path
    except (OSError, ValueError, TypeError, AttributeError):
        return ()


@contextmanager
def filling(output: Path) -> Iterator[tuple[Path, Done]]:
    """Make the folder, give another one to write to, and move its files when the block ends well.

    Parameters
    ----------
    output : Path
        Files of an earlier run in it are replaced, or removed where there is no new one.

    Yields
    ------
    tuple of (Path, Done)
        The folder to write to, and what is filled in when the block has ended.

    Raises
    ------
    InputError
        If something cannot be written. Then, and after any other error, the folder is as it was, and gone if
        it is new.
    """
    new = [one for one in (output, *output.parents) if not one.exists()]
    done = Done()
    try:
        output.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(output)
        prefix = f"{UNFINISHED}{socket.gethostname()}-{os.getpid()}-"
        with tempfile.TemporaryDirectory(prefix=prefix, dir=output, ignore_cleanup_errors=True) as name:
            yield Path(name), done
            _move(Path(name), output, done)
    except BaseException as error:
        if not done.written:
            for folder in new:
                with suppress(OSError):  # it was never made, or somebody else uses it
                    folder.rmdir()
        if isinstance(error, OSError):
            raise InputError(f"--output: {output} cannot be filled ({error}); name another folder.") from None
        raise


def _remove_abandoned(output: Path) -> None:
    """Remove what runs on this machine left that were killed before their answer was whole."""
    for folder in output.glob(f"{UNFINISHED}{socket.gethostname()}-*-*"):
        number = folder.name.split("-")[-2]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _move(source: Path, output: Path, done: Done) -> None:
    written = [name for name in FILES if (source / name).exists()]
    done.replaced = any((output / name).exists() for name in _of_a_run(output / SETTINGS))
    source.rename(output / COMPLETE)  # from here on, the new answer counts
    done.written += written
    finish_moving(output)


def finish_moving(output: Path) -> None:
    """Put a complete answer in place of an earlier one; also after an earlier run was killed while it did so.

    All old files go before the first new one appears, so that no new table ever stands beside an old picture.
    The settings go and come last: they list the files that belong together.

    Parameters
    ----------
    output : Path
        Nothing is done if it holds no complete answer that is not in its place.
    """
    complete = output / COMPLETE
    if not complete.is_dir():
        return
    if (complete / SETTINGS).exists():
        for name in (*_of_a_run(output / SETTINGS), SETTINGS):
            (output / name).unlink(missing_ok=True)
    for name in FILES:
        if (complete / name).exists():
            (complete / name).replace(output / name)
    complete.rmdir()
