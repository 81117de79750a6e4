"""The best possible predictions of a planted-motif dataset, computed from its generator.

There are two best rules. The *latent* rule sees per view whether a motif was planted, and which one. The
*sequence* rule sees the symbols only and knows the generator; it is the Bayes rule of the task: in
expectation, no network does better.

The likelihood of a view x of L symbols in which motif k, of width w, was planted with probability rho at one
of the P = L - w + 1 positions, relative to 4^-L, the likelihood of uniform symbols, is

    (1 - rho) + rho * n_k(x) / P * 4^w,

n_k(x) the number of occurrences of motif k in x, by chance or planted: each position at which the motif
stands explains the view with probability 1/P times 4^-(L - w). Views are independent given the coins, and the
posterior of y sums over the other coins. A relabelled view is a function of another one and adds nothing.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from mmfusion.study.data.dataset import MultimodalDataset, Split
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS, PlantedSpec
from mmfusion.study.data.planted_settings import SYMBOLS, PlantedSettings
from mmfusion.study.tables.run_rows import run_row

Floats = NDArray[np.float64]

TIE = 1e-9
"""Log-odds closer to 0 than this are ties: the order of the sums over coins changes their rounding."""


def bayes_latent_rows(dataset: MultimodalDataset, seed: int | None) -> pd.DataFrame:
    """Judge the latent rule on every split.

    The rule is right where the coins behind the planted motifs fix y, and guesses elsewhere: for
    `ConditionallyIndependent` where no view carries a motif, else nowhere. Its accuracy is
    1 - prod_m (1 - rho_m) / 2 in expectation, with rho_m the probability that view m carries its motif.

    Parameters
    ----------
    dataset : MultimodalDataset
        From `mmfusion.study.data.planted.generate`.
    seed : int or None
        Seed of the dataset; enters the row only.

    Returns
    -------
    DataFrame
        One row of the run table, ``model`` "bayes_latent", with accuracy and F1 of class 1 per split. A tie
        counts as half a decision for either class. The losses are NaN.
    """
    spec, settings = _generator(dataset)
    views = [view for view, _, _ in spec.drawn(settings.presence)]
    metrics: dict[str, float] = {}
    for split, part in dataset.splits.items():
        # Views that are always planted fix y together; a view planted at random fixes it alone.
        known = np.any([part.latents[f"presence/{view}"] for view in views], axis=0)
        metrics |= _judge(np.where(known, part.target, 0.5), part, split)
    return run_row(dataset, "bayes_latent", seed, metrics)


def bayes_sequence_rows(dataset: MultimodalDataset, seed: int | None) -> pd.DataFrame:
    """Judge the sequence rule on every split.

    Parameters
    ----------
    dataset, seed
        See `bayes_latent_rows`.

    Returns
    -------
    DataFrame
        One row of the run table, ``model`` "bayes_sequence", with accuracy, F1 of class 1 and loss
        (mean -log P(y | x) in nats) per split. A tie counts as half a decision for either class.
    """
    metrics: dict[str, float] = {}
    for split, part in dataset.splits.items():
        log_odds = bayes_log_odds(dataset, split)
        signed = np.where(part.target == 1, log_odds, -log_odds)
        metrics |= _judge(0.5 * (1.0 + np.sign(log_odds)), part, split)
        metrics[f"loss_{split}"] = float(np.mean(np.logaddexp(0.0, -signed)))
    return run_row(dataset, "bayes_sequence", seed, metrics)


def bayes_log_odds(dataset: MultimodalDataset, split: str) -> Floats:
    """Compute log P(y = 1 | sequences) - log P(y = 0 | sequences), infinite where y is certain.

    Parameters
    ----------
    dataset : MultimodalDataset
        From `mmfusion.study.data.planted.generate`.
    split : str
        Name of a split.

    Returns
    -------
    array, shape (n,)
        Exactly 0 at ties.
    """
    spec, settings = _generator(dataset)
    features = dataset.splits[split].features
    drawn = spec.drawn(settings.presence)
    views = [_log_likelihood(features[view], settings, rho) for view, _, rho in drawn]  # (n, 2) each
    by_class: list[list[Floats]] = [[], []]
    for values in product((0, 1), repeat=1 + len(spec.coins)):
        coins = dict(zip(("y", *spec.coins), values, strict=True))
        indices = [sum(coins[name] for name in names) % 2 for _, names, _ in drawn]
        terms = [view[:, index] for view, index in zip(views, indices, strict=True)]
        by_class[coins["y"]].append(np.sum(terms, axis=0))  # (n,)
    negative, positive = (logsumexp(terms, axis=0) for terms in by_class)
    log_odds: Floats = positive - negative
    return np.where(np.abs(log_odds) < TIE, 0.0, log_odds)


def count_motif(view: ArrayLike, motif: ArrayLike) -> NDArray[np.int64]:
    """Count the occurrences of a motif in every sequence, overlapping ones included.

    Parameters
    ----------
    view : array-like of int, shape (n, length)
        Sequences.
    motif : array-like of int, shape (width,)
        At most as long as a sequence.

    Returns
    -------
    array, shape (n,)

    Examples
    --------
    >>> count_motif([[1, 1, 1, 0], [0, 1, 0, 0]], [1, 1]).tolist()
    [2, 0]
    """
    symbols, pattern = np.asarray(view), np.asarray(motif)
    matches = np.ones((len(symbols), symbols.shape[1] - len(pattern) + 1), dtype=np.bool_)
    for offset, symbol in enumerate(pattern):  # one pass per motif symbol keeps memory at n x positions
        matches &= symbols[:, offset : offset + matches.shape[1]] == symbol
    counts: NDArray[np.int64] = matches.sum(axis=1)
    return counts


def _log_likelihood(view: NDArray[np.uint8], settings: PlantedSettings, rho: float) -> Floats:
    """Return log P(view | motif k) + length log 4 for both k, shape (n, 2)."""
    width = len(settings.motifs[0])
    positions = settings.length - width + 1
    counts = np.stack([count_motif(view, motif) for motif in settings.motifs], axis=1)  # (n, 2)
    with np.errstate(divide="ignore"):  # log 0: the motif must be there and is not
        log_likelihood: Floats = np.log((1.0 - rho) + rho * counts * (float(SYMBOLS) ** width / positions))
    return log_likelihood


def _judge(decisions: Floats, part: Split, split: str) -> dict[str, float]:
    """Score decisions, shape (n,): 1, 0, or 1/2 for a tie, which counts as half a decision for each class."""
    true_positive, target = float(decisions @ part.target), part.target
    positives = float(decisions.sum() + target.sum())
    return {
        f"accuracy_{split}": float(1.0 - np.mean(np.abs(decisions - target))),
        f"f1_{split}": 2.0 * true_positive / positives if positives else 0.0,
    }


def _generator(dataset: MultimodalDataset) -> tuple[PlantedSpec, PlantedSettings]:
    return PLANTED_DATASETS[dataset.name], PlantedSettings(**dataset.parameters["settings"])
