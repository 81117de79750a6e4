"""The seam to Snakemake: checked configurations for the Snakefile, and logs and errors for its scripts."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

from mmfusion.errors import MmfusionError
from mmfusion.study import Study


def load_study(config: Mapping[str, Any]) -> Study:
    """Make the study of a configuration; a user's mistake stops the workflow with its sentences only.

    Parameters
    ----------
    config : mapping
        The configuration as Snakemake has read it.

    Returns
    -------
    Study

    Raises
    ------
    snakemake.exceptions.WorkflowError
        With all mistakes of the configuration.
    """
    try:
        return Study.from_mapping(config)
    except MmfusionError as error:
        from snakemake.exceptions import WorkflowError

        raise WorkflowError(str(error)) from None


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Send progress and warnings of a script to its log, and end a user's mistake without a traceback.

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
