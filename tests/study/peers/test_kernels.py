"""The weights of kernels against an independent optimiser."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from mmfusion.study.peers import kernels as module
from mmfusion.study.peers.contract import REGRESSION
from mmfusion.study.peers.kernels import fit_weights


def test_weights_minimise_the_dual_objective(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(30, 2)) for _ in range(3)]
    kernels = np.stack([values @ values.T for values in X])
    y = X[0][:, 0] + 0.5 * X[1][:, 1] + 0.3 * rng.normal(size=30)
    smoothness = 2.0

    def objective(beta: Any) -> float:
        """Half of y' (sum of beta_m K_m + I / C)^-1 y, convex in beta."""
        combined = np.tensordot(beta, kernels, 1) + np.eye(30) / smoothness
        return float(y @ np.linalg.solve(combined, y) / 2)

    monkeypatch.setattr(module, "ROUNDS", 1000)
    beta, dual, intercept = fit_weights(kernels, y, REGRESSION, smoothness)
    simplex = {"type": "eq", "fun": lambda beta: beta.sum() - 1}
    best = minimize(objective, np.full(3, 1 / 3), bounds=[(0, 1)] * 3, constraints=[simplex], tol=1e-12)
    assert objective(beta) == pytest.approx(best.fun, rel=1e-6)
    np.testing.assert_allclose(beta, best.x, atol=1e-2)
    assert beta.sum() == pytest.approx(1)
    assert intercept == 0
    combined = np.tensordot(beta, kernels, 1) + np.eye(30) / smoothness
    np.testing.assert_allclose(combined @ dual, y, rtol=1e-6)
