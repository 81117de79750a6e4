"""A job ends with the Snakemake that started it: after SIGKILL of the latter, nothing goes on unseen.

The processes of Snakemake name themselves in a variable of the environment, which their jobs inherit. On a
cluster, a job is started by a Snakemake of its own, beside it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

VARIABLE = "MMFUSION_SNAKEMAKE_PROCESS"
SECONDS = 0.5
"""How often a job looks whether its Snakemake is alive."""
PATIENCE = 10.0
"""Seconds that a job has to clear up before it ends at once."""


def name_this_process() -> None:
    """Let the jobs that this process will start end with it."""
    os.environ[VARIABLE] = f"{os.getpid()} {_namespace()}"


@contextmanager
def ending_with_snakemake() -> Iterator[None]:
    """Raise `KeyboardInterrupt` on SIGTERM, which this process sends itself when its Snakemake is gone.

    Without a Snakemake that has named itself, and in a container that cannot see it, none is watched.

    Yields
    ------
    None
    """
    pid, _, namespace = os.environ.get(VARIABLE, "").partition(" ")
    over = threading.Event()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    if pid and namespace == _namespace():
        threading.Thread(target=_watch, args=(int(pid), over), daemon=True).start()
    try:
        yield
    finally:
        over.set()
        signal.signal(signal.SIGTERM, before)


def _namespace() -> str:
    """Name the set of processes that can see each other; empty where the system does not say."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _watch(pid: int, over: threading.Event) -> None:
    while _alive(pid):
        if over.wait(SECONDS):
            return
    os.kill(os.getpid(), signal.SIGTERM)
    if not over.wait(PATIENCE):
        os._exit(1)


def _alive(pid: int) -> bool:
    """Return whether a process exists that started before this one: numbers of processes are used again."""
    try:
        process = psutil.Process(pid)
        older = process.create_time() <= psutil.Process().create_time()
        return bool(older and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
