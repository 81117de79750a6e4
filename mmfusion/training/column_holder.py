"""Columns that were constant in training keep that value in prediction, for modules that take raw numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.data.standardisation import column_moments


class ColumnHolder(nn.Module):
    """x, but in eval mode the training value in all columns (last axis) that were constant in training.

    NaN, which marks padding, stays NaN, and whole numbers, which may be symbols, stay as they are.

    Parameters
    ----------
    width : int
        Number of columns.

    Attributes
    ----------
    held : Tensor of bool, shape (width,)
        Which columns were constant.
    value : Tensor, shape (width,)
        Their values.
    """

    held: Tensor
    value: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("held", torch.zeros(width, dtype=torch.bool))
        self.register_buffer("value", torch.zeros(width, dtype=torch.float64))

    def forward(self, values: Tensor) -> Tensor:
        """Return (..., width) with held columns, in the same type."""
        if self.training or not values.is_floating_point() or not bool(self.held.any()):
            return values
        return torch.where(self.held & ~values.isnan(), self.value.to(values), values)

    def fit(self, values: NDArray[Any], weight: NDArray[np.float64] | None = None) -> None:
        """Find the constant columns, see `mmfusion.training.standardiser.Standardiser.fit`."""
        if values.dtype.kind == "f":
            moments = column_moments(values.reshape(len(values), -1, values.shape[-1]), weight)
            self.held.copy_(torch.from_numpy(moments.constant))
            self.value.copy_(torch.from_numpy(np.where(moments.constant, moments.mean, 0.0)))
