"""Candidates for lambda: their out-of-fold scores and losses, and the choice among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.estimators.jobs import Material, Trained
from mmfusion.fusion.subsets import Subset
from mmfusion.measures.cross_fitted import Truth
from mmfusion.measures.losses import mean_loss, mean_score

Floats = NDArray[np.float64]

ALL_ZERO = float("inf")
"""The lambda at which all blocks are zero: the constant predictor."""


class Candidates:
    """Out-of-fold scores of all coalitions and candidates of lambda.

    Parameters
    ----------
    coalitions : sequence of subset
    penalties : sequence of float
        The candidates that are trained.
    all_zero : bool
        Whether the path ends at all blocks zero.
    material : Material
    held_out : array of int, shape (m,)
        Rows that are held out in some fold, ascending.
    truth : Truth or None
        Of these rows; None if there are none.
    """

    def __init__(
        self,
        coalitions: Sequence[Subset],
        penalties: Sequence[float],
        all_zero: bool,
        material: Material,
        held_out: NDArray[np.intp],
        truth: Truth | None,
    ) -> None:
        self.material, self.held_out, self.truth = material, held_out, truth
        self.penalties, self.all_zero = list(penalties), all_zero and truth is not None
        shape = (len(held_out), material.constants.shape[1])
        self._sums = {(S, penalty): np.zeros(shape) for S in coalitions for penalty in penalties}
        self._counts = {key: np.zeros((shape[0], 1)) for key in self._sums}
        self._kept: dict[float, list[Trained]] = {}

    def add(self, trained: Trained, *, keep: bool) -> None:
        """Add the scores of a network, and keep it if it may be one of those that predict."""
        job = trained.job
        rows = np.searchsorted(self.held_out, self.material.folds[job.fold].held_out)
        scores = trained.scores
        self._sums[job.coalition, job.penalty][rows] += np.where(np.isfinite(scores), scores, np.nan)
        self._counts[job.coalition, job.penalty][rows] += 1
        if keep:
            self._kept.setdefault(job.penalty, []).append(trained)

    def networks(self, penalty: float) -> list[Trained]:
        """Return the networks of a candidate; of the largest one for `ALL_ZERO`."""
        return self._kept[max(self.penalties) if penalty == ALL_ZERO else penalty]

    def scores(self, coalition: Subset, penalty: float) -> Floats:
        """Return out-of-fold scores (m, outputs)."""
        if penalty != ALL_ZERO:
            return np.asarray(self._sums[coalition, penalty] / self._counts[coalition, penalty])
        count = len(self.held_out)
        sums, counts = np.zeros((count, self.material.constants.shape[1])), np.zeros((count, 1))
        for fold, constant in zip(self.material.folds, self.material.constants, strict=True):
            rows = np.searchsorted(self.held_out, fold.held_out)
            sums[rows] += constant
            counts[rows] += 1
        return np.asarray(sums / counts)

    def table(self, coalition: Subset) -> pd.DataFrame:
        """Return every candidate with its out-of-fold loss, that of the constant, and its score."""
        candidates = [*self.penalties, *([ALL_ZERO] if self.all_zero else [])]
        table = pd.DataFrame({"penalty": candidates})
        if self.truth is None:
            return table.assign(loss=np.nan, loss_constant=np.nan, score=np.nan)
        rest = (self.truth.target, self.truth.task, self.truth.weight)
        scores = [self.scores(coalition, penalty) for penalty in candidates]
        return table.assign(
            loss=[mean_loss(score, *rest) for score in scores],
            loss_constant=mean_loss(self.scores(coalition, ALL_ZERO), *rest),
            score=[mean_score(score, *rest) for score in scores],
        )

    def best(self, coalition: Subset) -> float:
        """Return the candidate with the lowest loss; the first one where none has a loss."""
        losses = self.table(coalition)["loss"].to_numpy(dtype=float)
        candidates = [*self.penalties, ALL_ZERO]
        return candidates[0 if np.isnan(losses).all() else int(np.nanargmin(losses))]

    def losses(self, chosen: Mapping[Subset, float]) -> dict[Subset, Floats]:
        """Return the loss of every sample under the chosen candidates; () is the constant."""
        if self.truth is None:
            return {}
        pairs: list[tuple[Subset, float]] = [((), ALL_ZERO), *chosen.items()]
        return {S: self.truth.losses(self.scores(S, penalty)) for S, penalty in pairs}
