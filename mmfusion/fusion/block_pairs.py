"""Which blocks meet when two sums over subsets are multiplied, and how their axes interleave.

A *sum over subsets* has one block per subset, an array with one axis per modality; the blocks are flattened
and joined. The product of two sums has the blocks (ab)_S = sum over T within S of a_T (x) b_(S without T).
Only pairs of non-empty subsets T and S without T are listed here: the empty subset stands for the number 1.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmfusion.fusion.subsets import Subset, proper_subsets, subsets, without

Indices = NDArray[np.int64]
Dims = tuple[tuple[str, int], ...]
"""Name and width of every modality, in modality order."""


class BlockPairs(NamedTuple):
    """Pairs of disjoint subsets and their union, in the order of the unions.

    Neighbouring axes of the union that belong to the same subset are one axis here.

    Parameters
    ----------
    starts : array, shape (number of subsets + 1,)
        Where every block starts.
    members : array, shape (pairs, 3)
        Index of the union, of the one and of the other subset.
    sizes : array, shape (pairs, axes)
        Axes of the union, preceded by axes of size one where there are fewer than in other pairs.
    left, right : array, shape (pairs, axes)
        Strides of these axes in the block of the one and of the other subset; 0 where they are not in it.
    """

    starts: Indices
    members: Indices
    sizes: Indices
    left: Indices
    right: Indices


def block_starts(dims: Dims, chosen: list[Subset]) -> Indices:
    """Return where the block of every subset starts, and where the last one ends."""
    width = dict(dims)
    sizes = [math.prod(width[name] for name in subset) for subset in chosen]
    return np.cumsum([0, *sizes], dtype=np.int64)


@lru_cache
def block_pairs(dims: Dims, max_order: int | None, left: int = 1, right: int = 1) -> BlockPairs:
    """List the pairs of subsets of given sizes.

    Parameters
    ----------
    dims : tuple of (str, int)
    max_order : int, optional
        Largest size of a union. Default: the number of modalities.
    left, right : int, default 1
        Smallest size of the one and of the other subset; blocks of smaller ones count as zero.

    Returns
    -------
    BlockPairs
        Kept from one batch to the next; do not write to it.
    """
    width = dict(dims)
    chosen = subsets(width, max_order)
    index = {subset: number for number, subset in enumerate(chosen)}
    axes = len(chosen[-1])
    members, rows = [], []
    for whole in chosen:
        for part in proper_subsets(whole):
            rest = without(whole, part)
            if len(part) >= left and len(rest) >= right:
                members.append((index[whole], index[part], index[rest]))
                rows.append(_axes(whole, part, width, axes))
    sizes, *strides = np.array(rows, dtype=np.int64).reshape(-1, 3, axes).transpose(1, 0, 2).copy()
    numbers = np.array(members, dtype=np.int64).reshape(-1, 3)
    return BlockPairs(block_starts(dims, chosen), numbers, sizes, *strides)


def _axes(whole: Subset, part: Subset, width: dict[str, int], count: int) -> tuple[list[int], ...]:
    """Return sizes and the two kinds of strides of the merged axes, from the first to the last."""
    runs: list[tuple[bool, int]] = []
    for name in whole:
        own = name in part
        size = width[name]
        if runs and runs[-1][0] == own:
            size *= runs.pop()[1]
        runs.append((own, size))
    strides: tuple[list[int], list[int]] = ([], [])
    steps = {True: 1, False: 1}
    for own, size in reversed(runs):
        strides[0].append(steps[own] if own else 0)
        strides[1].append(0 if own else steps[own])
        steps[own] *= size
    missing = count - len(runs)
    sizes = [1] * missing + [size for _, size in runs]
    return sizes, *([0] * missing + row[::-1] for row in strides)
