r"""The mean squared norms E||psi_I||^2 of Wick products, without forming these up to order three.

With centred features g^m, n_m = ||g^m||^2, E_ij = E[g^i (x) g^j] and E_ijk = E[g^i (x) g^j (x) g^k], the
expansion psi_I = sum over S within I of kappa_S (x) g^(I without S), in which kappa_ij = -E_ij and
kappa_ijk = -E_ijk, gives

    E||psi_i||^2   = E[n_i],
    E||psi_ij||^2  = E[n_i n_j] - ||E_ij||^2,
    E||psi_ijk||^2 = E[n_i n_j n_k] - ||E_ijk||^2 + 6 trace(E_ij E_jk E_ki)
                     + sum over the three pairs {a, b} and their rest c of
                       (||E_ab||^2 E[n_c] - 2 <E_ab, E[n_c g^a (x) g^b]>).

All these are computed at once, from the second moments of all features below each other; a sum over the block
of two modalities is a product with an indicator matrix from either side. From order four on the number of
such terms outgrows the products themselves, which are formed then, some samples at a time; what the backward
pass needs of them is computed again.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from mmfusion.fusion.multilinear import Columns
from mmfusion.fusion.subsets import Subset, subsets
from mmfusion.fusion.wick import tensor_products, wick_block

CLOSED_ORDER = 3
"""Largest order whose norms are computed without forming the products."""
SAMPLES_AT_ONCE = 64
"""Samples whose products of order four and above are formed at once."""


def wick_norms(
    columns: Columns, moments: Mapping[Subset, Tensor], kappas: Mapping[Subset, Tensor], max_order: int | None
) -> Tensor:
    """Return E||psi_I||^2 of all subsets of a batch.

    Parameters
    ----------
    columns : mapping of str to Tensor, shape (..., d_m, B)
        Centred features, in modality order.
    moments : mapping of subset to Tensor, shape (..., 1, product of d_m)
        E[g^S] of sizes two and above.
    kappas : mapping of subset to Tensor, shape (..., 1, product of d_m)
        From `mmfusion.fusion.wick.wick_constants`.
    max_order : int, optional
        Largest size of a subset.

    Returns
    -------
    Tensor, shape (..., number of subsets)
        In the order of `subsets`; never negative.
    """
    every = subsets(columns, max_order)
    found = _closed(columns, moments, [subset for subset in every if len(subset) <= CLOSED_ORDER])
    formed = [subset for subset in every if len(subset) > CLOSED_ORDER]
    if formed:
        found = torch.cat([found, _formed(columns, kappas, formed, max_order)], dim=-1)
    return found.clamp(min=0)


def _closed(columns: Columns, moments: Mapping[Subset, Tensor], chosen: list[Subset]) -> Tensor:
    """Compute the norms of `chosen`, all subsets up to order three, from sums over all modalities at once."""
    below = torch.cat(list(columns.values()), dim=-2)  # (..., D, B)
    owner = _owner(tuple(values.shape[-2] for values in columns.values()), below.dtype, below.device)
    places = _places(tuple(chosen), tuple(columns), below.device)
    triples = [subset for subset in chosen if len(subset) == CLOSED_ORDER]
    tables: Tensor = (_Tables if triples else _Pairs).apply(below, owner)  # type: ignore[no-untyped-call]  # torch lacks the type
    found = tables.index_select(-1, places)
    if not triples:
        return found
    whole = torch.stack([moments[subset].square().sum((-2, -1)) for subset in triples], dim=-1)
    lower, highest = torch.split(found, [len(chosen) - len(triples), len(triples)], dim=-1)
    return torch.cat([lower, highest - whole], dim=-1)


def _second_order(below: Tensor, owner: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return n_m (..., M, B), E[n] (..., M), C (..., D, D), ||C_ab||^2 and E||psi_ab||^2 (..., M, M)."""
    samples = below.shape[-1]
    norms = owner @ below.square()
    second = below @ below.mT / samples
    squares = owner @ second.square() @ owner.mT
    return norms, norms.mean(-1), second, squares, norms @ norms.mT / samples - squares


