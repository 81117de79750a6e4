"""The linear baseline: what ridge or logistic regression on all modalities together predicts out of fold."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold
from sklearn.multioutput import MultiOutputRegressor

from mmfusion.data.check_values import LARGEST
from mmfusion.data.standardisation import column_moments
from mmfusion.estimators.fit_plan import SMALLEST_SHARE
from mmfusion.measures.constant_prediction import constant_scores
from mmfusion.training.device import one_thread

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

ALPHAS = np.logspace(-3, 7, 21)
"""Strengths of ridge regression."""
STRENGTHS = np.logspace(-5, 3, 9)
"""Inverse strengths C of logistic regression."""
STRONG = 0.01
"""C where too few samples or groups leave no inner folds."""
INNER_FOLDS, ITERATIONS = 5, 2000
MOST_NUMBERS, FEWEST_DRAWN = 5_000_000, 1000
"""Training samples times columns; of more samples, so many are drawn, but at least so many samples."""


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

    Ridge regression for numbers (Hoerl and Kennard, Technometrics 12(1), 1970), its strength chosen by the
    leave-one-out error; logistic regression with a squared penalty for classes (le Cessie and van
    Houwelingen, Applied Statistics 41(1), 1992), its strength chosen by the log-loss of `INNER_FOLDS` folds
    within the training samples, stratified by class. With groups, both are chosen by folds of whole groups.
    One model per label or number where there are several. Both are those of scikit-learn. Columns have mean 0
    and variance 1 on the training samples; constant ones are 0, and so is what is NaN. Where there are more
    columns than samples, they are rotated to as many as there are samples, which changes no prediction. Of
    training samples with more than `MOST_NUMBERS` numbers in all, so many are drawn that they have fewer.

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
        Of the inner folds, and of the samples that are drawn.
    groups : array, shape (n,), optional
        Samples of one group are together in the inner folds.

    Returns
    -------
    array, shape (n, outputs)
        Logits, or predictions in the unit of the target; the mean over the folds that hold a sample out, NaN
        where none does or no training sample has a positive weight. A class without training samples has the
        share `mmfusion.estimators.fitting.SMALLEST_SHARE`.
    """
    scores_of = {"binary": _labels, "multiclass": _classes, "regression": _numbers}[task]
    total, count = np.zeros((len(design), outputs)), np.zeros((len(design), 1))
    rng = np.random.default_rng(seed)
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        for train, held_out in folds:
            known = train[weight[train] > 0]
            most = max(FEWEST_DRAWN, MOST_NUMBERS // max(1, design.shape[1]))
            if len(known) > most:
                known = np.sort(rng.choice(known, most, replace=False))
            if len(known) and len(held_out):
                inputs, unseen = _standardised(design, known, held_out, weight[known])
                share = weight[known] / weight[known].mean()
                fold = _Fold(inputs, unseen, share, seed, None if groups is None else groups[known])
                total[held_out] += scores_of(fold, target[known], outputs)
                count[held_out] += 1
    return total / np.where(count > 0, count, np.nan)


class _Fold(NamedTuple):
    """What the models of one fold learn from and predict.

    Parameters
    ----------
    inputs, unseen : array, shape (n, columns) and (m, columns)
        Of the training and the held-out samples, standardised by the former.
    weight : array, shape (n,)
        Positive, with a mean of one.
    seed : int
    groups : array, shape (n,), or None
    """

    inputs: Floats
    unseen: Floats
    weight: Floats
    seed: int
    groups: NDArray[Any] | None


def _standardised(design: Floats, train: Rows, held_out: Rows, weight: Floats) -> tuple[Floats, Floats]:
    """Standardise both parts by the first; what is NaN becomes the mean; at most as many columns as rows."""
    known = design[train]
    moments = column_moments(known, weight)
    deviation = np.where(moments.constant, np.inf, moments.deviation)
    # Held-out values may be as far off as numbers go: their scores stay finite.
    inputs, unseen = (
        np.nan_to_num(np.clip((values - moments.mean) / deviation, -LARGEST, LARGEST))
        for values in (known, design[held_out])
    )
    if inputs.shape[1] <= len(inputs):
        return inputs, unseen
    _, _, axes = np.linalg.svd(inputs, full_matrices=False)
    return inputs @ axes.T, unseen @ axes.T


def _numbers(fold: _Fold, target: NDArray[Any], outputs: int) -> Floats:
    """Predict numbers, shape (m, outputs); one that is constant in training stays so."""
    values = target.reshape(-1, outputs).astype(np.float64)
    largest = np.maximum(np.abs(values).max(axis=0), np.finfo(float).tiny)
    values = values / largest  # so that their squares are finite
    moments = column_moments(values, fold.weight)
    varies = ~moments.constant
    scores = np.zeros((len(fold.unseen), outputs))
    if varies.any():
        model: Any = RidgeCV(ALPHAS, alpha_per_target=True)
        if inner := _group_folds(fold):  # a strength per target, as leaving one out chooses it
            model = MultiOutputRegressor(RidgeCV(ALPHAS, cv=inner, scoring="neg_mean_squared_error"))
        standardised = (values - moments.mean)[:, varies] / moments.deviation[varies]
        model.fit(fold.inputs, standardised, sample_weight=fold.weight)
        scores[:, varies] = model.predict(fold.unseen).reshape(len(scores), -1)
    return np.asarray((moments.mean + moments.deviation * scores) * largest)


def _labels(fold: _Fold, target: NDArray[Any], outputs: int) -> Floats:
    """Predict the logits of labels, shape (m, outputs)."""
    values = target.reshape(-1, outputs)
    constant = constant_scores(values, "binary", outputs, fold.weight, SMALLEST_SHARE)
    scores = np.tile(constant, (len(fold.unseen), 1))
    for column in np.flatnonzero(np.ptp(values, axis=0)):
        model = _logistic_regression(fold, values[:, column])
        scores[:, column] = model.decision_function(fold.unseen)
    return scores


def _classes(fold: _Fold, target: NDArray[Any], outputs: int) -> Floats:
    """Predict the logarithms of the shares of classes, shape (m, outputs)."""
    constant = constant_scores(target, "multiclass", outputs, fold.weight, SMALLEST_SHARE)
    scores = np.tile(constant, (len(fold.unseen), 1))
    if np.ptp(target):
        model = _logistic_regression(fold, target)
        shares = np.maximum(model.predict_proba(fold.unseen), np.finfo(float).tiny)
        scores[:, model.classes_.astype(np.intp)] = np.log(shares)
    return scores


def _logistic_regression(fold: _Fold, target: NDArray[Any]) -> Any:
    """Fit logistic regression to two or more classes."""
    model: Any = LogisticRegression(C=STRONG, max_iter=ITERATIONS)
    if inner := _class_folds(fold, target):
        model = GridSearchCV(model, {"C": STRENGTHS}, scoring=_minus_log_loss, cv=inner)
    return model.fit(fold.inputs, target, sample_weight=fold.weight)


def _minus_log_loss(
    model: LogisticRegression, inputs: Floats, target: NDArray[Any], sample_weight: Floats | None = None
) -> float:
    """Return minus the mean log-loss of samples, which need not be of all classes."""
    shares = model.predict_proba(inputs)
    return -float(log_loss(target, shares, labels=model.classes_, sample_weight=sample_weight))


def _group_folds(fold: _Fold) -> list[tuple[Rows, Rows]]:
    """Return inner folds of whole groups; none where there are not two."""
    count = 0 if fold.groups is None else min(INNER_FOLDS, len(np.unique(fold.groups)))
    if count < 2:
        return []
    splitter = GroupKFold(count, shuffle=True, random_state=fold.seed)
    return list(splitter.split(fold.inputs, groups=fold.groups))


def _class_folds(fold: _Fold, target: NDArray[Any]) -> list[tuple[Rows, Rows]]:
    """Return inner folds that hold out classes of their training part only, which are two at least."""
    folds = _group_folds(fold)
    count = min(INNER_FOLDS, int(np.unique(target, return_counts=True)[1].max()))
    if fold.groups is None and count > 1:
        splitter = StratifiedKFold(count, shuffle=True, random_state=fold.seed)
        folds = list(splitter.split(fold.inputs, target))
    folds = [(train, rest[np.isin(target[rest], target[train])]) for train, rest in folds]
    return [(train, rest) for train, rest in folds if len(rest) and np.ptp(target[train])]
