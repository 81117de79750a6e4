"""Grouped permutation importance of the models of early fusion."""

from __future__ import annotations

import numpy as np

from mmfusion.study.peers.calibration import losses
from mmfusion.study.peers.contract import (
    MODALITIES,
    Peer,
    PeerAnswer,
    PeerData,
    importances_of,
    one_by_one,
    side_by_side,
)
from mmfusion.study.peers.perceptrons import early_fusion_models, scores_of_model

REPEATS = 20
"""Permutations of each fold and modality."""


def grouped_permutation(data: PeerData) -> PeerAnswer:
    """Measure by how much the held-out loss rises if a modality's rows are permuted, its columns together.

    A modality is named if the mean of the rises is above twice their standard deviation over the
    permutations, each permuting all held-out samples within their folds.
    """
    random = np.random.default_rng(data.seed)
    columns = side_by_side(data.X)
    rises = {name: np.zeros(REPEATS) for name in data.names}
    for model, fold in zip(early_fusion_models(data).models, data.folds, strict=True):
        values = columns[fold.held_out]
        before = losses(scores_of_model(model, values, data.task), data, fold.held_out).sum()
        for name, places in data.columns.items():
            for repeat in range(REPEATS):
                mixed = values.copy()
                mixed[:, places] = values[random.permutation(len(values))][:, places]
                after = losses(scores_of_model(model, mixed, data.task), data, fold.held_out).sum()
                rises[name][repeat] += (after - before) / len(data.y)
    named = {name for name, found in rises.items() if found.mean() > 2 * found.std()}
    importances = importances_of({name: float(found.mean()) for name, found in rises.items()})
    return PeerAnswer(None, importances, frozenset(named))


GROUPED_PERMUTATION = Peer(
    "grouped permutation",
    "Breiman, Machine Learning 45, 2001, of whole modalities; rule of scikit-learn's user guide",
    one_by_one(grouped_permutation),
    rule="a mean rise above twice its standard deviation over permutations",
    names=MODALITIES,
    explains=True,
)
