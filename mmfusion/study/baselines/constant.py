"""Rows of predictors that look at no feature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.measures.constant_prediction import constant_scores
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.tables.run_rows import metric_columns, run_row

RAREST = 1e-6
"""Share of a class that is missing among the training samples, where its score has to be finite."""


def tested_constant(train: NDArray[Any], task: str, outputs: int, count: int) -> NDArray[np.float64]:
    """Return the best constant of training targets as finite scores (count, outputs), for tests against it.

    Parameters
    ----------
    train : array, shape (n,)
        Class indices, or standardised numbers.
    task : {"binary", "multiclass", "regression"}
    outputs, count : int

    Returns
    -------
    array, shape (count, outputs)
    """
    return np.tile(constant_scores(train, task, outputs, smallest_share=RAREST), (count, 1))


def constant_rows(dataset: MultimodalDataset, seed: int | None) -> pd.DataFrame:
    """Judge the constant prediction learned from the training targets.

    Every sample has the scores that `mmfusion.measures.constant_prediction.constant_scores` gives for the
    training samples, so that the loss of a classification is that of the training prior.

    Parameters
    ----------
    dataset : MultimodalDataset
        Any task.
    seed : int or None
        Goes into the row; nothing here is random.

    Returns
    -------
    DataFrame
        One row of the run table with ``model`` "constant".
    """
    task, target = dataset.task, dataset.splits["train"].target
    classes = 1 + max(int(part.target.max()) for part in dataset.splits.values())
    score = constant_scores(target, task, classes if task == "multiclass" else 1)
    scores = {split: np.tile(score, (len(part), 1)) for split, part in dataset.splits.items()}
    return run_row(dataset, "constant", seed, metric_columns(dataset, scores))


def always_positive_rows(dataset: MultimodalDataset, seed: int | None) -> pd.DataFrame:
    """Judge the decision that every sentiment is positive, whatever the training targets are.

    Where most of the test samples are positive and most of the training samples are not, it is a higher
    floor than the constant prediction.

    Parameters
    ----------
    dataset, seed
        See `constant_rows`; the dataset has a sentiment.

    Returns
    -------
    DataFrame
        One row of the run table with ``model`` "always_positive": accuracy, F1 and the two-class metrics of
        sentiment. What needs a score is NaN.
    """
    scores = {name: np.ones((len(part), 1)) for name, part in dataset.splits.items()}
    metrics = metric_columns(dataset, scores)
    decided = {name: value for name, value in metrics.items() if name.startswith(("acc2", "accuracy", "f1"))}
    return run_row(dataset, "always_positive", seed, decided)