class _Pairs(torch.autograd.Function):
    """E||psi_a||^2 and E||psi_ab||^2 of all modalities a and b, side by side, with the gradient by hand."""

    @staticmethod
    def forward(ctx: Any, below: Tensor, owner: Tensor) -> Tensor:
        """Map (..., D, B) and the 0 and 1 of (M, D) to (..., M + M M)."""
        norms, mean, second, _, pairs = _second_order(below, owner)
        ctx.save_for_backward(below, owner, norms, second)
        return torch.cat([mean, pairs.flatten(-2)], dim=-1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        below, owner, norms, second = ctx.saved_tensors
        on_mean, on_pairs = _unpacked(grad, len(owner))
        on_norms = on_pairs @ norms + on_mean / 2
        on_second = second * (owner.mT @ on_pairs @ owner)
        on_below = below * (owner.mT @ on_norms) - on_second @ below
        return on_below * (2 * 2 / below.shape[-1]), None


class _Tables(torch.autograd.Function):
    """E||psi_a||^2, E||psi_ab||^2 and E||psi_abc||^2 + ||E_abc||^2 side by side, with the gradient by hand.

    The entries of order two and three are right where the modalities differ. With C = E[g g^T] of all
    features below each other, C_c the part of C C that passes through modality c, and sums over the blocks
    of a and b, the last table is x + its two transposes that move c,

        x_cab = E[n_a n_b n_c] / 3 + E[n_c] ||E_ab||^2 + 2 sum of ((C_c - E[n_c g g^T]) * C)_ab.

    Left to autograd this would be most of the operations of a training step.
    """

    @staticmethod
    def forward(ctx: Any, below: Tensor, owner: Tensor) -> Tensor:
        """Map (..., D, B) and the 0 and 1 of (M, D) to (..., M + M M + M M M)."""
        norms, mean, second, squares, pairs = _second_order(below, owner)
        samples, beside = below.shape[-1], second.unsqueeze(-3)
        weighted = (norms.unsqueeze(-2) * below.unsqueeze(-3)).flatten(-3, -2) @ below.mT
        passing = (beside * owner.unsqueeze(-2)) @ beside
        inner = passing - weighted.view_as(passing) / samples  # (..., M, D, D)
        products = (norms.unsqueeze(-2) * norms.unsqueeze(-3)).flatten(-3, -2)  # (..., M M, B)
        weights = mean[..., None, None]
        part = 2 * (owner @ (inner * beside) @ owner.mT) + weights * squares.unsqueeze(-3)
        whole = (norms @ products.mT / samples).view_as(part)
        ctx.save_for_backward(below, owner, norms, second, squares, weights, inner, products)
        triples = whole + part + part.transpose(-3, -2) + part.transpose(-3, -1)
        return torch.cat([mean, pairs.flatten(-2), triples.flatten(-3)], dim=-1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Follow the forward pass in reverse; all matrices over D x D are symmetric."""
        below, owner, norms, second, squares, mean, inner, products = ctx.saved_tensors
        on_mean, on_pairs = _unpacked(grad, len(owner))
        on_triples = grad[..., -(len(owner) ** CLOSED_ORDER) :].view_as(mean * squares.unsqueeze(-3))
        part = on_triples + on_triples.transpose(-3, -2) + on_triples.transpose(-3, -1)
        part = (part + part.mT) / 2  # (..., c, a, b)
        flat, beside = part.flatten(-2), second.unsqueeze(-3)
        spread = 2 * (owner.mT @ part @ owner)  # (..., M, D, D)
        on_inner = spread * beside
        through = ((on_inner @ beside) * owner.unsqueeze(-2)).sum(-3)
        on_squares = owner.mT @ ((mean * part).sum(-3) - on_pairs) @ owner
        on_second = (spread * inner).sum(-3) + through + through.mT + 2 * second * on_squares
        mixed = (on_inner.flatten(-3, -2) @ below).view(*inner.shape[:-1], -1)  # (..., M, D, B)
        on_mean = on_mean + flat @ squares.flatten(-2).unsqueeze(-1)  # (..., M, 1)
        on_norms = flat @ products + on_mean + 2 * (on_pairs @ norms) - (mixed * below.unsqueeze(-3)).sum(-2)
        on_below = on_second @ below - (mixed * norms.unsqueeze(-2)).sum(-3) + below * (owner.mT @ on_norms)
        return on_below * (2 / below.shape[-1]), None


def _unpacked(grad: Tensor, modalities: int) -> tuple[Tensor, Tensor]:
    """Return the gradients of the means (..., M, 1) and, symmetric, of the pairs (..., M, M)."""
    mean, pairs = grad[..., :modalities], grad[..., modalities : modalities * (modalities + 1)]
    square = torch.unflatten(pairs, -1, (modalities, modalities))
    return mean.unsqueeze(-1), (square + square.mT) / 2


@lru_cache
def _owner(widths: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the indicator (M, D): one where a row of the features below each other is the modality's."""
    counts = torch.tensor(widths, device=device)
    return torch.repeat_interleave(torch.eye(len(widths), dtype=dtype, device=device), counts, 1)


@lru_cache
def _places(chosen: tuple[Subset, ...], names: tuple[str, ...], device: torch.device) -> Tensor:
    """Return where subsets stand in tables (M), (M, M) and (M, M, M) side by side."""
    modalities = len(names)
    places = []
    for subset in chosen:
        place = sum(modalities**order for order in range(1, len(subset)))
        digits = [names.index(name) for name in subset]
        places.append(place + sum(digit * modalities**power for power, digit in enumerate(reversed(digits))))
    return torch.tensor(places, device=device)


def _formed(
    columns: Columns, kappas: Mapping[Subset, Tensor], chosen: list[Subset], max_order: int | None
) -> Tensor:
    names, samples = list(columns), next(iter(columns.values())).shape[-1]
    used = list(kappas)

    def squared_norms(*given: Tensor) -> Tensor:
        rows = {name: values.mT for name, values in zip(names, given, strict=False)}
        constants = dict(zip(used, given[len(names) :], strict=True))
        dims = {name: values.shape[-1] for name, values in rows.items()}
        products = tensor_products(rows, max_order)
        norms = [wick_block(products, constants, subset, dims).square().sum((-2, -1)) for subset in chosen]
        return torch.stack(norms, dim=-1)

    total: Tensor | float = 0.0
    for start in range(0, samples, SAMPLES_AT_ONCE):
        part = [values[..., start : start + SAMPLES_AT_ONCE] for values in columns.values()]
        total = total + checkpoint(squared_norms, *part, *kappas.values(), use_reentrant=False)
    return total / samples  # type: ignore[return-value]  # there is a sample
