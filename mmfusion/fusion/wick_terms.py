r"""What E||psi_I||^2 is a sum of, listed for the compiled loops of `mmfusion.fusion.wick_norms_cpu`.

With psi_I = sum over S within I of kappa_S (x) g^(I without S), n_R the product over R of ||g^m||^2, and

    a_(U,C) = <kappa_(U and C), g^C>,   the contraction over the axes of C, which leaves those of U,

multiplying out gives, C and D being disjoint from U and from each other,

    E||psi_I||^2 = E[sum over V within I of n_(I without V) q_V],
    q_V = sum over U, C, D with union V of <a_(U,C), a_(U,D)>,   a_(U,()) = kappa_U.

Beside the batch, no a_(U,C) has more axes than the largest order less three, since of this order

- what contains kappa_I itself sums to -||kappa_I||^2, since E psi_I = 0;
- C and D of one modality each give -<kappa_(U,C), kappa_(U,D) kappa_(C,D)> (E[g^i g^j] = -kappa_ij), and
- <kappa_U, a_(U,C)> with C of one modality is <<kappa_U, kappa_(U,C)>, g^C>, over U first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np

from mmfusion.fusion.block_pairs import Dims, Indices, block_starts
from mmfusion.fusion.subsets import Subset, subsets, without

NOTHING = -1
"""In place of the index of a subset: the empty one. In place of a row: there is none."""


class NormTerms(NamedTuple):
    """The terms, as rows of numbers: indices of subsets, first rows of arrays, first entries of blocks.

    Features are the rows g^m, then the products of all pairs g^i (x) g^j. *Where* is an entry of `entries`
    from which on the entries of a block are listed that one row or feature after the other belongs to.

    Parameters
    ----------
    starts : array, shape (number of subsets + 1,)
        Where every block starts.
    entries : array
    products : array, shape (pairs, 5)
        First feature of a product, then first feature and width of either factor.
    contractions : array, shape (number, 8)
        First row of a_(U,C); first row of a_(U with m, C without m) or NOTHING, then the block of kappa is
        contracted at once; start of that block; first feature; where and how many: rows, features.
    overlaps : array, shape (number, 4)
        V, first rows of a_(U,C) and a_(U,D), their number.
    with_constants : array, shape (number, 4)
        V, start of kappa_U (NOTHING: the number one), first row of a_(U,C), number of rows.
    inner : array, shape (number, 8)
        V, start of kappa_U and of kappa_(U,m), first feature; where and how many: of U, of m.
    traces : array, shape (number, 11)
        V, starts of kappa_(U,i), kappa_(U,j), kappa_ij; number of entries of U, where in either; where and
        how many of i, of j.
    signs : array, shape (number of subsets,)
        Factor of ||kappa_V||^2 in q_V.
    sums : array, shape (number, 3)
        I, V, I without V.
    heads : array, shape (number of subsets, 2)
        Subset without its last modality, and that modality.
    slopes : array, shape (number, 3)
        R, a modality m in it, R without m.
    features : array, shape (M, 2)
        First and last feature of every modality, the latter exclusive.
    counts : array, shape (3,)
        Number of rows, of features with products, and of entries of all `inner`.
    """

    starts: Indices
    entries: Indices
    products: Indices
    contractions: Indices
    overlaps: Indices
    with_constants: Indices
    inner: Indices
    traces: Indices
    signs: Indices
    sums: Indices
    heads: Indices
    slopes: Indices
    features: Indices
    counts: Indices


@lru_cache
def norm_terms(dims: Dims, max_order: int | None) -> NormTerms:
    """List the terms of all subsets up to an order of at least two.

    Parameters
    ----------
    dims : tuple of (str, int)
    max_order : int, optional
        Largest size of a subset. Default: the number of modalities.

    Returns
    -------
    NormTerms
        Kept from one batch to the next; do not write to it.
    """
    builder = _Builder(dims, max_order)
    builder.contract()
    for subset in [(), *builder.chosen]:
        builder.multiply(subset)
    return builder.terms()


class _Builder:
    def __init__(self, dims: Dims, max_order: int | None) -> None:
        self.width = dict(dims)
        self.chosen = subsets(self.width, max_order)
        self.order = len(self.chosen[-1])
        self.index: dict[Subset, int] = {subset: number for number, subset in enumerate(self.chosen)}
        self.index[()] = NOTHING
        self.starts = block_starts(dims, self.chosen)
        self.entries: list[Indices] = []
        self.listed = 0
        self.row_of: dict[tuple[Subset, Subset], int] = {}
        self.rows = 0
        ends = np.cumsum(list(self.width.values())).tolist()
        self.features = list(zip([0, *ends[:-1]], ends, strict=True))
        self.feature: dict[Subset, int] = {
            (name,): first for name, (first, _) in zip(self.width, self.features, strict=True)
        }
        self.products: list[tuple[int, ...]] = []
        self.count = ends[-1]
        for one, other in combinations(self.width, 2):
            self.feature[one, other] = self.count
            pair = [(self.feature[(name,)], self.width[name]) for name in (one, other)]
            self.products.append((self.count, *pair[0], *pair[1]))
            self.count += self.width[one] * self.width[other]
        self.contractions: list[tuple[int, ...]] = []
        self.overlaps: list[tuple[int, ...]] = []
        self.with_constants: list[tuple[int, ...]] = []
        self.inner: list[tuple[int, ...]] = []
        self.traces: list[tuple[int, ...]] = []

    def contract(self) -> None:
        """List all a_(U,C) with a batch axis, C growing."""
        for size in range(1, self.order):
            for subset in self.chosen:
                if not max(2, size) <= len(subset) < self.order - (size == 1):
                    continue
                for contracted in combinations(subset, size):
                    self._contract(subset, contracted)

    def _contract(self, subset: Subset, contracted: Subset) -> None:
        left = without(subset, contracted)
        last = contracted[-1:]
        before = self._union(left, last)
        parent = self.row_of.get((before, contracted[:-1]), NOTHING)
        self.row_of[left, contracted] = self.rows
        block, over = (subset, contracted) if parent == NOTHING else (before, last)
        where = *self._where(block, left), *self._where(block, over)
        self.contractions.append((self.rows, parent, self._start(subset), self.feature[over], *where))
        self.rows += self._size(left)

    def multiply(self, shared: Subset) -> None:
        """List all products of a_(U,C) and a_(U,D) for one U."""
        rest = without(tuple(self.width), shared)
        size = self._size(shared)
        contracted = [
            part
            for count in range(1, self.order)
            for part in combinations(rest, count)
            if (shared, part) in self.row_of
        ]
        for number, one in enumerate(contracted):
            row = self.row_of[shared, one]
            whole = self._union(shared, one)
            if len(shared) != 1:  # kappa of one modality is zero
                start = self._start(shared) if shared else NOTHING
                self.with_constants.append((self.index[whole], start, row, size))
            for other in contracted[number + 1 :]:
                union = self._union(whole, other)
                if len(union) == len(whole) + len(other) and len(union) <= self.order:
                    self.overlaps.append((self.index[union], row, self.row_of[shared, other], size))
        if shared and len(shared) == self.order - 2:
            self._of_largest_order(shared, rest)

    def _of_largest_order(self, shared: Subset, rest: Subset) -> None:
        for name in rest if len(shared) > 1 else ():
            whole = self._union(shared, (name,))
            starts = self._start(shared), self._start(whole)
            where = *self._where(whole, shared), *self._where(whole, (name,))
            self.inner.append((self.index[whole], *starts, self.feature[(name,)], *where))
        for pair in combinations(rest, 2):
            wholes = [self._union(shared, (name,)) for name in pair]
            at = [self._where(whole, shared)[0] for whole in wholes]
            ends = [self._where(whole, (name,)) for whole, name in zip(wholes, pair, strict=True)]
            blocks = [self._start(subset) for subset in (*wholes, pair)]
            union = self.index[self._union(shared, pair)]
            self.traces.append((union, *blocks, self._size(shared), *at, *ends[0], *ends[1]))

    def terms(self) -> NormTerms:
        """Return what was listed."""
        names = list(self.width)
        sums = [
            (self.index[subset], self.index[part], self.index[without(subset, part)])
            for subset in self.chosen
            for size in range(len(subset) + 1)
            for part in combinations(subset, size)
        ]
        heads = [(self.index[subset[:-1]], names.index(subset[-1])) for subset in self.chosen]
        slopes = [
            (self.index[subset], names.index(name), self.index[without(subset, (name,))])
            for subset in self.chosen
            for name in subset
        ]
        signs = [(len(subset) > 1) * (-1 if len(subset) == self.order else 1) for subset in self.chosen]
        return NormTerms(
            starts=self.starts,
            entries=np.concatenate([np.zeros(0, np.int64), *self.entries]),
            products=_table(self.products, 5),
            contractions=_table(self.contractions, 8),
            overlaps=_table(self.overlaps, 4),
            with_constants=_table(self.with_constants, 4),
            inner=_table(self.inner, 8),
            traces=_table(self.traces, 11),
            signs=np.array(signs, dtype=np.int64),
            sums=_table(sums, 3),
            heads=_table(heads, 2),
            slopes=_table(slopes, 3),
            features=_table(self.features, 2),
            counts=np.array([self.rows, self.count, sum(row[-1] for row in self.inner)], dtype=np.int64),
        )

    def _where(self, block: Subset, part: Subset) -> tuple[int, int]:
        """List the entries of a block along the axes of a part of it, at 0 of all others."""
        stride, steps = 1, {}
        for name in reversed(block):
            steps[name] = stride
            stride *= self.width[name]
        entries = np.zeros(1, np.int64)
        for name in part:
            entries = (entries[:, None] + steps[name] * np.arange(self.width[name])).ravel()
        self.entries.append(entries)
        self.listed += len(entries)
        return self.listed - len(entries), len(entries)

    def _size(self, subset: Subset) -> int:
        return math.prod(self.width[name] for name in subset)

    def _start(self, subset: Subset) -> int:
        return int(self.starts[self.index[subset]])

    def _union(self, one: Subset, other: Subset) -> Subset:
        return tuple(name for name in self.width if name in one or name in other)


def _table(rows: Iterable[tuple[int, ...]], columns: int) -> Indices:
    return np.array(list(rows), dtype=np.int64).reshape(-1, columns)
