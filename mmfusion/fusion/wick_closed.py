r"""Wick constants and mean squared norms up to order three in closed form, with the gradient by hand.

With centred features g^m, n_m = ||g^m||^2, E_ij = E[g^i (x) g^j] and E_ijk = E[g^i (x) g^j (x) g^k], the
constants are kappa_ij = -E_ij and kappa_ijk = -E_ijk, and inserting them into psi_I gives

    E||psi_i||^2   = E[n_i],
    E||psi_ij||^2  = E[n_i n_j] - ||E_ij||^2,
    E||psi_ijk||^2 = E[n_i n_j n_k] - ||E_ijk||^2 + 6 trace(E_ij E_jk E_ki)
                     + sum over the three pairs {a, b} and their rest c of
                       (||E_ab||^2 E[n_c] - 2 <E_ab, E[n_c g^a (x) g^b]>).

No product of three features is formed, and nothing here grows with a product of three widths but E_ijk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmfusion.fusion.multilinear import batch_mean
from mmfusion.fusion.subsets import Subset, subsets
from mmfusion.fusion.wick import Blocks

CLOSED_ORDER = 3
"""Largest order of the closed form."""


@dataclass(frozen=True)
class _Plan:
    """What does not depend on the batch.

    Parameters
    ----------
    dims : dict of str to int
        Width of every modality.
    pairs, triples : list of subset
        The subsets of these sizes.
    owner : Tensor, shape (M, D)
        One where a row of all features below each other is the modality's, else zero.
    block_of : Tensor of int64, shape (D D,)
        Which entry of a flat table (M, M) an entry of a flat matrix (D, D) belongs to.
    entries : Tensor of int64, shape (sum over pairs of d_i d_j,)
        Where the blocks of the pairs, row by row, stand in a flat matrix (D, D).
    mirrored : Tensor of int64
        The same for the transposed blocks.
    pair_entries : Tensor of int64, shape (number of pairs,)
        Where the pairs stand in a flat table (M, M).
    triple_entries : Tensor of int64, shape (3, number of triples)
        Where the ways to write a triple as c and {a, b} stand in a flat table (M, M, M).
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

    def split(self, below: Tensor) -> dict[str, Tensor]:
        """Cut what stands below each other, (..., D, B), into modalities."""
        parts = torch.split(below, list(self.dims.values()), dim=-2)
        return dict(zip(self.dims, parts, strict=True))


