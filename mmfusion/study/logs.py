"""Logs of the workflow's scripts, and errors of a user that end without a traceback."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

from mmfusion.errors import MmfusionError


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Send a script's progress and warnings to its log, and end a user's mistake without a traceback.

    Any other exception passes through, and its traceback goes to the log as well.

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
