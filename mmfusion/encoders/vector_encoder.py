"""Encoder of feature vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.encoders.dropout import Dropout
from mmfusion.encoders.encoder import Encoder, linear, new_layer, shared_tensor
from mmfusion.fusion.precision import as_floats


class VectorEncoder(Encoder):
    """Encoder of feature vectors, a small MLP: linear - ReLU - batch norm - dropout - linear - ReLU.

    Parameters
    ----------
    inputs : int
        Width of the vectors.
    hidden : int, default 32
        Width of the hidden layer.
    dropout : float, default 0.2
        Probability that a hidden unit is dropped while training.
    dim : int, default 8
        Width d of the features.
    generator : torch.Generator, optional
        Source of the initial weights. Default: torch's global generator.
    """

    help = "numbers, one vector per sample: a small network of two layers"

    def __init__(
        self,
        inputs: int,
        hidden: int = 32,
        dropout: float = 0.2,
        dim: int = 8,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dim, hidden)
        self.first = new_layer(nn.Linear, inputs, hidden, generator=generator)
        self.dropout = Dropout(dropout)
        self.linear = new_layer(nn.Linear, hidden, dim, generator=generator)

    def prepare(self, values: NDArray[Any], real: NDArray[np.bool_] | None = None) -> Tensor:
        """Turn vectors (n, inputs) into a tensor of the same shape; arrays of floats are not copied."""
        return shared_tensor(as_floats(values))

    def activations(self, inputs: Tensor) -> Tensor:
        """Return the hidden layer (..., hidden, B) of vectors (..., B, inputs)."""
        return torch.relu(linear(self.first, inputs.to(self.first.weight).mT))

    def head(self, hidden: Tensor) -> Tensor:
        """Return the features (..., dim, B) of the hidden layer (..., hidden, B)."""
        return torch.relu(linear(self.linear, self.dropout(hidden)))
