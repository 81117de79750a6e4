"""Regression with a relevance per subset of modalities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from mmfusion.errors import InputError
from mmfusion.estimators.docstrings import documented
from mmfusion.estimators.estimator import FusionEstimator
from mmfusion.estimators.targets import Target, number_target


@documented
class FusionRegressor(RegressorMixin, FusionEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Regressor that says which modalities, and which combinations of them, carry its prediction.

    One target per sample or several. Networks are trained on the squared error of the standardised targets
    plus lambda times the block norm of the weights, several side by side on every fold; their predictions are
    averaged.

    {parameters}

    Attributes
    ----------
    {attributes}

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> text, audio = rng.normal(size=(200, 3)), rng.normal(size=(200, 2))
    >>> model = FusionRegressor(penalty=0.01, random_state=0)
    >>> model = model.fit({"text": text, "audio": audio}, 5.0 + audio[:, 1])
    >>> model.relevance_.query("named")["subset"].tolist()
    ['audio']
    """

    def _fit_target(self, y: ArrayLike) -> Target:
        target = number_target(y)
        self.several_ = target.several
        return target

    def _target(self, y: ArrayLike) -> Target:
        target = number_target(y)
        if target.outputs != self.ensemble_.moments.outputs or target.several != self.several_:
            expected = f"(samples, {self.ensemble_.moments.outputs})" if self.several_ else "(samples,)"
            raise InputError(f"y has shape {target.array.shape}, expected {expected} as in training.")
        return target

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the predictions in the unit of the target, shape (n,) or (n, outputs) as in training."""
        return self._predictions(self._scores(X))

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return R^2; the samples of X and y are joined by their names, if any.

        Of several targets, the mean of their R^2.
        """
        data, given = self._data(X, y=y, sample_weight=sample_weight)
        truth = self._target(given["y"]).array
        predicted = self._predictions(self.ensemble_.scores(self._prepared(data)))
        # R^2 has no unit; in a power of two near the targets no square overflows, and no bit moves.
        unit = -np.frexp(np.abs(truth).max(axis=0))[1]
        scaled = np.ldexp(truth, unit), np.ldexp(predicted, unit)
        return float(r2_score(*scaled, sample_weight=given["sample_weight"]))

    def _predictions(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        return scores if self.several_ else scores[:, 0]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
