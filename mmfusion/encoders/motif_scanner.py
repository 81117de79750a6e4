"""Encoder of symbol sequences: how well every motif fits at its best position."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.encoders.encoder import ROWS_AT_ONCE, Encoder, linear, new_layer
from mmfusion.encoders.scan import scan
from mmfusion.errors import DataError

TABLE_SIZE = 256
"""Largest number of symbol patterns in a table: a code is one byte, and a table stays in the cache."""
EXCLUDED = -1e9
"""Score of a step that is not real: no window that holds one is the best, or activates a filter."""


class MotifScanner(Encoder):
    """Encoder of symbol sequences: how well every motif fits at its best position.

    One-hot symbols - Conv1d - global maximum over positions - ReLU - batch norm - linear - ReLU. The
    convolution is computed by look-up (`mmfusion.encoders.scan`): a window is cut into parts of a few
    symbols, and the scores of all patterns of a part are summed once.

    Parameters
    ----------
    alphabet : int, default 4
        Number of symbols.
    width : int, default 12
        Length of a window.
    channels : int, default 32
        Number of filters.
    dim : int, default 8
        Width d of the features.
    padded : bool, default False
        Whether sequences may have steps that are not real; windows that reach one do not count, and a
        sequence that is shorter than a window has no motif.
    generator : torch.Generator, optional
        Source of the initial weights. Default: torch's global generator.
    """

    whole, standardised = True, False
    help = (
        "whole numbers, read as a sequence of symbols per sample: a motif scanner (save measurements and "
        "counts as floats)"
    )

    def __init__(
        self,
        alphabet: int = 4,
        width: int = 12,
        channels: int = 32,
        dim: int = 8,
        padded: bool = False,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dim, channels)
        self.alphabet, self.width, self.padded = alphabet, width, padded
        self.symbols = alphabet + padded  # the last one stands for a step that is not real
        self.part = max(1, min(width, int(math.log(TABLE_SIZE) / math.log(max(self.symbols, 2)) + 1e-9)))
        self.parts = -(-width // self.part)
        self.conv = new_layer(nn.Conv1d, alphabet, channels, width, generator=generator)
        self.linear = new_layer(nn.Linear, channels, dim, generator=generator)

    def prepare(self, values: NDArray[Any], real: NDArray[np.bool_] | None = None) -> Tensor:
        """Turn symbols into codes of the patterns that start at every position.

        Parameters
        ----------
        values : array of int, shape (n, length)
            Symbols from 0 to alphabet - 1. They are read once, some rows at a time.
        real : array of bool, shape (n, length), optional
            Which steps are real; only for an encoder of padded sequences. Default: all.

        Returns
        -------
        Tensor of uint8, shape (n, positions)
            The next `part` symbols as one number (int32 for alphabets above 256). A window whose width is not
            a multiple of `part` is filled up by symbols of weight zero.

        Raises
        ------
        DataError
            If the array has another form, a sequence is shorter than a window, or a symbol is out of range
            (it would be looked up beyond the tables).
        """
        if real is not None and not self.padded:
            raise DataError("symbols have padding, expected none as in training; give lengths in training.")
        if values.ndim == 2 and self.padded and values.shape[1] < self.width:
            real = np.ones(values.shape, dtype=bool) if real is None else real
            values, real = (np.pad(x, ((0, 0), (0, self.width - values.shape[1]))) for x in (values, real))
        if values.ndim != 2 or values.shape[1] < self.width:
            raise DataError(
                f"symbols have shape {values.shape}, expected (samples, length) with a length of at least "
                f"{self.width} (the window of the motif scanner); use longer sequences or a smaller width."
            )
        filled = values.shape[1] + self.parts * self.part - self.width
        small = self.symbols**self.part <= TABLE_SIZE
        codes = np.empty((len(values), filled - self.part + 1), dtype=np.uint8 if small else np.int32)
        for start in range(0, len(values), ROWS_AT_ONCE):
            symbols = np.array(values[start : start + ROWS_AT_ONCE])  # in memory: values may be mapped
            if real is not None:
                symbols = np.where(real[start : start + ROWS_AT_ONCE], symbols, 0)
            if int(symbols.min()) < 0 or int(symbols.max()) >= self.alphabet:
                raise DataError(
                    f"symbols reach from {values.min()} to {values.max()}, expected 0 to "
                    f"{self.alphabet - 1}; correct them, or use a larger alphabet."
                )
            if real is not None:
                symbols = np.where(real[start : start + ROWS_AT_ONCE], symbols, self.alphabet)
            codes[start : start + ROWS_AT_ONCE] = self._codes(symbols)
        return torch.from_numpy(codes)

    def _codes(self, symbols: NDArray[Any]) -> NDArray[np.int32]:
        """Read the next `part` symbols of every position as one number, shape (rows, positions)."""
        padded = np.pad(symbols.astype(np.int32), ((0, 0), (0, self.parts * self.part - self.width)))
        digits = self.symbols ** np.arange(self.part - 1, -1, -1, dtype=np.int32)
        codes: NDArray[np.int32] = (
            np.lib.stride_tricks.sliding_window_view(padded, self.part, axis=1) @ digits
        )
        return codes

    def activations(self, inputs: Tensor) -> Tensor:
        """Return ReLU of the best score of every filter, (..., channels, B), of codes (..., B, positions)."""
        missing = self.parts * self.part - self.width
        kernel = self.conv.weight  # (..., channels, alphabet, width)
        if self.padded:
            excluded = kernel.new_full((*kernel.shape[:-2], 1, self.width), EXCLUDED)
            kernel = torch.cat([kernel, excluded], dim=-2)
        kernel = nn.functional.pad(kernel, (0, missing))
        best = scan(kernel.movedim(-3, -1).transpose(-3, -2), inputs, self.parts)
        bias: Tensor = self.conv.bias  # type: ignore[assignment]  # it has one
        return torch.relu(best + bias.unsqueeze(-1))

    def head(self, hidden: Tensor) -> Tensor:
        """Return the features (..., dim, B) of normalised scores (..., channels, B)."""
        return torch.relu(linear(self.linear, hidden))
