"""The seam to Snakemake: checked configurations for the Snakefile, and logs and errors for its scripts."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

from mmfusion.config_file import check_keys
from mmfusion.errors import MmfusionError
from mmfusion.study import Study


def load_study(config: Mapping[str, Any], files: Iterable[str | Path] = ()) -> Study:
    """Make the study of a configuration; a user's mistake stops the workflow with its sentences only.

    Parameters
    ----------
    config : mapping
        The configuration as Snakemake has read it.
    files : iterable of str or Path
        The YAML files it was read from: a key written twice in one of them is a mistake, of which Snakemake
        keeps the last silently.

    Returns
    -------
    Study

    Raises
    ------
    SystemExit
        With all mistakes of the configuration; Snakemake's own exceptions would print a traceback with them.
    """
    told: list[str] = []
    for path in files:
        try:
            check_keys(path)
        except MmfusionError as error:
            told.append(str(error))
    try:
        study = Study.from_mapping(config)
    except MmfusionError as error:
        told.append(str(error))
    if told:
        raise SystemExit("\n".join(told))
    return study


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Send progress and warnings of a script to its log, and end a user's mistake without a traceback.

    Any other exception passes through, and its traceback stands in the log as well.

    Parameters
    ----------
    path : str or Path
        The log file; its folder is created.

    Yields
    ------
    None

    Raises
    ------
    SystemExit
        With status 1 after a `MmfusionError`, whose sentence goes to the log and to the terminal.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with Path(path).open("w", encoding="utf-8") as log:
        try:
            with redirect_stderr(log):
                yield
        except MmfusionError as error:
            log.write(f"{error}\n")
            sys.stderr.write(f"{error}\n")
            raise SystemExit(1) from None
        except Exception:
            traceback.print_exc(file=log)
            raise
