"""Explainable boosting machines: boosted functions of columns and of pairs of them, then purified."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

import numpy as np

from mmfusion.fusion.subsets import subset_label, subsets
from mmfusion.study.peers.calibration import mean_held_out_loss
from mmfusion.study.peers.contract import (
    REGRESSION,
    Floats,
    Peer,
    PeerAnswer,
    PeerData,
    PeerScores,
    importances_of,
    one_by_one,
    side_by_side,
)
from mmfusion.study.peers.perceptrons import scores_of_models

BAGS = 1
"""Models per fold that are averaged, each boosted until a part of its own stops it; there are five folds."""
BINS, PAIR_BINS = 64, 16
"""Values that a column is cut into, alone and in pairs: a few hundred samples do not fill more."""
PAIRS, MOST_COLUMNS = 10, 100
"""Pairs of columns with a function of their own, found by the library; none where there are more columns."""
PATIENCE = 25
"""Rounds without progress after which boosting ends where there are more columns, instead of the library's
100."""
RANDOM_CUTS = (75, 0)
"""Numbers of first rounds in which columns are cut at random places, where there are more columns: that with
the lower out-of-fold loss is taken. Such rounds smooth functions of many weak columns (embeddings of text),
but learn noise where most columns are noise. The library's are 75 for classes and 500 for numbers."""


def boosting(data: PeerData) -> PeerAnswer:
    """Predict, and add up the variances of the functions by the modalities of their columns.

    Functions of columns of one modality count for it, those of columns of two for their product.
    """
    known, unknown = side_by_side(data.X), side_by_side(data.unknown)
    fitted = [_fitted(data, known, unknown, settings) for settings in _choices(data)]
    models, scores = min(fitted, key=lambda one: mean_held_out_loss(one[1], data))
    modality_of = {column: name for name, places in data.columns.items() for column in places}
    variance: dict[str, float] = defaultdict(float)
    for model, fold in zip(models, data.folds, strict=True):
        for term, values in pure_functions(model, known[fold.held_out]).items():
            owners = {modality_of[column] for column in term}
            label = subset_label(tuple(name for name in data.names if name in owners))
            variance[label] += float(np.var(values))
    total = sum(variance.values())
    labels = [subset_label(subset) for subset in subsets(data.names, 2)]
    importances = importances_of({label: variance[label] / total if total else 0.0 for label in labels})
    return PeerAnswer(scores, importances, None)


def pure_functions(model: Any, columns: Floats) -> dict[tuple[int, ...], Floats]:
    """Evaluate the functions of a model, those of pairs being purified.

    What a function of a pair holds of functions of a single column, over the bins of the training samples,
    goes to these (Lengerich et al., AISTATS 2020).

    Parameters
    ----------
    model : ExplainableBoostingClassifier or ExplainableBoostingRegressor
    columns : array, shape (n, d)

    Returns
    -------
    dict of tuple of int to array, shape (n,)
        By column or pair of columns.
    """
    from interpret.utils import purify  # the extra `peers`, needed by this peer only

    single, *of_pairs = (copy.deepcopy(model) for _ in range(4))
    pairs = [place for place, term in enumerate(model.term_features_) if len(term) > 1]
    for place in pairs:
        tensor, weights = model.term_scores_[place], model.bin_weights_[place]
        pure, impure, _ = purify(tensor, weights, is_randomized=False)
        margins = dict(impure)
        parts = margins[0,][:, np.newaxis], margins[1,][np.newaxis, :], pure
        for changed, part in zip(of_pairs, parts, strict=True):
            changed.term_scores_[place] = np.ascontiguousarray(np.broadcast_to(part, tensor.shape))
    found: dict[tuple[int, ...], Floats] = defaultdict(lambda: np.zeros(len(columns)))
    own = single.eval_terms(columns)
    first, second, pure_values = (changed.eval_terms(columns) for changed in of_pairs)
    for place, term in enumerate(model.term_features_):
        if place not in pairs:
            found[tuple(term)] += own[:, place]
            continue
        for column, values in zip(term, (first, second), strict=True):
            found[column,] += values[:, place]
        found[tuple(term)] += pure_values[:, place]
    return dict(found)


def _choices(data: PeerData) -> list[dict[str, int]]:
    """List the settings among which the out-of-fold loss decides, beside the constants of this module."""
    if sum(map(len, data.columns.values())) <= MOST_COLUMNS:
        return [{"interactions": PAIRS}]
    return [
        {"interactions": 0, "early_stopping_rounds": PATIENCE, "smoothing_rounds": rounds}
        for rounds in RANDOM_CUTS
    ]


def _fitted(
    data: PeerData, known: Floats, unknown: Floats, settings: dict[str, int]
) -> tuple[list[Any], PeerScores]:
    """Fit a model per fold; what is neither here nor a constant of this module is the library's default."""
    from interpret.glassbox import (  # the extra `peers`, needed by this peer only
        ExplainableBoostingClassifier,
        ExplainableBoostingRegressor,
    )

    kind = ExplainableBoostingRegressor if data.task == REGRESSION else ExplainableBoostingClassifier
    bins = {"max_bins": BINS, "max_interaction_bins": PAIR_BINS}
    common = {"outer_bags": BAGS, "n_jobs": 1, "random_state": data.seed, **bins, **settings}
    models = [kind(**common).fit(known[fold.train], data.y[fold.train]) for fold in data.folds]
    return models, scores_of_models(models, known, unknown, data)


BOOSTING = Peer(
    "explainable boosting",
    "Lou et al., KDD 2013; Lengerich et al., AISTATS 2020: interpret",
    one_by_one(boosting),
    tuned="rounds of boosting, by a part of the training samples; above 100 columns, rounds of random cuts",
)
