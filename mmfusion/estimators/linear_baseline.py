"""The linear baseline: what ridge or logistic regression on all modalities together predicts out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold
from torch import Tensor

from mmfusion.data.check_values import LARGEST
from mmfusion.data.standardisation import column_moments, is_constant
from mmfusion.estimators.fitting import SMALLEST_SHARE
from mmfusion.estimators.penalised_fit import LinearProblem, directions
from mmfusion.measures.constant_prediction import constant_scores
from mmfusion.training.device import one_thread

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

STRENGTHS = np.logspace(6, -4, 21)
"""Factors of the penalty that are tried, from the strongest, two per decade."""
INNER_FOLDS, FEWER_FOLDS = 5, 3
"""Folds within the training samples, and those of a big problem."""
BIG = 2_000_000
"""Samples x directions x scores above which a problem is big: every second strength, fewer inner folds."""
MOST_DIRECTIONS = 3000
"""Of more samples and more columns than this, as many samples are drawn to train on."""
WORSE = 1.05
"""The search ends where the loss of every target is this many times its least: weaker penalties overfit."""
ROUGHLY, CLOSELY = (1e-4, 100), (1e-5, 300)
"""Slope at which fitting ends, and most steps: while strengths are compared, and for the chosen one."""


def linear_baseline(
    design: Floats,
    target: NDArray[Any],
    task: str,
    outputs: int,
    weight: Floats,
    folds: Sequence[tuple[Rows, Rows]],
    seed: int,
    groups: NDArray[Any] | None = None,
) -> Floats:
    """Predict every held-out sample by a linear model of the training samples of its fold.

    Ridge regression for numbers (Hoerl and Kennard, Technometrics 12(1), 1970), logistic regression with a
    squared penalty for classes (le Cessie and van Houwelingen, Applied Statistics 41(1), 1992): multinomial
    for several classes, one model for each of several labels or numbers. The intercept is not penalised.
    Columns have mean 0 and variance 1 on the training samples; constant ones are 0, and so is what is NaN.

    In every fold, each target gets the strength of `STRENGTHS` with the least cross-validated loss within the
    training samples (`INNER_FOLDS` folds, stratified by class). The search runs from strong to weak and ends
    where the loss has clearly risen. Big problems are searched less closely: see `BIG`; and those of more
    than `MOST_DIRECTIONS` samples and columns train on as many samples, drawn by the seed.

    Runs on one thread; the same arguments give the same scores.

    Parameters
    ----------
    design : array, shape (n, columns)
        See `mmfusion.estimators.linear_inputs.linear_inputs_of`.
    target : array, shape (n,) or (n, outputs)
        Class indices, zeros and ones of several labels, or numbers.
    task : {"binary", "multiclass", "regression"}
    outputs : int
        Scores per sample.
    weight : array, shape (n,)
        Weights of the samples, zero or more.
    folds : sequence of (train rows, held-out rows)
    seed : int
        Of the order of the samples in the inner folds.
    groups : array, shape (n,), optional
        Samples of one group are together in the inner folds.

    Returns
    -------
    array, shape (n, outputs)
        Logits, or predictions in the unit of the target; the mean over the folds that hold a sample out, NaN
        where none does or no training sample has a positive weight. A class without training samples has the
        share `mmfusion.estimators.fitting.SMALLEST_SHARE`.
    """
    scores_of = {"binary": _label_scores, "multiclass": _class_scores, "regression": _number_scores}[task]
    total, count = np.zeros((len(design), outputs)), np.zeros(len(design))
    with one_thread():
        for train, held_out in folds:
            known = _drawn(train[weight[train] > 0], design.shape[1], seed)
            if len(known) and len(held_out):
                share = weight[known] / weight[known].mean()
                inputs, unseen = _standardised(design, known, held_out, share)
                fold = _Fold(inputs, unseen, share, seed, None if groups is None else groups[known])
                total[held_out] += scores_of(fold, target[known], outputs)
                count[held_out] += 1
    return total / np.where(count > 0, count, np.nan)[:, np.newaxis]


@dataclass(frozen=True)
class _Fold:
    """What the linear models of one fold are fitted to, and what they predict.

    Parameters
    ----------
    inputs, unseen : Tensor, shape (n, columns) and (m, columns)
        Of the training and the held-out samples, standardised by the former.
    weight : array, shape (n,)
        Positive, with a mean of one.
    seed : int
    groups : array, shape (n,), or None
    """

    inputs: Tensor
    unseen: Tensor
    weight: Floats
    seed: int
    groups: NDArray[Any] | None


def _drawn(train: Rows, columns: int, seed: int) -> Rows:
    """Draw some of the training rows where there are too many, together with the columns; sorted."""
    if min(len(train), columns) <= MOST_DIRECTIONS:
        return train
    return np.sort(np.random.default_rng(seed).choice(train, MOST_DIRECTIONS, replace=False))


def _standardised(design: Floats, train: Rows, held_out: Rows, weight: Floats) -> tuple[Tensor, Tensor]:
    """Standardise training and held-out rows (rows, columns) by the former; what is NaN becomes the mean."""
    known = design[train]
    moments = column_moments(known, weight)
    deviation = np.where(moments.constant, np.inf, moments.deviation)

    def standardise(values: Floats) -> Tensor:
        # Held-out values may be as far off as numbers go: their scores stay finite.
        scaled = np.clip((values - moments.mean) / deviation, -LARGEST, LARGEST)
        return torch.from_numpy(np.nan_to_num(scaled, copy=False))

    return standardise(known), standardise(design[held_out])


def _number_scores(fold: _Fold, target: NDArray[Any], outputs: int) -> Floats:
    """Predict numbers, shape (m, outputs); a target that is constant in training stays so."""
    values = target.reshape(-1, outputs).astype(np.float64)
    largest = np.maximum(np.abs(values).max(axis=0), np.finfo(float).tiny)
    values = values / largest  # so that their squares are finite
    mean = constant_scores(values, "regression", outputs, fold.weight)
    deviation = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=fold.weight))
    varies = ~is_constant(deviation, np.abs(values).max(axis=0))
    scores = np.zeros((len(fold.unseen), outputs))
    if varies.any():
        standardised = (values - mean)[:, varies] / deviation[varies]
        constant = torch.zeros(int(varies.sum()), 1, dtype=torch.float64)
        fitted = _fitted_scores(fold, torch.from_numpy(standardised.T), constant, "regression")
        scores[:, varies] = fitted[..., 0]
    return np.asarray((mean + deviation * scores) * largest)


def _label_scores(fold: _Fold, target: NDArray[Any], outputs: int) -> Floats:
    """Predict the logits of labels, shape (m, outputs)."""
    values = target.reshape(-1, outputs).astype(np.float64)
    constant = constant_scores(values, "binary", outputs, fold.weight, SMALLEST_SHARE)
    varies = np.ptp(values, axis=0) > 0
    scores = np.tile(constant, (len(fold.unseen), 1))
    if varies.any():
        start = torch.from_numpy(constant[varies, np.newaxis])
        fitted = _fitted_scores(fold, torch.from_numpy(values[:, varies].T), start, "binary")
        scores[:, varies] = fitted[..., 0]
    return scores


def _class_scores(fold: _Fold, target: NDArray[Any], outputs: int) -> Floats:
    """Predict the logarithms of the shares of classes, shape (m, outputs)."""
    classes, codes = np.unique(target, return_inverse=True)
    scores = np.full((len(fold.unseen), outputs), np.log(SMALLEST_SHARE))
    fitted = torch.zeros(len(fold.unseen), 1, dtype=torch.float64)
    if len(classes) > 1:
        constant = constant_scores(codes, "multiclass", len(classes), fold.weight)
        start = torch.from_numpy(constant[np.newaxis])
        fitted = _fitted_scores(fold, torch.from_numpy(codes[np.newaxis]), start, "multiclass")[:, 0]
    scores[:, classes] = fitted.log_softmax(dim=1).numpy()
    return scores


def _fitted_scores(fold: _Fold, target: Tensor, constant: Tensor, task: str) -> Tensor:
    """Choose strengths, fit to all training samples, and return the scores, shape (m, targets, c)."""
    weight = torch.from_numpy(fold.weight)
    axes = directions(fold.inputs, weight)
    problem = LinearProblem(_with_one(axes.T @ fold.inputs.T), target, weight, constant, task)
    big = problem.inputs.numel() * constant.numel() > BIG
    inner = _inner_folds(target, task, fold, FEWER_FOLDS if big else INNER_FOLDS)
    strength = _search(problem, inner, STRENGTHS[:: 2 if big else 1])
    everything = torch.ones(1, len(weight), dtype=torch.bool)
    coefficients = problem.fit(everything, strength, problem.start(1), *CLOSELY)[0]
    scores = coefficients.flatten(0, 1) @ _with_one(axes.T @ fold.unseen.T)
    return scores.T.view(-1, *constant.shape)


def _with_one(inputs: Tensor) -> Tensor:
    """Append a row of ones."""
    return torch.cat([inputs, torch.ones(1, inputs.shape[1], dtype=inputs.dtype)])


def _inner_folds(target: Tensor, task: str, fold: _Fold, most: int) -> Tensor:
    """Return which training samples are held out by which inner fold, bool, shape (inner folds, n)."""
    size = len(fold.weight)
    number = np.zeros(size, dtype=np.int64)
    groups = 0 if fold.groups is None else len(np.unique(fold.groups))
    if groups > 1:
        splits = GroupKFold(min(most, groups)).split(number, groups=fold.groups)
        for position, (_, held_out) in enumerate(splits):
            number[held_out] = position
    else:
        order = np.random.default_rng(fold.seed).permutation(size)
        if task != "regression" and len(target) == 1:  # every fold gets its share of each class
            order = order[np.argsort(target[0].numpy()[order], kind="stable")]
        number[order] = np.arange(size) % most
    return torch.from_numpy(number == np.unique(number)[:, np.newaxis])


def _search(problem: LinearProblem, held_out: Tensor, strengths: Floats) -> Tensor:
    """Find the strength of every target with the least loss on the held-out samples of inner folds.

    Parameters
    ----------
    problem : LinearProblem
    held_out : Tensor of bool, shape (inner folds, n)
    strengths : array
        From strong to weak.

    Returns
    -------
    Tensor, shape (targets,)
    """
    counted = held_out[:, np.newaxis] * problem.weight / problem.weight.sum()
    coefficients = problem.start(len(held_out))
    least = torch.full((len(problem.target),), torch.inf, dtype=torch.float64)
    chosen = torch.full_like(least, strengths[0])
    for strength in strengths.tolist():
        coefficients = problem.fit(~held_out, torch.full_like(least, strength), coefficients, *ROUGHLY)
        losses = (problem.losses(coefficients) * counted).sum(dim=(0, 2))
        better = losses < least
        least, chosen = losses.minimum(least), torch.where(better, strength, chosen)
        if bool((losses > WORSE * least).all()):
            break
    return chosen
