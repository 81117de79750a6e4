"""Standardising the columns of vectors and real-valued sequences, batch by batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import pad

from mmfusion.data.standardisation import column_moments


class Standardiser(nn.Module):
    """(x - mean) / deviation along the last axis, computed in float64: x may be far from zero.

    Parameters
    ----------
    width : int
        Number of columns.

    Attributes
    ----------
    mean, deviation : Tensor, shape (width,)
        Of the training samples; the deviation of a constant column is infinite, so that it becomes zero. In a
        stack of networks that have unequal training samples, (networks, width).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width, dtype=torch.float64))
        self.register_buffer("deviation", torch.ones(width, dtype=torch.float64))

    def forward(self, values: Tensor) -> Tensor:
        """Standardise (..., width), whatever its type of number, as float32."""
        mean, deviation = (self._along(moment, values) for moment in (self.mean, self.deviation))
        return (values - mean).div_(deviation).float()

    @staticmethod
    def _along(moment: Tensor, values: Tensor) -> Tensor:
        """View (networks, width) along (networks, B, ..., width); networks may share one of the moments."""
        if moment.ndim == 1:
            return moment
        return moment.view(len(moment), *[1] * (values.ndim - 2), moment.shape[-1])

    def fit(self, values: NDArray[Any], weight: NDArray[np.float64] | None = None) -> None:
        """Set mean and deviation to weighted mean and standard deviation of the columns.

        Parameters
        ----------
        values : array, shape (n, width) or (n, length, width)
            Entries that are NaN (missing samples, padding) do not count.
        weight : array, shape (n,), optional
            Weights of the samples, zero or more. Default: all one.
        """
        moments = column_moments(values, weight)
        self.mean.copy_(torch.from_numpy(moments.mean))
        self.deviation.copy_(torch.from_numpy(np.where(moments.constant, np.inf, moments.deviation)))

    def resize(self, width: int) -> None:
        """Add columns at the end, which become zero, or take them away."""
        for name, value in (("mean", 0.0), ("deviation", torch.inf)):
            values = self.get_buffer(name)
            setattr(self, name, pad(values, (0, width - len(values)), value=value))
