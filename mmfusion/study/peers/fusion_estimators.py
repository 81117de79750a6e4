"""The estimators of this package as peers among the others: with all subsets, and without products."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmfusion.estimators.classifier import FusionClassifier
from mmfusion.estimators.regressor import FusionRegressor
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


def fusion(data: PeerData, max_order: int | str = "auto") -> PeerAnswer:
    """Fit an estimator at its defaults on the given folds.

    Parameters
    ----------
    data : PeerData
    max_order : int or str, default "auto"
        Largest size of a subset; 1 is late fusion, a sum of scores of single modalities.

    Returns
    -------
    PeerAnswer
        The importance is the rise of the loss without a subset, the p-value is Holm's.
    """
    kind: Any = FusionRegressor if data.task == REGRESSION else FusionClassifier
    model = kind(max_order=max_order, cv=list(data.folds), random_state=data.seed, information=False)
    model.fit(dict(data.X), data.y, groups=data.groups)
    table = model.relevance_
    named = table.loc[table["named"].fillna(value=False).astype(bool), "subset"]
    rises = dict(zip(table["subset"], table["loss_rise"], strict=True))
    p_values = dict(zip(table["subset"], table["p_adjusted"], strict=True))
    return PeerAnswer(_scores(model, data), importances_of(rises, p_values), frozenset(named))


def late_fusion(data: PeerData) -> PeerAnswer:
    """Fit an estimator without products of modalities."""
    return fusion(data, max_order=1)


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
