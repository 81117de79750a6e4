"""Wick constants, mean squared norms and folded weights of any order on the CPU, with gradients by hand.

Sums over subsets (`mmfusion.fusion.block_pairs`) form a commutative algebra. In it the constants kappa are
the inverse 1 / E of the moments, so that their differential is -kappa kappa dE, and weights are folded by the
transpose of the multiplication by kappa. The loops are in `mmfusion.fusion.block_products_cpu` and
`mmfusion.fusion.wick_norms_cpu`; they are compiled when they are first used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmfusion.fusion.block_pairs import Dims, block_pairs
from mmfusion.fusion.subsets import Subset
from mmfusion.fusion.wick import BySubset
from mmfusion.fusion.wick_terms import norm_terms

Array = NDArray[Any]


def compiled_constants(
    columns: Mapping[str, Tensor],
    moments: Mapping[Subset, Tensor],
    max_order: int | None,
    weight: Tensor | None = None,
) -> tuple[BySubset, Tensor]:
    """Return kappa_I and E||psi_I||^2 of all subsets of a batch.

    Parameters
    ----------
    columns : mapping of str to Tensor, shape (..., d_m, B)
        Centred features, in modality order, on the CPU.
    moments : mapping of subset to Tensor, shape (..., 1, product of d_m)
        E[g^I] of two and more modalities, in the order of `subsets`.
    max_order : int, optional
        Largest size of a subset.
    weight : Tensor, shape (..., 1, B), optional
        Weights of the samples in every mean, with a mean of one over the batch. Default: all one.

    Returns
    -------
    tuple of (dict of subset to Tensor of shape (..., 1, product of d_m), Tensor)
        The constants of two and more modalities, and the norms of all, shape (..., number of subsets).
    """
    stacked = torch.cat(list(columns.values()), dim=-2)
    dims = tuple((name, values.shape[-2]) for name, values in columns.items())
    flat = torch.cat([torch.zeros_like(stacked[..., 0]), *(x.squeeze(-2) for x in moments.values())], dim=-1)
    row = stacked.new_ones(stacked.shape[-1]) if weight is None else weight.squeeze(-2)
    constants, norms = _Constants.apply(dims, max_order, row, stacked, flat)  # type: ignore[no-untyped-call]  # torch lacks the type
    sizes = [stacked.shape[-2], *(moment.shape[-1] for moment in moments.values())]
    blocks = torch.split(constants.unsqueeze(-2), sizes, dim=-1)[1:]
    return dict(zip(moments, blocks, strict=True)), norms


def compiled_absorb(
    weights: Mapping[Subset, Tensor], constants: Mapping[Subset, Tensor], dims: Mapping[str, int]
) -> BySubset:
    """Return what `mmfusion.fusion.fold.absorb` does, for weights of all subsets up to some order.

    Parameters
    ----------
    weights : mapping of subset to Tensor, shape (..., outputs, product of d_m)
        In the order of `subsets`, on the CPU.
    constants : mapping of subset to Tensor, shape (..., 1, product of d_m)
        A missing subset counts as zero.
    dims : mapping of str to int

    Returns
    -------
    dict of subset to Tensor
    """
    widths = [weight.shape[-1] for weight in weights.values()]
    whole = torch.cat(list(weights.values()), dim=-1)
    like = next(iter(constants.values()))
    blocks = [
        constants[subset].squeeze(-2) if subset in constants else like.new_zeros(*like.shape[:-2], width)
        for subset, width in zip(weights, widths, strict=True)
    ]
    least = min(len(subset) for subset in constants)
    arguments = tuple(dims.items()), max(len(subset) for subset in weights), least
    joined = torch.cat(blocks, dim=-1).expand(*whole.shape[:-2], -1)
    plain = _Absorb.apply(*arguments, whole, joined)  # type: ignore[no-untyped-call]  # torch lacks the type
    return dict(zip(weights, torch.split(plain, widths, dim=-1), strict=True))


class _Constants(torch.autograd.Function):
    """kappa and E||psi||^2 from the moments, (..., width), and the columns of all modalities, (..., D, B)."""

    @staticmethod
    def forward(
        ctx: Any, dims: Dims, max_order: int | None, weight: Tensor, stacked: Tensor, moments: Tensor
    ) -> tuple[Tensor, Tensor]:
        from mmfusion.fusion.block_products_cpu import inverse
        from mmfusion.fusion.wick_norms_cpu import wick_norms

        columns = _rows(stacked, 2)
        shares = _rows((weight / stacked.shape[-1]).expand(*stacked.shape[:-2], -1), 1)
        kappas = inverse(_rows(moments, 1), block_pairs(dims, max_order, 2, 2), len(dims))
        keep = any(ctx.needs_input_grad)
        norms, kept = wick_norms(kappas, columns, shares, norm_terms(dims, max_order), keep)
        ctx.given, ctx.arrays = (dims, max_order), (kappas, columns, shares, kept)
        return _like(kappas, moments), _like(norms, moments).clamp_(min=0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, on_kappas: Tensor, on_norms: Tensor) -> tuple[Tensor | None, ...]:
        from mmfusion.fusion.block_products_cpu import contract
        from mmfusion.fusion.wick_norms_cpu import wick_norms_back

        kappas, columns, shares, kept = ctx.arrays
        terms = norm_terms(*ctx.given)
        slope, on_columns = wick_norms_back(_rows(on_norms, 1), kappas, columns, shares, terms, kept)
        slope = (slope + _rows(on_kappas, 1))[:, None]
        pairs = block_pairs(*ctx.given, 2, 1)
        on_moments = -contract(kappas, contract(kappas, slope, pairs), pairs)[:, 0]
        shape = *on_kappas.shape[:-1], *on_columns.shape[1:]
        return None, None, None, torch.from_numpy(on_columns).view(shape), _like(on_moments, on_kappas)


class _Absorb(torch.autograd.Function):
    """Weights (..., outputs, width) folded with constants (..., width)."""

    @staticmethod
    def forward(
        ctx: Any, dims: Dims, max_order: int, least: int, weights: Tensor, constants: Tensor
    ) -> Tensor:
        from mmfusion.fusion.block_products_cpu import contract

        ctx.pairs = block_pairs(dims, max_order, least, 1)
        ctx.arrays = _rows(constants, 1), _rows(weights, 2)
        rows = contract(ctx.arrays[0], ctx.arrays[1], ctx.pairs)
        return torch.from_numpy(rows).view(weights.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        from mmfusion.fusion.block_products_cpu import contract_factor, multiply

        constants, weights = ctx.arrays
        slope = _rows(grad, 2)
        on_weights = torch.from_numpy(multiply(constants, slope, ctx.pairs)).view(grad.shape)
        on_constants = torch.from_numpy(contract_factor(slope, weights, ctx.pairs))
        return None, None, None, on_weights, on_constants.view(*grad.shape[:-2], -1)


def _rows(values: Tensor, axes: int) -> Array:
    """View values as an array with one axis of networks before the last ones."""
    rows: Array = values.detach().reshape(-1, *values.shape[-axes:]).contiguous().numpy()
    return rows


def _like(rows: Array, values: Tensor) -> Tensor:
    """View (networks, size) with the leading axes of `values`."""
    return torch.from_numpy(np.ascontiguousarray(rows)).view(*values.shape[:-1], -1)
