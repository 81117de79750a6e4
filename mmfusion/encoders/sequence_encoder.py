"""Encoder of real-valued sequences, and the one representation of their padding.

A *step* is a row of d numbers. *Padding* are steps that are NaN in all d columns; every other step is
*real*. Padding may stand anywhere: behind a sequence that is shorter than others, before it, or in a gap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.encoders.dropout import Dropout
from mmfusion.encoders.encoder import Encoder, linear, shared_tensor
from mmfusion.errors import DataError
from mmfusion.sentences import row_name

VALUES_AT_ONCE = 2**22
"""Values that are checked at once: arrays may be mapped from files that are larger than the memory."""


class SequenceEncoder(Encoder):
    """Encoder of real-valued sequences: how much of every pattern is there, on average over the steps.

    Convolution over time - ReLU - mean over the real steps - batch norm - dropout - linear - ReLU. Windows
    are centred on the real steps (one of even width reaches one step further ahead than back). Padding, and
    what lies beyond the ends, counts as zero within a window, so that a sequence may be shorter than a window
    and more padding behind it changes nothing. A sequence without any real step has activations of zero.

    Parameters
    ----------
    inputs : int
        Columns d of a step.
    width : int, default 5
        Steps of a window.
    channels : int, default 32
        Number of filters.
    dropout : float, default 0.2
        Share of the channels that are dropped while training.
    dim : int, default 8
        Width d of the features.
    """

    def __init__(
        self, inputs: int, width: int = 5, channels: int = 32, dropout: float = 0.2, dim: int = 8
    ) -> None:
        super().__init__(dim, channels)
        self.conv = nn.Conv1d(inputs, channels, width, padding="same")
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(channels, dim)

    def prepare(self, values: NDArray[Any]) -> Tensor:
        """Check sequences, and return a tensor on their memory.

        Parameters
        ----------
        values : array, shape (n, length, inputs)
            Numbers, with NaN in all columns of the steps that are padding, see `pad`.

        Returns
        -------
        Tensor, shape (n, length, inputs)
            Contiguous arrays of floats are not copied, also where they are mapped from a file; other numbers
            become float32.

        Raises
        ------
        DataError
            If the array has another form or type, or a real step holds NaN or infinity.
        """
        steps, inputs = _numbers(values), self.conv.in_channels
        if steps.shape[2] != inputs:
            raise DataError(
                f"sequences have shape {steps.shape}, expected {inputs} columns in every step as the encoder "
                "was made for."
            )
        _check_finite(steps)
        return shared_tensor(steps)

    def weights(self) -> list[Tensor]:
        """Return the weights of the convolution and of the linear layer."""
        return [self.conv.weight, self.linear.weight]

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

        Window place by window place: the windows themselves, `width` times the steps, are never in memory.
        """
        kernel, length = self.conv.weight, steps.shape[-2]  # kernel (..., channels, d, width)
        bias: Tensor = self.conv.bias  # type: ignore[assignment]  # it has one
        width = kernel.shape[-1]
        padded = nn.functional.pad(steps, (0, 0, (width - 1) // 2, width // 2))
        rows = padded.flatten(-3, -2)  # (..., B * (length + width - 1), d)
        scores = bias.unsqueeze(-2).unsqueeze(-2)
        for place in range(width):
            product = torch.unflatten(rows @ kernel[..., place].mT, -2, padded.shape[-3:-1])
            scores = scores + product[..., place : place + length, :]
        return scores


def _numbers(values: NDArray[Any]) -> NDArray[Any]:
    """Check the form of sequences, and return them as floats."""
    if values.ndim != 3 or values.dtype.kind not in "biuf" or 0 in values.shape[1:]:
        raise DataError(
            f"sequences are an array {values.shape} of {values.dtype}, expected numbers (samples, steps, "
            "columns); put sequences of unequal length into one array and mark their ends with pad."
        )
    return values if values.dtype in (np.float16, np.float32, np.float64) else values.astype(np.float32)


def _check_finite(steps: NDArray[Any]) -> None:
    """Check that every step is finite or padding, some rows at a time."""
    rows = max(1, VALUES_AT_ONCE // (steps.shape[1] * steps.shape[2]))
    for start in range(0, len(steps), rows):
        part = steps[start : start + rows]
        finite = np.isfinite(part)
        if finite.all():
            continue
        wrong = ~finite & ~np.isnan(part).all(axis=2, keepdims=True)
        if wrong.any():
            row, step, column = (int(place[0]) for place in np.nonzero(wrong))
            found = "NaN" if np.isnan(part[row, step, column]) else "infinite"
            raise DataError(
                f"sequences, {row_name(start + row)}, step {step}, column {column}: the value is {found}, "
                "expected a finite number, or NaN in all columns of a step that is padding; fill it in, or "
                "set the whole step to NaN."
            )
