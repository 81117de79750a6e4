"""The mean squared norms E||psi_I||^2 of Wick products by forming these, on any device.

On the CPU, `mmfusion.fusion.wick_compiled` is many times as fast. The products are formed some samples at a
time, in the forward and again in the backward pass, and none of them is kept in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmfusion.fusion.multilinear import Columns
from mmfusion.fusion.subsets import Subset
from mmfusion.fusion.wick import tensor_products, wick_product

SAMPLES_AT_ONCE = 64
"""Samples whose products are formed at once."""

_Sum = Callable[[Tensor, Sequence[Tensor]], Tensor]


class _FormedNorms(torch.autograd.Function):
    """Mean over samples of a function of weights and tensors, of which the first `count` are columns."""

    @staticmethod
    def forward(ctx: Any, function: _Sum, count: int, weight: Tensor, *tensors: Tensor) -> Tensor:
        ctx.function, ctx.count, ctx.weight = function, count, weight
        ctx.save_for_backward(*tensors)
        parts = [function(*piece) for piece in _pieces(count, weight, tensors)]
        return torch.stack(parts).sum(0).div_(weight.shape[-1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        tensors, count = ctx.saved_tensors, ctx.count
        of_columns: list[tuple[Tensor, ...]] = []
        of_kappas = [torch.zeros_like(kappa) for kappa in tensors[count:]]
        share = grad / ctx.weight.shape[-1]
        for weight, piece in _pieces(count, ctx.weight, tensors):
            leaves = [values.detach().requires_grad_() for values in piece]
            with torch.enable_grad():
                norms = ctx.function(weight, leaves)
            gradients = torch.autograd.grad(norms, leaves, share, allow_unused=True, materialize_grads=True)
            of_columns.append(gradients[:count])
            for total, part in zip(of_kappas, gradients[count:], strict=True):
                total += part
        joined = [torch.cat(parts, dim=-1) for parts in zip(*of_columns, strict=True)]
        return (None, None, None, *joined, *of_kappas)


def _pieces(count: int, weight: Tensor, tensors: Sequence[Tensor]) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """Cut weights and columns into pieces of samples; the kappas go with each of them."""
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
    dims = {name: values.shape[-2] for name, values in columns.items()}
    order = max(len(subset) for subset in chosen)

    def squared_norms(weights: Tensor, tensors: Sequence[Tensor]) -> Tensor:
        """Return the weighted sum of ||psi_I||^2 over samples, shape (..., number of chosen subsets)."""
        rows = {name: values.mT for name, values in zip(dims, tensors[: len(dims)], strict=True)}
        constants = dict(zip(kappas, tensors[len(dims) :], strict=True))
        products = tensor_products(rows, order)
        formed = (wick_product(products, constants, subset, dims) for subset in chosen)
        return torch.stack([(psi.square().sum(-1) * weights).sum(-1) for psi in formed], dim=-1)

    like = next(iter(columns.values()))
    row = like.new_ones(like.shape[-1]) if weight is None else weight.squeeze(-2)
    norms: Tensor = _FormedNorms.apply(  # type: ignore[no-untyped-call]  # torch lacks the type
        squared_norms, len(dims), row, *columns.values(), *kappas.values()
    )
    return norms
