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
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmfusion.fusion.multilinear import batch_mean
from mmfusion.fusion.subsets import Subset
from mmfusion.fusion.wick import BySubset
from mmfusion.fusion.wick_indices import WickIndices, wick_indices


def closed_form(
    columns: Mapping[str, Tensor],
    products: Mapping[Subset, Tensor],
    max_order: int | None,
    weight: Tensor | None = None,
) -> tuple[BySubset, Tensor]:
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
    stacked = torch.cat(list(columns.values()), dim=-2)
    dims = tuple((name, values.shape[-2]) for name, values in columns.items())
    indices = wick_indices(dims, max_order, stacked.dtype, stacked.device)
    heads = (products[head] for head in indices.heads)
    norms, *kappas = _Closed.apply(indices, weight, stacked, *heads)  # type: ignore[no-untyped-call]  # torch lacks the type
    return dict(zip([*indices.pairs, *indices.triples], kappas, strict=True)), norms


class _Closed(torch.autograd.Function):
    """Norms and constants; left to autograd they would be most of the operations of a training step.

    With C = E[g g^T] of all features, stacked, C_c the part of C C that passes through modality c, and sums
    over the blocks of a and b, the norms of triples are the sums over the three choices of c of

        x_cab = E[n_a n_b n_c] / 3 + E[n_c] ||E_ab||^2 + 2 sum of ((C_c - E[n_c g g^T]) * C)_ab,

    less ||E_abc||^2. Gradients of symmetric matrices are kept symmetric.
    """

    @staticmethod
    def forward(
        ctx: Any, indices: WickIndices, weight: Tensor | None, stacked: Tensor, *heads: Tensor
    ) -> tuple[Tensor, ...]:
        samples = stacked.shape[-1]
        weighed = stacked if weight is None else stacked * weight
        norms = indices.owner @ stacked.square()  # (..., M, B)
        mean = batch_mean(norms, weight)
        second = (weighed @ stacked.mT).div_(samples)  # (..., D, D)
        squares = _block_sums(indices, second.square())  # (..., M M)
        products = (norms.unsqueeze(-2) * norms.unsqueeze(-3)).flatten(-3, -2)  # (..., M M, B)
        table = batch_mean(products, weight).sub_(squares)
        pairs = table.index_select(-1, indices.pair_entries)
        blocks = second.flatten(-2).index_select(-1, indices.entries).neg_().unsqueeze(-2)
        widths = [indices.dims[i] * indices.dims[j] for i, j in indices.pairs]
        kappas, triples = list(torch.split(blocks, widths, dim=-1)), []
        kept: tuple[Tensor, ...] = ()
        if indices.triples:
            table, kept = _triple_table(indices, stacked, weight, norms, second, squares, mean, products)
            columns = indices.split(weighed)
            triples = [
                (columns[triple[-1]] @ head.mT).mT.flatten(-2).unsqueeze(-2).div_(-samples)
                for triple, head in _with_heads(indices, heads)
            ]
            whole = torch.stack([kappa.square().sum((-2, -1)) for kappa in triples], dim=-1)
            pairs = torch.cat([pairs, table.sub_(whole)], dim=-1)
        ctx.indices, ctx.heads, ctx.weight = indices, len(heads), weight
        ctx.save_for_backward(stacked, norms, second, *heads, *triples, *kept)
        return torch.cat([mean, pairs], dim=-1).clamp_(min=0), *kappas, *triples

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor, *on_kappas: Tensor) -> tuple[Tensor | None, ...]:
        indices: WickIndices = ctx.indices
        stacked, norms, second, *rest = ctx.saved_tensors
        heads, rest = rest[: ctx.heads], rest[ctx.heads :]
        triples, kept = rest[: len(indices.triples)], rest[len(indices.triples) :]
        samples, square = stacked.shape[-1], norms.shape[-2]
        on_mean, on_pairs, on_triples = torch.split(
            grad, [square, len(indices.pairs), len(indices.triples)], dim=-1
        )
        table = _map(on_pairs, indices.spread_pairs)  # (..., M M), symmetric
        on_norms = (torch.unflatten(table, -1, (square, square, 1)) * norms.unsqueeze(-3)).sum(-2)
        on_norms.mul_(2).add_(on_mean.unsqueeze(-1))
        on_squares, on_stacked = -table, torch.zeros((), dtype=stacked.dtype, device=stacked.device)
        if indices.triples:
            part = torch.unflatten(_map(on_triples, indices.spread_triples), -1, (square, square * square))
            more_second, more_norms, on_stacked, more_squares = _triple_gradients(
                indices, stacked, norms, second, part, kept
            )
            on_norms += more_norms
            on_squares += more_squares
        on_second = on_squares.index_select(-1, indices.block_of).view(second.shape).mul_(second).mul_(2)
        if indices.triples:
            on_second += more_second
        if indices.pairs:
            half = torch.cat([part.squeeze(-2) for part in on_kappas[: len(indices.pairs)]], dim=-1).div_(2)
            flat = on_second.view(*second.shape[:-2], -1)
            flat.index_add_(-1, indices.entries, half, alpha=-1)
            flat.index_add_(-1, indices.mirrored, half, alpha=-1)
        on_stacked = on_stacked + on_second @ stacked + stacked * (indices.owner.mT @ on_norms)
        on_stacked *= 2 / samples
        on_moments = [
            (2 * on_triples[..., number, None, None] * triple - on_kappa).div_(samples)
            for number, (triple, on_kappa) in enumerate(
                zip(triples, on_kappas[len(indices.pairs) :], strict=True)
            )
        ]
        gradients = [on_stacked, *_add_moments(indices, stacked, heads, on_moments, on_stacked)]
        if ctx.weight is not None:  # every mean is linear in the weight of a sample
            gradients = [gradient * ctx.weight for gradient in gradients]
        return None, None, *gradients


