"""Metrics of predictions: classification, regression, and the conventions in use for sentiment on CMU-MOSI.

Every function takes arrays over samples and returns plain floats by name; a metric that is not defined for
its input is NaN, never a warning. If any score is NaN (a network that diverged), all metrics of a function
are NaN. The names are those of the columns of the run table, there with the split as a suffix.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import pearsonr
from sklearn.metrics import f1_score, r2_score

from mmfusion.measures.array_losses import decide, loss_of_samples

Floats = NDArray[np.float64]


def classification_metrics(scores: ArrayLike, target: ArrayLike) -> dict[str, float]:
    """Compute accuracy, F1 and cross-entropy of class scores.

    ========  =============================================  ========  ======
    metric    formula                                        range     better
    ========  =============================================  ========  ======
    accuracy  share of samples whose decision is the target  [0, 1]    higher
    f1        2 TP / (2 TP + FP + FN)                        [0, 1]    higher
    loss      mean of -log P(target | score), in nats        [0, inf)  lower
    ========  =============================================  ========  ======

    With one score s per sample the decision is class 1 where s >= 0, P(1 | s) = 1 / (1 + exp(-s)), and F1 is
    that of class 1. With C scores the decision is the first largest score, P is their softmax, and F1 is the
    unweighted mean over the classes that occur in target or decision (macro F1). F1 is 0 without any
    positive. Source of F1: van Rijsbergen, Information Retrieval, 2nd edition, 1979, chapter 7.

    Parameters
    ----------
    scores : array-like, shape (n,), (n, 1) or (n, C)
        Logits; those of (n, 1) may be infinite, those of (n, C) minus infinity.
    target : array-like of int, shape (n,)
        Class indices; 0 and 1 for one score per sample.

    Returns
    -------
    dict of str to float
        Keys ``accuracy``, ``f1``, ``loss``.

    Raises
    ------
    ValueError
        If there is no sample, or shapes or classes do not fit.

    Examples
    --------
    >>> classification_metrics([2.0, -1.0, 0.0, -3.0], [1, 1, 1, 0])["accuracy"]
    0.75
    """
    logits, labels = np.asarray(scores, dtype=np.float64), np.asarray(target).astype(np.int64)
    if logits.ndim == 1:
        logits = logits[:, np.newaxis]
    task, average = ("binary", "binary") if logits.shape[1] == 1 else ("multiclass", "macro")
    losses = loss_of_samples(logits, labels, task)
    decision = decide(logits, task).reshape(len(labels))
    metrics = {
        "accuracy": float(np.mean(decision == labels)),
        "f1": float(f1_score(labels, decision, average=average, zero_division=0.0)),
        "loss": float(np.mean(losses)),
    }
    return _defined(metrics, logits)


def regression_metrics(prediction: ArrayLike, target: ArrayLike, target_std: float) -> dict[str, float]:
    """Compute errors and correlation of real-valued predictions, both in the unit of the target.

    =========  ==================================================  =========  ======
    metric     formula                                             range      better
    =========  ==================================================  =========  ======
    loss       mean of ((prediction - target) / target_std)^2      [0, inf)   lower
    mae        mean of abs(prediction - target), target's unit     [0, inf)   lower
    pearson_r  product-moment correlation of the two               [-1, 1]    higher
    r2         1 - mean squared error / variance of the target     (-inf, 1]  higher
    =========  ==================================================  =========  ======

    The loss is the squared error on the target standardised by training statistics, whose mean cancels.
    The correlation is NaN where prediction or target is constant, R^2 where the target is.

    Parameters
    ----------
    prediction, target : array-like, shape (n,) or (n, 1)
        In the unit of the target.
    target_std : float
        Standard deviation of the training targets, above 0.

    Returns
    -------
    dict of str to float
        Keys ``loss``, ``mae``, ``pearson_r``, ``r2``.

    Examples
    --------
    >>> regression_metrics([1.0, 2.0], [0.0, 4.0], target_std=2.0)["loss"]
    0.625
    """
    guess, truth = (np.asarray(values, dtype=np.float64).reshape(-1) for values in (prediction, target))
    error = guess - truth
    metrics = {
        "loss": float(np.mean((error / target_std) ** 2)),
        "mae": float(np.mean(np.abs(error))),
        "pearson_r": _pearson(guess, truth),
        "r2": float(r2_score(truth, guess)) if _varies(truth) and np.isfinite(guess).all() else np.nan,
    }
    return _defined(metrics, guess)


def sentiment_metrics(score: ArrayLike, sentiment: ArrayLike, real_valued: bool) -> dict[str, float]:
    """Compute the metrics of CMU-MOSI, whose sentiment is a mean of ratings from -3 to 3.

    ===================  ========================================================  ========  ======
    metric               formula, s the score and z the sentiment                  range     better
    ===================  ========================================================  ========  ======
    acc2_zeros_positive  share of samples with (s >= 0) == (z >= 0)                [0, 1]    higher
    acc2_zeros_omitted   share with (s > 0) == (z > 0) among samples with z != 0   [0, 1]    higher
    acc2_zeros_negative  share of samples with (s > 0) == (z > 0)                  [0, 1]    higher
    f1_weighted          F1 of (s >= 0) and of (s < 0), weighted by class size     [0, 1]    higher
    acc7                 share with equal classes, class = round(clip(., -3, 3))   [0, 1]    higher
    mae                  mean of abs(s - z), in units of sentiment                 [0, inf)  lower
    pearson_r            product-moment correlation of s and z                     [-1, 1]   higher
    ===================  ========================================================  ========  ======

    Halves round to the even class. ``acc7`` and ``mae`` need a score in units of sentiment and are NaN for
    others. The three two-class accuracies are all in use and differ by where a sentiment of 0 goes. Data:
    Zadeh et al., IEEE Intelligent Systems 31(6), 2016; this set of metrics: Tsai et al., "Multimodal
    Transformer for Unaligned Multimodal Language Sequences", ACL 2019.

    Parameters
    ----------
    score : array-like, shape (n,) or (n, 1)
        A predicted sentiment, or a logit of its not being negative.
    sentiment : array-like, shape (n,)
        True sentiment.
    real_valued : bool
        Whether `score` is in units of sentiment.

    Returns
    -------
    dict of str to float
        The seven metrics above.

    Examples
    --------
    >>> metrics = sentiment_metrics([0.0, 1.2, -0.4], [0.0, 2.0, 0.6], real_valued=True)
    >>> metrics["acc2_zeros_omitted"], metrics["acc2_zeros_negative"]
    (0.5, 0.6666666666666666)
    """
    guess, truth = (np.asarray(values, dtype=np.float64).reshape(-1) for values in (score, sentiment))
    strict = (guess > 0) == (truth > 0)
    seven, true_seven = (np.clip(values, -3.0, 3.0).round() for values in (guess, truth))
    nonzero = truth != 0
    metrics = {
        "acc2_zeros_positive": float(np.mean((guess >= 0) == (truth >= 0))),
        "acc2_zeros_omitted": float(np.mean(strict[nonzero])) if nonzero.any() else np.nan,
        "acc2_zeros_negative": float(np.mean(strict)),
        "f1_weighted": float(f1_score(truth >= 0, guess >= 0, average="weighted", zero_division=0.0)),
        "acc7": float(np.mean(seven == true_seven)) if real_valued else np.nan,
        "mae": float(np.mean(np.abs(guess - truth))) if real_valued else np.nan,
        "pearson_r": _pearson(guess, truth),
    }
    return _defined(metrics, guess)


def _defined(metrics: dict[str, float], scores: Floats) -> dict[str, float]:
    """Return the metrics, all of them NaN if a score is."""
    return dict.fromkeys(metrics, np.nan) if np.isnan(scores).any() else metrics


def _pearson(first: Floats, second: Floats) -> float:
    """Correlate two arrays; NaN where one is constant up to rounding or holds a value that is not finite."""
    finite = np.isfinite(first).all() and np.isfinite(second).all()
    if not (finite and _varies(first) and _varies(second)):
        return float("nan")
    return float(pearsonr(first, second).statistic)


def _varies(values: Floats) -> bool:
    """Say whether values differ by more than rounding."""
    return bool(np.ptp(values) > 1e-12 * np.abs(values).max())
