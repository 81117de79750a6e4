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
    count, total = len(names), sum(widths)
    of_pairs, of_triples = (
        torch.tensor([[names.index(name) for name in subset] for subset in group]).long().view(-1, size)
        for group, size in ((pairs, 2), (triples, 3))
    )
    modality = torch.repeat_interleave(torch.arange(count), torch.tensor(widths))
    block_of = (modality[:, None] * count + modality).flatten()
    by_block = block_of.argsort(stable=True)
    above = (modality[:, None] < modality).flatten()[by_block]
    entries = by_block[above] if pairs else by_block[:0]
    powers = torch.tensor([count * count, count, 1])
    tensors = (
        torch.nn.functional.one_hot(modality, count).T.to(dtype),
        block_of,
        entries,
        entries % total * total + entries // total,
        of_pairs @ powers[1:],
        torch.stack([of_triples[:, written] @ powers for written in ([0, 1, 2], [1, 0, 2], [2, 0, 1])]),
        _spread(of_pairs, count, dtype),
        _spread(of_triples, count, dtype),
    )
    return WickIndices(dict(dims), pairs, triples, *(tensor.to(device) for tensor in tensors))


def _spread(members: Tensor, count: int, dtype: torch.dtype) -> Tensor:
    """Return `spread_pairs` or `spread_triples` for the numbers of the members, (subsets, size)."""
    table = torch.zeros(len(members), *[count] * members.shape[1], dtype=dtype)
    for written in permutations(members.unbind(1)):
        table[torch.arange(len(members)), *written] = 0.5
    return table.flatten(1)
