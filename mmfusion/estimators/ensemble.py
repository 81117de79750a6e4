"""Training and using the networks of an estimator: one per seed, side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mmfusion.encoders.encoder import ROWS_AT_ONCE
from mmfusion.estimators.modalities import Modality, build_network
from mmfusion.fusion.subsets import Subset
from mmfusion.training.device import device_of
from mmfusion.training.loop import Randomness, train_networks
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples, Shelf

STEPS = 1000
"""Steps of training where the number of epochs is not given."""
SELDOM = 1e-6
"""Least frequency of a class, for a class without samples in training."""
EPOCHS = (10, 200)
"""Fewest and most epochs where their number is not given."""


@dataclass(frozen=True)
class Recipe:
    """How networks are trained; the arguments of the estimators of the same names."""

    epochs: int | None
    batch_size: int
    learning_rate: float
    weight_decay: float
    device: str

    def settings(self, penalty: float, samples: int) -> dict[str, Any]:
        """Return the settings of `train_networks` for a training split of a size."""
        batch = max(2, min(self.batch_size, samples))
        epochs = self.epochs or min(max(math.ceil(STEPS * batch / samples), EPOCHS[0]), EPOCHS[1])
        return {
            "penalty": penalty,
            "batch_size": batch,
            "learning_rate": self.learning_rate,
            "weight_decay": self.weight_decay,
            "epochs": epochs,
        }


@dataclass(frozen=True)
class Training:
    """What networks are trained on.

    Parameters
    ----------
    samples : Samples
        All samples.
    rows : array of int
        Those that are trained on.
    task : str
        What the loss is.
    """

    samples: Samples
    rows: NDArray[np.intp]
    task: str


def initial_networks(
    modalities: tuple[Modality, ...], seeds: Sequence[int], fusion: Mapping[str, Any]
) -> list[MultimodalNetwork]:
    """Build one untrained network per seed."""
    return [build_network(modalities, seed, **fusion) for seed in seeds]


def train(
    networks: Sequence[MultimodalNetwork],
    training: Training,
    seeds: Sequence[int],
    recipe: Recipe,
    penalty: float,
    after_epoch: Callable[[], object],
) -> list[pd.DataFrame]:
    """Train networks side by side, and set their constants of prediction.

    Parameters
    ----------
    networks : sequence of MultimodalNetwork
        Untrained, one per seed; trained in place, their fusion layer is in float64 afterwards.
    training : Training
    seeds : sequence of int
        Seeds of the order of samples and of dropout.
    recipe : Recipe
    penalty : float
        lambda.
    after_epoch : function
        Called after every epoch.

    Returns
    -------
    list of DataFrame
        See `mmfusion.training.loop.train_networks`.
    """
    device = device_of(recipe.device)
    _standardise(networks, training)
    _start_bias(networks, training)
    places = torch.from_numpy(training.rows).expand(len(networks), -1)
    streams = [
        Randomness(torch.Generator().manual_seed(seed), torch.Generator(device).manual_seed(seed + 1))
        for seed in seeds
    ]
    settings = recipe.settings(penalty, len(training.rows))
    shelf = Shelf(training.samples, places)
    histories = train_networks(networks, shelf, None, training.task, settings, streams, after_epoch, device)
    fitted = Samples(
        training.samples.inputs, training.samples.target, _row_weight(training), training.samples.present
    )
    for network in networks:
        network.fit_statistics(fitted)
        network.fusion.double()
    return histories


def _row_weight(training: Training) -> torch.Tensor | None:
    """Weights of all samples in the constants of prediction, zero for those that are not trained on."""
    weight, count = training.samples.weight, len(training.samples)
    if len(training.rows) == count:
        return weight
    mask = torch.zeros(count)
    mask[torch.from_numpy(training.rows)] = 1.0
    return mask if weight is None else mask * weight


def _standardise(networks: Sequence[MultimodalNetwork], training: Training) -> None:
    weight = _row_weight(training)
    whole = np.ones(len(training.samples)) if weight is None else weight.double().numpy()
    first = networks[0]
    for place, name in enumerate(first.modalities):
        if not hasattr(first.standardisers[place], "fit"):
            continue
        here = training.samples.present.get(name)
        share = whole if here is None else whole * here.double().numpy()
        first.standardisers[place].fit(training.samples.inputs[name].numpy(), share)  # type: ignore[operator]  # a Standardiser
        for network in networks[1:]:
            network.standardisers[place].load_state_dict(first.standardisers[place].state_dict())


@torch.no_grad()
def _start_bias(networks: Sequence[MultimodalNetwork], training: Training) -> None:
    """Start from the best constant prediction, which is many steps away where a class is rare."""
    best = constant_scores(training, networks[0].fusion.outputs)
    for network in networks:
        network.fusion.bias.copy_(best)


def constant_scores(training: Training, outputs: int) -> torch.Tensor:
    """Return the constant scores with the lowest loss on the training rows, shape (outputs,)."""
    if training.task == "regression":
        return torch.zeros(outputs)  # the target is standardised
    rows, weight = torch.from_numpy(training.rows), training.samples.weight
    target = training.samples.target[rows]
    share = torch.ones(len(rows)) if weight is None else weight[rows]
    if training.task == "multiclass":
        target = torch.nn.functional.one_hot(target, outputs)
    frequency = (target.reshape(len(rows), -1) * share.unsqueeze(-1)).sum(0) / share.sum()
    frequency = frequency.clamp(SELDOM, 1 - SELDOM)
    return frequency.log() if training.task == "multiclass" else frequency.logit()


@torch.no_grad()
def mean_scores(networks: Sequence[MultimodalNetwork], samples: Samples) -> NDArray[np.float64]:
    """Return the scores of all samples, the mean over networks, shape (n, outputs)."""
    pieces = [
        torch.stack([network(piece.inputs, piece.present) for network in networks]).mean(0)
        for piece in pieces_of(samples)
    ]
    scores: NDArray[np.float64] = torch.cat(pieces).double().numpy()
    return scores


@torch.no_grad()
def parts_of(network: MultimodalNetwork, samples: Samples) -> dict[Subset, NDArray[np.float64]]:
    """Return <phi_I(x), W_I> of all samples per subset, shape (n, outputs)."""
    pieces = []
    for piece in pieces_of(samples):
        pieces.append(network.fusion.contributions(network.encode(piece.inputs, piece.present)))
    return {subset: torch.cat([piece[subset] for piece in pieces]).numpy() for subset in pieces[0]}


def pieces_of(samples: Samples) -> list[Samples]:
    """Cut samples into pieces that are computed at once; views on the same memory."""
    starts = range(0, len(samples), ROWS_AT_ONCE)
    return [samples.piece(slice(start, start + ROWS_AT_ONCE)) for start in starts]
