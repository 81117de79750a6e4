"""Scores on the test part: every metric with an interval over groups, and how far one model is ahead.

Every metric is a function of sums over samples, so that resampled groups need their sums only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.measures.array_losses import loss_of_samples
from mmfusion.measures.cluster_bootstrap import Statistic, cluster_bootstrap

Floats = NDArray[np.float64]

COLUMNS = ("model", "metric", "value", "low", "high", "reference", "ahead", "ahead_low", "ahead_high")


class Metric(NamedTuple):
    """A metric as terms per sample and a statistic of their sums; better is larger if `sign` is 1."""

    terms: Floats
    statistic: Statistic
    sign: int


def sentiment_scores(
    scores: Mapping[str, Floats],
    references: Mapping[str, str],
    sentiment: Floats,
    task: str,
    videos: NDArray[Any],
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Judge predictions of sentiment, each beside its reference.

    Parameters
    ----------
    scores : mapping of str to array, shape (n,)
        By model: a predicted sentiment, or a logit of its not being negative.
    references : mapping of str to str
        Of a model, the one that it should be ahead of; models without an entry have none.
    sentiment : array, shape (n,)
    task : {"binary", "regression"}
        Whether scores are logits, or in units of sentiment.
    videos : array, shape (n,)
        Groups that are resampled.
    resamples, seed
        See `mmfusion.measures.cluster_bootstrap.cluster_bootstrap`.

    Returns
    -------
    DataFrame
        One row per model and metric, with the columns `COLUMNS`: the value with its 95 % interval over
        videos, and how much better than the reference it is (positive: better, also where lower values are),
        with the interval of this paired difference.
    """
    metrics = {model: _metrics(values, sentiment, task) for model, values in scores.items()}
    rows = []
    for model, of_model in metrics.items():
        reference = references.get(model)
        for name, metric in of_model.items():
            value = cluster_bootstrap(metric.terms, videos, metric.statistic, resamples, seed)
            ahead: tuple[float, ...] = (np.nan,) * 3
            if reference is not None:
                ahead = _ahead(metric, metrics[reference][name], videos, resamples, seed)
            rows.append((model, name, *value, reference or "-", *ahead))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _ahead(
    first: Metric, second: Metric, videos: NDArray[Any], resamples: int, seed: int
) -> tuple[float, ...]:
    """Return by how much the first is better, and the interval of that difference."""
    width = first.terms.shape[1]
    both = np.hstack([first.terms, second.terms])

    def difference(sums: Floats) -> Floats:
        return first.sign * (first.statistic(sums[..., :width]) - second.statistic(sums[..., width:]))

    return tuple(cluster_bootstrap(both, videos, difference, resamples, seed))


def _metrics(scores: Floats, sentiment: Floats, task: str) -> dict[str, Metric]:
    """List the metrics that are defined for a task."""
    one = np.ones_like(sentiment)
    right = ((scores >= 0) == (sentiment >= 0)).astype(np.float64)
    x, y = scores - scores[0], sentiment - sentiment[0]  # constants become exactly 0
    products = (one, x, y, x**2, y**2, x * y)
    found = {"acc2_zeros_positive": Metric(np.stack([right, one], axis=1), _mean, 1)}
    if task == "regression":
        found["mae"] = Metric(np.stack([np.abs(scores - sentiment), one], axis=1), _mean, -1)
        found["pearson_r"] = Metric(np.stack(products, axis=1), _correlation, 1)
        errors = ((scores - sentiment) ** 2, one, sentiment, sentiment**2)
        found["r2"] = Metric(np.stack(errors, axis=1), _explained, 1)
    else:
        labels = (sentiment >= 0).astype(np.int64)
        losses = loss_of_samples(scores[:, np.newaxis], labels, task)
        found["loss"] = Metric(np.stack([losses, one], axis=1), _mean, -1)
    return found


def _mean(sums: Floats) -> Floats:
    return np.asarray(sums[..., 0] / sums[..., 1])


def _explained(sums: Floats) -> Floats:
    """Return R^2 from sums of squared errors, 1, y and y^2."""
    error, count, y, yy = np.moveaxis(np.asarray(sums), -1, 0)
    return np.asarray(1 - error / (yy - y**2 / count))


def _correlation(sums: Floats) -> Floats:
    """Correlate from sums of 1, x, y, x^2, y^2 and xy; NaN where x or y is constant."""
    count, x, y, xx, yy, xy = np.moveaxis(np.asarray(sums), -1, 0)
    variances = (count * xx - x**2) * (count * yy - y**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variances > 0, (count * xy - x * y) / np.sqrt(variances), np.nan)
