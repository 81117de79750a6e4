"""Encoders of one modality: from its raw array to features of width d.

An encoder has two stages. `prepare` turns the raw array of a whole split, once, into the tensor that training
indexes; the module maps rows of that tensor to features.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.errors import DataError

TABLE_SIZE = 256
"""Largest number of symbol patterns in a look-up table of the motif scanner: it stays in the first cache."""


class Encoder(Protocol):
    """What every encoder offers beside being a module."""

    dim: int

    def prepare(self, values: NDArray[Any]) -> Tensor:
        """Turn a raw array (n, ...) into the tensor (n, ...) that the module takes."""
        ...

    def weights(self) -> list[Tensor]:
        """Return the weight matrices, which are subject to weight decay."""
        ...


class _ScanMax(torch.autograd.Function):
    """Maximum over positions of the convolution of symbols, by look-up of short symbol patterns.

    Positions come in chunks: the maximum is first taken within every chunk, and only the winning chunk is
    searched for the position. The gradient of a maximum reaches one window per channel, so that the backward
    pass touches only those.
    """

    @staticmethod
    def forward(ctx: Any, tables: Tensor, rows: Tensor) -> Tensor:
        """Look up and sum; tables (patterns, channels), rows (B, chunks, chunk, parts) -> (B, channels)."""
        batch, chunks, chunk, parts = rows.shape
        channels = tables.shape[1]
        scores = nn.functional.embedding_bag(rows.view(-1, parts), tables, mode="sum")
        scores = scores.view(batch, chunks, chunk, channels)
        best, winner = scores.amax(2).max(1)  # (B, channels)
        index = winner.view(batch, 1, 1, channels).expand(-1, -1, chunk, -1)
        within = scores.gather(1, index).squeeze(1).max(1).indices
        ctx.save_for_backward(rows, winner * chunk + within)
        ctx.shape = tables.shape
        return best

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Add the gradient to the rows of the winning windows."""
        rows, where = ctx.saved_tensors
        patterns, channels = ctx.shape
        parts = rows.shape[3]
        won = rows.flatten(1, 2).gather(1, where.unsqueeze(2).expand(-1, -1, parts)).long()
        flat = won * channels + torch.arange(channels).view(1, -1, 1)  # (B, channels, parts)
        sink = torch.zeros(patterns * channels, dtype=grad.dtype)
        sink.scatter_add_(0, flat.view(-1), grad.unsqueeze(2).expand_as(flat).reshape(-1))
        return sink.view(patterns, channels), None


