"""Published networks that fuse modalities, as peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np
import torch

from mmfusion.fusion.subsets import subset_label
from mmfusion.study.peers.calibration import gathered
from mmfusion.study.peers.contract import (
    Floats,
    Peer,
    PeerAnswer,
    PeerData,
    PeerScores,
    importances_of,
    one_by_one,
)
from mmfusion.study.peers.fusion_networks import (
    FusionNetwork,
    LowRankFusion,
    ResidualOptimisation,
    TensorFusionNetwork,
)
from mmfusion.study.peers.network_training import (
    FoldedSamples,
    TrainedFolds,
    folded_samples,
    train_folds,
)


def network_scores(trained: TrainedFolds, samples: FoldedSamples, data: PeerData) -> PeerScores:
    """Predict held-out and unknown samples by the network of each fold.

    Parameters
    ----------
    trained : TrainedFolds
    samples : FoldedSamples
    data : PeerData

    Returns
    -------
    PeerScores
        Log-odds of class 1, or numbers in the units of the target.
    """
    held_out: list[Floats] = []
    unknown: list[Floats] = []
    for fold, (_, rows) in enumerate(data.folds):
        network, mean, deviation = trained.of_fold(fold), samples.mean[fold], samples.deviation[fold]
        for columns, found in (
            (samples.columns[fold, torch.from_numpy(rows)], held_out),
            (samples.unknown[fold], unknown),
        ):
            found.append(network(columns)[:, -1].double().numpy() * deviation + mean)
    return gathered(held_out, unknown, data)


def contribution_shares(trained: TrainedFolds, data: PeerData, samples: FoldedSamples) -> dict[str, float]:
    """Compute the share of every subset in the variances of held-out contributions.

    The variance of f_S(x_S) is about its mean over the held-out rows of a fold, as a constant can move from
    one f_S to another, and is averaged over all held-out rows.

    Parameters
    ----------
    trained : TrainedFolds
        Of `ResidualOptimisation`.
    data : PeerData
    samples : FoldedSamples

    Returns
    -------
    dict of str to float
        By label of a subset; they add up to 1, or all are 0 if no contribution varies.
    """
    deviations = []
    for fold, (_, held_out) in enumerate(data.folds):
        network = cast(ResidualOptimisation, trained.of_fold(fold))
        values = network.contributions(samples.columns[fold, torch.from_numpy(held_out)]).double()
        deviations.append((values - values.mean(dim=0)).numpy())  # (held out, subsets)
    variances = np.mean(np.vstack(deviations) ** 2, axis=0)
    shares = variances / (variances.sum() or 1.0)
    labels = [subset_label(subset) for subset in network.subsets]
    return dict(zip(labels, shares.tolist(), strict=True))


def _predicting(build: Callable[[Mapping[str, int]], FusionNetwork]) -> Callable[[PeerData], PeerAnswer]:
    """Make the answer of a network that only predicts."""

    def answer(data: PeerData) -> PeerAnswer:
        samples = folded_samples(data)
        scores = network_scores(train_folds(build, data, samples), samples, data)
        return PeerAnswer(scores, importances_of({}), None)

    return answer


def _residual(data: PeerData) -> PeerAnswer:
    samples = folded_samples(data)
    trained = train_folds(ResidualOptimisation, data, samples)
    shares = contribution_shares(trained, data, samples)
    return PeerAnswer(network_scores(trained, samples, data), importances_of(shares), None)


TUNED = "5 penalties, steps of training"
TENSOR_FUSION = Peer(
    "Tensor Fusion Network",
    "Zadeh, Chen, Poria, Cambria, Morency, EMNLP 2017; small, written here in PyTorch",
    one_by_one(_predicting(TensorFusionNetwork)),
    tuned=TUNED,
)
LOW_RANK = Peer(
    "Low-rank Multimodal Fusion",
    "Liu, Shen, Lakshminarasimhan, Liang, Zadeh, Morency, ACL 2018; small, written here in PyTorch",
    one_by_one(_predicting(LowRankFusion)),
    tuned=TUNED,
)
RESIDUAL = Peer(
    "multimodal residual optimisation",
    "Wörtwein, Sheeber, Allen, Cohn, Morency, Findings of EMNLP 2022; small, written here in PyTorch",
    one_by_one(_residual),
    tuned=TUNED,
)
