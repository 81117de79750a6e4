"""All measures of every subset of one network: from its weights, and from its parts on held-out samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from mmfusion.fusion.subsets import Subset, parse_subset
from mmfusion.measures.heldout import heldout_relevance
from mmfusion.measures.parts import centre_classes
from mmfusion.measures.reducibility import reducibility

FEWEST = 4
"""Samples below which nothing held-out is measured: reducibility halves them."""


def subset_measures(
    weights: pd.DataFrame,
    parts: Mapping[Subset, NDArray[Any]],
    bias: NDArray[Any],
    train_means: Mapping[Subset, NDArray[Any]],
    features: Mapping[str, NDArray[Any]],
    target: NDArray[Any],
    task: str,
    halves_seed: int,
) -> pd.DataFrame:
    """Join what the weights say about every subset with what held-out samples say.

    Parameters
    ----------
    weights : DataFrame
        From `mmfusion.TensorFusion.relevance`: subset, block_norm, beta, weight_share.
    parts : mapping of subset to array, shape (n, outputs)
        <phi_I(x), W_I> of every held-out sample.
    bias : array, shape (outputs,)
    train_means : mapping of subset to array, shape (outputs,)
        Mean of every part over the training samples.
    features : mapping of str to array, shape (n, d_m)
        The features that were fused.
    target : array, shape (n,) or (n, outputs)
        Class index, or the standardised target.
    task : {"binary", "multiclass", "regression"}
    halves_seed : int
        Seed of the halves between which reducibility is measured.

    Returns
    -------
    DataFrame
        One row per subset: subset, order, block_norm, beta, weight_share, loss_rise, variance_share,
        covariance_share, reducibility_single, reducibility_within.
    """
    table = weights_of_subsets(weights)
    if task == "multiclass":
        parts, train_means = centre_classes(parts), centre_classes(train_means)
    held_out = heldout_relevance(parts, bias, train_means, target, task).drop(columns="order")
    table = table.merge(held_out, on="subset", how="left", sort=False)
    return table.merge(reducibility(parts, features, halves_seed), on="subset", how="left", sort=False)


def weights_of_subsets(weights: pd.DataFrame) -> pd.DataFrame:
    """Add the order of every subset to the table of weights, as its second column."""
    table = weights.copy()
    table.insert(1, "order", [len(parse_subset(label)) for label in table["subset"]])
    return table
