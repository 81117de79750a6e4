"""A plain PyTorch training loop of the same networks: what mmfusion's own training is compared with.

It is what one would write without further thought, in eager mode and on one thread: Conv1d over one-hot
symbols that are made once, maximum over positions, ReLU, BatchNorm1d, Linear, ReLU; tensor products and
Wick products as arrays with one axis per modality; AdamW and a cosine schedule of torch; one seed after the
other. It starts from the same weights and takes the same batches as `train_block`, so that the losses of
both are the same, which a test checks. Normalisations none and ibn, p = 1, binary target.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

from mmfusion.study.cells import Cell
from mmfusion.study.data.dataset import MultimodalDataset, Split
from mmfusion.study.data.planted import stream
from mmfusion.study.data.planted_settings import SYMBOLS
from mmfusion.study.training.cell_training import train_block

EPS = 1e-5
State = Mapping[str, Tensor]


class PlainScanner(nn.Module):
    """The motif scanner as three modules of torch."""

    def __init__(self, width: int, channels: int, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(SYMBOLS, channels, width)
        self.batch_norm = nn.BatchNorm1d(channels)
        self.linear = nn.Linear(channels, dim)

    def forward(self, symbols: Tensor) -> Tensor:
        """Encode one-hot symbols (B, 4, length) as features (B, dim)."""
        best = self.conv(symbols).amax(2)  # (B, channels)
        return torch.relu(self.linear(self.batch_norm(torch.relu(best))))


class PlainFusion(nn.Module):
    """Linear layer on the tensor products of all subsets, as they are or as normalised Wick products."""

    def __init__(self, modalities: int, dim: int, norm: str) -> None:
        super().__init__()
        self.norm = norm
        self.subsets = [
            subset for size in range(1, modalities + 1) for subset in combinations(range(modalities), size)
        ]
        self.widths = [dim ** len(subset) for subset in self.subsets]
        self.weight = nn.Parameter(torch.empty(1, sum(self.widths)))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, features: list[Tensor]) -> Tensor:
        """Return the scores (B, 1) of features (B, dim)."""
        if self.norm == "none":
            blocks = self.products(features)
        else:
            wick = self.wick([x - x.mean(0) for x in features])
            blocks = [psi / (psi.square().sum() / len(psi) + EPS).sqrt() for psi in wick]
        return nn.functional.linear(torch.cat([x.flatten(1) for x in blocks], 1), self.weight, self.bias)

    def products(self, features: list[Tensor]) -> list[Tensor]:
        """Return f^I by subset, with an axis of length one for every modality outside I."""
        count = len(features)
        arrays = [
            x.view(len(x), *(x.shape[1] if k == place else 1 for k in range(count)))
            for place, x in enumerate(features)
        ]
        found: dict[tuple[int, ...], Tensor] = {}
        for subset in self.subsets:
            last = arrays[subset[-1]]
            found[subset] = found[subset[:-1]] * last if len(subset) > 1 else last
        return list(found.values())

    def wick(self, centred: list[Tensor]) -> list[Tensor]:
        """Return psi_I = f^I - sum over S within I of E[f^S] psi_(I without S), of centred features."""
        products = dict(zip(self.subsets, self.products(centred), strict=True))
        means = {s: x.mean(0, keepdim=True) for s, x in products.items() if len(s) > 1}  # the others are 0
        wick: dict[tuple[int, ...], Tensor] = {}
        for subset, product in products.items():
            psi = product
            for inner, mean in means.items():
                if set(inner) <= set(subset):
                    rest = tuple(m for m in subset if m not in inner)
                    psi = psi - (mean * wick[rest] if rest else mean)
            wick[subset] = psi
        return list(wick.values())

    def penalty(self) -> Tensor:
        """Return the squared sum of the norms of all W_I, the penalty at p = 1."""
        blocks = torch.split(self.weight, self.widths, dim=1)
        return torch.stack([block.norm() for block in blocks]).sum().square()


class PlainNetwork(nn.Module):
    """Encoders and fusion layer; parameters have the names of mmfusion's network."""

    def __init__(self, modalities: int, encoder: Mapping[str, Any], norm: str) -> None:
        super().__init__()
        sizes = {key: encoder[key] for key in ("width", "channels", "dim")}
        self.encoders = nn.ModuleList(PlainScanner(**sizes) for _ in range(modalities))
        self.fusion = PlainFusion(modalities, encoder["dim"], norm)

    def forward(self, inputs: list[Tensor]) -> Tensor:
        """Return the scores (B,) of one-hot symbols."""
        features = [encoder(x) for encoder, x in zip(self.encoders, inputs, strict=True)]
        return self.fusion(features)[:, 0]


