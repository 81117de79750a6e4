"""Reducibility: how much of an interaction's part is explained by fewer modalities.

A part <phi_I, W_I> that claims to be an interaction of the modalities in I should not be predictable from
fewer of them. Where it is, the block has learned constants: main effects times means of the other features.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV

from mmfusion.data.standardisation import column_moments
from mmfusion.fusion.precision import SINGLE
from mmfusion.fusion.subsets import Subset, proper_subsets, subset_label
from mmfusion.measures.parts import Array, centre_parts, total_variance
from mmfusion.measures.weighting import weighted_mean

ALPHAS = np.logspace(-3, 5, 9)
"""Strengths of the ridge penalty among which leave-one-out error chooses."""

FEWEST = 20
"""Samples below which it is not computed: halves of less than ten say nothing by their R^2."""

NEGLIGIBLE = 1e-6
"""Reducibility of a part with less than this share of the score's variance is not computed."""


def reducibility(
    parts: Mapping[Subset, NDArray[Any]],
    features: Mapping[str, NDArray[Any]],
    seed: int,
    weight: NDArray[Any] | None = None,
) -> pd.DataFrame:
    """Predict every interaction's part from the features of fewer modalities.

    The samples are halved at random. On one half, ridge regression with intercept predicts <phi_I, W_I> from
    the products f^J, once for single modalities J within I, once for all non-empty J strictly within I, its
    strength chosen by the leave-one-out error on that half; the other half gives R^2 = 1 - (squared error) /
    (squared deviation from that half's mean), both summed over the outputs, so that outputs weigh by their
    variance. The halves are swapped and the two R^2 averaged, not clipped: below zero is worse than the mean.
    Features are centred and standardised over all samples before products are taken, and constant ones become
    zero. The scale is not taken from the fitting half: a feature that is active in a handful of samples can
    be nearly constant in one half and, on its scale, huge in the other.

    Samples of zero weight are left out before the rest is halved. Weights have a mean of one in the ridge
    regression, whose penalty would otherwise depend on their scale, and weigh every sum of squares and every
    moment.

    Parameters
    ----------
    parts : mapping of subset to array, shape (n, outputs)
        <phi_I(x), W_I> of every held-out sample, at least four; the scores of classes centred over the
        classes.
    features : mapping of str to array, shape (n, d_m)
        The features f^m that were fused.
    seed : int
        Seed of the random halves.
    weight : array, shape (n,), optional
        Weights of the samples, zero or more, at least four of them positive. Default: all one.

    Returns
    -------
    DataFrame
        One row per subset, in the order of `parts`: subset (label), reducibility_single, reducibility_within.
        Both NaN for |I| = 1, where Var<phi_I, W_I> is at most 1e-6 Var N or not finite, and with fewer than
        20 samples.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> features = {"1": rng.normal(size=(400, 2)), "2": rng.normal(size=(400, 2))}
    >>> part = features["1"][:, :1] + features["1"][:, :1] * features["2"][:, :1]
    >>> table = reducibility({("1", "2"): part}, features, seed=0)
    >>> 0.35 < table["reducibility_single"].item() < 0.65
    True
    """
    if weight is not None:
        kept = weight > 0
        parts = {subset: part[kept] for subset, part in parts.items()}
        features = {name: values[kept] for name, values in features.items()}
        weight = weight[kept] / weight[kept].mean()
    with np.errstate(invalid="ignore", over="ignore"):
        centred = centre_parts(parts, weight)
        needed = total_variance(centred, weight) > NEGLIGIBLE * total_variance(centred.sum(axis=0), weight)
        needed &= centred.shape[1] >= FEWEST
    halves = _halves(centred.shape[1], seed)
    standardised = {
        name: _standardise(np.asarray(values, np.float64), weight) for name, values in features.items()
    }
    rows = []
    for subset, part, is_needed in zip(parts, centred, needed, strict=True):
        single = within = float("nan")
        if len(subset) > 1 and is_needed:
            single = _crossed_r2(part, standardised, [(name,) for name in subset], halves, weight)
            within = single
        if len(subset) > 2 and is_needed:
            within = _crossed_r2(part, standardised, proper_subsets(subset), halves, weight)
        rows.append((subset_label(subset), single, within))
    return pd.DataFrame(rows, columns=["subset", "reducibility_single", "reducibility_within"])


def _halves(n: int, seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    order = np.random.default_rng(seed).permutation(n)
    first, second = order[: n // 2], order[n // 2 :]
    return [(first, second), (second, first)]


def _standardise(feature: Array, weight: NDArray[Any] | None) -> Array:
    """Standardise the columns; those that are constant up to single precision become zero."""
    moments = column_moments(feature, weight, SINGLE)
    return (feature - moments.mean) / np.where(moments.constant, np.inf, moments.deviation)


def _crossed_r2(
    part: Array,
    standardised: Mapping[str, Array],
    predictors: list[Subset],
    halves: list[tuple[NDArray[np.intp], NDArray[np.intp]]],
    weight: NDArray[Any] | None = None,
) -> float:
    """Average the R^2 of the two directions; NaN if a half has no variance to explain."""
    scores = []
    design = np.hstack([_product(standardised, subset) for subset in predictors])  # (n, sum of prod d_m)
    for fit, score in halves:
        for_fit, for_score = (None, None) if weight is None else (weight[fit], weight[score])
        model = RidgeCV(alphas=ALPHAS).fit(design[fit], part[fit], sample_weight=for_fit)
        error = part[score] - model.predict(design[score]).reshape(part[score].shape)
        deviation = _sum_of_squares(part[score] - _mean(part[score], for_score), for_score)
        scores.append(1 - _sum_of_squares(error, for_score) / deviation if deviation > 0 else np.nan)
    return float(np.mean(scores))


def _mean(part: Array, weight: NDArray[Any] | None) -> Array:
    """Average over the samples; weighted, exact where the part is the same for all of them."""
    origin = 0.0 if weight is None else part[0]
    return np.asarray(origin + weighted_mean(part - origin, weight))


def _sum_of_squares(part: Array, weight: NDArray[Any] | None) -> float:
    return float(np.sum(part**2 if weight is None else weight[:, np.newaxis] * part**2))


def _product(features: Mapping[str, Array], subset: Subset) -> Array:
    """Row-wise outer product f^J, flattened to (n, prod d_m)."""
    return reduce(
        lambda left, right: (left[:, :, None] * right[:, None, :]).reshape(len(left), -1),
        (features[name] for name in subset),
    )
