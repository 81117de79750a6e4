"""Scores of all peers rescaled in the same way, as the estimators of this package rescale their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.estimators.lambda_path import calibration_slope
from mmfusion.measures.array_losses import loss_of_samples
from mmfusion.measures.cross_fitted import Truth
from mmfusion.measures.paired_differences import mean_and_test
from mmfusion.study.peers.contract import BINARY, Floats, PeerData, PeerScores

LARGEST = 15.0
"""Log-odds of a prediction, at most: no single sample is to decide a mean loss."""


def calibrated(scores: PeerScores, data: PeerData) -> PeerScores:
    """Rescale scores by the slope of calibration of the held-out ones, or replace them by the constant.

    See `mmfusion.estimators.lambda_path.calibration_slope`. The constant of a fold is that of its training
    rows; it is taken unless the scores are better by more than one standard error of the difference.

    Parameters
    ----------
    scores : PeerScores
    data : PeerData

    Returns
    -------
    PeerScores
    """
    if scores.held_out is None:
        return scores
    constants = np.array([_constant(data, fold.train) for fold in data.folds])
    of_rows = np.empty(len(data.y))
    for constant, fold in zip(constants, data.folds, strict=True):
        of_rows[fold.held_out] = constant
    centre, scale = (0.0, 1.0) if data.task == BINARY else (float(np.mean(data.y)), float(np.std(data.y)))
    truth = Truth((data.y - centre) / scale, data.task)
    held_out, constant_held_out = (
        (part[:, np.newaxis] - centre) / scale for part in (scores.held_out, of_rows)
    )
    slope = calibration_slope(held_out, constant_held_out, truth)
    rescaled = of_rows + slope * (scores.held_out - of_rows)
    gain = mean_and_test(losses(of_rows, data) - losses(rescaled, data), groups=data.groups)
    if gain.mean <= gain.error:
        return PeerScores(of_rows, np.full(len(scores.unknown), constants.mean()))
    return PeerScores(rescaled, constants.mean() + slope * (scores.unknown - constants.mean()))


def losses(scores: Floats, data: PeerData, rows: Any = slice(None)) -> Floats:
    """Return the loss of each of these samples: log-loss in nats, or the squared error.

    Parameters
    ----------
    scores : array, shape (n,)
        Log-odds or numbers.
    data : PeerData
    rows : index, optional
        Which samples of the data were predicted.

    Returns
    -------
    array, shape (n,)
    """
    limited = np.clip(scores, -LARGEST, LARGEST) if data.task == BINARY else scores
    return loss_of_samples(limited[:, np.newaxis], data.y[rows], data.task)


def mean_held_out_loss(scores: PeerScores, data: PeerData) -> float:
    """Average the loss of the held-out samples; NaN if there are no held-out scores."""
    return float("nan") if scores.held_out is None else float(losses(scores.held_out, data).mean())


def gathered(held_out: Sequence[Floats], unknown: Sequence[Floats], data: PeerData) -> PeerScores:
    """Put the scores of the folds together.

    Parameters
    ----------
    held_out : sequence of array
        By fold, of the rows that it holds out.
    unknown : sequence of array, shape (k,)
        By fold.
    data : PeerData

    Returns
    -------
    PeerScores
    """
    scores = np.empty(len(data.y))
    for part, fold in zip(held_out, data.folds, strict=True):
        scores[fold.held_out] = part
    return PeerScores(scores, np.mean(unknown, axis=0))


def _constant(data: PeerData, rows: NDArray[np.intp]) -> float:
    """Return the best constant score for some rows."""
    mean = float(np.mean(data.y[rows]))
    if data.task != BINARY:
        return mean
    return (
        float(np.clip(np.log(mean / (1 - mean)), -LARGEST, LARGEST))
        if 0 < mean < 1
        else (2 * mean - 1) * LARGEST
    )
