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

    With a linear path, L x is added to its features: what is linear need not pass through the hidden layer.

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
    input_dropout : float, default 0.0
        Probability that a column is dropped while training, for both paths.
    linear_path : bool, default False
        Whether there is a linear path beside the hidden layer.
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
        input_dropout: float = 0.0,
        linear_path: bool = False,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dim, hidden)
        self.first = new_layer(nn.Linear, inputs, hidden, generator=generator)
        self.dropout = Dropout(dropout)
        self.linear = new_layer(nn.Linear, hidden, dim, generator=generator)
        self.input_dropout = Dropout(input_dropout)
        self.path = (
            new_layer(nn.Linear, inputs, dim, generator=generator, bias=False) if linear_path else None
        )

    @property
    def readers(self) -> list[nn.Linear]:
        """The layers whose weights have one column per column of the vectors."""
        return [self.first] if self.path is None else [self.first, self.path]

    def prepare(self, values: NDArray[Any], real: NDArray[np.bool_] | None = None) -> Tensor:
        """Turn vectors (n, inputs) into a tensor of the same shape; arrays of floats are not copied."""
        return shared_tensor(as_floats(values))

    def seen(self, inputs: Tensor) -> Tensor:
        """Return the vectors, in training without the columns that are dropped."""
        seen: Tensor = self.input_dropout(inputs.to(self.first.weight))
        return seen

    def beside(self, inputs: Tensor) -> Tensor | None:
        """Return L x of vectors (..., B, inputs), shape (..., dim, B); None without a linear path."""
        if self.path is None:
            return None
        columns: Tensor = self.path.weight @ inputs.to(self.path.weight).mT
        return columns

    def activations(self, inputs: Tensor) -> Tensor:
        """Return the hidden layer (..., hidden, B) of vectors (..., B, inputs)."""
        return torch.relu(linear(self.first, inputs.to(self.first.weight).mT))

    def head(self, hidden: Tensor) -> Tensor:
        """Return the features (..., dim, B) of the hidden layer (..., hidden, B)."""
        return torch.relu(linear(self.linear, self.dropout(hidden)))
