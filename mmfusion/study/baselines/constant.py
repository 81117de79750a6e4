"""The row of the constant predictor, which looks at no feature."""

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
