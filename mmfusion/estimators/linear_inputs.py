"""Modalities of any kind as one matrix of numbers, one row per sample, which a linear model can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.check_values import LARGEST, row_parts
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.padding import padding_mask, real_steps
from mmfusion.data.part import SYMBOLS
from mmfusion.data.standardisation import is_constant
from mmfusion.training.modality import MODULE, Modality

Floats = NDArray[np.float64]

MOST_PAIRS = 1000
"""Pairs of symbols that are counted: all pairs of up to 31 symbols."""
WIDEST = 4096
"""Columns of a modality of the user's module; of wider ones neighbours are averaged."""


def linear_inputs_of(data: ModalityData, modalities: Sequence[Modality]) -> Floats:
    """Join the features of all modalities into one matrix.

    - A vector enters as it is.
    - Of a sequence of numbers, the mean and the (biased) standard deviation of every column over the steps
      that are real, and the number of these steps.
    - Of a sequence of symbols, the share of every symbol that occurs among the steps that are real, the share
      of every pair of symbols among the pairs of steps that follow each other (of the `MOST_PAIRS` most
      frequent pairs where there are more), and the number of the steps.
    - An array for the user's own module enters flattened. Of more than `WIDEST` numbers per sample,
      neighbours (in the order of the array) are averaged, so that at most as many remain.

    No target is looked at. Arrays that are mapped from files are read some rows at a time, but the result is
    in memory.

    Parameters
    ----------
    data : ModalityData
        Checked (`mmfusion.data.check_values.check_values`); letters may be code points or symbols.
    modalities : sequence of Modality

    Returns
    -------
    array, shape (n, columns)
        Columns in the order of the modalities. NaN where a modality is missing, a step of an array for a
        module is padding, or a number is beyond float32; there the linear baseline puts the training mean.
    """
    blocks = []
    for modality in modalities:
        name, symbols = modality.name, modality.kind == SYMBOLS
        block = _of_symbols(data, name) if symbols else _of_numbers(data, modality)
        if name in data.present:
            block[~data.present[name]] = np.nan
        blocks.append(block)
    return np.hstack(blocks)


def _of_numbers(data: ModalityData, modality: Modality) -> Floats:
    """Return the columns of vectors, real-valued sequences or arrays for a module, shape (n, columns)."""
    values, lengths = data.arrays[modality.name], data.lengths.get(modality.name)
    parts = []
    for start, part in row_parts(values):
        with np.errstate(over="ignore"):  # of types that are wider than float64
            numbers = np.array(part, dtype=np.float64)
        numbers[~(np.abs(numbers) <= LARGEST)] = np.nan
        if lengths is not None:
            numbers[padding_mask(part, lengths[start : start + len(part)])] = np.nan
        if modality.kind == MODULE:
            numbers = _narrowed(numbers.reshape(len(part), -1))
        elif numbers.ndim == 3:
            numbers = _moments_of_steps(numbers)
        parts.append(numbers)
    return np.concatenate(parts)


def _moments_of_steps(steps: Floats) -> Floats:
    """Return mean, deviation and number of the steps (n, length, d) that are not NaN, shape (n, 2 d + 1)."""
    known = ~np.isnan(steps)
    filled = np.where(known, steps, 0.0)
    counts = known.sum(axis=1)
    divisor = np.where(counts > 0, counts, np.nan)
    mean = filled.sum(axis=1) / divisor
    square = ((filled - mean[:, np.newaxis]) ** 2).sum(axis=1, where=known) / divisor
    deviation = np.sqrt(square)
    # What rounding leaves of a column that never changes must not become a feature.
    deviation[is_constant(deviation, np.abs(filled).max(axis=1)) & (counts > 0)] = 0.0
    length = np.where(known.any(axis=(1, 2)), known.any(axis=2).sum(axis=1), np.nan)
    return np.column_stack([mean, deviation, length])


def _narrowed(flat: Floats) -> Floats:
    """Average neighbouring columns (n, width) that are not NaN, so that at most `WIDEST` remain."""
    group = -(-flat.shape[1] // WIDEST)
    if group <= 1:
        return flat
    starts = np.arange(0, flat.shape[1], group)
    known = ~np.isnan(flat)
    counts = np.add.reduceat(known, starts, axis=1, dtype=np.float64)
    sums = np.add.reduceat(np.where(known, flat, 0.0), starts, axis=1)
    return np.asarray(sums / np.where(counts > 0, counts, np.nan))


def _of_symbols(data: ModalityData, name: str) -> Floats:
    """Return shares of symbols and of pairs of symbols, and the number of steps, shape (n, columns)."""
    values = data.arrays[name]
    real = real_steps(values, data.lengths.get(name), data.present.get(name)) & (values >= 0)
    symbols = np.unique(values[real])
    codes = np.searchsorted(symbols, np.where(real, values, symbols[:1])) if len(symbols) else values
    both = real[:, 1:] & real[:, :-1]
    pairs = codes[:, :-1] * len(symbols) + codes[:, 1:]
    occurring, frequency = np.unique(pairs[both], return_counts=True)
    kept = np.sort(occurring[np.argsort(-frequency, kind="stable")[:MOST_PAIRS]])
    length = real.sum(axis=1)
    block = np.column_stack(
        [
            _shares(codes, real, np.arange(len(symbols))),
            _shares(pairs, both, kept),
            length,
        ]
    )
    block[length == 0] = np.nan
    return block


def _shares(codes: NDArray[Any], counted: NDArray[np.bool_], kept: NDArray[Any]) -> Floats:
    """Return the share of each code of `kept`, sorted, among all counted ones of a row, shape (n, kept)."""
    row, _ = np.nonzero(counted)
    chosen = codes[counted]
    among = np.isin(chosen, kept)
    cell = row[among] * len(kept) + np.searchsorted(kept, chosen[among])
    counts = np.bincount(cell, minlength=len(codes) * len(kept)).reshape(len(codes), len(kept))
    return np.asarray(counts / np.maximum(counted.sum(axis=1, keepdims=True), 1), dtype=np.float64)
