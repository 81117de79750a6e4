"""Closed forms of what explains a network: Shapley interactions, projections, permutations, refits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

pytest.importorskip("shapiq", reason="the extra peers")

from mmfusion.data.folds import make_folds
from mmfusion.study.peers.additive_projection import additive_projection
from mmfusion.study.peers.contract import REGRESSION, PeerData, side_by_side
from mmfusion.study.peers.perceptrons import early_fusion_models
from mmfusion.study.peers.permutation import GROUPED_PERMUTATION
from mmfusion.study.peers.shapley import interactions_of_games
from mmfusion.study.peers.tested import loco


def test_interactions_of_games_of_two_players() -> None:
    both, sum_ = [0.0, 0, 0, 1], [0.0, 2, 3, 5]  # the empty coalition, a, b, a+b
    games = np.array([both, sum_]).T
    np.testing.assert_allclose(interactions_of_games(games, "ab", "SV", 1), [[0.5, 2], [0.5, 3]])
    expected = [[0, 2], [0, 3], [1, 0]]  # an AND is all interaction, a sum has none
    np.testing.assert_allclose(interactions_of_games(games, "ab", "k-SII", 2), expected, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=8, max_size=8), st.sampled_from([("SV", 1), ("k-SII", 3)]))
def test_interactions_share_out_the_whole(values: list[float], index: tuple[str, int]) -> None:
    games = np.array(values)[:, np.newaxis]
    found = interactions_of_games(games, ("x", "y", "z"), *index)
    np.testing.assert_allclose(found.sum(), values[-1] - values[0], atol=1e-9)


# The number of iterations is limited on purpose: see `mmfusion.study.peers.perceptrons`.
unconverged = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def samples(count: int = 20) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=(count, 2)) for name in "abc"}


def test_an_additive_function_is_its_own_projection() -> None:
    X, background = samples(), {name: values[:7] for name, values in samples(9).items()}

    def additive(columns: Any) -> Any:
        return columns[:, 0] ** 2 + np.sin(columns[:, 2]) - columns[:, 5]

    np.testing.assert_allclose(
        additive_projection(additive, X, background), additive(side_by_side(X)), atol=1e-12
    )


def test_of_a_product_its_main_effects_are_left() -> None:
    X = {name: values for name, values in samples().items() if name != "c"}
    projected = additive_projection(lambda columns: columns[:, 0] * columns[:, 2], X, X)
    a, b = X["a"][:, 0], X["b"][:, 0]
    np.testing.assert_allclose(projected, a * b.mean() + b * a.mean() - a.mean() * b.mean(), atol=1e-12)


def regression(count: int = 60) -> PeerData:
    rng = np.random.default_rng(1)
    X = {"a": rng.normal(size=(count, 2)), "b": rng.normal(size=(count, 2))}
    y = X["a"][:, 0] + 0.1 * rng.normal(size=count)
    return PeerData(X, y, REGRESSION, make_folds(3, np.arange(count), count), X)


@unconverged
def test_loco_is_what_refitting_by_hand_gives() -> None:
    data = regression()
    found = loco(data).importances.set_index("subset")["importance"]
    model, columns = early_fusion_models(data).models[0], side_by_side(data.X)
    for name, places in data.columns.items():
        kept = np.setdiff1d(np.arange(columns.shape[1]), places)
        rises = []
        for fold in data.folds:
            errors = []
            for some in (kept, np.arange(columns.shape[1])):
                refitted = clone(model).fit(columns[np.ix_(fold.train, some)], data.y[fold.train])
                predicted = refitted.predict(columns[np.ix_(fold.held_out, some)])
                errors.append(np.mean((predicted - data.y[fold.held_out]) ** 2))
            rises.append(errors[0] - errors[1])
        # Rounding grows over the iterations of L-BFGS.
        np.testing.assert_allclose(found[name], np.mean(rises), rtol=1e-2, atol=1e-3)


@unconverged
def test_permuting_what_matters_costs_twice_the_variance() -> None:
    data = regression(300)
    importance = GROUPED_PERMUTATION.answers([data])[0].importances.set_index("subset")["importance"]
    assert importance["a"] == pytest.approx(2 * data.X["a"][:, 0].var(), rel=0.1)
    assert abs(importance["b"]) < 0.02
