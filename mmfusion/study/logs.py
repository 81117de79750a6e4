"""Logs of the workflow's scripts, whose last line says whether the job ended, by a mistake or by a kill."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

from mmfusion.errors import MmfusionError
from mmfusion.study.parent_process import ending_with_snakemake

UNFINISHED = "Not finished: the job is running, or it was killed; if so, run the same command again."
"""Last line of a log until the job has ended in order: a job that is killed cannot write any more."""
INTERRUPTED = "Interrupted by Ctrl-C, SIGTERM or a cluster's limit of time: run the same command again."


@contextmanager
def logged(path: str | Path) -> Iterator[None]:
    """Send a script's progress and warnings to its log, and end a user's mistake without a traceback.

    Any other exception passes through, and its traceback goes to the log as well. While the script runs, and
    if it is killed, the last line of the log is `UNFINISHED`.

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
    with Path(path).open("wb", buffering=0) as file:
        log = _Log(file)
        try:
            with redirect_stderr(log), ending_with_snakemake():
                yield
        except MmfusionError as error:
            log.write(f"{error}\n")
            sys.stderr.write(f"{error}\n")
            raise SystemExit(1) from None
        except KeyboardInterrupt:
            log.write(f"{INTERRUPTED}\n")
            raise
        except Exception:
            traceback.print_exc(file=log)
            raise
        finally:
            log.finish()


class _Log(io.TextIOBase):
    """A text that ends with `UNFINISHED` until it is finished, however the process ends."""

    encoding = "utf-8"  # tqdm asks for it

    def __init__(self, file: io.RawIOBase) -> None:
        self._file, self._length = file, 0
        self.write("")

    def write(self, text: str) -> int:
        content = text.encode(errors="backslashreplace")
        start = b"" if content[-1:] in (b"\n", b"") else b"\n"
        self._file.seek(self._length)
        self._file.write(content + start + UNFINISHED.encode() + b"\n")
        self._length += len(content)
        return len(text)

    def finish(self) -> None:
        self._file.truncate(self._length)