@lru_cache
def _plan(
    dims: tuple[tuple[str, int], ...], max_order: int | None, dtype: torch.dtype, device: torch.device
) -> _Plan:
    names, widths = [name for name, _ in dims], [width for _, width in dims]
    chosen = subsets(names, min(CLOSED_ORDER, max_order or CLOSED_ORDER))
    pairs, triples = ([subset for subset in chosen if len(subset) == size] for size in (2, 3))
    modality = torch.repeat_interleave(torch.arange(len(names)), torch.tensor(widths))
    owner = torch.nn.functional.one_hot(modality, len(names)).T.to(dtype)
    index = {name: number for number, name in enumerate(names)}
    places = torch.arange(len(modality) ** 2).view(len(modality), -1)
    blocks = [places[modality == index[i]][:, modality == index[j]] for i, j in pairs]
    count = len(names)
    pair_entries = [index[i] * count + index[j] for i, j in pairs]
    spread_pairs = torch.zeros(len(pairs), count, count, dtype=dtype)
    for number, (i, j) in enumerate(pairs):
        spread_pairs[number, index[i], index[j]] = spread_pairs[number, index[j], index[i]] = 0.5
    triple_entries = torch.zeros(3, len(triples), dtype=torch.int64)
    spread_triples = torch.zeros(len(triples), count, count, count, dtype=dtype)
    for number, triple in enumerate(triples):
        for c, a, b in permutations([index[name] for name in triple]):
            spread_triples[number, c, a, b] = 0.5
        for place, name in enumerate(triple):
            c, (a, b) = index[name], (index[other] for other in triple if other != name)
            triple_entries[place, number] = (c * count + a) * count + b
    none = places[:0, :0].flatten()
    tensors = (
        owner,
        (modality[:, None] * count + modality).flatten(),
        torch.cat([none, *(block.flatten() for block in blocks)]),
        torch.cat([none, *((block // len(modality) + block % len(modality) * len(modality)).flatten()
                           for block in blocks)]),
        torch.tensor(pair_entries, dtype=torch.int64),
        triple_entries,
        spread_pairs.flatten(1),
        spread_triples.flatten(1),
    )  # fmt: skip
    return _Plan(dict(dims), pairs, triples, *(tensor.to(device) for tensor in tensors))


def closed_form(
    columns: Mapping[str, Tensor],
    products: Mapping[Subset, Tensor],
    max_order: int | None,
    weight: Tensor | None = None,
) -> tuple[Blocks, Tensor]:
    """Return kappa_I and E||psi_I||^2 of the subsets up to order three of a batch.

    Parameters
    ----------
    columns : mapping of str to Tensor, shape (..., d_m, B)
        Centred features, in modality order.
    products : mapping of subset to Tensor, shape (..., product of d_m, B)
        At least g^i (x) g^j of all pairs that some triple begins with.
    max_order : int, optional
        Largest size of a subset.
    weight : Tensor, shape (..., 1, B), optional
        Weights of the samples in every mean, with a mean of one over the batch. Default: all one.

    Returns
    -------
    tuple of (dict of subset to Tensor of shape (..., 1, product of d_m), Tensor)
        The constants of sizes two and three, and the norms of all, shape (..., number of subsets).
    """
    below = torch.cat(list(columns.values()), dim=-2)
    dims = tuple((name, values.shape[-2]) for name, values in columns.items())
    plan = _plan(dims, max_order, below.dtype, below.device)
    found = _Closed.apply(plan, weight, below, *(products[head] for head in plan.heads))  # type: ignore[no-untyped-call]  # torch lacks the type
    return dict(zip([*plan.pairs, *plan.triples], found[1:], strict=True)), found[0]


class _Closed(torch.autograd.Function):
    """Norms and constants; left to autograd they would be most of the operations of a training step.

    With C = E[g g^T] of all features below each other, C_c the part of C C that passes through modality c,
    and sums over the blocks of a and b, the norms of triples are the sums over the three choices of c of

        x_cab = E[n_a n_b n_c] / 3 + E[n_c] ||E_ab||^2 + 2 sum of ((C_c - E[n_c g g^T]) * C)_ab,

    less ||E_abc||^2. Gradients of symmetric matrices are kept symmetric.
    """

    @staticmethod
    def forward(
        ctx: Any, plan: _Plan, weight: Tensor | None, below: Tensor, *heads: Tensor
    ) -> tuple[Tensor, ...]:
        samples = below.shape[-1]
        weighed = below if weight is None else below * weight
        norms = plan.owner @ below.square()  # (..., M, B)
        mean = batch_mean(norms, weight)
        second = (weighed @ below.mT).div_(samples)  # (..., D, D)
        squares = _block_sums(plan, second.square())  # (..., M M)
        products = (norms.unsqueeze(-2) * norms.unsqueeze(-3)).flatten(-3, -2)  # (..., M M, B)
        table = batch_mean(products, weight).sub_(squares)
        pairs = table.index_select(-1, plan.pair_entries)
        blocks = second.flatten(-2).index_select(-1, plan.entries).neg_().unsqueeze(-2)
        widths = [plan.dims[i] * plan.dims[j] for i, j in plan.pairs]
        kappas, triples = list(torch.split(blocks, widths, dim=-1)), []
        kept: tuple[Tensor, ...] = ()
        if plan.triples:
            table, kept = _triple_table(plan, below, weight, norms, second, squares, mean, products)
            columns = plan.split(weighed)
            triples = [
                (columns[triple[-1]] @ head.mT).mT.flatten(-2).unsqueeze(-2).div_(-samples)
                for triple, head in _with_heads(plan, heads)
            ]
            whole = torch.stack([kappa.square().sum((-2, -1)) for kappa in triples], dim=-1)
            pairs = torch.cat([pairs, table.sub_(whole)], dim=-1)
        ctx.plan, ctx.heads, ctx.weight = plan, len(heads), weight
        ctx.save_for_backward(below, norms, second, *heads, *triples, *kept)
        return torch.cat([mean, pairs], dim=-1).clamp_(min=0), *kappas, *triples

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, *on_kappas: Tensor) -> tuple[Tensor | None, ...]:
        plan: _Plan = ctx.plan
        below, norms, second, *rest = ctx.saved_tensors
        heads, rest = rest[: ctx.heads], rest[ctx.heads :]
        triples, kept = rest[: len(plan.triples)], rest[len(plan.triples) :]
        samples, square = below.shape[-1], norms.shape[-2]
        on_mean, on_pairs, on_triples = torch.split(
            grad, [square, len(plan.pairs), len(plan.triples)], dim=-1
        )
        table = _map(on_pairs, plan.spread_pairs)  # (..., M M), symmetric
        on_norms = (torch.unflatten(table, -1, (square, square, 1)) * norms.unsqueeze(-3)).sum(-2)
        on_norms.mul_(2).add_(on_mean.unsqueeze(-1))
        on_squares, on_below = -table, torch.zeros((), dtype=below.dtype, device=below.device)
        if plan.triples:
            part = torch.unflatten(_map(on_triples, plan.spread_triples), -1, (square, square * square))
            more_second, more_norms, on_below, more_squares = _triple_gradients(
                plan, below, norms, second, part, kept
            )
            on_norms += more_norms
            on_squares += more_squares
        on_second = on_squares.index_select(-1, plan.block_of).view(second.shape).mul_(second).mul_(2)
        if plan.triples:
            on_second += more_second
        if plan.pairs:
            half = torch.cat([part.squeeze(-2) for part in on_kappas[: len(plan.pairs)]], dim=-1).div_(2)
            flat = on_second.view(*second.shape[:-2], -1)
            flat.index_add_(-1, plan.entries, half, alpha=-1)
            flat.index_add_(-1, plan.mirrored, half, alpha=-1)
        on_below = on_below + on_second @ below + below * (plan.owner.mT @ on_norms)
        on_below *= 2 / samples
        on_heads: dict[Subset, Tensor] = {}
        columns, on_columns = plan.split(below), plan.split(on_below)
        for number, (triple, head) in enumerate(_with_heads(plan, heads)):
            last = columns[triple[-1]]
            slope = on_triples[..., number, None, None]
            on_moment = (2 * slope * triples[number] - on_kappas[len(plan.pairs) + number]).div_(samples)
            matrix = torch.unflatten(on_moment.squeeze(-2), -1, (-1, last.shape[-2]))  # (..., d_i d_j, d_k)
            on_columns[triple[-1]].add_(matrix.mT @ head)
            through, pair = matrix @ last, triple[:-1]
            on_heads[pair] = on_heads[pair] + through if pair in on_heads else through
        found = [on_below, *on_heads.values()]
        if ctx.weight is not None:  # every mean is linear in the weight of a sample
            found = [part * ctx.weight for part in found]
        return None, None, *found


