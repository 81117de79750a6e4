"""EMAP: what is left of the models of early fusion if modalities may not interact."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mmfusion.measures.paired_differences import mean_and_test
from mmfusion.study.peers.calibration import gathered, losses
from mmfusion.study.peers.contract import Floats, Peer, PeerAnswer, PeerData, importances_of, one_by_one
from mmfusion.study.peers.perceptrons import early_fusion_models, scores_of_model

BACKGROUND = 50
"""Held-out samples of a fold that other modalities are taken from, at most, drawn at random."""
INTERACTIONS = "interactions"
"""Label of what all interactions together add."""


def additive_projection(
    score: Callable[[Floats], Floats], X: Mapping[str, Floats], background: Mapping[str, Floats]
) -> Floats:
    """Return the part of a score that is a sum over modalities.

    sum_m E f(x_m, Z_others) - (M - 1) E f(Z), where the others, and all of the last term, are those of
    background samples Z: J. Hessel, L. Lee, EMNLP 2020, for two modalities. The last term is the mean over
    all pairs of the modality of one background sample and the others of another, averaged over m.

    Parameters
    ----------
    score : callable
        From columns (n, sum of d_m) to scores (n,).
    X : mapping of str to array, shape (n, d_m)
    background : mapping of str to array, shape (b, d_m)

    Returns
    -------
    array, shape (n,)
    """

    def mean_score(name: str, values: Floats) -> Floats:
        of, with_ = (grid.ravel() for grid in np.indices((len(values), size)))
        mixed = [values[of] if key == name else others[with_] for key, others in background.items()]
        return np.asarray(score(np.hstack(mixed)).reshape(len(values), size).mean(axis=1))

    size = len(next(iter(background.values())))
    total: Any = sum(mean_score(name, values) for name, values in X.items())
    centre = np.mean([mean_score(name, values).mean() for name, values in background.items()])
    return np.asarray(total - (len(X) - 1) * centre)


def emap(data: PeerData) -> PeerAnswer:
    """Predict with the projections, and say what the held-out loss rises by without interactions."""
    full = early_fusion_models(data)
    random = np.random.default_rng(data.seed)
    held_out, unknown = [], []
    for model, fold in zip(full.models, data.folds, strict=True):
        count = min(BACKGROUND, len(fold.held_out))
        rows = random.choice(fold.held_out, count, replace=False)
        background = {name: values[rows] for name, values in data.X.items()}
        known = {name: values[fold.held_out] for name, values in data.X.items()}
        score = functools.partial(scores_of_model, model, task=data.task)
        held_out.append(additive_projection(score, known, background))
        unknown.append(additive_projection(score, data.unknown, background))
    scores = gathered(held_out, unknown, data)
    rise = losses(np.asarray(scores.held_out), data) - losses(np.asarray(full.scores.held_out), data)
    test = mean_and_test(rise, groups=data.groups)
    found = importances_of({INTERACTIONS: test.mean}, {INTERACTIONS: test.p_value})
    return PeerAnswer(scores, found, None)


EMAP = Peer("EMAP", "Hessel and Lee, EMNLP 2020", one_by_one(emap), explains=True)
