"""Linear models with a squared penalty, of several targets and on several parts of the samples at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from mmfusion.measures.losses import sample_losses

NEGLIGIBLE = 1e-12
"""Directions whose sum of squares is below this share of the largest are left out."""
LEAST_CURVATURE = 1e-3
"""Of the loss in a score, where a class is rare."""


@dataclass(frozen=True)
class LinearProblem:
    r"""Samples of linear models s = Z w + b that minimise sum_i weight_i loss_i + strength / 2 ||w||^2.

    The loss is that of `mmfusion.measures.losses.sample_losses`: for classes this is logistic regression with
    C = 1 / strength, for numbers ridge regression with alpha = strength / 2. The intercept b is free.

    Parameters
    ----------
    inputs : Tensor, shape (r + 1, n)
        Z^T, rows that are orthogonal to each other under the weights, and a last row of ones.
    target : Tensor, shape (targets, n)
        As the loss takes it, in float64 or, for multiclass, int64.
    weight : Tensor, shape (n,)
        Positive.
    constant : Tensor, shape (targets, c)
        The best scores that look at no input, from which fitting starts; c scores per target.
    task : {"binary", "multiclass", "regression"}
    """

    inputs: Tensor
    target: Tensor
    weight: Tensor
    constant: Tensor
    task: str

    def start(self, parts: int) -> Tensor:
        """Return coefficients without any input, shape (parts, targets, c, r + 1)."""
        coefficients = torch.zeros(parts, *self.constant.shape, len(self.inputs), dtype=torch.float64)
        coefficients[..., -1] = self.constant
        return coefficients

    def losses(self, coefficients: Tensor) -> Tensor:
        """Return the loss of every sample, shape (parts, targets, n)."""
        scores = (coefficients.flatten(0, 2) @ self.inputs).view(*coefficients.shape[:3], -1)
        target = self.target.expand(len(coefficients), *self.target.shape)
        return sample_losses(scores.transpose(2, 3), target, self.task)

    @cached_property
    def _curvature(self) -> Tensor:
        """Second derivatives of the mean loss at the constant scores, shape (targets, c, r + 1)."""
        if self.task == "regression":
            of_scores = torch.full_like(self.constant, 2.0)
        else:
            binary = self.task == "binary"
            share = self.constant.sigmoid() if binary else self.constant.softmax(dim=1)
            of_scores = (share * (1 - share)).clamp(min=LEAST_CURVATURE)
        return of_scores[..., np.newaxis] * (self.inputs.square() @ self.weight / self.weight.sum())

    def fit(
        self, used: Tensor, strength: Tensor, start: Tensor, largest_slope: float, most_steps: int
    ) -> Tensor:
        """Fit one model for each part of the samples and each target, all at once.

        By L-BFGS (Liu and Nocedal, Mathematical Programming 45, 1989) in coordinates in which the curvature
        at the constant scores is about one: inputs are orthogonal, so that these are a matter of scale.
        That of torch runs on its threads only, whereas SciPy's starts those of its own BLAS.

        Parameters
        ----------
        used : Tensor of bool, shape (parts, n)
            Which samples each part has.
        strength : Tensor, shape (targets,)
            Factor of the penalty.
        start : Tensor, shape (parts, targets, c, r + 1)
            Coefficients to begin with.
        largest_slope : float
            Slope of the mean loss where fitting ends, in these coordinates.
        most_steps : int

        Returns
        -------
        Tensor, shape (parts, targets, c, r + 1)
        """
        weight = (self.weight * used)[:, np.newaxis] / self.weight.sum()
        penalty = (strength / self.weight.sum())[:, np.newaxis, np.newaxis].repeat(1, 1, len(self.inputs))
        penalty[..., -1] = 0.0
        scale = (self._curvature + penalty).sqrt()

        found = (start * scale).requires_grad_()
        optimiser = torch.optim.LBFGS(
            [found],
            max_iter=most_steps,
            tolerance_grad=largest_slope,
            tolerance_change=0.0,
            history_size=10,
            line_search_fn="strong_wolfe",
        )

        def objective() -> float:
            coefficients = found / scale
            loss = (self.losses(coefficients) * weight).sum() + (coefficients.square() * penalty).sum() / 2
            (found.grad,) = torch.autograd.grad(loss, found)
            return loss.item()

        optimiser.step(objective)  # type: ignore[no-untyped-call]  # torch has no types here
        return found.detach() / scale


def directions(values: Tensor, weight: Tensor) -> Tensor:
    """Return the axes in which inputs vary: models with a squared penalty depend on nothing else.

    Parameters
    ----------
    values : Tensor, shape (n, columns)
    weight : Tensor, shape (n,)

    Returns
    -------
    Tensor, shape (columns, r)
        Orthonormal eigenvectors of values^T diag(weight) values, r at most the smaller of n and columns.
    """
    rows = values * weight.sqrt()[:, np.newaxis]
    wide = rows.shape[1] > rows.shape[0]
    squares, vectors = torch.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
    kept = squares > NEGLIGIBLE * squares[-1:].clamp(min=0.0)
    axes: Tensor = vectors[:, kept]
    return rows.T @ (axes / squares[kept].sqrt()) if wide else axes