def _block_sums(plan: _Plan, matrix: Tensor) -> Tensor:
    """Sum (..., D, D) over the blocks of two modalities, shape (..., M M)."""
    flat = matrix.flatten(-2)
    sums = flat.new_zeros(*flat.shape[:-1], len(plan.dims) ** 2)
    return sums.scatter_add_(-1, plan.block_of.expand_as(flat), flat)


def _map(values: Tensor, matrix: Tensor) -> Tensor:
    """Multiply (..., a) by (a, b), row by row: rounding must not depend on how many networks there are."""
    return (values.unsqueeze(-2) @ matrix.expand(*values.shape[:-1], *matrix.shape)).squeeze(-2)


def _with_heads(plan: _Plan, heads: Sequence[Tensor]) -> list[tuple[Subset, Tensor]]:
    by_pair = dict(zip(plan.heads, heads, strict=True))
    return [(triple, by_pair[triple[:-1]]) for triple in plan.triples]


def _triple_table(
    plan: _Plan,
    below: Tensor,
    weight: Tensor | None,
    norms: Tensor,
    second: Tensor,
    squares: Tensor,
    mean: Tensor,
    products: Tensor,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return E||psi_ijk||^2 + ||E_ijk||^2 of all triples, and what its gradient needs."""
    samples, beside = below.shape[-1], second.unsqueeze(-3)
    weighed = norms if weight is None else norms * weight
    weighted = (weighed.unsqueeze(-2) * below.unsqueeze(-3)).flatten(-3, -2) @ below.mT
    inner = (beside * plan.owner.unsqueeze(-2)) @ beside  # (..., M, D, D)
    inner.sub_(weighted.view_as(inner), alpha=1 / samples)
    part = (weighed.unsqueeze(-2) * products.unsqueeze(-3)).mean(-1).div_(3)  # (..., c, a b)
    part.add_(_block_sums(plan, inner * beside), alpha=2)
    part.add_(mean.unsqueeze(-1) * squares.unsqueeze(-2))
    chosen = part.flatten(-2).index_select(-1, plan.triple_entries.flatten())
    return torch.unflatten(chosen, -1, (3, -1)).sum(-2), (squares, mean, inner, products)


def _triple_gradients(
    plan: _Plan, below: Tensor, norms: Tensor, second: Tensor, part: Tensor, kept: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of C, of n and g up to the factors of `backward`, and of ||C_ab||^2."""
    squares, mean, inner, products = kept
    beside = second.unsqueeze(-3)
    spread = part.index_select(-1, plan.block_of).view(inner.shape).mul_(2)  # (..., M, D, D)
    on_inner = spread * beside
    through = ((on_inner @ beside) * plan.owner.unsqueeze(-2)).sum(-3)
    on_second = (spread * inner).sum(-3).add_(through).add_(through.mT)
    mixed = (on_inner.flatten(-3, -2) @ below).view(*inner.shape[:-1], -1)  # (..., M, D, B)
    on_norms = (part.unsqueeze(-1) * products.unsqueeze(-3)).sum(-2)
    on_norms += (part * squares.unsqueeze(-2)).sum(-1, keepdim=True)
    on_norms -= (mixed * below.unsqueeze(-3)).sum(-2)
    on_squares = (mean.unsqueeze(-1) * part).sum(-2)
    return on_second, on_norms, -(mixed * norms.unsqueeze(-2)).sum(-3), on_squares
