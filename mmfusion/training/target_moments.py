"""Mean and standard deviation of regression targets, used to standardise them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmfusion.data.number_moments import number_moments
from mmfusion.errors import InputError, MmfusionError
from mmfusion.measures.losses import task_target

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TargetMoments:
    """Moments of a target over the training samples; 0 and 1 for classes.

    Parameters
    ----------
    mean, deviation : array, shape (outputs,)
    """

    mean: Floats
    deviation: Floats

    @classmethod
    def fit(
        cls,
        target: NDArray[Any],
        task: str,
        outputs: int = 1,
        weight: Floats | None = None,
        *,
        where: str = "y",
        error: type[MmfusionError] = InputError,
    ) -> Self:
        """Compute the moments of a training target.

        Parameters
        ----------
        target : array, shape (n,) or (n, outputs)
        task : {"binary", "multiclass", "regression"}
        outputs : int, default 1
            Scores per sample.
        weight : array, shape (n,), optional
            Weights of the samples. Default: all one.
        where : str, default "y"
            Begins the message of the error.
        error : type, default InputError
            What is raised.

        Returns
        -------
        TargetMoments

        Raises
        ------
        MmfusionError
            If a target of a regression is constant.
        """
        if task != "regression":
            return cls(np.zeros(outputs), np.ones(outputs))
        return cls(*number_moments(target, weight, where=where, error=error))

    @classmethod
    def from_json(cls, values: Sequence[Sequence[float]]) -> Self:
        """Read what `as_json` gave."""
        mean, deviation = (np.asarray(row, dtype=np.float64) for row in values)
        return cls(mean, deviation)

    def as_json(self) -> list[list[float]]:
        """Return mean and deviation as lists."""
        return [self.mean.tolist(), self.deviation.tolist()]

    @property
    def outputs(self) -> int:
        """Scores per sample."""
        return len(self.mean)

    def standardise(self, target: NDArray[Any], task: str) -> Tensor:
        """Return the target as its loss takes it, that of a regression standardised.

        Parameters
        ----------
        target : array, shape (n,) or (n, outputs)
        task : {"binary", "multiclass", "regression"}

        Returns
        -------
        Tensor of the same shape
        """
        if task == "regression":
            mean, deviation = (x if target.ndim == 2 else x[0] for x in (self.mean, self.deviation))
            target = (target - mean) / deviation
        return task_target(torch.from_numpy(np.asarray(target)), task)

    def restore(self, scores: Floats) -> Floats:
        """Return scores (n, outputs) in the unit of the target."""
        return self.mean + self.deviation * scores
