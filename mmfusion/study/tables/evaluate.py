"""From trained networks to the tidy tables ``runs`` and ``subsets``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from mmfusion.fusion.subsets import Subset
from mmfusion.measures.heldout import variance_shares
from mmfusion.measures.parts import centre_classes
from mmfusion.measures.subset_measures import subset_measures
from mmfusion.study.baselines.constant import constant_rows
from mmfusion.study.cells import cell_keys
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.tables.run_rows import metric_columns, run_row
from mmfusion.study.training.cell_training import prepared_splits, use_one_thread
from mmfusion.study.training.checkpoint import TrainedCell
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples

Parts = dict[Subset, NDArray[np.float64]]
CONVERGED_BELOW = 0.95
"""A run counts as converged if its loss is below this share of the constant predictor's loss."""


@dataclass(frozen=True)
class Evaluation:
    """Tables of one trained cell or several.

    Parameters
    ----------
    runs, subsets, seconds : DataFrame
        As `mmfusion.study.tables.definitions` defines them.
    """

    runs: pd.DataFrame
    subsets: pd.DataFrame
    seconds: pd.DataFrame


def evaluate_cells(
    cells: Sequence[TrainedCell], datasets: Mapping[int, MultimodalDataset], halves_seed: int
) -> Evaluation:
    """Compute metrics and relevance of all networks of several trained cells.

    Parameters
    ----------
    cells : sequence of TrainedCell
        At least one, all of the same dataset and with equal encoders.
    datasets : mapping of int to MultimodalDataset
        The dataset of every seed.
    halves_seed : int
        Seed of the halves of the test split between which reducibility is measured.

    Returns
    -------
    Evaluation
        Rows in the order of the cells and their seeds.
    """
    use_one_thread()
    evaluations: dict[tuple[int, int], Evaluation] = {}
    for seed, dataset in datasets.items():  # seeds outside: what all cells share is computed once
        with_seed = [(index, cell) for index, cell in enumerate(cells) if seed in cell.networks]
        samples = prepared_splits(with_seed[0][1], seed, dataset) if with_seed else {}
        bound = _bound(dataset)
        for index, cell in with_seed:
            evaluations[index, seed] = _evaluate(cell, seed, dataset, samples, bound, halves_seed)
    tables = [vars(evaluations[index, seed]) for index, cell in enumerate(cells) for seed in cell.networks]
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
    trained: TrainedCell,
    seed: int,
    dataset: MultimodalDataset,
    samples: Mapping[str, Samples],
    bound: float,
    halves_seed: int,
) -> Evaluation:
    """Evaluate one network."""
    start = time.perf_counter()
    network, keys = trained.networks[seed], cell_keys(trained.cell, seed)
    features = {split: network.encode_all(part.inputs, part.present) for split, part in samples.items()}
    parts = {split: network.parts(values) for split, values in features.items()}
    moments = trained.moments(seed)
    scores = {split: moments.restore(sum(group.values()) + network.bias) for split, group in parts.items()}
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


def _relevance(
    network: MultimodalNetwork,
    parts: Mapping[str, Parts],
    encoded: Mapping[str, Tensor],
    target: Tensor,
    task: str,
    halves_seed: int,
) -> pd.DataFrame:
    """Measure every subset on the test split, and its covariance share on the training split."""
    table = subset_measures(
        network.fusion,
        parts["test"],
        {subset: part.mean(axis=0) for subset, part in parts["train"].items()},
        encoded,
        target,
        task,
        halves_seed,
    )
    train_parts = centre_classes(parts["train"]) if task == "multiclass" else parts["train"]
    train = variance_shares(train_parts)["covariance_share"]
    after = list(table.columns).index("covariance_share") + 1
    table.insert(after, "covariance_share_train", train)
    return table
