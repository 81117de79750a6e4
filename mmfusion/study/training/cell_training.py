"""Training of cells: all seeds, or a batch of them, of a normalisation's cells in one stack on one thread.

A seed's run depends on its seed and dataset only: its data, initial weights, order of samples and dropout are
drawn from separate streams, so that it is the same whichever seeds share its job, and that all
normalisations and p start from the same weights.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
import torch
from tqdm import tqdm

from mmfusion.data.missing import missing_rows
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.part import SYMBOLS, Part
from mmfusion.encoders import kind_of
from mmfusion.errors import DataError, InputError, TrainingError
from mmfusion.fusion.subsets import chosen_order
from mmfusion.study.cells import Cell, cell_keys
from mmfusion.study.data.dataset import MultimodalDataset, Split
from mmfusion.study.streams import stream
from mmfusion.study.training.checkpoint import TrainedCell, networks_of
from mmfusion.training.device import device_of
from mmfusion.training.fusion_memory import check_fusion_memory
from mmfusion.training.loop import Fit, Randomness, Recipe, fit_networks
from mmfusion.training.modality import Modality
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import NetworkSamples, Samples, prepare_samples
from mmfusion.training.target_moments import TargetMoments


def train_cells(
    cells: Iterable[Cell],
    datasets: Mapping[int, MultimodalDataset],
    settings: Mapping[str, Any],
    progress: bool | None = None,
) -> tuple[list[TrainedCell], pd.DataFrame, pd.DataFrame]:
    """Train one network per cell and seed, as one job does: all cells of a normalisation in one stack.

    Parameters
    ----------
    cells : iterable of Cell
        At least one, all of the same dataset.
    datasets : mapping of int to MultimodalDataset
        The dataset of every seed.
    settings : mapping
        As `mmfusion.study.plan.Study.training_settings` gives them.
    progress : bool, optional
        Whether to draw a progress bar over the epochs. Default: on a terminal only.

    Returns
    -------
    tuple of (list of TrainedCell, DataFrame, DataFrame)
        The networks, the table ``history`` and the table ``seconds``.

    Raises
    ------
    InputError
        If the networks do not fit into the memory of the machine.
    TrainingError
        If training diverged: the cell, the seed, and the first epoch in which a number is not finite.
    """
    use_one_thread()
    torch.use_deterministic_algorithms(True)
    cells = list(cells)
    results: dict[Cell, tuple[TrainedCell, pd.DataFrame, pd.DataFrame]] = {}
    for norm in dict.fromkeys(cell.norm for cell in cells):
        alike = [cell for cell in cells if cell.norm == norm]
        results |= zip(alike, _train_alike(alike, datasets, settings, progress), strict=True)
    trained, histories, seconds = zip(*(results[cell] for cell in cells), strict=True)
    return list(trained), pd.concat(histories, ignore_index=True), pd.concat(seconds, ignore_index=True)


def train_cell(
    cell: Cell,
    datasets: Mapping[int, MultimodalDataset],
    settings: Mapping[str, Any],
    progress: bool | None = None,
) -> tuple[TrainedCell, pd.DataFrame, pd.DataFrame]:
    """Train one network per seed of one cell, see `train_cells`."""
    (trained,), history, seconds = train_cells([cell], datasets, settings, progress)
    return trained, history, seconds


def _train_alike(
    cells: Sequence[Cell],
    datasets: Mapping[int, MultimodalDataset],
    settings: Mapping[str, Any],
    progress: bool | None,
) -> list[tuple[TrainedCell, pd.DataFrame, pd.DataFrame]]:
    """Train cells that differ in p and scale only."""
    start = time.perf_counter()
    first = next(iter(datasets.values()))
    targets = {str(seed): target_moments(data).as_json() for seed, data in datasets.items()}
    descriptions = [{**cell_description(cell, first, settings), "target": targets} for cell in cells]
    _check_memory(descriptions[0], first, len(cells) * len(datasets))
    bar = tqdm(
        total=settings["epochs"],
        desc=cells[0].folder if len(cells) == 1 else f"{cells[0].dataset}/{cells[0].norm}",
        unit="epoch",
        disable=None if progress is None else not progress,
        mininterval=1.0,
    )
    with bar:
        trained, fits = _train(datasets, descriptions, device_of(settings["device"]), bar.update)
    # The networks are trained together.
    share = (time.perf_counter() - start) / (len(cells) * len(datasets))
    counts = {"epochs": settings["epochs"], "samples": len(first.splits["train"])}
    results = []
    for number, cell in enumerate(cells):
        keys = {seed: cell_keys(cell, seed) for seed in datasets}
        own = fits[number * len(datasets) : (number + 1) * len(datasets)]
        for seed, fit in zip(datasets, own, strict=True):
            if problem := fit.divergence():
                raise TrainingError(
                    f"{cell.folder}, seed {seed}: {problem}, under training in the configuration."
                )
        histories = [
            fit.history.assign(**keys[seed])[[*keys[seed], *fit.history.columns]]
            for seed, fit in zip(datasets, own, strict=True)
        ]
        seconds = [{**keys[seed], "stage": "train", "seconds": share, **counts} for seed in datasets]
        results.append((trained[number], pd.concat(histories, ignore_index=True), pd.DataFrame(seconds)))
    return results


def _check_memory(description: Mapping[str, Any], dataset: MultimodalDataset, networks: int) -> None:
    """Stop before the networks of a stack fill the memory: only a file's values may show its modalities."""
    widths = [int(modality["arguments"]["dim"]) for modality in description["modalities"]]
    order = description["fusion"]["max_order"] or len(widths)
    batch = min(description["settings"]["batch_size"], len(dataset.splits["train"]))
    samples = max(map(len, dataset.splits.values()))
    try:
        check_fusion_memory(widths, order, networks, batch, samples, whole=True)
    except InputError as error:
        raise InputError(f"{dataset.name}, {networks} networks: {error}") from None


