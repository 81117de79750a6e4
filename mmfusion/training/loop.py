"""The training loop of many small networks side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmfusion.encoders.dropout import Dropout
from mmfusion.encoders.module_encoder import ModuleEncoder
from mmfusion.fusion.blocknorm import weight_share
from mmfusion.fusion.subsets import subset_label
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.objective import LOSSES
from mmfusion.training.optimiser import Optimiser
from mmfusion.training.samples import Shelf
from mmfusion.training.stack import NetworkStack


@dataclass(frozen=True)
class Randomness:
    """The random streams of one network's training.

    Parameters
    ----------
    order : torch.Generator
        Of the order of samples, on the CPU.
    noise : torch.Generator
        Of dropout, on the device of training.
    """

    order: torch.Generator
    noise: torch.Generator


def train_networks(
    networks: Sequence[MultimodalNetwork],
    train: Shelf,
    validation: Shelf | None,
    task: str,
    settings: Mapping[str, Any],
    randomness: Sequence[Randomness],
    after_epoch: Callable[[], object],
    device: torch.device,
) -> list[pd.DataFrame]:
    """Train networks of one architecture in place; the last epoch's models are the result.

    Every network minimises its mean loss + lambda [sum over I of ||W_I||^q]^(2/q) by AdamW, whose decoupled
    decay acts on the encoders' weight matrices only, with a cosine decay of the learning rate to zero over
    all steps. An epoch is a random order cut into full batches; the samples left over differ in every epoch.
    The networks share each operation and nothing else: none depends on which others are trained beside it,
    bit for bit on the CPU at the sizes of the study (d = 8, batches of 64), else up to rounding. Nothing is
    read back from the device within an epoch.

    Parameters
    ----------
    networks : sequence of MultimodalNetwork
    train : Shelf
        Training split of every network.
    validation : Shelf or None
        Its loss is recorded and selects nothing. Batch statistics are those of this split itself.
    task : {"binary", "multiclass", "regression"}
        What the loss is, see `mmfusion.training.objective`.
    settings : mapping
        ``penalty`` (lambda), ``batch_size``, ``learning_rate``, ``weight_decay``, ``epochs``.
    randomness : sequence of Randomness
        The random streams of every network.
    after_epoch : callable
        Called after every epoch, to show progress.
    device : torch.device
        Where to train; the networks stay where they are.

    Returns
    -------
    list of DataFrame
        Per network one row per epoch and subset: epoch, subset, order, block_norm, weight_share, loss_train
        (mean over the epoch's batches), penalty (lambda included, after the epoch), loss_validation (NaN
        without that split).
    """
    shelf, checked = train.to(device), None if validation is None else validation.to(device)
    shapes = {name: tuple(values.shape[1:]) for name, values in train.store.inputs.items()}
    stack = NetworkStack(networks, [streams.noise for streams in randomness], shapes).to(device)
    size = min(settings["batch_size"], shelf.size)
    steps = shelf.size // size
    optimiser = _optimiser(stack, settings, steps * settings["epochs"])
    penalty, loss_of = settings["penalty"], LOSSES[task]
    epochs: list[list[NDArray[np.float64]]] = []
    for _ in range(settings["epochs"]):
        stack.train()
        orders = [torch.randperm(shelf.size, generator=streams.order) for streams in randomness]
        order = torch.stack(orders)[:, : steps * size].to(device)
        total = torch.zeros(len(networks), device=device)
        for index in torch.split(order, size, dim=1):
            batch = shelf.rows(index)
            loss = loss_of(stack(batch), batch.target, batch.weight)
            (loss + penalty * stack.fusion.penalty()).sum().backward()
            optimiser.step()
            total += loss.detach()
        epochs.append(_state(stack, total / steps, _validation_loss(stack, checked, task), penalty))
        after_epoch()
    stack.write_back()
    subsets = [subset_label(subset) for subset in stack.fusion.subsets]
    return [_history(subsets, [[x[i] for x in epoch] for epoch in epochs]) for i in range(len(networks))]


def _optimiser(stack: NetworkStack, settings: Mapping[str, Any], steps: int) -> Optimiser:
    decayed = stack.decayed_weights()
    known = {id(weight) for weight in decayed}
    others = [weight for weight in stack.parameters() if id(weight) not in known]
    return Optimiser(decayed, others, settings["learning_rate"], settings["weight_decay"], steps)


@torch.no_grad()
def _validation_loss(stack: NetworkStack, shelf: Shelf | None, task: str) -> Tensor | None:
    if shelf is None:
        return None
    for module in stack.modules():
        if isinstance(module, Dropout):
            module.eval()
        elif isinstance(module, ModuleEncoder):
            module.module.eval()
    samples = shelf.all()
    return LOSSES[task](stack(samples), samples.target, samples.weight)


@torch.no_grad()
def _state(
    stack: NetworkStack, loss: Tensor, validation: Tensor | None, penalty: float
) -> list[NDArray[np.float64]]:
    """Norms, mean training loss, penalty and validation loss of every network after an epoch."""
    checked = torch.full_like(loss, math.nan) if validation is None else validation
    values = (stack.fusion.block_norms(), loss, penalty * stack.fusion.penalty(), checked)
    return [value.double().cpu().numpy() for value in values]


def _history(subsets: list[str], epochs: list[list[NDArray[np.float64]]]) -> pd.DataFrame:
    tables = [
        pd.DataFrame(
            {
                "epoch": epoch,
                "subset": subsets,
                "order": [subset.count("+") + 1 for subset in subsets],
                "block_norm": norms,
                "weight_share": weight_share(norms),
                "loss_train": loss,
                "penalty": penalty,
                "loss_validation": validation,
            }
        )
        for epoch, (norms, loss, penalty, validation) in enumerate(epochs, start=1)
    ]
    return pd.concat(tables, ignore_index=True)
