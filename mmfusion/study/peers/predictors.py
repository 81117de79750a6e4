"""Peers that predict by multilayer perceptrons: the best single modality, and early fusion."""

from __future__ import annotations

from mmfusion.study.peers.contract import MODALITIES, Peer, PeerAnswer, PeerData, importances_of, one_by_one
from mmfusion.study.peers.perceptrons import EARLY, early_fusion_models, fit_perceptrons

TUNED = "7 networks, 4 linear models"


def best_single(data: PeerData) -> PeerAnswer:
    """Predict with the one modality whose models have the lowest out-of-fold loss."""
    fitted = {name: fit_perceptrons(data, [name]) for name in data.names}
    best = min(fitted, key=lambda name: fitted[name].loss)
    importances = importances_of({name: -one.loss for name, one in fitted.items()})
    return PeerAnswer(fitted[best].scores, importances, frozenset([best]))


def early_fusion(data: PeerData) -> PeerAnswer:
    """Predict with models of all columns."""
    return PeerAnswer(early_fusion_models(data).scores, importances_of({}), None)


BEST_SINGLE = Peer(
    "best single modality",
    "multilayer perceptron or linear model of scikit-learn",
    one_by_one(best_single),
    rule="the modality with the lowest out-of-fold loss, so always one",
    names=MODALITIES,
    tuned=TUNED,
)
EARLY_FUSION = Peer(
    EARLY,
    "multilayer perceptron or linear model of scikit-learn on all columns",
    one_by_one(early_fusion),
    tuned=TUNED,
)
