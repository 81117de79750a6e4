"""Out-of-fold predictions beside a tuned linear model on the concatenated columns."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from calibration.fits import Make, estimator
from calibration.real_data import SOURCES
from mmfusion.study.designs.design import CLASSES, Array, DataSet
from mmfusion.study.streams import stream

FOLDS, BINS = 5, 10
SETTINGS: dict[str, Any] = {"device": "cpu"}
KEY = ("data_set", "repetition", "settings", "code")
MEASURES = ("log_loss", "calibration_error", "accuracy", "r2")
COLUMNS = (
    *KEY,
    "n",
    *(f"{measure}{model}" for measure in MEASURES for model in ("", "_linear")),
    *("seconds", "warning", "error"),
)

Row = dict[str, Any]


class Job(NamedTuple):
    """One repetition of the folds of a data set."""

    data_set: str
    repetition: int


def expected_calibration_error(probabilities: Array, truth: Array, bins: int = BINS) -> float:
    """Return how far confidence and accuracy are apart, in bins of equal mass.

    sum over bins b of n_b / n |accuracy_b - confidence_b|, where confidence is the largest probability of a
    sample (Naeini et al., AAAI 2015; bins of equal mass as of Nixon et al., CVPR Workshops 2019). Few samples
    make it too large, for a perfect model too: compare it with that of another model on the same samples.

    Parameters
    ----------
    probabilities : array, shape (n, classes)
    truth : array of int, shape (n,)
        Positions of the right classes.
    bins : int, default 10

    Returns
    -------
    float
        In [0, 1].
    """
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == truth
    order = np.argsort(confidence, kind="stable")
    gaps = [abs(float((hit[part] - confidence[part]).sum())) for part in np.array_split(order, bins)]
    return sum(gaps) / len(truth)


def linear_model(task: str, seed: int) -> Any:
    """Make the reference: standardised columns, and a ridge penalty tuned within the training samples."""
    if task != CLASSES:
        return make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 5, 33)))
    tuned = LogisticRegressionCV(
        Cs=np.logspace(-4, 4, 17),
        cv=StratifiedKFold(FOLDS, shuffle=True, random_state=seed),
        scoring="neg_log_loss",
        l1_ratios=(0.0,),
        use_legacy_attributes=False,
        max_iter=5000,
    )
    return make_pipeline(StandardScaler(), tuned)


def compare_job(job: Job, settings: Mapping[str, Any], key: Row, make: Make = estimator) -> Row:
    """Run a job; an exception becomes a row with its text.

    Parameters
    ----------
    job : Job
    settings : mapping
        Parameters of our estimator.
    key : dict
        Digests of settings and code, which enter the row.
    make : function
        Makes our estimator.

    Returns
    -------
    dict
        By the names in `COLUMNS`; those of the linear model end in ``_linear``.
    """
    row: Row = {**job._asdict(), **key}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            row |= compare(job, settings, make)
        except Exception as error:  # any error becomes a row of the table
            row["error"] = f"{type(error).__name__}: {error}"
    row["warning"] = str(caught[0].message) if caught else ""
    return row


def compare(job: Job, settings: Mapping[str, Any], make: Make) -> Row:
    """Predict every sample by models that did not see it, ours and the linear one on the same folds."""
    source = SOURCES[job.data_set]
    data = source.load(stream(job.repetition, job.data_set, "data"))
    classes = source.task == CLASSES
    folds = (StratifiedKFold if classes else KFold)(FOLDS, shuffle=True, random_state=job.repetition)
    shape = (len(data), len(np.unique(data.y))) if classes else (len(data),)
    ours, linear, seconds = np.empty(shape), np.empty(shape), 0.0
    for train, test in folds.split(data.y, data.y):
        known, unknown = data.rows(train), data.rows(test)
        model = make(source.task, {**settings, "random_state": job.repetition})
        start = time.perf_counter()
        model.fit(known.X, known.y)
        seconds += time.perf_counter() - start
        ours[test] = _predict(model, unknown.X, classes)
        reference = linear_model(source.task, job.repetition).fit(_table(known), known.y)
        linear[test] = _predict(reference, _table(unknown), classes)
    row: Row = {"n": len(data), "seconds": round(seconds / FOLDS, 3)}
    for name, predicted in (("", ours), ("_linear", linear)):
        row |= {f"{measure}{name}": value for measure, value in measures(predicted, data.y).items()}
    return row


def _table(data: DataSet) -> Array:
    return np.hstack(list(data.X.values()))


def _predict(model: Any, X: Any, classes: bool) -> Array:
    return np.asarray(model.predict_proba(X) if classes else model.predict(X))


def measures(predicted: Array, y: Array) -> dict[str, float]:
    """Return log-loss, calibration error and accuracy of probabilities, or R^2 of numbers."""
    if predicted.ndim == 1:
        return {"r2": float(r2_score(y, predicted))}
    classes, truth = np.unique(y, return_inverse=True)
    return {
        "log_loss": float(log_loss(y, predicted, labels=classes)),
        "calibration_error": expected_calibration_error(predicted, truth),
        "accuracy": float(accuracy_score(truth, predicted.argmax(axis=1))),
    }
