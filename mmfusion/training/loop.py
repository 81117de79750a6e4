"""The training loop of one network."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from mmfusion.fusion.blocknorm import weight_share
from mmfusion.fusion.subsets import subset_label
from mmfusion.training.losses import LOSSES
from mmfusion.training.network import MultimodalNetwork


@dataclass(frozen=True)
class Samples:
    """Prepared inputs and target of one split.

    Parameters
    ----------
    inputs : mapping of str to Tensor, shape (n, ...)
        One per modality, as the encoders prepare them.
    target : Tensor, shape (n,)
        As `mmfusion.training.losses.target_tensor` gives it; standardised for regression.
    """

    inputs: Mapping[str, Tensor]
    target: Tensor

    def rows(self, index: Tensor) -> Samples:
        """Select samples by position."""
        return Samples({name: x[index] for name, x in self.inputs.items()}, self.target[index])


def train_network(
    network: MultimodalNetwork,
    train: Samples,
    validation: Samples | None,
    task: str,
    settings: Mapping[str, Any],
    generator: torch.Generator,
    after_epoch: Callable[[], object],
) -> pd.DataFrame:
    """Train a network in place; the last epoch's model is the result.

    Minimises mean loss + lambda [sum over I of ||W_I||^q]^(2/q) by AdamW, whose decoupled decay acts on
    the encoders' weight matrices only, with a cosine decay of the learning rate to zero over all
    steps. An epoch is a random order cut into full batches; the samples left over differ in every epoch.

    Parameters
    ----------
    network : MultimodalNetwork
    train : Samples
        Training split.
    validation : Samples or None
        Its loss is recorded and selects nothing. Batch statistics are those of this split itself.
    task : {"binary", "multiclass", "regression"}
    settings : mapping
        ``penalty`` (lambda), ``batch_size``, ``learning_rate``, ``weight_decay``, ``epochs``.
    generator : torch.Generator
        Source of the order of samples.
    after_epoch : callable
        Called after every epoch, to show progress.

    Returns
    -------
    DataFrame
        One row per epoch and subset: epoch, subset, order, block_norm, weight_share, loss_train (mean over
        the epoch's batches), penalty (lambda included, after the epoch), loss_validation (NaN without that
        split).
    """
    size = min(settings["batch_size"], len(train.target))
    steps = len(train.target) // size
    optimiser, schedule = _optimiser(network, settings, steps * settings["epochs"])
    loss_of = LOSSES[task]
    rows: list[pd.DataFrame] = []
    for epoch in range(1, settings["epochs"] + 1):
        network.train()
        order = torch.randperm(len(train.target), generator=generator)
        total = torch.zeros(())
        for index in torch.split(order[: steps * size], size):
            batch = train.rows(index)
            loss = loss_of(network(batch.inputs), batch.target)
            (loss + settings["penalty"] * network.fusion.penalty()).backward()
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
            total += loss.detach()
        losses = (float(total) / steps, _validation_loss(network, validation, task))
        rows.append(_history(network, epoch, losses, settings["penalty"]))
        after_epoch()
    return pd.concat(rows, ignore_index=True)


def _optimiser(
    network: MultimodalNetwork, settings: Mapping[str, Any], steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    decayed = network.decayed_weights()
    known = {id(weight) for weight in decayed}
    others = [weight for weight in network.parameters() if id(weight) not in known]
    groups = [
        {"params": decayed, "weight_decay": settings["weight_decay"]},
        {"params": others, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=settings["learning_rate"], fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * min(step / steps, 1.0)))
    )
    return optimiser, schedule


@torch.no_grad()
def _validation_loss(network: MultimodalNetwork, samples: Samples | None, task: str) -> float:
    if samples is None:
        return math.nan
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.eval()
    return float(LOSSES[task](network(samples.inputs), samples.target))


@torch.no_grad()
def _history(
    network: MultimodalNetwork, epoch: int, losses: tuple[float, float], penalty: float
) -> pd.DataFrame:
    norms = network.fusion.block_norms().numpy()
    subsets = network.fusion.subsets
    return pd.DataFrame(
        {
            "epoch": epoch,
            "subset": [subset_label(subset) for subset in subsets],
            "order": [len(subset) for subset in subsets],
            "block_norm": norms,
            "weight_share": weight_share(norms),
            "loss_train": losses[0],
            "penalty": penalty * float(network.fusion.penalty()),
            "loss_validation": losses[1],
        }
    )
