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

T, R = TypeVar("T"), TypeVar("R")
Row = dict[str, Any]


def one_thread() -> None:
    """Let this process compute on one thread: two processes share the machine without waiting."""
    torch.set_num_threads(1)
    threadpool_limits(1)


def results(work: Callable[[T], R], jobs: Sequence[T], processes: int) -> Iterator[R]:
    """Yield the result of every job as it finishes.

    Parameters
    ----------
    work : function
        Of a job; pickled, unless there is one process, which is this one.
    jobs : sequence
    processes : int

    Yields
    ------
    object
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


def each(work: Callable[[T], Row], batch: Sequence[T]) -> list[Row]:
    """Run the jobs of a batch one after another."""
    return [work(job) for job in batch]


def run_jobs(
    work: Callable[[Sequence[T]], Sequence[Row]], batches: Sequence[Sequence[T]], store: Store, processes: int
) -> None:
    """Run batches of jobs and store the row of every job; progress goes to stderr."""
    total = sum(map(len, batches))
    with tqdm(total=total, unit="job", file=sys.stderr, disable=not batches) as bar:
        for rows in results(work, batches, processes):
            for row in rows:
                store.append(row)
            bar.update(len(rows))
