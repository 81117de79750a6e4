"""Peers that predict by multilayer perceptrons: the best single modality, and early fusion."""

from __future__ import annotations

from mmfusion.study.peers.contract import MODALITIES, Peer, PeerAnswer, PeerData, importances_of
from mmfusion.study.peers.perceptrons import EARLY, early_fusion_networks, fit_perceptrons, mean_of_folds


def best_single(data: PeerData) -> PeerAnswer:
    """Predict with the one modality whose networks have the lowest out-of-fold loss."""
    networks = {name: fit_perceptrons(data, [name]) for name in data.names}
    best = min(networks, key=lambda name: networks[name].loss)
    predicted = mean_of_folds(networks[best].models, {best: data.unknown[best]}, data.task)
    importances = importances_of({name: -networks[name].loss for name in networks})
    return PeerAnswer(predicted, importances, frozenset([best]))


def early_fusion(data: PeerData) -> PeerAnswer:
    """Predict with networks of all columns."""
    models = early_fusion_networks(data).models
    return PeerAnswer(mean_of_folds(models, data.unknown, data.task), importances_of({}), None)


BEST_SINGLE = Peer(
    "best single modality",
    "multilayer perceptron of scikit-learn",
    best_single,
    rule="the modality with the lowest out-of-fold loss, so always one",
    names=MODALITIES,
)
EARLY_FUSION = Peer(EARLY, "multilayer perceptron of scikit-learn on all columns", early_fusion)
