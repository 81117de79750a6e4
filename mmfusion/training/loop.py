"""Fitting many small networks in one stack: the training loop, and the constants before and after it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmfusion.encoders.dropout import Dropout
from mmfusion.encoders.module_encoder import ModuleEncoder
from mmfusion.fusion.blocknorm import weight_share
from mmfusion.fusion.subsets import subset_label
from mmfusion.measures.losses import batch_loss
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.optimiser import Optimiser
from mmfusion.training.samples import NetworkSamples
from mmfusion.training.stack import NetworkStack


@dataclass(frozen=True)
class Recipe:
    """How networks are trained.

    Parameters
    ----------
    epochs : int
        Passes over the training split.
    batch_size : int
        Samples per step; a smaller training split is one batch.
    learning_rate : float
        Of AdamW at the first step; it falls to zero as a half cosine.
    weight_decay : float
        Decoupled decay of the encoders' weight matrices.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float


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


@dataclass(frozen=True)
class Fit:
    """What fitting one network gives.

    Parameters
    ----------
    epochs : list of arrays
        After every epoch: block norms (subsets,), and three numbers, the mean training loss over the epoch's
        batches, the penalty (lambda included), and the validation loss (NaN without that split).
    subsets : list of str
        Labels.
    features : dict of str to Tensor, shape (n, d_m)
        Of the samples as `NetworkSamples.part` gives them, those of weight zero included, encoded by the
        trained network.
    """

    epochs: list[list[NDArray[np.float64]]]
    subsets: list[str]
    features: dict[str, Tensor]

    def divergence(self) -> str:
        """Say what is not finite first, after which epoch, and what to lower; empty if all is finite.

        Examples
        --------
        >>> Fit([[np.ones(1), 0.4, 0.1, np.nan], [np.ones(1), np.inf, 0.1, np.nan]], ["a"], {}).divergence()
        'training diverged: the loss is not finite in epoch 2; lower learning_rate, or penalty if it is large'
        """
        for epoch, numbers in enumerate(self.epochs, 1):
            named = zip(("weights are", "loss is", "penalty is"), numbers, strict=False)
            wrong = [name for name, values in named if not np.isfinite(values).all()]
            if wrong:
                what = f"the {wrong[0]} not finite in epoch {epoch}"
                return f"training diverged: {what}; lower learning_rate, or penalty if it is large"
        return ""

    @property
    def history(self) -> pd.DataFrame:
        """Norms and losses, one row per epoch and subset.

        Its columns are epoch, subset, order, block_norm, weight_share, loss_train, penalty and
        loss_validation.
        """
        norms, loss, penalty, validation = (np.array(values) for values in zip(*self.epochs, strict=True))
        count = len(self.subsets)
        return pd.DataFrame(
            {
                "epoch": np.repeat(np.arange(1, len(self.epochs) + 1), count),
                "subset": self.subsets * len(self.epochs),
                "order": [subset.count("+") + 1 for subset in self.subsets] * len(self.epochs),
                "block_norm": norms.ravel(),
                "weight_share": np.concatenate([weight_share(row) for row in norms]),
                "loss_train": np.repeat(loss, count),
                "penalty": np.repeat(penalty, count),
                "loss_validation": np.repeat(validation, count),
            }
        )


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
    bias: NDArray[np.float64] | None = None,
    after_epoch: Callable[[], object] = lambda: None,
) -> list[Fit]:
    """Fit networks of one architecture in place; the last epoch's models are the result.

    Every network minimises its mean loss + lambda [sum over I of ||W_I||^q]^(2/q) by AdamW, whose decoupled
    decay acts on the encoders' weight matrices only, with a cosine decay of the learning rate to zero over
    all steps. An epoch is a random order cut into full batches; leftover samples are skipped,
    different ones in each epoch. Where networks have unequal numbers of samples, those of the network with
    the fewest say how many batches an epoch has.
    The networks share each operation and nothing else: none depends on which others are trained with it,
    bit for bit on the CPU at the sizes of the study (d = 8, batches of 64), else up to rounding. Nothing is
    read back from the device within an epoch.

    Parameters
    ----------
    networks : sequence of MultimodalNetwork
        Untrained; afterwards in eval mode, with all constants of prediction.
    train : NetworkSamples
        Training split of every network.
    validation : NetworkSamples or None
        Its loss is recorded and selects nothing. Batch statistics are those of this split itself.
    task : {"binary", "multiclass", "regression"}
        What the loss is, see `mmfusion.measures.losses`.
    recipe : Recipe
    penalties : sequence of float
        lambda of every network.
    randomness : sequence of Randomness
        The random streams of every network.
    device : torch.device
        Where to train; the networks stay where they are.
    bias : array, shape (networks, outputs), optional
        Where the bias starts, such as the best constant prediction, which is many steps away from zero where
        a class is rare. Default: zero.
    after_epoch : callable, optional
        Called after every epoch, to show progress.

    Returns
    -------
    list of Fit
        One per network.
    """
    parts = train.parts()
    fitted: dict[int, MultimodalNetwork] = {}
    for index, (network, part) in enumerate(zip(networks, parts, strict=True)):
        if id(part) in fitted:
            network.standardisers.load_state_dict(fitted[id(part)].standardisers.state_dict())
        else:
            network.fit_standardisers(part)
            fitted[id(part)] = network
        if bias is not None:
            with torch.no_grad():
                network.fusion.bias.copy_(torch.from_numpy(bias[index]))
    subsets = [subset_label(subset) for subset in networks[0].fusion.subsets]
    epochs = _train(
        networks,
        train.to(device),
        None if validation is None else validation.to(device),
        task,
        recipe,
        torch.tensor(penalties, dtype=torch.float32, device=device),
        randomness,
        after_epoch,
    )
    return [
        Fit([[x[index] for x in epoch] for epoch in epochs], subsets, network.fit_statistics(part))
        for index, (network, part) in enumerate(zip(networks, parts, strict=True))
    ]


