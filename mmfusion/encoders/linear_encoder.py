"""Encoder of feature vectors without a hidden layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.encoders.dropout import Dropout
from mmfusion.encoders.encoder import Encoder, new_layer, shared_tensor
from mmfusion.fusion.precision import as_floats


class LinearEncoder(Encoder):
    """Encoder of feature vectors: linear - batch norm.

    With it, a network is linear in single modalities and multilinear in products of them.

    Parameters
    ----------
    inputs : int
        Width of the vectors.
    dim : int, default 8
        Width d of the features.
    input_dropout : float, default 0.0
        Probability that a column is dropped while training.
    generator : torch.Generator, optional
        Source of the initial weights. Default: torch's global generator.
    """

    help = "numbers, one vector per sample: linear features"

    def __init__(
        self,
        inputs: int,
        dim: int = 8,
        input_dropout: float = 0.0,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dim, dim)
        # without a bias: batch norm takes any shift out again, so that none could be learned
        self.linear = new_layer(nn.Linear, inputs, dim, generator=generator, bias=False)
        self.input_dropout = Dropout(input_dropout)

    @property
    def readers(self) -> list[nn.Linear]:
        """The layers whose weights have one column per column of the vectors."""
        return [self.linear]

    def prepare(self, values: NDArray[Any], real: NDArray[np.bool_] | None = None) -> Tensor:
        """Turn vectors (n, inputs) into a tensor of the same shape; arrays of floats are not copied."""
        return shared_tensor(as_floats(values))

    def activations(self, inputs: Tensor) -> Tensor:
        """Return linear features (..., dim, B) of vectors (..., B, inputs)."""
        weight = self.linear.weight
        features: Tensor = weight @ self.input_dropout(inputs.to(weight)).mT
        return features

    def head(self, hidden: Tensor) -> Tensor:
        """Return the normalised features as they are."""
        return hidden