def use_one_thread() -> None:
    """Run torch on one thread, so that jobs share a machine without competing and sums keep their order."""
    torch.set_num_threads(1)


def target_moments(dataset: MultimodalDataset) -> TargetMoments:
    """Return mean and standard deviation of the training target of a regression, 0 and 1 for classes.

    Raises
    ------
    DataError
        If the training target of a regression is constant.
    """
    target = dataset.splits["train"].target
    outputs = _outputs(dataset)
    return TargetMoments.fit(target, dataset.task, outputs, where=dataset.name, error=DataError)


def prepare_split(network: MultimodalNetwork, split: Split, task: str, moments: TargetMoments) -> Samples:
    """Prepare a split for a network; a modality whose values are all NaN or negative is missing there."""
    parts = {
        name: Part(values, kind=SYMBOLS if values.dtype.kind in "iu" else None)
        for name, values in ((name, split.features[name]) for name in network.modalities)
    }
    data = ModalityData(parts, split.real)
    target = moments.standardise(split.target, task)
    masks = {name: ~missing_rows(values) for name, values in data.arrays.items()}
    present = {name: mask for name, mask in masks.items() if not mask.all()}
    return prepare_samples(network.encoder_of_modality, data, present, target)


def prepared_splits(trained: TrainedCell, seed: int, dataset: MultimodalDataset) -> dict[str, Samples]:
    """Prepare all splits of a dataset for the network of a seed.

    Parameters
    ----------
    trained : TrainedCell
    seed : int
    dataset : MultimodalDataset
        The dataset of that seed.

    Returns
    -------
    dict of str to Samples
    """
    network, moments = trained.networks[seed], trained.moments(seed)
    return {
        split: prepare_split(network, part, dataset.task, moments) for split, part in dataset.splits.items()
    }


