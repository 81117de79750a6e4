"""Explainable boosting machines: boosted functions of columns and of pairs of them, purified by interpret."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from mmfusion.fusion.subsets import subset_label, subsets
from mmfusion.study.peers.contract import REGRESSION, Peer, PeerAnswer, PeerData, importances_of, side_by_side
from mmfusion.study.peers.perceptrons import mean_of_folds

BAGS = 1
"""Models per fold that are averaged, each boosted until a part of its own stops it; there are five folds."""
BINS, PAIR_BINS = 64, 16
"""Values that a column is cut into, alone and in pairs: a few hundred samples do not fill more."""
PAIRS = 10
"""Pairs of columns that get a function of their own; the library finds them."""


def boosting(data: PeerData) -> PeerAnswer:
    """Predict, and add up the variances of the functions by the modalities of their columns.

    The functions of pairs are purified: none of their variance is that of a function of one column. Those of
    columns of one modality count for it, those of columns of two for their product.
    """
    columns = side_by_side(data.X)
    models = [_model(data).fit(columns[fold.train], data.y[fold.train]) for fold in data.folds]
    modality_of = {column: name for name, places in data.columns.items() for column in places}
    variance: dict[str, float] = defaultdict(float)
    for model, fold in zip(models, data.folds, strict=True):
        terms = model.eval_terms(columns[fold.held_out])
        for term, value in zip(model.term_features_, np.var(terms, axis=0).tolist(), strict=True):
            owners = {modality_of[column] for column in term}
            variance[subset_label(tuple(name for name in data.names if name in owners))] += value
    total = sum(variance.values())
    labels = [subset_label(subset) for subset in subsets(data.names, 2)]
    importances = importances_of({label: variance[label] / total if total else 0.0 for label in labels})
    return PeerAnswer(mean_of_folds(models, data.unknown, data.task), importances, None)


def _model(data: PeerData) -> Any:
    """Make an untrained model with the settings of the library, but for the numbers of bags, bins, pairs."""
    from interpret.glassbox import (  # the extra `peers`, needed by this peer only
        ExplainableBoostingClassifier,
        ExplainableBoostingRegressor,
    )

    kind = ExplainableBoostingRegressor if data.task == REGRESSION else ExplainableBoostingClassifier
    return kind(
        interactions=PAIRS,
        outer_bags=BAGS,
        max_bins=BINS,
        max_interaction_bins=PAIR_BINS,
        n_jobs=1,
        random_state=data.seed,
    )


BOOSTING = Peer(
    "explainable boosting",
    "Lou et al., KDD 2013; Lengerich et al., AISTATS 2020: interpret",
    boosting,
)
