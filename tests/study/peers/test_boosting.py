"""What is left of a function of a pair of columns is pure, and nothing is lost."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("interpret", reason="the extra peers")

from interpret.glassbox import ExplainableBoostingRegressor

from mmfusion.data.folds import make_folds
from mmfusion.study.peers import boosting
from mmfusion.study.peers.boosting import pure_functions
from mmfusion.study.peers.calibration import mean_held_out_loss
from mmfusion.study.peers.contract import PeerData


def test_functions_of_pairs_are_purified() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, size=(400, 3)).astype(float)
    y = X[:, 0] * X[:, 1] + 0.1 * rng.normal(size=400)
    model = ExplainableBoostingRegressor(interactions=[(0, 1)], outer_bags=1, n_jobs=1, random_state=0)
    model.fit(X, y)
    found = pure_functions(model, X)
    assert set(found) == {(0,), (1,), (2,), (0, 1)}
    total = sum(found.values())
    before = model.eval_terms(X).sum(axis=1)
    np.testing.assert_allclose(total - total.mean(), before - before.mean(), atol=1e-9)
    pair = found[0, 1]
    weights = model.bin_weights_[model.term_features_.index((0, 1))]
    own = {(a, b): pair[(X[:, 0] == a) & (X[:, 1] == b)][0] for a in range(3) for b in range(3)}
    values = np.array([[own[a, b] for b in range(3)] for a in range(3)])
    inside = weights[1:4, 1:4]  # the first and last bins are of missing and of unknown values
    np.testing.assert_allclose((values * inside).sum(axis=0), 0, atol=1e-8)
    np.testing.assert_allclose((values * inside).sum(axis=1), 0, atol=1e-8)
    # x y of independent x and y is the main effects x E(y) and y E(x), and (x - E(x)) (y - E(y)).
    expected = (X[:, 0] - X[:, 0].mean()) * (X[:, 1] - X[:, 1].mean())
    assert np.corrcoef(pair, expected)[0, 1] > 0.98
    for column, other in pairwise((0, 1, 0)):
        assert np.var(found[column,]) == pytest.approx(
            X[:, other].mean() ** 2 * np.var(X[:, column]), rel=0.2
        )


def test_of_wide_data_the_better_of_two_numbers_of_random_rounds_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    X = {"a": rng.normal(size=(90, boosting.MOST_COLUMNS)), "b": rng.normal(size=(90, 1))}
    y = (X["a"][:, 0] > 0).astype(np.int64)
    folds = make_folds(3, np.arange(90), 90, y, None, 0)
    data = PeerData(X, y, "binary", folds, X, None, 0)

    def loss(rounds: tuple[int, ...]) -> float:
        monkeypatch.setattr(boosting, "RANDOM_CUTS", rounds)
        scores = boosting.boosting(data).scores
        assert scores is not None
        return mean_held_out_loss(scores, data)

    losses = {loss((75,)), loss((0,))}
    assert len(losses) == 2
    assert loss((75, 0)) == min(losses)
