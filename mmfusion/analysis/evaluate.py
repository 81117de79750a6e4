"""From trained networks to the tidy tables ``runs`` and ``subsets``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.analysis.leakage import leakage
from mmfusion.analysis.relevance import heldout_relevance, variance_shares
from mmfusion.baselines.constant import constant_rows
from mmfusion.baselines.rows import metric_columns, run_row
from mmfusion.cells import Cell, cell_keys
from mmfusion.data.dataset import MultimodalDataset
from mmfusion.fusion.subsets import Subset
from mmfusion.training.cell import prepared_splits, use_one_thread
from mmfusion.training.checkpoint import TrainedBlock
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples

Parts = dict[Subset, NDArray[np.float64]]
CONVERGED_BELOW = 0.95
"""A run counts as converged if its loss is below this share of the constant predictor's loss."""


@dataclass(frozen=True)
class Evaluation:
    """Tables of one block of networks or several.

    Parameters
    ----------
    runs, subsets, seconds : DataFrame
        As `mmfusion.analysis.columns` defines them.
    """

    runs: pd.DataFrame
    subsets: pd.DataFrame
    seconds: pd.DataFrame


def evaluate_blocks(
    blocks: Iterable[TrainedBlock], datasets: Mapping[int, MultimodalDataset], halves_seed: int
) -> Evaluation:
    """Compute metrics and relevance of all networks of several blocks.

    Parameters
    ----------
    blocks : iterable of TrainedBlock
        At least one, all of the same dataset.
    datasets, halves_seed
        See `evaluate_block`.

    Returns
    -------
    Evaluation
    """
    tables = [vars(evaluate_block(block, datasets, halves_seed)) for block in blocks]
    return Evaluation(
        **{name: pd.concat([part[name] for part in tables], ignore_index=True) for name in tables[0]}
    )


def evaluate_block(
    block: TrainedBlock, datasets: Mapping[int, MultimodalDataset], halves_seed: int
) -> Evaluation:
    """Compute metrics and relevance of all networks of a block.

    Parameters
    ----------
    block : TrainedBlock
    datasets : mapping of int to MultimodalDataset
        The dataset of every seed.
    halves_seed : int
        Seed of the halves of the test split between which the leakage is measured.

    Returns
    -------
    Evaluation
    """
    use_one_thread()
    cell = block.cell
    runs, subsets, seconds = [], [], []
    for seed, network in block.networks.items():
        start = time.perf_counter()
        dataset, keys = datasets[seed], cell_keys(cell, seed)
        samples = prepared_splits(block, seed, dataset)
        parts = {split: _parts(network, part) for split, part in samples.items()}
        runs.append(
            _run(cell, seed, dataset, _scores(network, parts, block.description["target"][str(seed)]))
        )
        relevance = _relevance(network, parts, samples["test"], dataset.task, halves_seed)
        subsets.append(relevance.assign(**keys)[[*keys, *relevance.columns]])
        counts = {"epochs": 0, "samples": len(dataset.splits["train"])}
        seconds.append({**keys, "stage": "evaluate", "seconds": time.perf_counter() - start, **counts})
    return Evaluation(
        pd.concat(runs, ignore_index=True), pd.concat(subsets, ignore_index=True), pd.DataFrame(seconds)
    )


def _parts(network: MultimodalNetwork, samples: Samples) -> Parts:
    contributions = network.contributions(samples.inputs)
    return {subset: part.double().numpy() for subset, part in contributions.items()}


def _bias(network: MultimodalNetwork) -> NDArray[np.float64]:
    bias: NDArray[np.float64] = network.fusion.bias.detach().double().numpy()
    return bias


def _scores(
    network: MultimodalNetwork, parts: Mapping[str, Parts], target: list[float]
) -> dict[str, NDArray[np.float64]]:
    """Return the scores of all splits, in the unit of the target."""
    mean, std = target
    return {split: mean + std * (sum(group.values()) + _bias(network)) for split, group in parts.items()}


def _run(
    cell: Cell, seed: int, dataset: MultimodalDataset, scores: Mapping[str, NDArray[np.float64]]
) -> pd.DataFrame:
    row = run_row(dataset, "fusion", seed, metric_columns(dataset, scores))
    split = "validation" if "validation" in dataset.splits else "train"
    bound = CONVERGED_BELOW * constant_rows(dataset, seed)[f"loss_{split}"]
    converged: Any = row[f"loss_{split}"].to_numpy() < bound.to_numpy()
    return row.assign(
        norm=cell.norm, p=cell.p, scale=cell.scale, converged=pd.array(converged, dtype="boolean")
    )


def _relevance(
    network: MultimodalNetwork, parts: Mapping[str, Parts], test: Samples, task: str, halves_seed: int
) -> pd.DataFrame:
    """Join the relevance of training weights, of held-out scores and the leakage, one row per subset."""
    features = {name: x.double().numpy() for name, x in network.encode_all(test.inputs).items()}
    train_means = {subset: part.mean(axis=0) for subset, part in parts["train"].items()}
    target = test.target.double().numpy()
    held_out = heldout_relevance(parts["test"], _bias(network), train_means, target, task)
    train = variance_shares(parts["train"])[["subset", "covariance_share"]]
    train = train.rename(columns={"covariance_share": "covariance_share_train"})
    table = network.fusion.relevance().merge(held_out, on="subset", how="left", sort=False)
    table = table.merge(train, on="subset", how="left", sort=False)
    table = table.merge(leakage(parts["test"], features, halves_seed), on="subset", how="left", sort=False)
    order = ["subset", "order", *(name for name in table.columns if name not in ("subset", "order"))]
    return table[order]
