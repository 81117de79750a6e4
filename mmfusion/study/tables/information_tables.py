"""From networks of coalitions to the tables ``information``, ``modality_information`` and ``synergy``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.fusion.subsets import Subset
from mmfusion.measures.array_losses import mean_loss
from mmfusion.measures.cross_fitted import FLOOR, Truth, prediction_quality
from mmfusion.measures.information import PredictiveInformation, predictive_information
from mmfusion.study.baselines.constant import tested_constant
from mmfusion.study.cells import cell_keys, information_cell
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.tables.definitions import TABLES
from mmfusion.study.training.coalition_training import CoalitionScores, train_coalitions

Floats = NDArray[np.float64]
INFORMATION_TABLES = ("information", "modality_information", "synergy")


def information_tables(
    datasets: Mapping[int, MultimodalDataset],
    settings: Mapping[str, Any],
    count: int,
    progress: bool | None = None,
) -> dict[str, pd.DataFrame]:
    """Train coalitions of modalities and measure what they say of the test split.

    Parameters
    ----------
    datasets, settings, count, progress
        See `mmfusion.study.training.coalition_training.train_coalitions`; the datasets have a validation
        split.

    Returns
    -------
    dict of str to DataFrame
        The tables `INFORMATION_TABLES`, as `mmfusion.study.tables.definitions` defines them; rows in the
        order of the seeds.
    """
    dataset = next(iter(datasets.values()))
    cell = information_cell(dataset.name)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in INFORMATION_TABLES}
    for seed, trained in train_coalitions(datasets, settings, count, progress).items():
        measured = measure_information(trained, dataset.task, dataset.modalities, settings["penalty"])
        for name, table in zip(INFORMATION_TABLES, measured, strict=True):
            parts[name].append(table.assign(**cell_keys(cell, seed))[TABLES[name].names])
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def measure_information(
    trained: CoalitionScores, task: str, modalities: tuple[str, ...], penalty: float
) -> PredictiveInformation:
    """Choose on the validation split what every coalition predicts with, and measure it on the test split.

    Networks whose validation loss is not below that of the constant have learned nothing that lasts: with the
    one lambda of the study's recipe they overfit, which would read as synergy, and some of Parity stay at
    chance. They are left out, and the scores of the others averaged. A coalition S may ignore modalities: it
    predicts with the coalition within S, or with the constant, whichever has the lowest validation loss.

    Parameters
    ----------
    trained : CoalitionScores
        Of one seed.
    task : {"binary", "multiclass", "regression"}
    modalities : tuple of str
        All of them, in modality order.
    penalty : float
        lambda of the networks; that of the constant is infinite.

    Returns
    -------
    PredictiveInformation
    """
    outputs = next(iter(trained.scores.values()))["test"].shape[-1]
    constant = {
        split: tested_constant(trained.target["train"], task, outputs, len(trained.target[split]))
        for split in ("validation", "test")
    }
    validation = trained.target["validation"]
    bound = mean_loss(constant["validation"], validation, task)
    scores: dict[Subset, dict[str, Floats]] = {(): constant}
    for coalition, given in trained.scores.items():
        kept = [mean_loss(one, validation, task) < bound for one in given["validation"]]
        scores[coalition] = (
            {split: values[kept].mean(axis=0) for split, values in given.items()} if any(kept) else constant
        )
    losses = {S: mean_loss(given["validation"], validation, task) for S, given in scores.items()}
    chosen = choose_within(losses)
    test = {S: scores[T]["test"] for S, T in chosen.items()}
    truth = Truth(trained.target["test"], task)
    quality = prediction_quality(test[modalities], test[()], truth, len(trained.scores))
    penalties = {S: penalty if T else float("inf") for S, T in chosen.items()}
    by_sample = {S: truth.losses(values) for S, values in test.items()}
    return predictive_information(by_sample, modalities, penalties, truth, quality, FLOOR)


def choose_within(losses: Mapping[Subset, float]) -> dict[Subset, Subset]:
    """Choose for every coalition the one within it that has the lowest loss; () is the constant.

    Examples
    --------
    >>> choose_within({(): 0.7, ("a",): 0.8, ("b",): 0.4, ("a", "b"): 0.5})[("a", "b")]
    ('b',)
    """
    known = {S: float("inf") if np.isnan(loss) else loss for S, loss in losses.items()}
    return {S: min((T for T in known if set(T) <= set(S)), key=lambda T: (known[T], len(T))) for S in known}
