"""From a fit to its answer in words: the facts that the sentences are made of."""

from __future__ import annotations

import math

import numpy as np

from mmfusion.estimators.fit_plan import Given
from mmfusion.estimators.fitting import FittedEnsemble
from mmfusion.estimators.linear_baseline import linear_baseline
from mmfusion.estimators.linear_inputs import linear_inputs_of
from mmfusion.estimators.summary import Answer
from mmfusion.measures.array_losses import mean_loss, mean_score

REGRESSION = "regression"


def answer_of(fitted: FittedEnsemble, given: Given, seed: int) -> Answer:
    """Collect the facts of a fit, and fit the linear baseline on the same folds.

    Parameters
    ----------
    fitted : FittedEnsemble
    given : Given
        The samples of the fit.
    seed : int
        Of the inner folds of the baseline.

    Returns
    -------
    Answer
    """
    ensemble, quality, target = fitted.ensemble, fitted.evaluation.quality, given.target
    regression = target.task == REGRESSION
    coalitions, by_modality, pairs = fitted.information or (None, None, None)
    loss_linear, score_linear = (math.nan, math.nan)
    if quality is not None:
        loss_linear, score_linear = _linear(fitted, given, seed)
    rows = fitted.held_out if quality is not None else np.flatnonzero(given.weight)
    kind = "numbers, by FusionRegressor" if regression else "classes, by FusionClassifier"
    return Answer(
        task_sentence=f"Task: {REGRESSION if regression else 'classification'} ({kind}).",
        classes=not regression,
        samples=len(rows),
        groups=None if given.groups is None else len(np.unique(given.groups[rows])),
        folds=0 if quality is None else len(given.folds),
        networks=len(ensemble.networks),
        loss=math.nan if quality is None else quality.loss,
        loss_constant=math.nan if quality is None else quality.loss_constant,
        loss_linear=loss_linear,
        linear_name="ridge regression" if regression else "logistic regression",
        score=math.nan if quality is None else quality.score,
        score_linear=score_linear,
        explained_low=math.nan if quality is None else quality.explained.low,
        explained_p_value=math.nan if quality is None else quality.explained.p_value,
        relevance=fitted.evaluation.relevance,
        information=coalitions,
        modality_information=by_modality,
        synergy=pairs,
        floor=ensemble.floor,
        smallest_rise=math.nan if quality is None else quality.smallest_rise,
        penalty=fitted.chosen.penalty,
    )


def _linear(fitted: FittedEnsemble, given: Given, seed: int) -> tuple[float, float]:
    """Return loss and score of the linear baseline, in the unit of the networks' loss."""
    target, truth, moments = given.target, fitted.truth, fitted.ensemble.moments
    if truth is None:
        return math.nan, math.nan
    design = linear_inputs_of(given.data, fitted.modalities)
    scores = linear_baseline(
        design, target.array, target.task, target.outputs, given.weight, given.folds, seed, given.groups
    )
    scores = ((scores - moments.mean) / moments.deviation)[fitted.held_out]
    rest = (truth.target, truth.task, truth.weight)
    return mean_loss(scores, *rest), mean_score(scores, *rest)
