"""The networks of one fit: which trains on what, and the stacks that they train in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from mmfusion.data.folds import Fold
from mmfusion.estimators.fit_settings import FitSettings, networks_at_once
from mmfusion.fusion.subsets import Subset
from mmfusion.training.device import device_of, one_thread
from mmfusion.training.loop import Fit, Randomness, fit_networks
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.samples import NetworkSamples, Samples

Floats = NDArray[np.float64]


class Job(NamedTuple):
    """One network to train.

    Parameters
    ----------
    coalition : subset
        The modalities that it is given.
    penalty : float
        lambda.
    fold : int
    seed : int
        Of its weights, of the order of its samples, and (the next number) of its dropout.
    """

    coalition: Subset
    penalty: float
    fold: int
    seed: int


@dataclass(frozen=True)
class Material:
    """What the networks of a fit learn from.

    Parameters
    ----------
    samples : Samples
        All of them, those that are held out included.
    folds : sequence of Fold
    constants : array, shape (folds, outputs)
        Best constant scores on the training rows of every fold.
    task : {"binary", "multiclass", "regression"}
    """

    samples: Samples
    folds: Sequence[Fold]
    constants: Floats
    task: str


@dataclass(frozen=True)
class Trained:
    """A trained network, and what it says about the samples that it has not seen.

    Parameters
    ----------
    job : Job
    network : MultimodalNetwork
        In eval mode, its fusion layer in float64.
    history : DataFrame
    part_means : dict of subset to array, shape (outputs,)
        Means of <phi_I, W_I> over its training samples.
    features : dict of str to Tensor, shape (held-out, d_m)
        Of the held-out samples of its fold.
    parts : dict of subset to array, shape (held-out, outputs)
        <phi_I, W_I> of these.
    """

    job: Job
    network: MultimodalNetwork
    history: pd.DataFrame
    part_means: dict[Subset, Floats]
    features: dict[str, torch.Tensor]
    parts: dict[Subset, Floats]

    @property
    def scores(self) -> Floats:
        """Scores (held-out, outputs)."""
        return np.asarray(sum(self.parts.values()) + self.network.bias)


def jobs_of(coalitions: Sequence[Subset], settings: FitSettings, seeds: Sequence[Sequence[int]]) -> list[Job]:
    """List the networks of all coalitions, candidates of lambda, folds and seeds (folds, networks)."""
    return [
        Job(coalition, penalty, fold, seed)
        for coalition in coalitions
        for penalty in settings.penalties
        for fold, of_fold in enumerate(seeds)
        for seed in of_fold
    ]


def train(jobs: Sequence[Job], settings: FitSettings, material: Material) -> Iterator[Trained]:
    """Train networks in as few stacks as memory allows.

    Coalitions of one size share a stack, whose networks have products of at most so many modalities: a larger
    product has a modality without variance, so that its block would be zero.

    Parameters
    ----------
    jobs : sequence of Job
    settings : FitSettings
    material : Material

    Yields
    ------
    Trained
        One per job, those of a stack after each other.
    """
    numbers = {name: values[0].numel() for name, values in material.samples.inputs.items()}
    sizes = sorted({len(job.coalition) for job in jobs}, reverse=True)
    stacks: list[list[Job]] = []
    for size in sizes:
        alike = [job for job in jobs if len(job.coalition) == size]
        most = networks_at_once(settings, size, numbers)
        stacks += [alike[start : start + most] for start in range(0, len(alike), most)]
    total = settings.recipe.epochs * len(stacks)
    with tqdm(total=total, desc="training", unit="epoch", disable=not settings.progress) as bar:
        for stack in stacks:
            yield from _train_stack(stack, settings, material, bar.update)


def _train_stack(
    jobs: Sequence[Job], settings: FitSettings, material: Material, after_epoch: Callable[[], object]
) -> list[Trained]:
    names = [modality.name for modality in settings.modalities]
    order = min(settings.fusion["max_order"] or len(names), len(jobs[0].coalition))
    networks = [
        build_network(
            settings.modalities,
            {**settings.fusion, "max_order": order},
            torch.Generator().manual_seed(job.seed),
            absent=set(names) - set(job.coalition),
        )
        for job in jobs
    ]
    device = device_of(settings.device)
    rows = [torch.from_numpy(material.folds[job.fold].train) for job in jobs]
    with one_thread():
        fits = fit_networks(
            networks,
            NetworkSamples.of_rows(material.samples, rows),
            None,
            material.task,
            settings.recipe,
            [job.penalty for job in jobs],
            [
                Randomness(
                    torch.Generator().manual_seed(job.seed), torch.Generator(device).manual_seed(job.seed + 1)
                )
                for job in jobs
            ],
            device,
            bias=material.constants[[job.fold for job in jobs]],
            after_epoch=after_epoch,
        )
    for network in networks:
        network.fusion.double()
    return [_trained(*one, material) for one in zip(jobs, networks, fits, strict=True)]


def _trained(job: Job, network: MultimodalNetwork, fit: Fit, material: Material) -> Trained:
    """Compute the parts of the training samples, for their means, and of the held-out samples."""
    fold, features = material.folds[job.fold], dict(fit.features)
    held_out = torch.from_numpy(fold.held_out)
    if len(next(iter(features.values()))) == len(material.samples):
        seen = {name: values[torch.from_numpy(fold.train)] for name, values in features.items()}
        unseen = {name: values[held_out] for name, values in features.items()}
    else:  # the training rows follow each other, and only these were encoded
        seen = features
        chosen = material.samples.rows(held_out)
        unseen = (
            network.encode_all(chosen.inputs, chosen.present)
            if len(held_out)
            else {name: values[:0] for name, values in features.items()}
        )
    weight = material.samples.weight
    share = None if weight is None else weight[torch.from_numpy(fold.train)].double().numpy()
    means = {subset: np.average(part, axis=0, weights=share) for subset, part in network.parts(seen).items()}
    history = fit.history.drop(columns="loss_validation").assign(fold=job.fold, seed=job.seed)
    return Trained(job, network, history, means, unseen, network.parts(unseen))
