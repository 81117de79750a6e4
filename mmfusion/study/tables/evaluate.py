"""From trained networks to the tidy tables ``runs`` and ``subsets``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

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
from mmfusion.study.tables.definitions import TABLES
from mmfusion.study.tables.run_rows import metric_columns, run_row
from mmfusion.study.training.cell_training import prepared_splits, use_one_thread
from mmfusion.study.training.checkpoint import TrainedCell
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples

Parts = dict[Subset, NDArray[np.float64]]
CONVERGED_BELOW = 0.95
"""A run counts as converged if its loss is below this share of the constant predictor's loss."""


def evaluate_cells(
    cells: Sequence[TrainedCell], datasets: Mapping[int, MultimodalDataset], halves_seed: int
) -> dict[str, pd.DataFrame]:
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
    dict of str to DataFrame
        The tables ``runs``, ``subsets`` and ``seconds``, as `mmfusion.study.tables.definitions` defines them;
        rows in the order of the cells and their seeds.
    """
    use_one_thread()
    evaluations: dict[tuple[int, int], dict[str, pd.DataFrame]] = {}
    for seed, dataset in datasets.items():  # seeds outside: what all cells share is computed once
        with_seed = [(index, cell) for index, cell in enumerate(cells) if seed in cell.networks]
        samples = prepared_splits(with_seed[0][1], seed, dataset) if with_seed else {}
        bound = _bound(dataset)
        for index, cell in with_seed:
            evaluations[index, seed] = _evaluate(cell, seed, dataset, samples, bound, halves_seed)
    parts = [evaluations[index, seed] for index, cell in enumerate(cells) for seed in cell.networks]
    return {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}


def _bound(dataset: MultimodalDataset) -> tuple[str, float]:
    """Return the column on which convergence is judged, and the loss below which a network has converged."""
    column = "loss_validation" if "validation" in dataset.splits else "loss_train"
    return column, CONVERGED_BELOW * float(constant_rows(dataset, None)[column].item())


def _evaluate(
    trained: TrainedCell,
    seed: int,
    dataset: MultimodalDataset,
    samples: Mapping[str, Samples],
    bound: tuple[str, float],
    halves_seed: int,
) -> dict[str, pd.DataFrame]:
    """Evaluate one network."""
    start = time.perf_counter()
    network, keys = trained.networks[seed], cell_keys(trained.cell, seed)
    features = {split: network.encode_all(part.inputs, part.present) for split, part in samples.items()}
    parts = {split: network.parts(values) for split, values in features.items()}
    moments = trained.moments(seed)
    scores = {split: moments.restore(sum(group.values()) + network.bias) for split, group in parts.items()}
    run = run_row(dataset, "fusion", seed, metric_columns(dataset, scores))
    column, most = bound
    converged = pd.array(run[column].to_numpy() < most, dtype="boolean")
    run = run.assign(converged=converged, **{name: keys[name] for name in ("norm", "p", "scale")})
    relevance = _relevance(
        network, parts, features["test"], samples["test"].target, dataset.task, halves_seed
    )
    subsets = relevance.assign(**keys)[TABLES["subsets"].names]
    timed = {"stage": "evaluate", "seconds": time.perf_counter() - start, "epochs": 0}
    seconds = pd.DataFrame([{**keys, **timed, "samples": len(dataset.splits["train"])}])
    return {"runs": run, "subsets": subsets, "seconds": seconds}


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
    return table.assign(covariance_share_train=variance_shares(train_parts)["covariance_share"])
