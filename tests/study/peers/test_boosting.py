"""What is left of a function of a pair of columns is pure, and nothing is lost."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("interpret", reason="the extra peers")

from interpret.glassbox import ExplainableBoostingRegressor

from mmfusion.study.peers.boosting import pure_functions


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
