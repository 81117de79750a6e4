"""Rows of the run table: one row per run of any model, with the same columns for all.

After the key columns come, per split, the metrics of classification or regression, and for data with a known
sentiment those of sentiment.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mmfusion.data.number_moments import number_moments
from mmfusion.errors import DataError
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.tables.definitions import TABLES
from mmfusion.study.tables.metrics import classification_metrics, regression_metrics, sentiment_metrics

KEY_COLUMNS = ("dataset", "task", "model", "norm", "p", "scale", "seed", "converged")
METRIC_COLUMNS = tuple(name for name in TABLES["runs"].names if name not in KEY_COLUMNS)
SENTIMENT = "sentiment"
"""Name of the latent that holds a real-valued sentiment."""


def metric_columns(dataset: MultimodalDataset, scores_by_split: Mapping[str, ArrayLike]) -> dict[str, float]:
    """Compute all metrics of the run table from the scores of one model.

    Parameters
    ----------
    dataset : MultimodalDataset
        Holds the targets, and the sentiment as a latent where there is one.
    scores_by_split : mapping of str to array, shape (n,), (n, 1) or (n, C)
        Logits for classes; predictions in the unit of the target for regression.

    Returns
    -------
    dict of str to float
        Keys ``<metric>_<split>``; of the validation split, only accuracy, F1 and loss.

    Raises
    ------
    DataError
        If the training target of a regression is constant.
    """
    target = dataset.splits["train"].target
    if dataset.task == "regression":
        deviation = float(number_moments(target, where=dataset.name, error=DataError)[1][0])
    columns: dict[str, float] = {}
    for split, scores in scores_by_split.items():
        part = dataset.splits[split]
        if dataset.task == "regression":
            metrics = regression_metrics(scores, part.target, deviation)
            if split == "validation":
                metrics = {"loss": metrics["loss"]}
        else:
            metrics = classification_metrics(scores, part.target)
        if SENTIMENT in part.latents and split != "validation":
            real_valued = dataset.task == "regression"
            metrics |= sentiment_metrics(scores, part.latents[SENTIMENT], real_valued)
        columns |= {f"{name}_{split}": value for name, value in metrics.items()}
    return columns


def run_row(
    dataset: MultimodalDataset, model: str, seed: int | None, metrics: Mapping[str, float]
) -> pd.DataFrame:
    """Make one row of the run table for a model without normalisation, p and training.

    Parameters
    ----------
    dataset : MultimodalDataset
        Gives name and task.
    model : str
        Name of the model.
    seed : int or None
        Seed of the dataset; None where it has none.
    metrics : mapping of str to float
        Keys from `METRIC_COLUMNS`; those left out are NaN.

    Returns
    -------
    DataFrame
        One row with `KEY_COLUMNS` (``norm``, ``p``, ``scale`` are "-", ``converged`` is missing; ``seed`` is
        Int64, ``converged`` boolean) and `METRIC_COLUMNS` (float64).
    """
    keys = {
        "dataset": dataset.name,
        "task": dataset.task,
        "model": model,
        **dict.fromkeys(("norm", "p", "scale"), "-"),
        "seed": pd.array([seed], dtype="Int64"),
        "converged": pd.array([None], dtype="boolean"),
    }
    return pd.DataFrame({**keys, **dict.fromkeys(METRIC_COLUMNS, np.nan), **metrics}, index=[0])
