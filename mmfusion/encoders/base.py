"""What every encoder offers, and the layers that work for one network and for many side by side.

Inside an encoder the batch stands on the last axis, (..., channels, B). Leading axes, where parameters have
any, count networks that are computed side by side.
"""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

ROWS_AT_ONCE = 2048
"""Rows that are encoded at once outside training."""


def linear(layer: nn.Linear, columns: Tensor) -> Tensor:
    """Apply a linear layer to columns (..., inputs, B), giving (..., outputs, B)."""
    return layer.weight @ columns + layer.bias.unsqueeze(-1)


def batch_norm(layer: nn.BatchNorm1d, columns: Tensor) -> Tensor:
    """Normalise columns (..., channels, B) by the batch in training mode, else by the layer's moments."""
    training = layer.training
    moments = (None, None) if training else (layer.running_mean, layer.running_var)
    mean, variance = (None if x is None else x.reshape(-1) for x in moments)
    flat = columns.reshape(1, -1, columns.shape[-1])
    weight, bias = layer.weight.reshape(-1), layer.bias.reshape(-1)
    normed = nn.functional.batch_norm(flat, mean, variance, weight, bias, training, eps=layer.eps)
    return normed.view(columns.shape)


class Encoder(nn.Module):
    """Base class: activations - batch norm - features.

    Every parameter may have a leading axis that counts networks; inputs and features then have it too.

    Parameters
    ----------
    dim : int
        Width d of the features.
    hidden : int
        Width of the activations.
    """

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.dim = dim
        self.batch_norm = nn.BatchNorm1d(hidden)

    def prepare(self, values: NDArray[Any]) -> Tensor:
        """Turn a raw array (n, ...) into the tensor (n, ...) that the module takes."""
        raise NotImplementedError

    def weights(self) -> list[Tensor]:
        """Return the weight matrices, which are subject to weight decay."""
        raise NotImplementedError

    def activations(self, inputs: Tensor) -> Tensor:
        """Return what is normalised over the batch, (..., hidden, B), of prepared inputs (..., B, ...)."""
        raise NotImplementedError

    def head(self, hidden: Tensor) -> Tensor:
        """Return the features (..., dim, B) of normalised activations (..., hidden, B)."""
        raise NotImplementedError

    def forward(self, inputs: Tensor) -> Tensor:
        """Encode prepared inputs (..., B, ...) as features (..., B, dim)."""
        return self.head(batch_norm(self.batch_norm, self.activations(inputs))).mT

    @torch.no_grad()
    def fit_statistics(self, inputs: Tensor) -> Tensor:
        """Set the moments of the batch norm to those of its input over all rows (biased variance).

        Parameters
        ----------
        inputs : Tensor, shape (n, ...)
            Prepared inputs of the whole training split.

        Returns
        -------
        Tensor, shape (n, dim)
            Features with these moments, in eval mode.
        """
        self.eval()
        rows = range(0, len(inputs), ROWS_AT_ONCE)
        parts = [self.activations(inputs[start : start + ROWS_AT_ONCE]) for start in rows]
        hidden = torch.cat(parts, dim=-1)
        values = hidden.double()
        self.batch_norm.running_mean = values.mean(-1).to(hidden)
        self.batch_norm.running_var = values.var(-1, correction=0).to(hidden)
        return self.head(batch_norm(self.batch_norm, hidden)).mT
