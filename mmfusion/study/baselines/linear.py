"""The linear floor, which a network should beat: ridge regression on all modalities together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import helmert
from sklearn.linear_model import RidgeCV

from mmfusion.data.missing import missing_rows, without_missing
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.tables.run_rows import SENTIMENT, metric_columns, run_row

Floats = NDArray[np.float64]

STRENGTHS = np.logspace(-2, 6, 17)
"""Factors of the ridge penalty that are tried, two per decade; the loss is a sum of squares over samples."""


def linear_rows(dataset: MultimodalDataset, seed: int | None) -> pd.DataFrame:
    """Judge ridge regression on the features of all modalities together.

    Symbols enter one-hot encoded per position, vectors as they are; the intercept is not penalised. The
    strength is the one of `STRENGTHS` with the least leave-one-out squared error on the training split (in
    closed form). The regression predicts the sentiment where the data have one as a latent (for both tasks);
    otherwise -1 / +1 for a binary target, -1 / +1 per class for more classes, and the target itself for
    regression. Decisions are by sign (0 is class 1) or by the largest score. Scores of a classification are
    not logits, so its losses are NaN. Source: Hoerl and Kennard, Technometrics 12(1), 1970.

    Parameters
    ----------
    dataset, seed
        See `mmfusion.study.baselines.constant.constant_rows`.

    Returns
    -------
    DataFrame
        One row of the run table with ``model`` "linear".
    """
    inputs = linear_inputs(dataset)
    ridge = RidgeCV(alphas=STRENGTHS, gcv_mode="svd").fit(inputs["train"], _regressed(dataset))
    scores = {split: ridge.predict(values) for split, values in inputs.items()}
    metrics = metric_columns(dataset, scores)
    if dataset.task != "regression":  # the scores are not logits
        metrics = {name: value for name, value in metrics.items() if not name.startswith("loss_")}
    return run_row(dataset, "linear", seed, metrics)


def linear_inputs(dataset: MultimodalDataset) -> dict[str, Floats]:
    """Join the features of all modalities into one matrix per split, symbols as numbers.

    A symbol of an alphabet of C becomes C - 1 orthonormal contrasts (Helmert) instead of C indicators. With
    an intercept the two span the same functions, and they have the same distances, so that ridge regression
    predicts the same from both; the contrasts leave out the constant direction.

    Parameters
    ----------
    dataset : MultimodalDataset
        Modalities of integers (n, length) are symbols; others are vectors (n, d) or sequences (n, length, d),
        whose mean over steps enters. A missing modality is zero.

    Returns
    -------
    dict of str to array, shape (n, inputs)
        By split; columns in the order of the modalities.
    """
    columns: dict[str, list[Floats]] = {split: [] for split in dataset.splits}
    for modality in dataset.modalities:
        raw = {split: part.features[modality] for split, part in dataset.splits.items()}
        missing = {split: missing_rows(view) for split, view in raw.items()}
        views = {split: without_missing(view, missing[split]) for split, view in raw.items()}
        real = {split: part.real.get(modality) for split, part in dataset.splits.items()}
        if np.issubdtype(views["train"].dtype, np.integer):
            alphabet = max(2, 1 + max(int(view.max()) for view in views.values()))
            contrasts = helmert(alphabet).T  # (symbol, contrast)
            views = {split: _contrasts(view, contrasts, real[split]) for split, view in views.items()}
        elif views["train"].ndim == 3:  # sequences: mean over their real steps
            views = {split: _mean_of_steps(view, real[split]) for split, view in views.items()}
        for split, view in views.items():
            columns[split].append(without_missing(view.astype(np.float64, copy=False), missing[split]))
    return {split: np.hstack(views) for split, views in columns.items()}


def _contrasts(view: NDArray[Any], contrasts: Floats, real: NDArray[np.bool_] | None) -> Floats:
    """Return the contrasts of symbols (n, length), zero where a step is padding, shape (n, inputs)."""
    chosen = contrasts[view]
    if real is not None:
        chosen = chosen * real[:, :, np.newaxis]
    return np.asarray(chosen.reshape(len(view), -1), dtype=np.float64)


def _mean_of_steps(view: NDArray[Any], real: NDArray[np.bool_] | None) -> Floats:
    """Average sequences (n, length, d) over their real steps, shape (n, d)."""
    if real is None:
        return np.asarray(view.mean(axis=1), dtype=np.float64)
    counts = np.maximum(real.sum(axis=1, keepdims=True), 1)
    return np.asarray((view * real[:, :, np.newaxis]).sum(axis=1) / counts, dtype=np.float64)


def _regressed(dataset: MultimodalDataset) -> Floats:
    """Return what the regression predicts on the training split, shape (n,) or (n, C)."""
    part = dataset.splits["train"]
    if SENTIMENT in part.latents:
        return part.latents[SENTIMENT].astype(np.float64)
    if dataset.task == "binary":
        return np.where(part.target == 1, 1.0, -1.0)
    if dataset.task == "multiclass":
        classes = 1 + max(int(other.target.max()) for other in dataset.splits.values())
        signs: Floats = 2.0 * np.eye(classes)[part.target] - 1.0
        return signs
    return part.target.astype(np.float64)
