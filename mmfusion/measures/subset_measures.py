"""All measures of every subset of one network: from its weights, and from its parts on held-out samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from mmfusion.fusion.subsets import Subset, parse_subset
from mmfusion.fusion.tensor_fusion import TensorFusion
from mmfusion.measures.heldout import heldout_relevance
from mmfusion.measures.parts import centre_classes
from mmfusion.measures.reducibility import reducibility

FEWEST = 4
"""Samples below which nothing held-out is measured: reducibility halves them."""


def subset_measures(
    fusion: TensorFusion,
    parts: Mapping[Subset, NDArray[Any]],
    train_means: Mapping[Subset, NDArray[Any]],
    features: Mapping[str, Tensor],
    target: Tensor,
    task: str,
    halves_seed: int,
    weight: Tensor | None = None,
) -> pd.DataFrame:
    """Join what the weights say about every subset with what held-out samples say.

    Parameters
    ----------
    fusion : TensorFusion
        The trained layer.
    parts : mapping of subset to array, shape (n, outputs)
        <phi_I(x), W_I> of every held-out sample.
    train_means : mapping of subset to array, shape (outputs,)
        Mean of every part over the training samples.
    features : mapping of str to Tensor, shape (n, d_m)
        The features that were fused.
    target : Tensor, shape (n,) or (n, outputs)
        Class index, or the standardised target.
    task : {"binary", "multiclass", "regression"}
    halves_seed : int
        Seed of the halves between which reducibility is measured.
    weight : Tensor, shape (n,), optional
        Weights of the samples, zero or more, at least four of them positive. Default: all one.

    Returns
    -------
    DataFrame
        One row per subset: subset, order, block_norm, beta, weight_share, loss_rise, variance_share,
        covariance_share, reducibility_single, reducibility_within.
    """
    table, bias = weights_of_subsets(fusion), fusion.bias.detach().double().numpy()
    if task == "multiclass":
        parts, train_means = centre_classes(parts), centre_classes(train_means)
    share = None if weight is None else weight.double().numpy()
    held_out = heldout_relevance(parts, bias, train_means, target.double().numpy(), task, share)
    table = table.merge(held_out.drop(columns="order"), on="subset", how="left", sort=False)
    arrays = {name: x.double().numpy() for name, x in features.items()}
    reduced = reducibility(parts, arrays, halves_seed, share)
    return table.merge(reduced, on="subset", how="left", sort=False)


def weights_of_subsets(fusion: TensorFusion) -> pd.DataFrame:
    """Return what the weights say about every subset: subset, order, block_norm, beta, weight_share."""
    table = fusion.relevance()
    table.insert(1, "order", [len(parse_subset(label)) for label in table["subset"]])
    return table
