"""From trained networks to the tidy tables ``runs`` and ``subsets``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmfusion.fusion.subsets import Subset
from mmfusion.measures.heldout import heldout_relevance, variance_shares
from mmfusion.measures.parts import centre_classes
from mmfusion.measures.reducibility import reducibility
from mmfusion.study.baselines.constant import constant_rows
from mmfusion.study.cells import cell_keys
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.tables.run_rows import metric_columns, run_row
from mmfusion.study.training.cell_training import prepared_splits, use_one_thread
from mmfusion.study.training.checkpoint import TrainedBlock
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
        As `mmfusion.study.tables.definitions` defines them.
    """

    runs: pd.DataFrame
    subsets: pd.DataFrame
    seconds: pd.DataFrame


@torch.no_grad()
def evaluate_blocks(
    blocks: Sequence[TrainedBlock], datasets: Mapping[int, MultimodalDataset], halves_seed: int
) -> Evaluation:
    """Compute metrics and relevance of all networks of several blocks.

    Parameters
    ----------
    blocks : sequence of TrainedBlock
        At least one, all of the same dataset and with equal encoders.
    datasets : mapping of int to MultimodalDataset
        The dataset of every seed.
    halves_seed : int
        Seed of the halves of the test split between which the reducibility is measured.

    Returns
    -------
    Evaluation
        Rows in the order of the blocks and their seeds.
    """
    use_one_thread()
    found: dict[tuple[int, int], Evaluation] = {}
    for seed, dataset in datasets.items():  # seeds outside: what all blocks share is computed once
        own = [(place, block) for place, block in enumerate(blocks) if seed in block.networks]
        samples = prepared_splits(own[0][1], seed, dataset) if own else {}
        bound = _bound(dataset)
        for place, block in own:
            found[place, seed] = _evaluate(block, seed, dataset, samples, bound, halves_seed)
    tables = [vars(found[place, seed]) for place, block in enumerate(blocks) for seed in block.networks]
    return Evaluation(
        **{name: pd.concat([part[name] for part in tables], ignore_index=True) for name in tables[0]}
    )


def _bound(dataset: MultimodalDataset) -> float:
    """Return the loss below which a network counts as converged."""
    loss = constant_rows(dataset, None)[f"loss_{_judged(dataset)}"]
    return CONVERGED_BELOW * float(loss.item())


def _judged(dataset: MultimodalDataset) -> str:
    """Name the split on which convergence is judged."""
    return "validation" if "validation" in dataset.splits else "train"


def _evaluate(
    block: TrainedBlock,
    seed: int,
    dataset: MultimodalDataset,
    samples: Mapping[str, Samples],
    bound: float,
    halves_seed: int,
) -> Evaluation:
    """Evaluate one network."""
    start = time.perf_counter()
    network, keys = block.networks[seed], cell_keys(block.cell, seed)
    features = {split: network.encode_all(part.inputs, part.present) for split, part in samples.items()}
    parts = {split: _parts(network, values) for split, values in features.items()}
    if dataset.task == "multiclass":
        parts = {split: centre_classes(group) for split, group in parts.items()}
    scores = _scores(network, parts, block.description["target"][str(seed)])
    run = run_row(dataset, "fusion", seed, metric_columns(dataset, scores))
    converged = run[f"loss_{_judged(dataset)}"].to_numpy() < bound
    cell = {name: keys[name] for name in ("norm", "p", "scale")}
    run = run.assign(**cell, converged=pd.array(converged, dtype="boolean"))
    relevance = _relevance(
        network, parts, features["test"], samples["test"].target, dataset.task, halves_seed
    )
    subsets = relevance.assign(**keys)[[*keys, *relevance.columns]]
    counts = {"epochs": 0, "samples": len(dataset.splits["train"])}
    elapsed = time.perf_counter() - start
    return Evaluation(
        run, subsets, pd.DataFrame([{**keys, "stage": "evaluate", "seconds": elapsed, **counts}])
    )


def _parts(network: MultimodalNetwork, features: Mapping[str, Tensor]) -> Parts:
    contributions = network.fusion.contributions(features)
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


def _relevance(
    network: MultimodalNetwork,
    parts: Mapping[str, Parts],
    encoded: Mapping[str, Tensor],
    target: Tensor,
    task: str,
    halves_seed: int,
) -> pd.DataFrame:
    """Join the relevance of training weights, of held-out scores and the reducibility, one row per subset."""
    features = {name: x.double().numpy() for name, x in encoded.items()}
    train_means = {subset: part.mean(axis=0) for subset, part in parts["train"].items()}
    bias, truth = _bias(network), target.double().numpy()
    held_out = heldout_relevance(parts["test"], bias, train_means, truth, task)
    train = variance_shares(parts["train"])[["subset", "covariance_share"]]
    train = train.rename(columns={"covariance_share": "covariance_share_train"})
    table = network.fusion.relevance().merge(held_out, on="subset", how="left", sort=False)
    table = table.merge(train, on="subset", how="left", sort=False)
    table = table.merge(
        reducibility(parts["test"], features, halves_seed), on="subset", how="left", sort=False
    )
    order = ["subset", "order", *(name for name in table.columns if name not in ("subset", "order"))]
    return table[order]
