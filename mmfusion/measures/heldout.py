"""Held-out relevance: what each subset's part contributes to the loss and to the variance of the score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.fusion.subsets import Subset, subset_label
from mmfusion.measures.array_losses import mean_loss
from mmfusion.measures.parts import centre_classes, centre_parts, total_variance
from mmfusion.measures.weighting import weighted_mean

# Up to this multiple of the sum of the parts' variances, Var N is zero: parts that cancel up to rounding.
_CANCELLED = 1e-24


def heldout_relevance(
    parts: Mapping[Subset, NDArray[Any]],
    bias: NDArray[Any],
    train_means: Mapping[Subset, NDArray[Any]],
    target: NDArray[Any],
    task: str,
    weight: NDArray[Any] | None = None,
) -> pd.DataFrame:
    """Measure the relevance of every subset on samples that were not trained on.

    The loss rise of I is the mean loss with the part <phi_I, W_I> replaced by its training mean, minus the
    mean loss. The shares are those of `variance_shares`.

    Parameters
    ----------
    parts : mapping of subset to array, shape (n, outputs)
        <phi_I(x), W_I> of every held-out sample; the score is their sum plus `bias`.
    bias : array, shape (outputs,)
        b of the fusion layer.
    train_means : mapping of subset to array, shape (outputs,)
        Mean of each part over the training split.
    target : array, shape (n,) or (n, outputs)
        Class index, or the target standardised by training statistics; one per output if there are several.
    task : {"binary", "multiclass", "regression"}
        Which loss: binary cross-entropy, cross-entropy or squared error.
    weight : array, shape (n,), optional
        Weights of the samples, zero or more. Default: all one.

    Returns
    -------
    DataFrame
        One row per subset, in the order of `parts`: subset (label), order, loss_rise, variance_share,
        covariance_share. A score that is not finite gives NaN, and so do weights that are all zero.

    Examples
    --------
    >>> signal, silent = np.array([[2.0], [-2.0]]), np.array([[1.0], [1.0]])
    >>> parts = {("1",): signal, ("2",): silent}
    >>> means = {("1",): np.zeros(1), ("2",): np.ones(1)}
    >>> table = heldout_relevance(parts, np.array([-1.0]), means, np.array([1, 0]), "binary")
    >>> table[["subset", "loss_rise", "covariance_share"]].round(3).values.tolist()
    [['1', 0.566, 1.0], ['2', 0.0, 0.0]]
    """
    stacked = np.stack([np.asarray(part, dtype=np.float64) for part in parts.values()])
    means = [np.asarray(train_means[subset], dtype=np.float64) for subset in parts]
    with np.errstate(invalid="ignore", over="ignore"):
        scores = stacked.sum(axis=0) + np.asarray(bias, dtype=np.float64)
        replaced = [scores - part + mean for part, mean in zip(stacked, means, strict=True)]
    loss = mean_loss(scores, target, task, weight)
    table = variance_shares(centre_classes(parts) if task == "multiclass" else parts, weight)
    table.insert(2, "loss_rise", [mean_loss(score, target, task, weight) - loss for score in replaced])
    return table


def variance_shares(parts: Mapping[Subset, NDArray[Any]], weight: NDArray[Any] | None = None) -> pd.DataFrame:
    """Share the variance of the score out among the subsets.

    The variance share is Var<phi_I, W_I> / Var N, a Sobol index where the modalities are independent and the
    parts are their functional ANOVA (Sobol, Mathematical Modeling and Computational Experiment 1, 1993); the
    covariance share is Cov(<phi_I, W_I>, N) / Var N, which sums to one over the subsets, whatever the parts
    are. Several outputs count by the traces of their covariances; the scores of classes must be centred over
    the classes (`mmfusion.measures.parts.centre_classes`).

    Parameters
    ----------
    parts : mapping of subset to array, shape (n, outputs)
        <phi_I(x), W_I> of every sample.
    weight : array, shape (n,), optional
        Weights of the samples, zero or more. Default: all one.

    Returns
    -------
    DataFrame
        One row per subset, in the order of `parts`: subset (label), order, variance_share (0 or more),
        covariance_share (any sign). Both NaN if Var N is zero (up to rounding) or not finite.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        centred = centre_parts(parts, weight)  # (subsets, n, outputs)
        score = centred.sum(axis=0)  # (n, outputs)
        variances = total_variance(centred, weight)
        covariances = weighted_mean(centred * score, weight, axis=1).sum(axis=-1)
        denominator = float(total_variance(score, weight))
        if denominator <= _CANCELLED * variances.sum():
            denominator = float("nan")
        shares = {"variance_share": variances / denominator, "covariance_share": covariances / denominator}
    names = {"subset": [subset_label(subset) for subset in parts], "order": [len(subset) for subset in parts]}
    return pd.DataFrame({**names, **shares})
