"""From trained networks to the tidy tables ``runs`` and ``subsets``.

The networks of a study have seen the training split and nothing else: all tests are on the test split, of the
score of one network, over its samples or their groups.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from mmfusion.fusion.subsets import Subset
from mmfusion.measures.cross_fitted import FLOOR, Truth, prediction_quality, subset_tests
from mmfusion.measures.heldout import variance_shares
from mmfusion.measures.parts import centre_classes
from mmfusion.measures.subset_measures import subset_measures
from mmfusion.study.baselines.constant import constant_rows, tested_constant
from mmfusion.study.cells import cell_keys
from mmfusion.study.data.dataset import GROUP, MultimodalDataset
from mmfusion.study.tables.definitions import TABLES
from mmfusion.study.tables.run_rows import metric_columns, run_row
from mmfusion.study.training.cell_training import prepared_splits, use_one_thread
from mmfusion.study.training.checkpoint import TrainedCell
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples

Parts = dict[Subset, NDArray[np.float64]]
CONVERGED_BELOW = 0.95
"""A run counts as converged if its validation loss is below this share of the constant predictor's."""


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


def _bound(dataset: MultimodalDataset) -> float | None:
    """Return the validation loss below which a network has converged; None without a validation split.

    The training loss says nothing about it: where features know the labels of training, as in CMU-MOSI, every
    network fits them. The test loss is not for judging which runs succeeded.
    """
    if "validation" not in dataset.splits:
        return None
    return CONVERGED_BELOW * float(constant_rows(dataset, None)["loss_validation"].item())


def _evaluate(
    trained: TrainedCell,
    seed: int,
    dataset: MultimodalDataset,
    samples: Mapping[str, Samples],
    bound: float | None,
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
    converged = [None if bound is None else bool(run["loss_validation"].item() < bound)]
    run = run.assign(
        converged=pd.array(converged, dtype="boolean"),
        **{name: keys[name] for name in ("norm", "p", "scale")},
    )
    relevance = _relevance(
        network, parts, features["test"], samples["test"].target, dataset.task, halves_seed
    )
    groups = dataset.splits["test"].latents.get(GROUP)
    targets = {split: part.target.double().numpy() for split, part in samples.items()}
    tested = _tests(parts, network.bias, targets, dataset.task, groups)
    relevance = relevance.merge(tested, on="subset", how="left", sort=False)
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


def _tests(
    parts: Mapping[str, Parts],
    bias: NDArray[np.float64],
    targets: Mapping[str, NDArray[Any]],
    task: str,
    groups: NDArray[Any] | None,
) -> pd.DataFrame:
    """Test on the test split, by the score of this network, whether the loss rises without a subset.

    Returns
    -------
    DataFrame
        One row per subset: subset, p_value, p_adjusted, named; see
        `mmfusion.measures.cross_fitted.subset_tests`. A score that is not finite names nothing.
    """
    test, truth = parts["test"], Truth(targets["test"], task, groups=groups)
    constant = tested_constant(targets["train"], task, len(bias), len(truth.target))
    with np.errstate(invalid="ignore", over="ignore"):
        centred = {subset: part - parts["train"][subset].mean(axis=0) for subset, part in test.items()}
        scores = np.asarray(sum(test.values()) + bias)
        quality = prediction_quality(scores, constant, truth, len(test))
        table = subset_tests(centred, scores, truth, quality, FLOOR)
    return table[["subset", "p_value", "p_adjusted", "named"]]
