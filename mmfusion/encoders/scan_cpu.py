"""The two passes of `mmfusion.encoders.scan` as compiled loops over arrays.

Inner loops run over channels, which are adjacent in memory. Sums have a fixed order, so that results do not
depend on how many networks are in one stack.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


@njit(cache=True)
def _tables(kernel: Array, parts: int, alphabet: int) -> Array:
    """Sum the scores of all patterns: (width, alphabet, channels) -> (parts, patterns, channels)."""
    width, channels = kernel.shape[0], kernel.shape[2]
    part = width // parts
    patterns = alphabet**part
    tables = np.zeros((parts, patterns, channels), kernel.dtype)
    for index in range(parts):
        table = tables[index]
        for size in range(part):  # patterns of size symbols become those of size + 1, the last one first
            for code in range(alphabet**size - 1, -1, -1):
                for symbol in range(alphabet - 1, -1, -1):
                    row = kernel[index * part + size, symbol]
                    for c in range(channels):
                        table[code * alphabet + symbol, c] = table[code, c] + row[c]
    return tables


@njit(cache=True)
def scan_forward(kernel: Array, codes: Array, parts: int) -> tuple[Array, Array]:
    """Return the best score and its position.

    Parameters
    ----------
    kernel : array, shape (networks, width, alphabet, channels)
    codes : array of int, shape (networks, B, positions)
    parts : int
        Number of tables that a kernel is cut into.

    Returns
    -------
    tuple of (array of shape (networks, channels, B), array of int32 of that shape)
    """
    networks, width, alphabet, channels = kernel.shape
    batch, length = codes.shape[1:]
    part = width // parts
    positions = length - (parts - 1) * part
    best = np.empty((networks, channels, batch), kernel.dtype)
    winner = np.empty((networks, channels, batch), np.int32)
    score = np.empty(channels, kernel.dtype)
    zeros = np.zeros(channels, kernel.dtype)
    highest = np.empty(channels, kernel.dtype)
    position = np.empty(channels, np.int32)
    for network in range(networks):
        tables = _tables(kernel[network], parts, alphabet)
        for sample in range(batch):
            row = codes[network, sample]
            highest[:] = -np.inf
            position[:] = 0
            for start in range(positions):
                first = tables[0, row[start]]
                for c in range(channels):
                    score[c] = first[c]
                for index in range(1, parts - 1):
                    more = tables[index, row[start + index * part]]
                    for c in range(channels):
                        score[c] += more[c]
                last = tables[parts - 1, row[start + (parts - 1) * part]] if parts > 1 else zeros
                for c in range(channels):
                    value = score[c] + last[c]
                    better = (value > highest[c]) | (value != value)  # NaN, once met, stays
                    highest[c] = value if better else highest[c]
                    position[c] = np.int32(start) if better else position[c]
            for c in range(channels):
                best[network, c, sample] = highest[c]
                winner[network, c, sample] = position[c]
    return best, winner


@njit(cache=True)
def scan_backward(grad: Array, winner: Array, codes: Array, parts: int, alphabet: int, part: int) -> Array:
    """Return the gradient of the kernel: every channel adds to the patterns of its winning window.

    Parameters
    ----------
    grad : array, shape (networks, channels, B)
    winner : array of int32, shape (networks, channels, B)
    codes : array of int, shape (networks, B, positions)
    parts, alphabet, part : int
        Number of tables, of symbols, and of symbols per pattern.

    Returns
    -------
    array, shape (networks, parts * part, alphabet, channels)
    """
    networks, channels, batch = grad.shape
    patterns = alphabet**part
    gradient = np.zeros((networks, parts * part, alphabet, channels), grad.dtype)
    tables = np.empty((parts, patterns, channels), grad.dtype)
    for network in range(networks):
        tables[:] = 0
        for c in range(channels):
            for sample in range(batch):
                start = winner[network, c, sample]
                value = grad[network, c, sample]
                for index in range(parts):
                    tables[index, codes[network, sample, start + index * part], c] += value
        for index in range(parts):
            table = tables[index]
            for size in range(part - 1, -1, -1):  # `_tables` backwards
                for code in range(alphabet**size):
                    for symbol in range(alphabet):
                        row = table[code * alphabet + symbol]
                        target = gradient[network, index * part + size, symbol]
                        for c in range(channels):
                            target[c] += row[c]
                    for symbol in range(1 if code == 0 else 0, alphabet):
                        row = table[code * alphabet + symbol]
                        for c in range(channels):
                            table[code, c] = (0 if symbol == 0 else table[code, c]) + row[c]
    return gradient
