"""Running jobs in several processes, each on one thread, with every finished job on disk at once."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types
from tqdm import tqdm

from calibration.store import Store

T = TypeVar("T")
Row = dict[str, Any]


def one_thread() -> None:
    """Let this process compute on one thread: two processes share the machine without waiting."""
    torch.set_num_threads(1)
    threadpool_limits(1)


def results(work: Callable[[T], Row], jobs: Sequence[T], processes: int) -> Iterator[Row]:
    """Yield the row of every job as it finishes.

    Parameters
    ----------
    work : function
        Of a job; pickled, unless there is one process, which is this one.
    jobs : sequence
    processes : int

    Yields
    ------
    dict
    """
    if processes == 1:
        one_thread()
        yield from map(work, jobs)
        return
    # Not forked: torch's threads do not survive that.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=one_thread) as pool:
        waiting = [pool.submit(work, job) for job in jobs]
        try:
            for finished in as_completed(waiting):
                yield finished.result()
        finally:
            pool.shutdown(cancel_futures=True)


def run_jobs(work: Callable[[T], Row], jobs: Sequence[T], store: Store, processes: int) -> None:
    """Run jobs and store their rows; progress goes to stderr."""
    rows = results(work, jobs, processes)
    for row in tqdm(rows, total=len(jobs), unit="job", file=sys.stderr, disable=not jobs):
        store.append(row)
