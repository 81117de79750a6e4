"""EMAP: what is left of the networks of early fusion if modalities may not interact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from scipy.special import expit, logit

from mmfusion.measures.paired_differences import mean_and_test
from mmfusion.study.peers.contract import (
    REGRESSION,
    Floats,
    Peer,
    PeerAnswer,
    PeerData,
    importances_of,
    side_by_side,
)
from mmfusion.study.peers.perceptrons import (
    SMALLEST,
    early_fusion_networks,
    losses,
    probability_or_number,
)

BACKGROUND = 50
"""Held-out samples that other modalities are taken from, at most."""
INTERACTIONS = "interactions"
"""Label of what all products together add."""


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
    """Predict with the projections, and say what the held-out loss rises by without interactions.

    Of a probability, its log-odds are projected.
    """
    projected, rises, predicted = partial(_projected, data), np.empty(len(data.y)), []
    for model, fold in zip(early_fusion_networks(data).models, data.folds, strict=True):
        held_out = {name: values[fold.held_out] for name, values in data.X.items()}
        full = probability_or_number(model, side_by_side(held_out), data.task)
        additive = projected(model, held_out, held_out)
        rises[fold.held_out] = losses(additive, data, fold.held_out) - losses(full, data, fold.held_out)
        predicted.append(projected(model, data.unknown, held_out))
    test = mean_and_test(rises, groups=data.groups)
    found = importances_of({INTERACTIONS: test.mean}, {INTERACTIONS: test.p_value})
    return PeerAnswer(np.mean(predicted, axis=0), found, None)


def _projected(data: PeerData, model: Any, X: Mapping[str, Floats], background: Any) -> Floats:
    """Project the log-odds, or numbers, and turn log-odds into probabilities again."""
    few = {name: values[:BACKGROUND] for name, values in background.items()}
    if data.task == REGRESSION:
        return additive_projection(lambda columns: probability_or_number(model, columns, data.task), X, few)
    found = additive_projection(lambda columns: logit(_clipped(model, columns, data.task)), X, few)
    return np.asarray(expit(found))


def _clipped(model: Any, columns: Floats, task: str) -> Floats:
    return np.clip(probability_or_number(model, columns, task), SMALLEST, 1 - SMALLEST)


EMAP = Peer("EMAP", "Hessel and Lee, EMNLP 2020", emap, explains=True)
