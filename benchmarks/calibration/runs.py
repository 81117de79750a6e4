"""Fits that are there, fits that are missing, and the rates of one cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from calibration.batches import batches_of, fit_batch
from calibration.faults import NO_FAULT
from calibration.fits import (
    CASES,
    KEY,
    SETTINGS,
    Job,
    Make,
    code_digest,
    estimator,
    key_of,
    settings_digest,
)
from calibration.harness import run_jobs
from calibration.plan import Cell, jobs_of
from calibration.rates import rates
from calibration.store import Store


def fit_missing(
    jobs: Sequence[Job],
    store: Store,
    settings: Mapping[str, Any],
    processes: int,
    any_code: bool = False,
    make: Make = estimator,
    together: int = 1,
) -> None:
    """Run the jobs that are not in the store, or that ended with an error.

    Parameters
    ----------
    jobs : sequence of Job
    store : Store
        Of fits.
    settings : mapping
        Parameters of the estimator.
    processes : int
    any_code : bool
        Whether a fit by another version of the package's code counts.
    make : function
        Makes the estimators.
    together : int
        Data sets of one cell whose networks are trained in shared stacks.
    """
    code, last = code_digest(), -1 if any_code else None  # the digest of the code is the last of the key
    done = {key[:last] for key in store.done()}
    missing = [job for job in jobs if store.key_of(key_of(job, settings, code))[:last] not in done]
    work = partial(fit_batch, settings=settings, code=code, make=make)
    run_jobs(work, batches_of(missing, together), store, processes)


def current_fits(
    store: Store, settings: Mapping[str, Any], fault: str = NO_FAULT, any_code: bool = False
) -> pd.DataFrame:
    """Return the fits of these settings, this fault, and this version of the code unless any counts."""
    rows = store.rows()
    digests = {name: settings_digest(name, settings) for name in CASES}
    rows = rows[(rows["settings"] == rows["case"].map(digests)) & (rows["fault"] == fault)]
    if any_code:
        return rows.drop_duplicates(list(KEY[:-1]), keep="last", ignore_index=True)
    return rows[rows["code"] == code_digest()].reset_index(drop=True)


def rate(
    family: str,
    n: int,
    modalities: int,
    data_sets: int,
    store: Store,
    settings: Mapping[str, Any] = SETTINGS,
    fault: str = NO_FAULT,
    processes: int = 2,
    make: Make = estimator,
) -> pd.DataFrame:
    """Fit the data sets of one cell that the store lacks, and return the rates of that cell.

    Parameters
    ----------
    family : str
        Name of a case.
    n, modalities, data_sets : int
    store : Store
        Of fits.
    settings : mapping
        Parameters of the estimator.
    fault : str
    processes : int
    make : function
        Makes the estimators.

    Returns
    -------
    DataFrame
        As of `calibration.rates.rates`.
    """
    jobs = jobs_of([Cell(family, n, modalities, data_sets)], fault)
    fit_missing(jobs, store, settings, processes, make=make)
    rows = current_fits(store, settings, fault)
    cell = (rows["case"] == family) & (rows["n"] == str(n)) & (rows["modalities"] == str(modalities))
    return rates(rows[cell & (rows["number"].astype(int) < data_sets)])