def starting_weights(
    cell: Cell, datasets: Mapping[int, MultimodalDataset], settings: Mapping[str, Any]
) -> dict[int, State]:
    """Return the weights from which `train_block` starts, by seed.

    They are those of a training on a few samples whose learning rate is so small that nothing moves: weights
    depend on the seed and the name of the dataset only.
    """
    few = {
        seed: replace(data, splits={"train": _head(data.splits["train"])}) for seed, data in datasets.items()
    }
    still = {**settings, "learning_rate": 1e-30, "epochs": 1}
    block, _, _ = train_block(cell, few, still, progress=False)
    return {seed: network.state_dict() for seed, network in block.networks.items()}


def _head(split: Split, rows: int = 32) -> Split:
    return Split({name: x[:rows] for name, x in split.features.items()}, split.target[:rows])


def train_plainly(
    dataset: MultimodalDataset, seed: int, norm: str, weights: State, settings: Mapping[str, Any]
) -> list[float]:
    """Train the network of one seed.

    Parameters
    ----------
    dataset : MultimodalDataset
        Symbols and a binary target.
    seed : int
    norm : {"none", "ibn"}
    weights : mapping of str to Tensor
        Where to start, from `starting_weights`.
    settings : mapping
        As `train_block` takes them.

    Returns
    -------
    list of float
        Mean loss over the batches of every epoch, as ``loss_train`` of the table ``history``.
    """
    torch.set_num_threads(1)
    network = PlainNetwork(len(dataset.modalities), settings["encoders"]["symbols"], norm)
    network.load_state_dict({name: weights[name] for name, _ in network.named_parameters()}, strict=False)
    train = dataset.splits["train"]
    inputs = [
        one_hot(torch.from_numpy(train.features[m]).long(), SYMBOLS).transpose(1, 2).float().contiguous()
        for m in dataset.modalities
    ]
    target = torch.from_numpy(train.target).float()
    _, order, _ = (int(x) for x in stream(seed, dataset.name, "training").integers(2**62, size=3))
    generator = torch.Generator().manual_seed(order)
    size = min(settings["batch_size"], len(target))
    steps = len(target) // size
    optimiser, schedule = _optimiser(network, settings, steps * settings["epochs"])
    losses = []
    for _ in range(settings["epochs"]):
        total = torch.zeros(())
        for index in torch.randperm(len(target), generator=generator)[: steps * size].split(size):
            total += plain_step(network, [x[index] for x in inputs], target[index], settings["penalty"])
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
        losses.append(float(total) / steps)
    return losses


def plain_step(network: PlainNetwork, inputs: list[Tensor], target: Tensor, penalty: float) -> Tensor:
    """Go forward and backward once; return the loss without the penalty."""
    loss = binary_cross_entropy_with_logits(network(inputs), target)
    (loss + penalty * network.fusion.penalty()).backward()
    return loss.detach()


def _optimiser(
    network: PlainNetwork, settings: Mapping[str, Any], steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    decayed = [x for e in network.encoders for x in (e.conv.weight, e.linear.weight)]
    others = [x for x in network.parameters() if all(x is not y for y in decayed)]
    groups = [
        {"params": decayed, "weight_decay": settings["weight_decay"]},
        {"params": others, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=settings["learning_rate"])
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * min(step / steps, 1.0)))
    )
    return optimiser, schedule
