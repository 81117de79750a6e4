"""Training of coalitions: networks that are given only some of the modalities, by the recipe of the study.

A coalition has several networks per seed, which share its data. Those of all coalitions with one number start
from the same weights and see the samples in the same order: they differ by what they are given and by nothing
else. Number 0 of all modalities is the network of the study, up to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from mmfusion.fusion.subsets import Subset
from mmfusion.measures.information import coalitions_of
from mmfusion.study.cells import information_cell
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.training.cell_training import (
    cell_description,
    prepare_split,
    random_streams,
    recipe_of,
    target_moments,
    use_one_thread,
)
from mmfusion.study.training.checkpoint import networks_of
from mmfusion.training.device import device_of
from mmfusion.training.loop import Randomness, fit_networks
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import NetworkSamples, Samples

Floats = NDArray[np.float64]


class CoalitionScores(NamedTuple):
    """What the networks of one seed say.

    Parameters
    ----------
    target : dict of str to array
        Per split, as `mmfusion.measures.losses` takes it.
    scores : dict of subset to dict of str to array, shape (networks, n, outputs)
        Per coalition and split, the training split left out.
    """

    target: dict[str, NDArray[Any]]
    scores: dict[Subset, dict[str, Floats]]


def train_coalitions(
    datasets: Mapping[int, MultimodalDataset],
    settings: Mapping[str, Any],
    count: int,
    progress: bool | None = None,
) -> dict[int, CoalitionScores]:
    """Train the networks of all coalitions and seeds in one stack.

    One stack takes less time than one per size of a coalition: a step is mostly the cost of calling small
    operations, which all networks share, products with absent modalities included.

    Parameters
    ----------
    datasets : mapping of int to MultimodalDataset
        The same dataset of every seed.
    settings : mapping
        As `mmfusion.study.plan.Study.training_settings` gives them.
    count : int
        Networks per coalition and seed.
    progress : bool, optional
        Whether to draw a progress bar over the epochs. Default: on a terminal only.

    Returns
    -------
    dict of int to CoalitionScores
        By seed.
    """
    use_one_thread()
    torch.use_deterministic_algorithms(True)
    first, device = next(iter(datasets.values())), device_of(settings["device"])
    description = cell_description(information_cell(first.name), first, settings)
    coalitions = coalitions_of(first.modalities)
    # All modalities first: a network's place in its stack may change the rounding, and this is the study's.
    jobs = [_Job(*job) for job in product(coalitions[::-1], range(count), datasets)]
    streams = [_streams(job, first.name, device) for job in jobs]
    networks = [_network(description, job, weights) for job, (weights, _) in zip(jobs, streams, strict=True)]
    samples = {seed: _prepared(networks[0], dataset) for seed, dataset in datasets.items()}
    with tqdm(
        total=settings["epochs"],
        desc=f"{first.name}, coalitions",
        unit="epoch",
        disable=None if progress is None else not progress,
        mininterval=1.0,
    ) as bar:
        fit_networks(
            networks,
            NetworkSamples.of([samples[job.seed]["train"] for job in jobs]),
            None,
            first.task,
            recipe_of(settings),
            [settings["penalty"]] * len(jobs),
            [randomness for _, randomness in streams],
            device,
            after_epoch=bar.update,
        )
    trained = dict(zip(jobs, networks, strict=True))
    return {
        seed: CoalitionScores(
            {split: part.target.double().numpy() for split, part in of_seed.items()},
            {
                S: _scores([trained[_Job(S, number, seed)] for number in range(count)], of_seed)
                for S in coalitions
            },
        )
        for seed, of_seed in samples.items()
    }


class _Job(NamedTuple):
    """One network to train."""

    coalition: Subset
    number: int
    seed: int


def _streams(job: _Job, dataset: str, device: torch.device) -> tuple[torch.Generator, Randomness]:
    purpose = f"training {job.number}" if job.number else "training"
    return random_streams(job.seed, dataset, device, purpose)


def _network(description: Mapping[str, Any], job: _Job, weights: torch.Generator) -> MultimodalNetwork:
    absent = {modality["name"] for modality in description["modalities"]} - set(job.coalition)
    return networks_of(description, {job.seed: weights}, absent)[job.seed]


def _prepared(network: MultimodalNetwork, dataset: MultimodalDataset) -> dict[str, Samples]:
    moments = target_moments(dataset)
    return {
        split: prepare_split(network, part, dataset.task, moments) for split, part in dataset.splits.items()
    }


def _scores(networks: Sequence[MultimodalNetwork], samples: Mapping[str, Samples]) -> dict[str, Floats]:
    """Return the scores (networks, n, outputs) of all samples that were not trained on."""
    return {
        split: np.stack([network.scores(part.inputs, part.present).double().numpy() for network in networks])
        for split, part in samples.items()
        if split != "train"
    }
