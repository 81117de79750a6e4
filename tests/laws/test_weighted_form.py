"""Training with scores beta of unit lp norm, and training with the block norm, reach the same minimum.

Both problems are minimised by gradients from the same data, each in its own variables: here the weights
alone, there weights and scores together. ``mkl``: loss + lambda sum ||W_I||^2 / beta_I over ||beta||_p <= 1
(Kloft, Brefeld, Sonnenburg, Zien, JMLR 12:953-997, 2011). ``scaled_output``: beta_I <W_I, x_I> is a part of
the score, and lambda sum ||W_I||^2; for p < 2 its block norm is not convex, and there is nothing to compare.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import Tensor

from mmfusion.fusion.blocknorm import block_norm_exponent, block_norm_penalty, relevance

BLOCKS, COLUMNS, SAMPLES, FACTOR = 4, 3, 60, 0.05
CASES = [
    *(("mkl", p) for p in (1.0, 4 / 3, 2.0, 4.0, 16.0)),
    *(("scaled_output", p) for p in (2.0, 3.0, 8.0)),
]


def problem(seed: int) -> tuple[Tensor, Tensor]:
    """Draw x (samples, blocks, columns) and y, which depends on all blocks, on some of them weakly."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(SAMPLES, BLOCKS, COLUMNS))
    strength = np.array([2.0, 1.0, 0.5, 0.3])[:, None]
    y = (x * strength * rng.normal(size=(BLOCKS, COLUMNS))).sum((1, 2)) + rng.normal(size=SAMPLES)
    return torch.from_numpy(x), torch.from_numpy(y)


def least(objective: Callable[[Tensor], Tensor], size: int, seed: int) -> tuple[float, Tensor]:
    """Minimise a function of so many variables from a random start."""

    def with_gradient(values: np.ndarray) -> tuple[float, np.ndarray]:
        variables = torch.from_numpy(values).requires_grad_()
        value = objective(variables)
        value.backward()
        return value.item(), variables.grad.numpy()

    start = np.random.default_rng(seed + 100).normal(size=size)
    options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-15, "gtol": 1e-10}
    found = minimize(with_gradient, start, jac=True, method="L-BFGS-B", options=options)
    return found.fun, torch.from_numpy(found.x)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("convention", "p"), CASES)
def test_both_forms_have_one_minimum(convention: str, p: float, seed: int) -> None:
    x, y = problem(seed)
    q = block_norm_exponent(p, convention)

    def loss(weight: Tensor) -> Tensor:
        return ((x * weight).sum((1, 2)) - y).square().mean()

    def block_norm_form(variables: Tensor) -> Tensor:
        weight = variables.view(BLOCKS, COLUMNS)
        return loss(weight) + FACTOR * block_norm_penalty(weight.norm(dim=1), q)

    def beta_of(variables: Tensor) -> Tensor:
        return torch.softmax(variables[-BLOCKS:], 0) ** (1 / p)  # of unit lp norm

    def weighted_form(variables: Tensor) -> Tensor:
        weight, beta = variables[:-BLOCKS].view(BLOCKS, COLUMNS), beta_of(variables)
        squares = weight.square().sum(1)
        if convention == "mkl":
            return loss(weight) + FACTOR * (squares / beta).sum()
        return loss(beta[:, None] * weight) + FACTOR * squares.sum()

    expected, weight = least(block_norm_form, BLOCKS * COLUMNS, seed)
    actual, variables = least(weighted_form, BLOCKS * COLUMNS + BLOCKS, seed)
    assert actual == pytest.approx(expected, rel=1e-6)
    scores = relevance(weight.view(BLOCKS, COLUMNS).norm(dim=1).numpy(), p, convention)
    np.testing.assert_allclose(beta_of(variables).numpy(), scores, atol=2e-3)
