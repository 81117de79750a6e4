"""One job: draw a data set of a case, fit an estimator, read its answer."""

from __future__ import annotations

import hashlib
import json
import math
import time
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from calibration.answers import answer_of
from calibration.cases import CLASSES, TABLES, Case
from calibration.faults import NO_FAULT, with_fault
from calibration.nulls import NULLS
from calibration.power import POWER
from mmfusion.estimators.classifier import FusionClassifier
from mmfusion.estimators.regressor import FusionRegressor
from mmfusion.study.digests import script_digests
from mmfusion.study.streams import stream

CASES: dict[str, Case] = {case.name: case for case in (*NULLS, *POWER)}
TEST_SAMPLES = 2000
"""Fresh samples of a planted case, for the accuracy or R^2 of the prediction."""
SETTINGS: dict[str, Any] = {"information": True, "device": "cpu"}
"""Parameters of the estimator that are not its defaults."""
KEY = ("case", "n", "modalities", "number", "fault", "settings", "code")
COLUMNS = (*KEY, *TABLES, "explained", "score", "seconds", "warning", "error")
"""Columns of the file of fits; `score` is accuracy or R^2 on fresh samples."""

Row = dict[str, Any]
Make = Callable[[str, dict[str, Any]], Any]
"""Makes an estimator from the kind of target and its parameters."""


class Job(NamedTuple):
    """One data set of a case."""

    case: str
    n: int
    modalities: int
    number: int
    fault: str = NO_FAULT


def estimator(task: str, parameters: dict[str, Any]) -> Any:
    """Make a classifier or a regressor of the package."""
    return (FusionClassifier if task == CLASSES else FusionRegressor)(**parameters)


@cache
def code_digest() -> str:
    """Digest the code of the package that a fit executes, as it is when a run starts."""
    return script_digests(Path(__file__).parent)[Path(__file__).stem]


def settings_digest(case: str, settings: Mapping[str, Any]) -> str:
    """Digest the way a case is drawn and the parameters of the estimator."""
    text = json.dumps([CASES[case].fingerprint, dict(settings)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def key_of(job: Job, settings: Mapping[str, Any], code: str) -> Row:
    """Return what says which row of the file of fits a job is."""
    return {**job._asdict(), "settings": settings_digest(job.case, settings), "code": code}


def fit_job(job: Job, settings: Mapping[str, Any], code: str, make: Make = estimator) -> Row:
    """Run a job; an exception becomes a row with its text, so that the other jobs go on.

    Parameters
    ----------
    job : Job
    settings : mapping
        Parameters of the estimator.
    code : str
        Digest of the package's code, which enters the row.
    make : function
        Makes the estimator.

    Returns
    -------
    dict
        By the names in `COLUMNS`.
    """
    row = key_of(job, settings, code)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            row |= answer(job, settings, make)
        except Exception as error:  # any error becomes a row of the table
            row["error"] = f"{type(error).__name__}: {error}"
    row["warning"] = str(caught[0].message) if caught else ""
    return row


def answer(job: Job, settings: Mapping[str, Any], make: Make) -> Row:
    """Draw, fit, and read; the data of a job are the same under every fault and every setting."""
    case, name = CASES[job.case], f"{job.case} {job.n} {job.modalities}"
    fresh = TEST_SAMPLES if case.truth else 0
    data = case.draw(job.n + fresh, job.modalities, stream(job.number, name, "data"))
    unknown = data.rows(slice(job.n, None))
    known, changed, given = with_fault(job.fault, data.rows(slice(job.n)), stream(job.number, name, "fault"))
    seed = int(stream(job.number, name, "fit").integers(2**31 - 1))
    start = time.perf_counter()
    model = make(case.task, {**settings, "random_state": seed, **changed}).fit(known.X, known.y, **given)
    row = {"seconds": round(time.perf_counter() - start, 3), **answer_of(model)}
    return {**row, "score": float(model.score(unknown.X, unknown.y)) if fresh else math.nan}
