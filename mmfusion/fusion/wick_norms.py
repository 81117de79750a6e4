"""The mean squared norms E||psi_I||^2 of Wick products of order four and above, by forming these.

A closed form has more terms there than the products themselves. The products are formed some samples at a
time, in the forward and again in the backward pass, and none of them is kept in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmfusion.fusion.multilinear import Columns
from mmfusion.fusion.subsets import Subset
from mmfusion.fusion.wick import tensor_products, wick_product

SAMPLES_AT_ONCE = 64
"""Samples whose products are formed at once."""


@dataclass(frozen=True)
class _Names:
    """Names of the tensors: modalities, subsets of the kappas, subsets whose norms are wanted."""

    modalities: list[str]
    kappas: list[Subset]
    chosen: list[Subset]


def _squared_norms(names: _Names, weight: Tensor, tensors: Sequence[Tensor]) -> Tensor:
    """Return the weighted sum of ||psi_I||^2 over samples, shape (..., number of chosen subsets)."""
    count = len(names.modalities)
    rows = {name: values.mT for name, values in zip(names.modalities, tensors[:count], strict=True)}
    kappas = dict(zip(names.kappas, tensors[count:], strict=True))
    dims = {name: values.shape[-1] for name, values in rows.items()}
    products = tensor_products(rows, max(len(subset) for subset in names.chosen))
    formed = (wick_product(products, kappas, subset, dims) for subset in names.chosen)
    return torch.stack([(psi.square().sum(-1) * weight).sum(-1) for psi in formed], dim=-1)


class _FormedNorms(torch.autograd.Function):
    """Mean of `_squared_norms`, some samples at a time."""

    @staticmethod
    def forward(ctx: Any, names: _Names, weight: Tensor, *tensors: Tensor) -> Tensor:
        ctx.names, ctx.weight = names, weight
        ctx.save_for_backward(*tensors)
        parts = [_squared_norms(names, *piece) for piece in _pieces(names, weight, tensors)]
        return torch.stack(parts).sum(0).div_(weight.shape[-1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        names, tensors, count = ctx.names, ctx.saved_tensors, len(ctx.names.modalities)
        of_columns: list[tuple[Tensor, ...]] = []
        of_kappas = [torch.zeros_like(kappa) for kappa in tensors[count:]]
        share = grad / ctx.weight.shape[-1]
        for weight, piece in _pieces(names, ctx.weight, tensors):
            leaves = [values.detach().requires_grad_() for values in piece]
            with torch.enable_grad():
                norms = _squared_norms(names, weight, leaves)
            gradients = torch.autograd.grad(norms, leaves, share, allow_unused=True, materialize_grads=True)
            of_columns.append(gradients[:count])
            for total, part in zip(of_kappas, gradients[count:], strict=True):
                total += part
        joined = [torch.cat(parts, dim=-1) for parts in zip(*of_columns, strict=True)]
        return (None, None, *joined, *of_kappas)


def _pieces(
    names: _Names, weight: Tensor, tensors: Sequence[Tensor]
) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """Cut weights and columns into pieces of samples; the kappas go with each of them."""
    count = len(names.modalities)
    for start in range(0, weight.shape[-1], SAMPLES_AT_ONCE):
        piece = slice(start, start + SAMPLES_AT_ONCE)
        yield weight[..., piece], [*(values[..., piece] for values in tensors[:count]), *tensors[count:]]


def formed_norms(
    columns: Columns, kappas: Mapping[Subset, Tensor], chosen: list[Subset], weight: Tensor | None = None
) -> Tensor:
    """Return E||psi_I||^2 of some subsets of a batch.

    Parameters
    ----------
    columns : mapping of str to Tensor, shape (..., d_m, B)
        Centred features, in modality order.
    kappas : mapping of subset to Tensor, shape (..., 1, product of d_m)
        From `mmfusion.fusion.wick.wick_constants`.
    chosen : list of subset
    weight : Tensor, shape (..., 1, B), optional
        Weights of the samples in the mean, with a mean of one over the batch. Default: all one.

    Returns
    -------
    Tensor, shape (..., number of chosen subsets)
    """
    names = _Names(list(columns), list(kappas), chosen)
    like = next(iter(columns.values()))
    ones = torch.ones(like.shape[-1], dtype=like.dtype, device=like.device)
    row = ones if weight is None else weight.squeeze(-2)
    norms: Tensor = _FormedNorms.apply(  # type: ignore[no-untyped-call]  # torch lacks the type
        names, row, *columns.values(), *kappas.values()
    )
    return norms
