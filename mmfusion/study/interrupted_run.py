"""What a killed run of the workflow has left in its folder is cleared away by the next one.

After SIGKILL, Snakemake's lock stays, so that the next run would refuse to start, and so may files that were
being written. Whether another run is alive, Snakemake cannot tell; the operating system can: every run holds
a lock of its on `STATE`, which ends with the process, whatever ends it. Where the last run gave its jobs to a
cluster or ran on another machine, nothing is cleared away: its jobs may still run.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TextIO

from mmfusion.files import TEMPORARY
from mmfusion.study.parent_process import name_this_process

STATE = Path(".snakemake/mmfusion-run")
"""Says where jobs were run last; relative to the working directory, as all results are."""
LOCKS = Path(".snakemake/locks")
BEGUN, LOCAL, CLUSTER = (
    f"{socket.gethostname()}: {what}" for what in ("no jobs yet", "jobs of this machine", "jobs of a cluster")
)
"""The lines of `STATE`."""
CLEARED = "The last run in this folder was killed; what it left is cleared away, and this run goes on."
_held: list[TextIO] = []
"""Files whose lock this process holds: closing them would give it up."""


def begin_run(main: bool) -> None:
    """Clear away what a killed run has left, unless a run is alive; call it before Snakemake takes its lock.

    Parameters
    ----------
    main : bool
        Whether this process runs the workflow, not only one of its jobs.
    """
    name_this_process()
    if not main or sys.platform == "win32":
        return
    import fcntl  # not there on Windows

    try:
        STATE.parent.mkdir(exist_ok=True)
        file = STATE.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # another run is alive
        else:
            _clear(file)
        fcntl.flock(file, fcntl.LOCK_SH)
    except OSError:
        return  # the folder cannot be written, which Snakemake will say, or has no such locks
    _held.append(file)


def record_run(local: bool) -> None:
    """Say where the jobs of this run will be, once Snakemake holds its lock.

    Parameters
    ----------
    local : bool
        Whether they are processes of this machine, which end with this one.
    """
    for file in _held:
        line = LOCAL if local else CLUSTER
        file.seek(0)
        if line not in file.read().splitlines():
            file.write(f"{line}\n")
            file.flush()


def _clear(file: TextIO) -> None:
    """Clear away what earlier runs have left, if no job of theirs can be running."""
    file.seek(0)
    runs, locks = set(file.read().splitlines()), list(LOCKS.glob("*.lock"))
    if runs and runs <= {LOCAL, BEGUN}:
        for path in [*locks, *Path("results").rglob(f"{TEMPORARY}*")]:
            path.unlink(missing_ok=True)
        if locks:
            sys.stderr.write(f"{CLEARED}\n")
    if not list(LOCKS.glob("*.lock")):
        file.truncate(0)
        file.write(f"{BEGUN}\n")
        file.flush()
