"""Fitting networks: inputs standardised, networks trained in one stack, constants of prediction set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from mmfusion.measures.constant_prediction import constant_scores
from mmfusion.training.loop import Randomness, Recipe, train_networks
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import NetworkSamples

SMALLEST_SHARE = 1e-6
"""Share of a class without training samples, where training starts from the constant prediction."""


@dataclass(frozen=True)
class Fit:
    """What fitting one network gives.

    Parameters
    ----------
    history : DataFrame
        See `mmfusion.training.loop.train_networks`.
    features : dict of str to Tensor, shape (n, d_m)
        Of `samples` as `NetworkSamples.part` gives them, encoded by the trained network.
    """

    history: pd.DataFrame
    features: dict[str, Tensor]


def fit_networks(
    networks: Sequence[MultimodalNetwork],
    train: NetworkSamples,
    validation: NetworkSamples | None,
    task: str,
    recipe: Recipe,
    penalties: Sequence[float],
    randomness: Sequence[Randomness],
    device: torch.device,
    *,
    start_from_constant: bool = False,
    after_epoch: Callable[[], object] = lambda: None,
) -> list[Fit]:
    """Fit networks of one architecture in place, from new weights to networks that predict.

    Parameters
    ----------
    networks : sequence of MultimodalNetwork
        Untrained; afterwards in eval mode.
    train, validation, task, recipe, penalties, randomness, device, after_epoch
        See `mmfusion.training.loop.train_networks`.
    start_from_constant : bool, default False
        Whether the bias starts at the best constant prediction, which is many steps away from zero where a
        class is rare.

    Returns
    -------
    list of Fit
        One per network.
    """
    networks[0].fit_standardisers(train.part(0))
    for index, network in enumerate(networks):
        network.standardisers.load_state_dict(networks[0].standardisers.state_dict())
        if start_from_constant:
            _start_from_constant(network, train, train.index[index], task)
    histories = train_networks(
        networks, train, validation, task, recipe, penalties, randomness, after_epoch, device
    )
    return [
        Fit(history, network.fit_statistics(train.part(index)))
        for index, (network, history) in enumerate(zip(networks, histories, strict=True))
    ]


@torch.no_grad()
def _start_from_constant(network: MultimodalNetwork, train: NetworkSamples, rows: Tensor, task: str) -> None:
    target, weight = train.store.target[rows].numpy(), train.store.weight
    share = None if weight is None else weight[rows].double().numpy()
    best = constant_scores(target, task, network.fusion.outputs, share, SMALLEST_SHARE)
    network.fusion.bias.copy_(torch.from_numpy(best))
