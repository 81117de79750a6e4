"""The estimators of this package as peers among the others: with all subsets, and without products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmfusion.estimators.classifier import FusionClassifier
from mmfusion.estimators.regressor import FusionRegressor
from mmfusion.estimators.together import fit_together
from mmfusion.study.peers.contract import (
    MODALITIES,
    REGRESSION,
    SUBSETS,
    Peer,
    PeerAnswer,
    PeerData,
    PeerScores,
    importances_of,
)


def fusion(data: Sequence[PeerData], max_order: int | str = "auto") -> list[PeerAnswer]:
    """Fit an estimator at its defaults to every data set, on the given folds, all in shared stacks.

    Parameters
    ----------
    data : sequence of PeerData
    max_order : int or str, default "auto"
        Largest size of a subset; 1 is late fusion, a sum of scores of single modalities.

    Returns
    -------
    list of PeerAnswer
        The importance is the rise of the loss without a subset, the p-value is Holm's.
    """
    models = [_model(one, max_order) for one in data]
    fit_together(models, [{"X": dict(one.X), "y": one.y, "groups": one.groups} for one in data])
    return [_answer(model, one) for model, one in zip(models, data, strict=True)]


def late_fusion(data: Sequence[PeerData]) -> list[PeerAnswer]:
    """Fit estimators without products of modalities."""
    return fusion(data, max_order=1)


def _model(data: PeerData, max_order: int | str) -> Any:
    kind: Any = FusionRegressor if data.task == REGRESSION else FusionClassifier
    return kind(max_order=max_order, cv=list(data.folds), random_state=data.seed, information=False)


def _answer(model: Any, data: PeerData) -> PeerAnswer:
    """Read what a fitted estimator finds."""
    table = model.relevance_
    named = table.loc[table["named"].fillna(value=False).astype(bool), "subset"]
    rises = dict(zip(table["subset"], table["loss_rise"], strict=True))
    p_values = dict(zip(table["subset"], table["p_adjusted"], strict=True))
    return PeerAnswer(_scores(model, data), importances_of(rises, p_values), frozenset(named))


def _scores(model: Any, data: PeerData) -> PeerScores:
    """Predict the unknown samples; the estimators calibrate their scores."""
    unknown = dict(data.unknown)
    predict = model.predict if data.task == REGRESSION else model.decision_function
    return PeerScores(None, np.asarray(predict(unknown), dtype=np.float64))


TEST = "explained loss and rise of the loss above 0 (5 %, Holm), and a rise above 2 % of what is explained"
OURS = Peer(
    "mmfusion",
    "this package, at its defaults",
    fusion,
    rule=TEST,
    names=SUBSETS,
    tuned="lambda, encoder: 12 candidates",
)
LATE_FUSION = Peer(
    "late fusion",
    "this package with max_order=1",
    late_fusion,
    rule=TEST,
    names=MODALITIES,
    tuned="lambda, encoder",
)