class MotifScanner(nn.Module):
    """Encoder of symbol sequences: how well does every motif fit at its best position.

    One-hot symbols - Conv1d - global maximum over positions - ReLU - batch norm - linear - ReLU. The
    convolution is computed by look-up: a window is cut into parts of few symbols, and the scores of all
    patterns of a part are one small matrix product.

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
    """

    patterns: Tensor

    def __init__(self, alphabet: int = 4, width: int = 12, channels: int = 32, dim: int = 8) -> None:
        super().__init__()
        self.alphabet, self.width, self.dim = alphabet, width, dim
        self.part = max(1, min(width, int(math.log(TABLE_SIZE) / math.log(max(alphabet, 2)) + 1e-9)))
        self.parts = -(-width // self.part)
        self.conv = nn.Conv1d(alphabet, channels, width)
        self.batch_norm = nn.BatchNorm1d(channels, momentum=0.0)
        self.linear = nn.Linear(channels, dim)
        digits = torch.cartesian_prod(*[torch.arange(alphabet)] * self.part).view(-1, self.part)
        one_hot = nn.functional.one_hot(digits, alphabet).flatten(1).float()
        self.register_buffer("patterns", one_hot, persistent=False)  # (alphabet^part, part * alphabet)

    def prepare(self, values: NDArray[Any]) -> Tensor:
        """Turn symbols into rows of the look-up tables.

        Parameters
        ----------
        values : array of int, shape (n, length)
            Symbols from 0 to alphabet - 1.

        Returns
        -------
        Tensor of int32, shape (n, chunks, chunk, parts)
            Rows of the tables; all positions in chunks, the last one repeated to fill the last chunk.

        Raises
        ------
        DataError
            If a sequence is shorter than a window or a symbol is out of range.
        """
        if values.ndim != 2 or values.shape[1] < self.width:
            raise DataError(
                f"symbols have shape {values.shape}, expected (samples, length) with a length from "
                f"{self.width} on (the window of the motif scanner); use longer sequences or a smaller width."
            )
        if values.size and (int(values.min()) < 0 or int(values.max()) >= self.alphabet):
            raise DataError(
                f"symbols reach from {values.min()} to {values.max()}, expected 0 to {self.alphabet - 1}."
            )
        positions = values.shape[1] - self.width + 1
        padded = np.pad(values.astype(np.int32), ((0, 0), (0, self.parts * self.part - self.width)))
        digits = self.alphabet ** np.arange(self.part - 1, -1, -1, dtype=np.int32)
        codes = np.lib.stride_tricks.sliding_window_view(padded, self.part, axis=1) @ digits
        chunk = math.isqrt(positions - 1) + 1
        chunks = -(-positions // chunk)
        starts = np.minimum(np.arange(chunks * chunk), positions - 1)  # the last window fills the last chunk
        tables = np.arange(self.parts, dtype=np.int32)
        rows = codes[:, starts[:, None] + tables * self.part] + tables * self.alphabet**self.part
        shape = (len(values), chunks, chunk, self.parts)
        return torch.from_numpy(np.ascontiguousarray(rows, dtype=np.int32).reshape(shape))

    def weights(self) -> list[Tensor]:
        """Return the weights of the convolution and of the linear layer."""
        return [self.conv.weight, self.linear.weight]

    def forward(self, rows: Tensor) -> Tensor:
        """Encode prepared rows (B, chunks, chunk, parts) as features (B, dim)."""
        missing = self.parts * self.part - self.width
        kernel = nn.functional.pad(self.conv.weight, (0, missing)).permute(
            2, 1, 0
        )  # (width, alphabet, channels)
        tables = self.patterns @ kernel.reshape(self.parts, self.part * self.alphabet, -1)
        best: Tensor = _ScanMax.apply(tables.flatten(0, 1), rows)  # type: ignore[no-untyped-call]  # torch lacks the type
        bias: Tensor = self.conv.bias  # type: ignore[assignment]  # it has one
        hidden = self.batch_norm(torch.relu(best + bias))
        return torch.relu(self.linear(hidden))


class VectorEncoder(nn.Module):
    """Encoder of feature vectors, a small MLP: linear - ReLU - batch norm - dropout - linear - ReLU.

    Parameters
    ----------
    inputs : int
        Width of the vectors.
    hidden : int, default 32
        Width of the hidden layer.
    dropout : float, default 0.2
        Share of hidden units that are dropped while training.
    dim : int, default 8
        Width d of the features.
    """

    def __init__(self, inputs: int, hidden: int = 32, dropout: float = 0.2, dim: int = 8) -> None:
        super().__init__()
        self.dim = dim
        self.first = nn.Linear(inputs, hidden)
        self.batch_norm = nn.BatchNorm1d(hidden, momentum=0.0)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(hidden, dim)

    def prepare(self, values: NDArray[Any]) -> Tensor:
        """Turn vectors (n, inputs) into a float32 tensor of the same shape."""
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))

    def weights(self) -> list[Tensor]:
        """Return the weights of both linear layers."""
        return [self.first.weight, self.linear.weight]

    def forward(self, values: Tensor) -> Tensor:
        """Encode vectors (B, inputs) as features (B, dim)."""
        hidden = self.dropout(self.batch_norm(torch.relu(self.first(values))))
        return torch.relu(self.linear(hidden))
