"""Losses, decisions and scores of the three tasks, of arrays, as held-out samples are judged.

With scores s and target y of a sample, the loss is log(1 + exp(s)) - y s for ``binary``,
log(sum_c exp(s_c)) - s_y for ``multiclass`` and (s - y)^2 for ``regression``. Binary and regression take
several outputs with a target each, over which the loss is averaged. These are the losses of
`mmfusion.measures.losses`, without torch, which takes seconds to start.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.metrics import r2_score

from mmfusion.measures.weighting import weighted_mean

Floats = NDArray[np.float64]

TASKS = ("binary", "multiclass", "regression")


def loss_of_samples(scores: NDArray[Any], target: NDArray[Any], task: str) -> NDArray[np.float64]:
    """Compute the loss of every sample in double precision; logits may be infinite.

    Parameters
    ----------
    scores : array, shape (n, outputs)
    target : array, shape (n,) or (n, outputs)
        Class index from 0, or the standardised target.
    task : {"binary", "multiclass", "regression"}

    Returns
    -------
    array, shape (n,)
        NaN where a score is NaN; 0 or infinity where an infinite logit is right or wrong.

    Raises
    ------
    ValueError
        If the task is unknown, there is no sample, or the shapes do not fit the task.
    """
    scores, target = np.asarray(scores, dtype=np.float64), np.asarray(target)
    _check_scores(scores, target, task)
    return np.asarray(_LOSSES[task](scores, target).reshape(len(target), -1).mean(axis=1))


def _binary(scores: Floats, target: NDArray[Any]) -> Floats:
    """Return log(1 + exp(s)) - y s, shape of the target."""
    s = scores.reshape(target.shape)
    finite = np.where(np.isinf(s), 0.0, s)
    losses = np.maximum(finite, 0) - finite * target + np.log1p(np.exp(-np.abs(finite)))
    wrong = (s > 0) != (target > 0)
    return np.asarray(np.where(np.isinf(s), np.where(wrong, np.inf, 0.0), losses))


def _multiclass(scores: Floats, target: NDArray[Any]) -> Floats:
    """Return log(sum_c exp(s_c)) - s_y, shape (n,)."""
    of_target = np.take_along_axis(scores, target.astype(np.int64)[:, None], axis=1)[:, 0]
    return np.asarray(logsumexp(scores, axis=1) - of_target)


def _regression(scores: Floats, target: NDArray[Any]) -> Floats:
    """Return (s - y)^2, shape of the target."""
    return np.asarray(np.square(scores.reshape(target.shape) - target))


_LOSSES = {"binary": _binary, "multiclass": _multiclass, "regression": _regression}


def mean_loss(
    scores: NDArray[Any], target: NDArray[Any], task: str, weight: NDArray[Any] | None = None
) -> float:
    r"""Average the loss of the objective (without its penalty) over the samples.

    Parameters
    ----------
    scores, target, task
        See `loss_of_samples`.
    weight : array, shape (n,), optional
        Weights of the samples, zero or more. Default: all one.

    Returns
    -------
    float
        In nats, or in variances of the target; NaN if a score is not finite or all weights are zero.

    Raises
    ------
    ValueError
        See `loss_of_samples`.

    Examples
    --------
    >>> round(mean_loss(np.array([[0.0], [1000.0]]), np.array([1, 1]), "binary"), 4)
    0.3466
    """
    losses = loss_of_samples(scores, target, task)
    return float(weighted_mean(losses, weight)) if np.isfinite(scores).all() else float("nan")


def decide(scores: NDArray[Any], task: str) -> NDArray[np.int64]:
    """Return the predicted classes: class 1 where a logit is 0 or more, or the largest score.

    Parameters
    ----------
    scores : array, shape (n, outputs)
    task : {"binary", "multiclass"}

    Returns
    -------
    array, shape (n, outputs) for ``binary``, (n,) for ``multiclass``

    Examples
    --------
    >>> decide(np.array([[-1.0], [0.0]]), "binary")[:, 0].tolist(), decide(np.eye(2), "multiclass").tolist()
    ([0, 1], [0, 1])
    """
    if task == "multiclass":
        return np.asarray(scores.argmax(axis=1), dtype=np.int64)
    return np.asarray(scores >= 0, dtype=np.int64)


def mean_score(
    scores: NDArray[Any], target: NDArray[Any], task: str, weight: NDArray[Any] | None = None
) -> float:
    """Return the share of right decisions, or R^2 for a regression.

    Parameters
    ----------
    scores, target, task
        See `loss_of_samples`.
    weight : array, shape (n,), optional
        Weights of the samples, zero or more. Default: all one.

    Returns
    -------
    float
        Of several labels, the share of right labels; of several targets, the mean of their R^2. NaN if a
        score is not finite or all weights are zero, and for the R^2 of one sample of positive weight.

    Examples
    --------
    >>> mean_score(np.array([[1.0], [-2.0], [0.5]]), np.array([1.0, 0.0, 0.0]), "binary")
    0.6666666666666666
    """
    if not np.isfinite(scores).all():
        return float("nan")
    if task == "regression":
        several = (len(target) if weight is None else np.count_nonzero(weight)) > 1
        predicted = scores.reshape(target.shape)
        return float(r2_score(target, predicted, sample_weight=weight)) if several else float("nan")
    right = (decide(scores, task).reshape(target.shape) == target).reshape(len(target), -1)
    of_labels = None if weight is None else np.repeat(weight, right.shape[1])
    return float(weighted_mean(right.ravel(), of_labels))


def _check_scores(scores: NDArray[Any], target: NDArray[Any], task: str) -> None:
    """Refuse shapes that would silently broadcast to a different loss."""
    one_per_class = scores.ndim == 2 and target.shape == scores.shape[:1] and scores.shape[1] > 1
    one_per_target = target.shape == scores.shape or (*target.shape, 1) == scores.shape
    fits = one_per_class if task == "multiclass" else scores.ndim == 2 and one_per_target
    if task not in TASKS or not fits or not len(target):
        raise ValueError(
            f"task {task!r}, scores {scores.shape}, target {target.shape}: expected one of "
            f"{', '.join(TASKS)}; scores (n, outputs), a target (n,), or (n, outputs) if there are several; "
            "two or more outputs for the classes of multiclass, else one per target; at least one sample."
        )
