"""Several jobs at once: data sets of one cell whose networks share stacks."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from calibration.fits import CASES, Job, Make, Row, drawn, estimator, fit_job, found, key_of
from mmfusion.errors import MmfusionError
from mmfusion.estimators.together import fit_together


def batches_of(jobs: Sequence[Job], together: int) -> list[list[Job]]:
    """Put jobs of one cell into batches, and the batches in an order in which all cells grow alike.

    Parameters
    ----------
    jobs : sequence of Job
    together : int
        Largest number of jobs in a batch.

    Returns
    -------
    list of list of Job
    """
    cells: dict[object, list[Job]] = {}
    for job in jobs:
        cells.setdefault(job._replace(number=0), []).append(job)
    pieces = [
        (start, jobs_of_cell[start : start + together])
        for jobs_of_cell in cells.values()
        for start in range(0, len(jobs_of_cell), together)
    ]
    return [batch for _, batch in sorted(pieces, key=lambda piece: piece[0])]


def fit_batch(
    jobs: Sequence[Job], settings: Mapping[str, Any], code: str, make: Make = estimator
) -> list[Row]:
    """Run the jobs of a batch; where one of them is refused, each is run alone.

    Parameters
    ----------
    jobs : sequence of Job
        Of one cell.
    settings : mapping
        Parameters of the estimator.
    code : str
        Digest of the package's code, which enters the rows.
    make : function
        Makes the estimators.

    Returns
    -------
    list of dict
        As of `calibration.fits.fit_job`; the seconds are equal shares.
    """
    if len(jobs) > 1:
        try:
            return _fitted_together(jobs, settings, code, make)
        except MmfusionError:
            pass
    return [fit_job(job, settings, code, make) for job in jobs]


def _fitted_together(jobs: Sequence[Job], settings: Mapping[str, Any], code: str, make: Make) -> list[Row]:
    data = [drawn(job) for job in jobs]
    models = [
        make(CASES[job.case].task, {**settings, **one.parameters})
        for job, one in zip(jobs, data, strict=True)
    ]
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit_together(models, [one.arguments for one in data])
    shared = {
        "seconds": round((time.perf_counter() - start) / len(jobs), 3),
        "device": settings["device"],
        "warning": str(caught[0].message) if caught else "",
    }
    return [
        {**key_of(job, settings, code), **shared, **found(job, model, one.unknown)}
        for job, model, one in zip(jobs, models, data, strict=True)
    ]