def _train(
    networks: Sequence[MultimodalNetwork],
    samples: NetworkSamples,
    validation: NetworkSamples | None,
    task: str,
    recipe: Recipe,
    factor: Tensor,
    randomness: Sequence[Randomness],
    after_epoch: Callable[[], object],
) -> list[list[NDArray[np.float64]]]:
    """Train the networks on the device of the samples, and return what `_state` says after every epoch."""
    device = factor.device
    shapes = {name: tuple(values.shape[1:]) for name, values in samples.store.inputs.items()}
    stack = NetworkStack(networks, [streams.noise for streams in randomness], shapes).to(device)
    size = min(recipe.batch_size, samples.size)
    steps = samples.size // size
    optimiser = _optimiser(stack, recipe, steps * recipe.epochs)
    epochs: list[list[NDArray[np.float64]]] = []
    for _ in range(recipe.epochs):
        stack.train()
        sizes = samples.sizes or [samples.size] * len(networks)
        orders = [
            torch.randperm(count, generator=streams.order)[: steps * size]
            for count, streams in zip(sizes, randomness, strict=True)
        ]
        order = torch.stack(orders).to(device)
        total = torch.zeros(len(networks), device=device)
        for position in torch.split(order, size, dim=1):
            batch = samples.rows(position)
            loss = batch_loss(stack(batch), batch.target, task, batch.weight)
            (loss + factor * stack.penalty()).sum().backward()  # type: ignore[no-untyped-call]  # torch lacks the type
            optimiser.step()
            total += loss.detach()
        epochs.append(_state(stack, total / steps, _validation_loss(stack, validation, task), factor))
        after_epoch()
    stack.write_back()
    return epochs


def _optimiser(stack: NetworkStack, recipe: Recipe, steps: int) -> Optimiser:
    decayed = stack.decayed_weights()
    known = {id(weight) for weight in decayed}
    others = [weight for weight in stack.parameters() if id(weight) not in known]
    return Optimiser(decayed, others, recipe.learning_rate, recipe.weight_decay, steps)


@torch.no_grad()
def _validation_loss(stack: NetworkStack, validation: NetworkSamples | None, task: str) -> Tensor:
    if validation is None:
        return torch.full((len(stack.networks),), math.nan)
    for module in stack.modules():
        if isinstance(module, Dropout):
            module.eval()
        elif isinstance(module, ModuleEncoder):
            module.module.eval()
    samples = validation.all()
    return batch_loss(stack(samples), samples.target, task, samples.weight)


@torch.no_grad()
def _state(
    stack: NetworkStack, loss: Tensor, validation: Tensor, factor: Tensor
) -> list[NDArray[np.float64]]:
    """Norms, mean training loss, penalty and validation loss of every network after an epoch."""
    values = (stack.fusion.block_norms(), loss, factor * stack.penalty(), validation)
    return [value.double().cpu().numpy() for value in values]
