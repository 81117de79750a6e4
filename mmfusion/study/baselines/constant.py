"""The constant predictor: what a model reaches that looks at no feature."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.tables.run_rows import baseline_row


def constant_rows(dataset: MultimodalDataset, seed: int | None) -> pd.DataFrame:
    """Judge the constant prediction learned from the training targets.

    For a binary target the score of every sample is the log-odds of class 1 among the training samples, so
    that the majority class is decided for (class 1 where both are equally frequent) and the loss is that of
    the training prior. For more classes the scores are the logarithms of their training shares (minus
    infinity for a class without training samples). For regression the prediction is the training mean.

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
    score = _constant_score(dataset)
    scores = {split: np.repeat(score, len(part), axis=0) for split, part in dataset.splits.items()}
    return baseline_row(dataset, "constant", seed, scores)


def _constant_score(dataset: MultimodalDataset) -> NDArray[np.float64]:
    """Return the score as one row, shape (1, outputs)."""
    target = dataset.splits["train"].target
    if dataset.task == "regression":
        return np.full((1, 1), target.mean())
    classes = (
        2 if dataset.task == "binary" else 1 + max(part.target.max() for part in dataset.splits.values())
    )
    shares = np.bincount(target, minlength=classes) / len(target)
    with np.errstate(divide="ignore"):  # a class without training samples: minus infinity
        logs = np.log(shares)
    return np.array([[logs[1] - logs[0]]]) if dataset.task == "binary" else logs[None, :]
