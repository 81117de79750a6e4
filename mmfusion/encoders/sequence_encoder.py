"""Encoder of real-valued sequences.

A *step* is a row of d numbers. *Padding* are steps that are NaN in all d columns; every other step is
*real*. Padding may be anywhere: behind a sequence that is shorter than others, before it, or in a gap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.encoders.dropout import Dropout
from mmfusion.encoders.encoder import Encoder, linear, nan_where_padded, new_layer, shared_tensor
from mmfusion.fusion.precision import as_floats


class SequenceEncoder(Encoder):
    """Encoder of real-valued sequences: how much there is of every pattern, on average over the steps.

    Convolution over time - ReLU - mean over the real steps - batch norm - dropout - linear - ReLU. Windows
    are centred on the real steps (one of even width reaches one step further ahead than back). Padding and
    steps beyond the ends count as zero within a window, so that a sequence may be shorter than a window and
    more padding behind it changes nothing. A sequence without any real step has activations of zero.

    Parameters
    ----------
    inputs : int
        Columns d of a step.
    width : int, default 5
        Steps of a window.
    channels : int, default 32
        Number of filters.
    dropout : float, default 0.2
        Probability that a channel is dropped while training.
    dim : int, default 8
        Width d of the features.
    generator : torch.Generator, optional
        Source of the initial weights. Default: torch's global generator.
    """

    axes = 3
    help = "numbers, one sequence of vectors per sample: a temporal convolution"

    def __init__(
        self,
        inputs: int,
        width: int = 5,
        channels: int = 32,
        dropout: float = 0.2,
        dim: int = 8,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dim, channels)
        self.conv = new_layer(nn.Conv1d, inputs, channels, width, padding="same", generator=generator)
        self.dropout = Dropout(dropout)
        self.linear = new_layer(nn.Linear, channels, dim, generator=generator)

    def prepare(self, values: NDArray[Any], real: NDArray[np.bool_] | None = None) -> Tensor:
        """Return a tensor on the memory of sequences (n, length, inputs).

        Contiguous arrays of floats are not copied, also where they are mapped from a file; other numbers
        become floats that hold them exactly. In the tensor, the steps that are not real are NaN in all
        columns; those that are NaN in the array are not real either. A step that is NaN in some columns only
        has NaN features.
        """
        if real is not None:
            values = nan_where_padded(values, real)
        return shared_tensor(values if values.dtype == np.float16 else as_floats(values))

    def activations(self, inputs: Tensor) -> Tensor:
        """Return the mean of every filter over the real steps, (..., channels, B).

        Parameters
        ----------
        inputs : Tensor, shape (..., B, length, d)
            Prepared sequences.
        """
        steps = inputs.to(self.conv.weight)
        real = ~steps.isnan().all(-1)  # (..., B, length)
        scores = torch.relu(self._convolved(steps.masked_fill(~real.unsqueeze(-1), 0.0)))
        share = real.to(scores) / real.sum(-1, keepdim=True).clamp(min=1)
        return (scores * share.unsqueeze(-1)).sum(-2).mT

    def head(self, hidden: Tensor) -> Tensor:
        """Return the features (..., dim, B) of normalised means (..., channels, B)."""
        return torch.relu(linear(self.linear, self.dropout(hidden)))

    def _convolved(self, steps: Tensor) -> Tensor:
        """Convolve steps (..., B, length, d), giving (..., B, length, channels).

        Position by position of the window: all windows, `width` times the steps, are never in memory.
        """
        kernel, length = self.conv.weight, steps.shape[-2]  # kernel (..., channels, d, width)
        bias: Tensor = self.conv.bias  # type: ignore[assignment]  # it has one
        width = kernel.shape[-1]
        padded = nn.functional.pad(steps, (0, 0, (width - 1) // 2, width // 2))
        rows = padded.flatten(-3, -2)  # (..., B * (length + width - 1), d)
        scores = bias.unsqueeze(-2).unsqueeze(-2)
        for position in range(width):
            product = torch.unflatten(rows @ kernel[..., position].mT, -2, padded.shape[-3:-1])
            scores = scores + product[..., position : position + length, :]
        return scores
