"""Loss of the objective and score of the decisions, from scores as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.metrics import r2_score

TASKS = ("binary", "multiclass", "regression")


def mean_loss(scores: NDArray[Any], target: NDArray[Any], task: str) -> float:
    r"""Average the loss of the objective (without its penalty) over the samples.

    With scores s and target y of a sample, the loss is log(1 + exp(s)) - y s for ``binary``,
    log(sum_c exp(s_c)) - s_y for ``multiclass`` and (s - y)^2 for ``regression``.

    Parameters
    ----------
    scores : array, shape (n, outputs)
        Logits, or predictions of the standardised target; one per class for ``multiclass``.
    target : array, shape (n,) or (n, outputs)
        Class index from 0, or the standardised target. For ``binary`` and ``regression`` one per output, over
        which the loss is averaged.
    task : {"binary", "multiclass", "regression"}
        What the target is.

    Returns
    -------
    float
        In nats, or in squared standard deviations of the target; NaN if a score is not finite.

    Raises
    ------
    ValueError
        If the task is unknown, there is no sample, or shapes or classes do not fit the task.

    Examples
    --------
    >>> round(mean_loss(np.array([[0.0], [1000.0]]), np.array([1, 1]), "binary"), 4)
    0.3466
    """
    scores, target = np.asarray(scores, dtype=np.float64), np.asarray(target)
    _check(scores, target, task)
    if not np.isfinite(scores).all():
        return float("nan")
    if task == "multiclass":
        chosen = np.take_along_axis(scores, target.astype(np.intp)[:, None], axis=1)[:, 0]
        return float(np.mean(logsumexp(scores, axis=1) - chosen))
    target = target.reshape(scores.shape)
    if task == "binary":
        return float(np.mean(np.logaddexp(0.0, scores) - target * scores))
    return float(np.mean((scores - target) ** 2))


def _check(scores: NDArray[Any], target: NDArray[Any], task: str) -> None:
    if task not in TASKS:
        raise ValueError(f"task: {task!r} is unknown, expected one of {', '.join(TASKS)}.")
    fits = target.shape == scores.shape[:1] or (task != "multiclass" and target.shape == scores.shape)
    if scores.ndim != 2 or not fits or not len(target):
        raise ValueError(
            f"scores have shape {scores.shape} and target has shape {target.shape}, "
            "expected (n, outputs) and (n,), or (n, outputs) for several targets, with at least one sample."
        )
    outputs = scores.shape[1]
    if (outputs > 1) != (task == "multiclass" or target.ndim == 2):
        wanted = "at least two (one per class)" if task == "multiclass" else "one, or a target per output,"
        raise ValueError(f"scores have {outputs} output(s), expected {wanted} for the task {task}.")
    classes = {"binary": 2, "multiclass": outputs}.get(task)
    if classes and not np.isin(target, np.arange(classes)).all():
        raise ValueError(
            f"target has values other than the class indices 0 to {classes - 1} of the task {task}."
        )


def mean_score(scores: NDArray[Any], target: NDArray[Any], task: str) -> float:
    """Return the share of right decisions, or R^2 for a regression.

    Parameters
    ----------
    scores, target, task
        As for `mean_loss`.

    Returns
    -------
    float
        Of several labels, the share of right labels; of several targets, the mean of their R^2. NaN if a
        score is not finite, and for the R^2 of one sample.

    Examples
    --------
    >>> mean_score(np.array([[1.0], [-2.0], [0.5]]), np.array([1.0, 0.0, 0.0]), "binary")
    0.6666666666666666
    """
    if not np.isfinite(scores).all():
        return float("nan")
    if task == "regression":
        return float(r2_score(target, scores.reshape(target.shape))) if len(target) > 1 else float("nan")
    if task == "multiclass":
        return float(np.mean(scores.argmax(axis=1) == target))
    return float(np.mean((scores > 0) == (target.reshape(scores.shape) > 0)))
