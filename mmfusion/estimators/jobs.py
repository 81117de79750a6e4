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
from mmfusion.training.modality import MODULE, Modality
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.samples import NetworkSamples, Samples

Floats = NDArray[np.float64]


class Candidate(NamedTuple):
    """One choice of what is chosen by out-of-fold loss.

    Parameters
    ----------
    encoder : str
        A key of the variants of `FitSettings`.
    penalty : float
        lambda.
    """

    encoder: str
    penalty: float


class Job(NamedTuple):
    """One network to train.

    Parameters
    ----------
    coalition : subset
        The modalities that it is given.
    candidate : Candidate
    fold : int
    seed : int
        Of its weights, of the order of its samples, and (the next number) of its dropout.
    """

    coalition: Subset
    candidate: Candidate
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
    fit : Fit
        Its history.
    part_means : dict of subset to array, shape (outputs,)
        Means of <phi_I, W_I> over its training samples.
    features : dict of str to Tensor, shape (held-out, d_m)
        Of the held-out samples of its fold.
    parts : dict of subset to array, shape (held-out, outputs)
        <phi_I, W_I> of these.
    """

    job: Job
    network: MultimodalNetwork
    fit: Fit
    part_means: dict[Subset, Floats]
    features: dict[str, torch.Tensor]
    parts: dict[Subset, Floats]

    @property
    def history(self) -> pd.DataFrame:
        """Norms and losses after every epoch."""
        history = self.fit.history.drop(columns="loss_validation")
        return history.assign(fold=self.job.fold, seed=self.job.seed)

    @property
    def scores(self) -> Floats:
        """Scores (held-out, outputs)."""
        return np.asarray(sum(self.parts.values()) + self.network.bias)


def jobs_of(coalitions: Sequence[Subset], settings: FitSettings, seeds: Sequence[Sequence[int]]) -> list[Job]:
    """List the networks of all coalitions, candidates, folds and seeds (folds, networks)."""
    return [
        Job(coalition, Candidate(encoder, penalty), fold, seed)
        for coalition in coalitions
        for encoder in settings.variants
        for penalty in settings.penalties[encoder]
        for fold, of_fold in enumerate(seeds)
        for seed in of_fold
    ]


def train(jobs: Sequence[Job], settings: FitSettings, material: Material) -> Iterator[Trained]:
    """Train networks in as few stacks as memory allows.

    Coalitions of one size and variant share a stack, whose networks have products of at most so many
    modalities: a larger product has a modality without variance, so that its block would be zero. Without
    products, all coalitions share one.

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
    kinds: dict[tuple[int, str], list[Job]] = {}
    for job in jobs:
        variant = job.candidate.encoder
        kinds.setdefault((settings.order_of(variant, len(job.coalition)), variant), []).append(job)
    stacks: list[list[Job]] = []
    for (order, _), alike in kinds.items():
        most = networks_at_once(settings, order, numbers)
        stacks += [alike[start : start + most] for start in range(0, len(alike), most)]
    total = sum(settings.recipes[stack[0].candidate.encoder].epochs for stack in stacks)
    with tqdm(total=total, desc="training", unit="epoch", disable=not settings.progress) as bar:
        for stack in stacks:
            yield from _train_stack(stack, settings, material, bar.update)


def _train_stack(
    jobs: Sequence[Job], settings: FitSettings, material: Material, after_epoch: Callable[[], object]
) -> list[Trained]:
    variant = jobs[0].candidate.encoder
    modalities = settings.variants[variant].modalities
    names = [modality.name for modality in modalities]
    order = settings.order_of(variant, len(jobs[0].coalition))
    device = device_of(settings.device)
    rows = [torch.from_numpy(material.folds[job.fold].train) for job in jobs]
    with one_thread():
        networks = [
            build_network(
                modalities,
                {**settings.fusion, "max_order": order},
                torch.Generator().manual_seed(job.seed),
                absent=set(names) - set(job.coalition),
            )
            for job in jobs
        ]
        fits = fit_networks(
            networks,
            NetworkSamples.of_rows(material.samples, rows),
            None,
            material.task,
            settings.recipes[variant],
            [job.candidate.penalty for job in jobs],
            _randomness(jobs, modalities, device),
            device,
            bias=material.constants[[job.fold for job in jobs]],
            after_epoch=after_epoch,
        )
    for network in networks:
        network.fusion.double()
    return [_trained(*one, material) for one in zip(jobs, networks, fits, strict=True)]


def _randomness(
    jobs: Sequence[Job], modalities: Sequence[Modality], device: torch.device
) -> list[Randomness]:
    """Return the random streams of every network; those of one coalition and seed share their dropout.

    A user's module may draw from its stream as often as it likes, so that each network needs its own.
    """
    shared = all(modality.kind != MODULE for modality in modalities)
    noise: dict[object, torch.Generator] = {}
    streams = []
    for number, job in enumerate(jobs):
        key = (job.coalition, job.seed) if shared else number
        source = noise.setdefault(key, torch.Generator(device).manual_seed(job.seed + 1))
        streams.append(Randomness(torch.Generator().manual_seed(job.seed), source))
    return streams


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
    fit = Fit(fit.epochs, fit.subsets, {})  # the features of all samples are not needed any more
    return Trained(job, network, fit, means, unseen, network.parts(unseen))


def with_all_products(trained: Trained, settings: FitSettings, material: Material) -> Trained:
    """Add the products that a network was trained without, their weights zero: it predicts the same.

    Parameters
    ----------
    trained : Trained
        It has all modalities.
    settings : FitSettings
    material : Material

    Returns
    -------
    Trained
    """
    job, without = trained.job, trained.network
    modalities = settings.variants[job.candidate.encoder].modalities
    network = build_network(modalities, settings.fusion, torch.Generator())
    if network.fusion.subsets == without.fusion.subsets:
        return trained
    for layers, given in (
        (network.encoders, without.encoders),
        (network.standardisers, without.standardisers),
    ):
        layers.load_state_dict(given.state_dict())
    blocks = network.fusion.blocks()
    with torch.no_grad():
        network.fusion.weight.zero_()
        network.fusion.bias.copy_(without.fusion.bias)
        for subset, block in without.fusion.blocks().items():
            blocks[subset].copy_(block)
    rows = torch.from_numpy(material.folds[job.fold].train)
    features = network.fit_statistics(NetworkSamples.of_rows(material.samples, [rows]).part(0))
    network.fusion.double()
    return _trained(job, network, Fit(trained.fit.epochs, trained.fit.subsets, features), material)
