"""Standardising the columns of vectors and real-valued sequences, batch by batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

ROWS_AT_ONCE = 4096
"""Rows that are read at once: arrays may be mapped from files that are larger than the memory."""


class Standardiser(nn.Module):
    """(x - centre) / scale along the last axis.

    Parameters
    ----------
    width : int
        Number of columns.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def forward(self, values: Tensor) -> Tensor:
        """Standardise (..., width), whatever its type of float, as float32."""
        return (values - self.centre).div_(self.scale).to(self.centre)

    def fit(self, values: NDArray[Any], weight: NDArray[np.float64]) -> None:
        """Set centre and scale to weighted mean and standard deviation of the columns.

        Parameters
        ----------
        values : array, shape (n, width) or (n, length, width)
            Entries that are NaN (missing samples, padding) do not count.
        weight : array, shape (n,)
            Weights of the samples, from zero on.
        """
        total, count, square = (np.zeros(len(self.centre)) for _ in range(3))
        for part, share in _parts(values, weight):
            count += share.sum(axis=0)
            total += (part * share).sum(axis=0)
        mean = total / np.maximum(count, np.finfo(float).tiny)
        for part, share in _parts(values, weight):
            square += ((part - mean) ** 2 * share).sum(axis=0)
        deviation = np.sqrt(square / np.maximum(count, np.finfo(float).tiny))
        constant = deviation <= 1e-12 * np.maximum(np.abs(mean), np.finfo(float).tiny)
        self.centre.copy_(torch.from_numpy(mean))
        self.scale.copy_(torch.from_numpy(np.where(constant, 1.0, deviation)))


def _parts(values: NDArray[Any], weight: NDArray[np.float64]) -> Any:
    """Yield rows (k, width) with NaN as zero, and the weight of each of their entries."""
    for start in range(0, len(values), ROWS_AT_ONCE):
        part = np.asarray(values[start : start + ROWS_AT_ONCE], dtype=np.float64)
        share = weight[start : start + ROWS_AT_ONCE]
        if part.ndim == 3:
            share = np.repeat(share, part.shape[1])
            part = part.reshape(-1, part.shape[-1])
        known = ~np.isnan(part)
        yield np.where(known, part, 0.0), known * share[:, None]
