"""Training all seeds of a cell, or a block of them, side by side on one thread.

A seed's run depends on its seed and dataset only: its data, initial weights, order of samples and dropout are
drawn from streams of their own, so that it is the same whichever seeds share its job, and that all
normalisations and p start from the same weights.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd
import torch
from tqdm import tqdm

from mmfusion.data.missing import missing_rows, without_missing
from mmfusion.encoders import kind_of
from mmfusion.errors import DataError
from mmfusion.fusion.subsets import chosen_order
from mmfusion.study.cells import Cell, cell_keys
from mmfusion.study.data.dataset import MultimodalDataset, Split
from mmfusion.study.streams import stream
from mmfusion.study.training.checkpoint import FORMAT, TrainedBlock, network_from
from mmfusion.training.device import device_of
from mmfusion.training.loop import Randomness, train_networks
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.objective import target_tensor
from mmfusion.training.samples import Samples, Shelf


def train_block(
    cell: Cell,
    datasets: Mapping[int, MultimodalDataset],
    settings: Mapping[str, Any],
    progress: bool | None = None,
) -> tuple[TrainedBlock, pd.DataFrame, pd.DataFrame]:
    """Train one network per seed.

    Parameters
    ----------
    cell : Cell
        Dataset, norm, p and scale.
    datasets : mapping of int to MultimodalDataset
        The dataset of every seed.
    settings : mapping
        As `mmfusion.study.plan.Study.training_settings` gives them.
    progress : bool, optional
        Whether to draw a progress bar over the epochs of all seeds. Default: on a terminal only.

    Returns
    -------
    tuple of (TrainedBlock, DataFrame, DataFrame)
        The networks, the table ``history`` and the table ``seconds``.
    """
    use_one_thread()
    torch.use_deterministic_algorithms(True)
    start = time.perf_counter()
    first = next(iter(datasets.values()))
    description = _description(cell, first, settings)
    description["target"] = {str(seed): target_scale(dataset) for seed, dataset in datasets.items()}
    bar = tqdm(
        total=settings["epochs"],
        desc=cell.folder,
        unit="epoch",
        disable=None if progress is None else not progress,
        mininterval=1.0,
    )
    with bar:
        networks, histories = _train(datasets, description, device_of(settings["device"]), bar.update)
    keys = {seed: cell_keys(cell, seed) for seed in datasets}
    history = pd.concat(
        [
            table.assign(**keys[seed])[[*keys[seed], *table.columns]]
            for seed, table in zip(datasets, histories, strict=True)
        ],
        ignore_index=True,
    )
    share = (time.perf_counter() - start) / len(datasets)  # the networks are trained side by side
    counts = {"epochs": settings["epochs"], "samples": len(first.splits["train"])}
    seconds = [{**keys[seed], "stage": "train", "seconds": share, **counts} for seed in datasets]
    return TrainedBlock(description, networks), history, pd.DataFrame(seconds)


def use_one_thread() -> None:
    """Run torch on one thread, so that jobs share a machine without competing and sums keep their order."""
    torch.set_num_threads(1)


def target_scale(dataset: MultimodalDataset) -> list[float]:
    """Return mean and standard deviation of the training target of a regression, [0, 1] for classes.

    Raises
    ------
    DataError
        If the training target of a regression is constant.
    """
    if dataset.task != "regression":
        return [0.0, 1.0]
    target = dataset.splits["train"].target
    if not target.std() > 0:
        raise DataError(
            f"{dataset.name}: all training targets are the same, expected targets that vary; a regression "
            "cannot be trained on them."
        )
    return [float(target.mean()), float(target.std())]


def prepare(network: MultimodalNetwork, split: Split, task: str, scale: Sequence[float]) -> Samples:
    """Prepare a split for a network; a modality whose values are all NaN or negative is missing there.

    Parameters
    ----------
    network : MultimodalNetwork
    split : Split
    task : {"binary", "multiclass", "regression"}
    scale : pair of float
        Mean and standard deviation of the training target, from `target_scale`.

    Returns
    -------
    Samples
    """
    inputs, present = {}, {}
    for name, encoder in zip(network.modalities, network.encoders, strict=True):
        values = split.features[name]
        missing = missing_rows(values)
        if missing.any():
            present[name] = torch.from_numpy(~missing)
        inputs[name] = encoder.prepare(without_missing(values, missing))  # type: ignore[operator]  # an Encoder
    target = torch.from_numpy(split.target)
    if task == "regression":
        target = (target - scale[0]) / scale[1]
    return Samples(inputs, target_tensor(target, task), None, present)


def prepared_splits(block: TrainedBlock, seed: int, dataset: MultimodalDataset) -> dict[str, Samples]:
    """Prepare all splits of a dataset for the network of a seed.

    Parameters
    ----------
    block : TrainedBlock
    seed : int
    dataset : MultimodalDataset
        The dataset of that seed.

    Returns
    -------
    dict of str to Samples
    """
    network, scale = block.networks[seed], block.description["target"][str(seed)]
    return {split: prepare(network, part, dataset.task, scale) for split, part in dataset.splits.items()}


def _description(cell: Cell, dataset: MultimodalDataset, settings: Mapping[str, Any]) -> dict[str, Any]:
    train = dataset.splits["train"]
    outputs = int(train.target.max()) + 1 if dataset.task == "multiclass" else 1
    recipe = ("penalty", "batch_size", "learning_rate", "weight_decay", "epochs")
    return {
        "format": FORMAT,
        "cell": asdict(cell),
        "task": dataset.task,
        "modalities": [[name, *_kind_and_size(dataset, name)] for name in dataset.modalities],
        "encoders": settings["encoders"],
        "scale": cell.scale,
        "fusion": {
            "outputs": outputs,
            "norm": cell.norm,
            "p": cell.p,
            "max_order": chosen_order(settings["max_order"], len(dataset.modalities)),
            "convention": settings["convention"],
        },
        "settings": {key: settings[key] for key in recipe},
        "target": {},
    }


def _kind_and_size(dataset: MultimodalDataset, modality: str) -> tuple[str, int]:
    """Return the kind of a modality and its size: the number of columns, or of symbols."""
    arrays = [split.features[modality] for split in dataset.splits.values()]
    kind = kind_of(arrays[0])
    if kind == "symbols":
        return kind, max(int(values.max(initial=0)) for values in arrays) + 1
    return kind, int(arrays[0].shape[-1])


def _train(
    datasets: Mapping[int, MultimodalDataset],
    description: Mapping[str, Any],
    device: torch.device,
    after_epoch: Callable[[], object],
) -> tuple[dict[int, MultimodalNetwork], list[pd.DataFrame]]:
    networks, randomness = {}, []
    for seed, dataset in datasets.items():
        streams = stream(seed, dataset.name, "training").integers(2**62, size=3)
        weights, order, noise = (int(number) for number in streams)
        networks[seed] = _initial(description, weights)
        randomness.append(
            Randomness(torch.Generator().manual_seed(order), torch.Generator(device).manual_seed(noise))
        )
    splits = {split: _samples(networks, datasets, description, split) for split in ("train", "validation")}
    histories = train_networks(
        list(networks.values()),
        Shelf.of(splits["train"]),
        Shelf.of(splits["validation"]) if splits["validation"] else None,
        description["task"],
        description["settings"],
        randomness,
        after_epoch,
        device,
    )
    for network, samples in zip(networks.values(), splits["train"], strict=True):
        network.fit_statistics(samples)
    return networks, histories


def _initial(description: Mapping[str, Any], seed: int) -> MultimodalNetwork:
    """Build a network whose weights come from a seed; the global random state stays as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return network_from(description)


def _samples(
    networks: Mapping[int, MultimodalNetwork],
    datasets: Mapping[int, MultimodalDataset],
    description: Mapping[str, Any],
    split: str,
) -> list[Samples]:
    """Prepare a split of every seed, once per dataset; an empty list where there is no such split."""
    prepared: dict[int, Samples] = {}
    for seed, dataset in datasets.items():
        if split in dataset.splits and id(dataset) not in prepared:
            scale = description["target"][str(seed)]
            part = dataset.splits[split]
            prepared[id(dataset)] = prepare(networks[seed], part, dataset.task, scale)
    return [prepared[id(dataset)] for dataset in datasets.values() if id(dataset) in prepared]