def _block_sums(indices: WickIndices, matrix: Tensor) -> Tensor:
    """Sum (..., D, D) over the blocks of two modalities, shape (..., M M)."""
    flat = matrix.flatten(-2)
    sums = flat.new_zeros(*flat.shape[:-1], len(indices.dims) ** 2)
    return sums.scatter_add_(-1, indices.block_of.expand_as(flat), flat)


def _map(values: Tensor, matrix: Tensor) -> Tensor:
    """Multiply (..., a) by (a, b), row by row: rounding must not depend on how many networks there are."""
    return (values.unsqueeze(-2) @ matrix.expand(*values.shape[:-1], *matrix.shape)).squeeze(-2)


def _with_heads(indices: WickIndices, heads: Sequence[Tensor]) -> list[tuple[Subset, Tensor]]:
    by_pair = dict(zip(indices.heads, heads, strict=True))
    return [(triple, by_pair[triple[:-1]]) for triple in indices.triples]


def _triple_table(
    indices: WickIndices,
    stacked: Tensor,
    weight: Tensor | None,
    norms: Tensor,
    second: Tensor,
    squares: Tensor,
    mean: Tensor,
    products: Tensor,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return E||psi_ijk||^2 + ||E_ijk||^2 of all triples, and the tensors that its gradient needs."""
    samples, per_modality = stacked.shape[-1], second.unsqueeze(-3)
    weighed = norms if weight is None else norms * weight
    weighted = (weighed.unsqueeze(-2) * stacked.unsqueeze(-3)).flatten(-3, -2) @ stacked.mT
    inner = (per_modality * indices.owner.unsqueeze(-2)) @ per_modality  # (..., M, D, D)
    inner.sub_(weighted.view_as(inner), alpha=1 / samples)
    part = (weighed.unsqueeze(-2) * products.unsqueeze(-3)).mean(-1).div_(3)  # (..., c, a b)
    part.add_(_block_sums(indices, inner * per_modality), alpha=2)
    part.add_(mean.unsqueeze(-1) * squares.unsqueeze(-2))
    chosen = part.flatten(-2).index_select(-1, indices.triple_entries.flatten())
    return torch.unflatten(chosen, -1, (3, -1)).sum(-2), (squares, mean, inner, products)


def _triple_gradients(
    indices: WickIndices, stacked: Tensor, norms: Tensor, second: Tensor, part: Tensor, kept: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the gradients of C, of n and g up to the factors of `backward`, and of ||C_ab||^2."""
    squares, mean, inner, products = kept
    per_modality = second.unsqueeze(-3)
    spread = part.index_select(-1, indices.block_of).view(inner.shape).mul_(2)  # (..., M, D, D)
    on_inner = spread * per_modality
    through = ((on_inner @ per_modality) * indices.owner.unsqueeze(-2)).sum(-3)
    on_second = (spread * inner).sum(-3).add_(through).add_(through.mT)
    mixed = (on_inner.flatten(-3, -2) @ stacked).view(*inner.shape[:-1], -1)  # (..., M, D, B)
    on_norms = (part.unsqueeze(-1) * products.unsqueeze(-3)).sum(-2)
    on_norms += (part * squares.unsqueeze(-2)).sum(-1, keepdim=True)
    on_norms -= (mixed * stacked.unsqueeze(-3)).sum(-2)
    on_squares = (mean.unsqueeze(-1) * part).sum(-2)
    return on_second, on_norms, -(mixed * norms.unsqueeze(-2)).sum(-3), on_squares


def _add_moments(
    indices: WickIndices,
    stacked: Tensor,
    heads: Sequence[Tensor],
    on_moments: Sequence[Tensor],
    on_stacked: Tensor,
) -> list[Tensor]:
    """Add what comes through E_ijk of all triples to the gradient of g, and return that of the heads."""
    on_heads: dict[Subset, Tensor] = {}
    columns, on_columns = indices.split(stacked), indices.split(on_stacked)
    for (triple, head), on_moment in zip(_with_heads(indices, heads), on_moments, strict=True):
        last, pair = columns[triple[-1]], triple[:-1]
        matrix = torch.unflatten(on_moment.squeeze(-2), -1, (-1, last.shape[-2]))  # (..., d_i d_j, d_k)
        on_columns[triple[-1]].add_(matrix.mT @ head)
        through = matrix @ last
        on_heads[pair] = on_heads[pair] + through if pair in on_heads else through
    return list(on_heads.values())