def cell_description(cell: Cell, dataset: MultimodalDataset, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a trained cell, all but its targets; see `mmfusion.study.training.checkpoint.TrainedCell`."""
    recipe = ("penalty", "batch_size", "learning_rate", "weight_decay", "epochs")
    return {
        "cell": asdict(cell),
        "task": dataset.task,
        "modalities": [
            _modality(dataset, name, settings["encoders"]).as_json() for name in dataset.modalities
        ],
        "fusion": {
            "outputs": _outputs(dataset),
            "norm": cell.norm,
            "p": cell.p,
            "max_order": chosen_order(settings["max_order"], len(dataset.modalities)),
            "convention": settings["convention"],
        },
        "settings": {key: settings[key] for key in recipe},
    }


def _outputs(dataset: MultimodalDataset) -> int:
    return int(dataset.splits["train"].target.max()) + 1 if dataset.task == "multiclass" else 1


def _modality(dataset: MultimodalDataset, name: str, encoders: Mapping[str, Mapping[str, Any]]) -> Modality:
    """Describe a modality; the columns of a dataset are standardised already."""
    arrays = [split.features[name] for split in dataset.splits.values()]
    if arrays[0].dtype.kind not in "iu":
        kind = kind_of(arrays[0])
        return Modality(name, kind, int(arrays[0].shape[-1]), encoders[kind], arrays[0].ndim)
    padded = {"padded": True} if name in dataset.splits["train"].real else {}
    size = max(int(values.max(initial=0)) for values in arrays) + 1
    return Modality(name, SYMBOLS, size, {**encoders[SYMBOLS], **padded}, arrays[0].ndim)


def random_streams(
    seed: int, dataset: str, device: torch.device, purpose: str = "training"
) -> tuple[torch.Generator, Randomness]:
    """Open the streams of a seed: that of the initial weights, and those of training."""
    numbers = stream(seed, dataset, purpose).integers(2**62, size=3)
    weights, order, noise = (int(number) for number in numbers)
    randomness = Randomness(torch.Generator().manual_seed(order), torch.Generator(device).manual_seed(noise))
    return torch.Generator().manual_seed(weights), randomness


def recipe_of(settings: Mapping[str, Any]) -> Recipe:
    """Return the recipe that the settings of a description hold."""
    return Recipe(*(settings[key] for key in ("epochs", "batch_size", "learning_rate", "weight_decay")))


def _train(
    datasets: Mapping[int, MultimodalDataset],
    descriptions: Sequence[dict[str, Any]],
    device: torch.device,
    after_epoch: Callable[[], object],
) -> tuple[list[TrainedCell], list[Fit]]:
    """Train the networks of all cells, cell by cell and within each seed by seed."""
    trained, noise = [], []
    for description in descriptions:
        streams = {seed: random_streams(seed, dataset.name, device) for seed, dataset in datasets.items()}
        generators = {seed: weights for seed, (weights, _) in streams.items()}
        trained.append(TrainedCell(description, networks_of(description, generators)))
        noise += [randomness for _, randomness in streams.values()]
    splits = {split: _samples(trained[0], datasets, split) for split in ("train", "validation")}
    settings, count = descriptions[0]["settings"], len(descriptions)
    fits = fit_networks(
        [network for cell in trained for network in cell.networks.values()],
        NetworkSamples.of(count * splits["train"]),
        NetworkSamples.of(count * splits["validation"]) if splits["validation"] else None,
        descriptions[0]["task"],
        recipe_of(settings),
        [settings["penalty"]] * len(noise),
        noise,
        device,
        after_epoch=after_epoch,
    )
    return trained, fits


def _samples(trained: TrainedCell, datasets: Mapping[int, MultimodalDataset], split: str) -> list[Samples]:
    """Prepare a split of every seed, once per dataset; an empty list if the datasets lack it."""
    prepared: dict[int, Samples] = {}
    for seed, dataset in datasets.items():
        if split in dataset.splits and id(dataset) not in prepared:
            network, part = trained.networks[seed], dataset.splits[split]
            prepared[id(dataset)] = prepare_split(network, part, dataset.task, trained.moments(seed))
    return [prepared[id(dataset)] for dataset in datasets.values() if id(dataset) in prepared]
