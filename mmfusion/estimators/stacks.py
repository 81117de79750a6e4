"""The stacks that networks train in: those of one fit, or of several fits to data sets of one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from mmfusion.estimators.fit_settings import networks_at_once
from mmfusion.estimators.jobs import Job, Trained, TrainingJobs, trained_of
from mmfusion.estimators.modalities import LINEAR, VECTOR
from mmfusion.training.device import device_of, one_thread
from mmfusion.training.loop import Randomness, fit_networks
from mmfusion.training.modality import MODULE, Modality
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.samples import NetworkSamples, Samples
from mmfusion.training.widths import set_widths


class Member(NamedTuple):
    """One network of a stack.

    Parameters
    ----------
    training : int
        Position of the training that it belongs to.
    job : Job
    """

    training: int
    job: Job


def train(trainings: Sequence[TrainingJobs]) -> Iterator[tuple[int, Trained]]:
    """Train networks in as few stacks as memory allows.

    Coalitions of one size and variant share a stack, whose networks have products of at most so many
    modalities: a larger product has a modality without variance, so that its block would be zero. Without
    products, all coalitions share one. Networks of several trainings share a stack where they are trained
    alike; vectors may have unequal numbers of columns.

    Parameters
    ----------
    trainings : sequence of TrainingJobs
        On one device.

    Yields
    ------
    training : int
        Position of the training.
    trained : Trained
        One per job, those of a stack after each other.
    """
    kinds: dict[object, list[Member]] = {}
    for number, training in enumerate(trainings):
        for jobs in _of_one_kind(training):
            kinds.setdefault(_trained_alike(training, jobs[0]), []).extend(Member(number, x) for x in jobs)
    stacks: list[list[Member]] = []
    for alike in kinds.values():
        most = min(_networks_at_once(trainings[x], alike[0].job) for x in {one.training for one in alike})
        stacks += [alike[start : start + most] for start in range(0, len(alike), most)]
    total = sum(
        trainings[stack[0].training].settings.recipes[stack[0].job.candidate.encoder].epochs
        for stack in stacks
    )
    hidden = not any(training.settings.progress for training in trainings)
    with tqdm(total=total, desc="training", unit="epoch", disable=hidden) as bar:
        for stack in stacks:
            yield from _train_stack(stack, trainings, bar.update)


def _of_one_kind(training: TrainingJobs) -> list[list[Job]]:
    """Sort jobs by variant and by the largest products of their networks."""
    kinds: dict[tuple[int, str], list[Job]] = {}
    for job in training.jobs:
        variant = job.candidate.encoder
        kinds.setdefault((training.settings.order_of(variant, len(job.coalition)), variant), []).append(job)
    return list(kinds.values())


def _trained_alike(training: TrainingJobs, job: Job) -> object:
    """Return what is the same for networks that can share a stack."""
    settings, samples, variant = training.settings, training.material.samples, job.candidate.encoder
    recipe = settings.recipes[variant]
    smallest = min(len(fold.train) for fold in training.material.folds)
    return (
        settings.order_of(variant, len(job.coalition)),
        variant,
        repr(recipe),
        smallest // min(recipe.batch_size, smallest),
        repr(settings.fusion),
        repr([_without_width(modality, samples) for modality in settings.variants[variant].modalities]),
        samples.weight is None,
        tuple(sorted(samples.present)),
        training.material.task,
    )


def _without_width(modality: Modality, samples: Samples) -> tuple[object, ...]:
    """Describe a modality and its samples; vectors may have unequal numbers of columns."""
    values = samples.inputs[modality.name]
    shape = values.shape[2:] if modality.kind in (VECTOR, LINEAR) else (modality.size, *values.shape[1:])
    arguments = sorted(modality.arguments.items())
    return modality.name, modality.kind, shape, values.dtype, arguments, modality.standardised


def _networks_at_once(training: TrainingJobs, job: Job) -> int:
    numbers = {name: values[0].numel() for name, values in training.material.samples.inputs.items()}
    order = training.settings.order_of(job.candidate.encoder, len(job.coalition))
    return networks_at_once(training.settings, order, numbers)


def _train_stack(
    members: Sequence[Member], trainings: Sequence[TrainingJobs], after_epoch: Callable[[], object]
) -> list[tuple[int, Trained]]:
    """Train the networks of a stack; those of one training follow each other."""
    by_training: dict[int, list[Job]] = {}
    for number, job in members:
        by_training.setdefault(number, []).append(job)
    chosen = [TrainingJobs(jobs, *trainings[number][1:]) for number, jobs in by_training.items()]
    first = chosen[0]
    variant, device = first.jobs[0].candidate.encoder, device_of(first.settings.device)
    widths = _widest(chosen, variant)
    with one_thread():
        networks = [network for training in chosen for network in _new_networks(training)]
        if len(chosen) > 1:
            for network in networks:
                set_widths(network, widths)
        fits = fit_networks(
            networks,
            NetworkSamples.of_stores(
                [training.material.samples for training in chosen],
                [
                    [torch.from_numpy(training.material.folds[job.fold].train) for job in training.jobs]
                    for training in chosen
                ],
                min(len(fold.train) for training in chosen for fold in training.material.folds),
            ),
            None,
            first.material.task,
            first.settings.recipes[variant],
            [job.candidate.penalty for _, job in members],
            [streams for training in chosen for streams in _randomness(training, device)],
            device,
            bias=np.stack([trainings[number].material.constants[job.fold] for number, job in members]),
            after_epoch=after_epoch,
        )
    trained = []
    for (number, job), network, fit in zip(members, networks, fits, strict=True):
        if len(chosen) > 1:
            set_widths(network, _widest([trainings[number]], variant))
        network.fusion.double()
        trained.append((number, trained_of(job, network, fit, trainings[number].material)))
    return trained


def _widest(trainings: Sequence[TrainingJobs], variant: str) -> Mapping[str, int]:
    """Return the largest number of columns of every modality."""
    layouts = [training.settings.variants[variant].modalities for training in trainings]
    return {alike[0].name: max(modality.size for modality in alike) for alike in zip(*layouts, strict=True)}


def _new_networks(training: TrainingJobs) -> list[MultimodalNetwork]:
    settings, jobs = training.settings, training.jobs
    variant = jobs[0].candidate.encoder
    modalities = settings.variants[variant].modalities
    names = {modality.name for modality in modalities}
    fusion = {**settings.fusion, "max_order": settings.order_of(variant, len(jobs[0].coalition))}
    return [
        build_network(
            modalities, fusion, torch.Generator().manual_seed(job.seed), absent=names - set(job.coalition)
        )
        for job in jobs
    ]


def _randomness(training: TrainingJobs, device: torch.device) -> list[Randomness]:
    """Return the random streams of every network; those of one coalition and seed share their dropout.

    A user's module may draw from its stream as often as it likes, so that each network needs its own.
    """
    jobs = training.jobs
    modalities = training.settings.variants[jobs[0].candidate.encoder].modalities
    shared = all(modality.kind != MODULE for modality in modalities)
    noise: dict[object, torch.Generator] = {}
    streams = []
    for number, job in enumerate(jobs):
        key = (job.coalition, job.seed) if shared else number
        source = noise.setdefault(key, torch.Generator(device).manual_seed(job.seed + 1))
        streams.append(Randomness(torch.Generator().manual_seed(job.seed), source))
    return streams
