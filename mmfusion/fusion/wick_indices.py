"""Where the pairs and triples of modalities are in matrices over all features and over all modalities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import torch
from torch import Tensor

from mmfusion.fusion.subsets import Subset, subsets

CLOSED_ORDER = 3
"""Largest order of the closed form."""


@dataclass(frozen=True)
class WickIndices:
    """The part of the closed form that does not depend on the batch.

    With M modalities and D features in all, there are flat matrices (D, D), tables (M, M) and (M, M, M).

    Parameters
    ----------
    dims : dict of str to int
        Width of every modality.
    pairs, triples : list of subset
        The subsets of these sizes.
    owner : Tensor, shape (M, D)
        One where a feature belongs to the modality, else zero.
    block_of : Tensor of int64, shape (D D,)
        Entry of the table (M, M) that every entry of the matrix belongs to.
    entries : Tensor of int64, shape (sum over pairs of d_i d_j,)
        Entries of the matrix that hold the blocks of the pairs, row by row.
    mirrored : Tensor of int64
        The same for the transposed blocks.
    pair_entries : Tensor of int64, shape (number of pairs,)
        Entry of the table (M, M) of every pair.
    triple_entries : Tensor of int64, shape (3, number of triples)
        Entries of the table (M, M, M) of the three ways to write a triple as c and {a, b}.
    spread_pairs : Tensor, shape (number of pairs, M M)
        Puts a number per pair into both entries of a symmetric table, one half into either.
    spread_triples : Tensor, shape (number of triples, M M M)
        Puts a number per triple into all its entries, one half into (c, a, b) and into (c, b, a).
    """

    dims: dict[str, int]
    pairs: list[Subset]
    triples: list[Subset]
    owner: Tensor
    block_of: Tensor
    entries: Tensor
    mirrored: Tensor
    pair_entries: Tensor
    triple_entries: Tensor
    spread_pairs: Tensor
    spread_triples: Tensor

    @property
    def heads(self) -> list[Subset]:
        """Pairs that some triple begins with."""
        return list(dict.fromkeys(triple[:-1] for triple in self.triples))

    def split(self, stacked: Tensor) -> dict[str, Tensor]:
        """Cut the features of all modalities, (..., D, B), into modalities."""
        parts = torch.split(stacked, list(self.dims.values()), dim=-2)
        return dict(zip(self.dims, parts, strict=True))


@lru_cache
def wick_indices(
    dims: tuple[tuple[str, int], ...], max_order: int | None, dtype: torch.dtype, device: torch.device
) -> WickIndices:
    """Find the indices for modalities of given widths.

    Parameters
    ----------
    dims : tuple of (str, int)
        Name and width of every modality, in modality order.
    max_order : int, optional
        Largest size of a subset.
    dtype : torch.dtype
    device : torch.device

    Returns
    -------
    WickIndices
        Kept from one batch to the next; do not write to its tensors.
    """
    names, widths = [name for name, _ in dims], [width for _, width in dims]
    chosen = subsets(names, min(CLOSED_ORDER, max_order or CLOSED_ORDER))
    pairs, triples = ([subset for subset in chosen if len(subset) == size] for size in (2, 3))
    modality = torch.repeat_interleave(torch.arange(len(names)), torch.tensor(widths))
    owner = torch.nn.functional.one_hot(modality, len(names)).T.to(dtype)
    number = {name: index for index, name in enumerate(names)}
    numbered_pairs = [(number[i], number[j]) for i, j in pairs]
    numbered_triples = [(number[i], number[j], number[k]) for i, j, k in triples]
    entry = torch.arange(len(modality) ** 2).view(len(modality), -1)
    blocks = [entry[modality == i][:, modality == j] for i, j in numbered_pairs]
    none = entry[:0, :0].flatten()
    tensors = (
        owner,
        (modality[:, None] * len(names) + modality).flatten(),
        torch.cat([none, *(block.flatten() for block in blocks)]),
        torch.cat([none, *((block // len(modality) + block % len(modality) * len(modality)).flatten()
                           for block in blocks)]),
        *_table_entries(numbered_pairs, numbered_triples, len(names)),
        *_spreads(numbered_pairs, numbered_triples, len(names), dtype),
    )  # fmt: skip
    return WickIndices(dict(dims), pairs, triples, *(tensor.to(device) for tensor in tensors))


def _table_entries(
    pairs: list[tuple[int, int]], triples: list[tuple[int, int, int]], count: int
) -> tuple[Tensor, Tensor]:
    """Return `pair_entries` and `triple_entries`."""
    of_triples = torch.zeros(3, len(triples), dtype=torch.int64)
    for column, (i, j, k) in enumerate(triples):
        for row, (c, a, b) in enumerate(((i, j, k), (j, i, k), (k, i, j))):
            of_triples[row, column] = (c * count + a) * count + b
    return torch.tensor([i * count + j for i, j in pairs], dtype=torch.int64), of_triples


def _spreads(
    pairs: list[tuple[int, int]], triples: list[tuple[int, int, int]], count: int, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Return `spread_pairs` and `spread_triples`."""
    of_pairs = torch.zeros(len(pairs), count, count, dtype=dtype)
    for row, (i, j) in enumerate(pairs):
        of_pairs[row, i, j] = of_pairs[row, j, i] = 0.5
    of_triples = torch.zeros(len(triples), count, count, count, dtype=dtype)
    for row, triple in enumerate(triples):
        for c, a, b in permutations(triple):
            of_triples[row, c, a, b] = 0.5
    return of_pairs.flatten(1), of_triples.flatten(1)
