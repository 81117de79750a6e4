"""Leave-one-out and conditional importance of modalities with the p-values of hidimstat."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import PredefinedSplit

from mmfusion.measures.paired_differences import holm
from mmfusion.study.peers.contract import (
    MODALITIES,
    NEEDED,
    REGRESSION,
    Peer,
    PeerAnswer,
    PeerData,
    importances_of,
    one_by_one,
    side_by_side,
)
from mmfusion.study.peers.perceptrons import early_fusion_models

LEVEL = 0.05
"""Of the test of all modalities together."""


def loco(data: PeerData) -> PeerAnswer:
    """Refit the models of early fusion without each modality in turn, and compare held-out losses."""
    from hidimstat import LOCOCV  # the extra `peers`, needed by these peers only

    return _answer(data, LOCOCV)


def cfi(data: PeerData) -> PeerAnswer:
    """Replace each modality in turn by what the others predict of it, with residuals of other samples."""
    from hidimstat import CFICV  # the extra `peers`, needed by these peers only

    return _answer(data, CFICV, random_state=data.seed, feature_types="continuous")


def _answer(data: PeerData, kind: Any, **choices: Any) -> PeerAnswer:
    """Compute importances and p-values over the folds, and adjust these for the number of modalities."""
    fold_of = np.empty(len(data.y), dtype=int)
    for number, fold in enumerate(data.folds):
        fold_of[fold.held_out] = number
    regression = data.task == REGRESSION
    models = early_fusion_models(data).models
    importance = kind(
        clone(models[0]),
        PredefinedSplit(fold_of),
        method="predict" if regression else "predict_proba",
        loss=mean_squared_error if regression else partial(log_loss, labels=[0, 1]),
        features_groups=data.columns,
        **choices,
    )
    importance.fit_importance(side_by_side(data.X), data.y)
    adjusted = holm(importance.pvalues_)
    means = dict(zip(data.names, importance.importances_.mean(axis=1).tolist(), strict=True))
    p_values = dict(zip(data.names, adjusted.tolist(), strict=True))
    named = frozenset(name for name, p_value in p_values.items() if p_value < LEVEL)
    return PeerAnswer(None, importances_of(means, p_values), named)


SOURCE = "hidimstat, with the p-values of Nadeau and Bengio, Machine Learning 52, 2003"
LOCO = Peer(
    "LOCO",
    f"Lei et al., JASA 2018: {SOURCE}",
    one_by_one(loco),
    rule="p < .05 by Holm over the modalities",
    names=MODALITIES,
    asks=NEEDED,
    explains=True,
)
CFI = Peer(
    "CFI",
    f"Chamma et al., NeurIPS 2023 and AAAI 2024: {SOURCE}",
    one_by_one(cfi),
    rule="p < .05 by Holm over the modalities",
    names=MODALITIES,
    asks=NEEDED,
    explains=True,
)
