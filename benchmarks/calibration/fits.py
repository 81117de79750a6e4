"""One job: draw a data set of a case, fit an estimator, read its answer."""

from __future__ import annotations

import hashlib
import json
import math
import time
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from calibration.answers import answer_of
from calibration.faults import NO_FAULT, with_fault
from mmfusion.estimators.classifier import FusionClassifier
from mmfusion.estimators.regressor import FusionRegressor
from mmfusion.study.designs.design import CLASSES, TABLES, Case, DataSet
from mmfusion.study.designs.nulls import NULLS
from mmfusion.study.designs.power import POWER
from mmfusion.study.digests import ScriptDigests
from mmfusion.study.streams import stream

CASES: dict[str, Case] = {case.name: case for case in (*NULLS, *POWER)}
TEST_SAMPLES = 2000
"""Fresh samples of a planted case, for the accuracy or R^2 of the prediction."""
SETTINGS: dict[str, Any] = {"information": True, "device": "cpu"}
"""Parameters of the estimator that are not its defaults."""
KEY = ("case", "n", "modalities", "number", "fault", "settings", "code")
COLUMNS = (*KEY, *TABLES, "explained", "score", "seconds", "device", "warning", "error")
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
    """Digest the code of the package, designs included, that a job executes, as it is when a run starts."""
    return ScriptDigests(lambda _: __file__)["fits"]


def settings_digest(case: str, settings: Mapping[str, Any]) -> str:
    """Digest the way a case is drawn and the parameters of the estimator, wherever it is trained."""
    what = {name: value for name, value in settings.items() if name != "device"}
    text = json.dumps([CASES[case].fingerprint, what], sort_keys=True, default=str)
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
    row = {**key_of(job, settings, code), "device": settings["device"]}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            row |= answer(job, settings, make)
        except Exception as error:  # any error becomes a row of the table
            row["error"] = f"{type(error).__name__}: {error}"
    row["warning"] = str(caught[0].message) if caught else ""
    return row


class Drawn(NamedTuple):
    """A data set, as it is given to an estimator.

    Parameters
    ----------
    arguments : dict
        Of `fit`.
    parameters : dict
        Of the estimator, beside the settings of the run.
    unknown : DataSet
        Fresh samples of a planted case; of a null, none.
    """

    arguments: dict[str, Any]
    parameters: dict[str, Any]
    unknown: DataSet


def drawn(job: Job) -> Drawn:
    """Draw the data set of a job, the same under every fault and every setting."""
    case, name = CASES[job.case], f"{job.case} {job.n} {job.modalities}"
    fresh = TEST_SAMPLES if case.truth else 0
    data = case.draw(job.n + fresh, job.modalities, stream(job.number, name, "data"))
    known, changed, given = with_fault(job.fault, data.rows(slice(job.n)), stream(job.number, name, "fault"))
    seed = int(stream(job.number, name, "fit").integers(2**31 - 1))
    unknown = data.rows(slice(job.n, None))
    return Drawn({"X": known.X, "y": known.y, **given}, {"random_state": seed, **changed}, unknown)


def answer(job: Job, settings: Mapping[str, Any], make: Make) -> Row:
    """Draw, fit, and read."""
    data = drawn(job)
    start = time.perf_counter()
    model = make(CASES[job.case].task, {**settings, **data.parameters}).fit(**data.arguments)
    return {"seconds": round(time.perf_counter() - start, 3), **found(job, model, data.unknown)}


def found(job: Job, model: Any, unknown: DataSet) -> Row:
    """Read the answer of a fitted estimator, and its score on fresh samples."""
    score = float(model.score(unknown.X, unknown.y)) if CASES[job.case].truth else math.nan
    return {**answer_of(model), "score": score}
