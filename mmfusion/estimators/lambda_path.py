"""Candidates for lambda and encoders: their out-of-fold scores and losses, and the choice among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from mmfusion.estimators.jobs import Candidate, Material, Trained
from mmfusion.fusion.subsets import Subset
from mmfusion.measures.array_losses import mean_loss, mean_score
from mmfusion.measures.cross_fitted import Truth

Floats = NDArray[np.float64]

STEEPEST = 10.0
"""Largest slope by which scores are rescaled."""
ALL_ZERO = Candidate("", float("inf"))
"""The end of the path, at which all blocks are zero: the constant predictor."""


def calibration_slope(scores: Floats, constant: Floats, truth: Truth) -> float:
    """Return the factor t with which c + t (s - c) predicts best, c being the constant.

    A penalty that selects also shrinks; t undoes it, and makes up for training that was too long or too
    short: the slope of calibration (Cox, Biometrika 45, 1958) on out-of-fold scores. It minimises the mean
    loss + (t - 1)^2 / (2 n), a normal prior with mean 1 and variance 1, between 0 and `STEEPEST`: where all
    samples are predicted right, the loss alone would make it infinite.

    Parameters
    ----------
    scores, constant : array, shape (n, outputs)
    truth : Truth

    Returns
    -------
    float
        1 where a score is not finite.
    """
    if not np.isfinite(scores).all():
        return 1.0
    rest = (truth.target, truth.task, truth.weight)

    def objective(slope: float) -> float:
        prior = (slope - 1) ** 2 / (2 * len(scores))
        return mean_loss(constant + slope * (scores - constant), *rest) + prior

    return float(minimize_scalar(objective, bounds=(0.0, STEEPEST), method="bounded").x)


class Choice(NamedTuple):
    """Whose networks a coalition predicts with, and which of their candidates."""

    coalition: Subset
    candidate: Candidate


class Candidates:
    """Out-of-fold scores of all coalitions and candidates.

    Parameters
    ----------
    coalitions : sequence of subset
    candidates : sequence of Candidate
        Those that are trained.
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
        candidates: Sequence[Candidate],
        all_zero: bool,
        material: Material,
        held_out: NDArray[np.intp],
        truth: Truth | None,
    ) -> None:
        self.material, self.held_out, self.truth = material, held_out, truth
        self.candidates, self.all_zero = list(candidates), all_zero and truth is not None
        shape = (len(held_out), material.constants.shape[1])
        self._sums = {(S, candidate): np.zeros(shape) for S in coalitions for candidate in candidates}
        self._counts = {key: np.zeros((shape[0], 1)) for key in self._sums}
        self._kept: dict[Candidate, list[Trained]] = {}
        self._slopes: dict[tuple[Subset, Candidate], float] = {}

    def add(self, trained: Trained, *, keep: bool) -> None:
        """Add the scores of a network, and keep it if it may be one of those that predict."""
        job = trained.job
        rows = np.searchsorted(self.held_out, self.material.folds[job.fold].held_out)
        scores = trained.scores
        self._sums[job.coalition, job.candidate][rows] += np.where(np.isfinite(scores), scores, np.nan)
        self._counts[job.coalition, job.candidate][rows] += 1
        if keep:
            self._kept.setdefault(job.candidate, []).append(trained)

    def networks(self, candidate: Candidate) -> list[Trained]:
        """Return the networks of a candidate; of the one with the largest lambda for `ALL_ZERO`."""
        largest = max(self.candidates, key=lambda one: one.penalty)
        return self._kept[largest if candidate == ALL_ZERO else candidate]

    def scores(self, coalition: Subset, candidate: Candidate) -> Floats:
        """Return out-of-fold scores (m, outputs), rescaled by the slope of the candidate."""
        constant = self._constant()
        if candidate == ALL_ZERO:
            return constant
        return constant + self.slope(coalition, candidate) * (self._trained(coalition, candidate) - constant)

    def slope(self, coalition: Subset, candidate: Candidate) -> float:
        """Return the factor of the scores' distance from the constant, see `calibration_slope`.

        It is 0 for `ALL_ZERO`, and 1 where the user has chosen lambda.
        """
        if candidate == ALL_ZERO:
            return 0.0
        if not self.all_zero or self.truth is None:
            return 1.0
        if (coalition, candidate) not in self._slopes:
            trained = self._trained(coalition, candidate)
            self._slopes[coalition, candidate] = calibration_slope(trained, self._constant(), self.truth)
        return self._slopes[coalition, candidate]

    def _trained(self, coalition: Subset, candidate: Candidate) -> Floats:
        """Return the out-of-fold scores as they were trained."""
        return np.asarray(self._sums[coalition, candidate] / self._counts[coalition, candidate])

    def _constant(self) -> Floats:
        """Return the scores of the constant of every fold."""
        count = len(self.held_out)
        sums, counts = np.zeros((count, self.material.constants.shape[1])), np.zeros((count, 1))
        for fold, constant in zip(self.material.folds, self.material.constants, strict=True):
            rows = np.searchsorted(self.held_out, fold.held_out)
            sums[rows] += constant
            counts[rows] += 1
        return np.asarray(sums / counts)

    def table(self, coalition: Subset) -> pd.DataFrame:
        """Return every candidate with its out-of-fold loss, that of the constant, and its score."""
        candidates = [*self.candidates, *([ALL_ZERO] if self.all_zero else [])]
        table = pd.DataFrame(candidates, columns=["encoder", "penalty"])
        if self.truth is None:
            return table.assign(loss=np.nan, loss_constant=np.nan, score=np.nan)
        rest = (self.truth.target, self.truth.task, self.truth.weight)
        scores = [self.scores(coalition, candidate) for candidate in candidates]
        return table.assign(
            loss=[mean_loss(score, *rest) for score in scores],
            loss_constant=mean_loss(self.scores(coalition, ALL_ZERO), *rest),
            score=[mean_score(score, *rest) for score in scores],
        )

    def best(self, coalition: Subset) -> Candidate:
        """Return the candidate with the lowest loss; the first one where none has a loss.

        At the end of the path, the constant is kept unless that candidate is better by more than the standard
        error of the difference (the rule of one standard error; Breiman, Friedman, Olshen, Stone,
        *Classification and Regression Trees*, 1984): the best of many candidates is a little better by
        chance.
        """
        losses = self.table(coalition)["loss"].to_numpy(dtype=float)
        candidates = [*self.candidates, ALL_ZERO]
        lowest = candidates[0 if np.isnan(losses).all() else int(np.nanargmin(losses))]
        if self.truth is None or not self.all_zero or lowest == ALL_ZERO:
            return lowest
        gain = self.truth.losses(self._constant()) - self.truth.losses(self.scores(coalition, lowest))
        test = self.truth.tested(gain)
        return ALL_ZERO if test.mean <= test.error else lowest

    def nested(self, coalitions: Sequence[Subset]) -> dict[Subset, Choice]:
        """Choose for every coalition among the networks of all coalitions within it, and the constant.

        Networks may ignore a modality that they are given: where those without it have the lower out-of-fold
        loss, they are what the coalition predicts with. Otherwise what a superfluous modality spoils would
        look like redundancy, and networks that are worse than the constant like synergy.
        """
        own = {S: Choice(S, self.best(S)) for S in coalitions} | {(): Choice((), ALL_ZERO)}
        losses = {S: self._loss(choice) for S, choice in own.items()}
        return {
            S: own[min((T for T in own if set(T) <= set(S)), key=lambda T: (losses[T], -len(T)))]
            for S in coalitions
        }

    def _loss(self, choice: Choice) -> float:
        if self.truth is None:
            return float("inf")
        rest = (self.truth.target, self.truth.task, self.truth.weight)
        loss = mean_loss(self.scores(*choice), *rest)
        return float("inf") if np.isnan(loss) else loss

    def losses(self, chosen: Mapping[Subset, Choice]) -> dict[Subset, Floats]:
        """Return the loss of every sample under the choice of every coalition; () is the constant."""
        if self.truth is None:
            return {}
        pairs = [((), Choice((), ALL_ZERO)), *chosen.items()]
        return {S: self.truth.losses(self.scores(*choice)) for S, choice in pairs}
