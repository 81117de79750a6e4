"""The mean squared norms E||psi_I||^2 of Wick products of order four and above, by forming these.

The number of terms of a closed form outgrows the products themselves there. They are formed some samples at a
time, in the forward and again in the backward pass, which keeps nothing of them in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from mmfusion.fusion.multilinear import Columns
from mmfusion.fusion.subsets import Subset
from mmfusion.fusion.wick import tensor_products, wick_block

SAMPLES_AT_ONCE = 64
"""Samples whose products are formed at once."""


def _squared_norms(columns: Columns, kappas: Mapping[Subset, Tensor], chosen: list[Subset]) -> Tensor:
    """Return the sum of ||psi_I||^2 over samples, shape (..., number of chosen subsets)."""
    rows = {name: values.mT for name, values in columns.items()}
    dims = {name: values.shape[-1] for name, values in rows.items()}
    products = tensor_products(rows, max(len(subset) for subset in chosen))
    norms = [wick_block(products, kappas, subset, dims).square().sum((-2, -1)) for subset in chosen]
    return torch.stack(norms, dim=-1)


class _FormedNorms(torch.autograd.Function):
    """Mean of `_squared_norms`, some samples at a time."""

    @staticmethod
    def forward(
        ctx: Any, names: list[str], used: list[Subset], chosen: list[Subset], *tensors: Tensor
    ) -> Tensor:
        ctx.names, ctx.used, ctx.chosen = names, used, chosen
        ctx.save_for_backward(*tensors)
        samples = tensors[0].shape[-1]
        parts = [_squared_norms(columns, kappas, chosen) for columns, kappas in _pieces(names, used, tensors)]
        return torch.stack(parts).sum(0).div_(samples)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        tensors = ctx.saved_tensors
        names, samples = ctx.names, tensors[0].shape[-1]
        of_columns: list[tuple[Tensor, ...]] = []
        of_kappas = [torch.zeros_like(kappa) for kappa in tensors[len(names) :]]
        for columns, kappas in _pieces(names, ctx.used, tensors):
            leaves = [x.detach().requires_grad_() for x in (*columns.values(), *kappas.values())]
            with torch.enable_grad():
                norms = _squared_norms(
                    dict(zip(columns, leaves, strict=False)),
                    dict(zip(kappas, leaves[len(names) :], strict=True)),
                    ctx.chosen,
                )
            found = torch.autograd.grad(
                norms, leaves, grad / samples, allow_unused=True, materialize_grads=True
            )
            of_columns.append(found[: len(names)])
            for total, part in zip(of_kappas, found[len(names) :], strict=True):
                total += part
        joined = [torch.cat(parts, dim=-1) for parts in zip(*of_columns, strict=True)]
        return (None, None, None, *joined, *of_kappas)


def _pieces(
    names: list[str], used: list[Subset], tensors: tuple[Tensor, ...]
) -> Iterator[tuple[dict[str, Tensor], dict[Subset, Tensor]]]:
    """Cut the columns among the tensors into pieces of samples; the kappas go with each of them."""
    kappas = dict(zip(used, tensors[len(names) :], strict=True))
    for start in range(0, tensors[0].shape[-1], SAMPLES_AT_ONCE):
        cut = [values[..., start : start + SAMPLES_AT_ONCE] for values in tensors[: len(names)]]
        yield dict(zip(names, cut, strict=True)), kappas


def formed_norms(columns: Columns, kappas: Mapping[Subset, Tensor], chosen: list[Subset]) -> Tensor:
    """Return E||psi_I||^2 of some subsets of a batch.

    Parameters
    ----------
    columns : mapping of str to Tensor, shape (..., d_m, B)
        Centred features, in modality order.
    kappas : mapping of subset to Tensor, shape (..., 1, product of d_m)
        From `mmfusion.fusion.wick.wick_constants`.
    chosen : list of subset

    Returns
    -------
    Tensor, shape (..., number of chosen subsets)
    """
    norms: Tensor = _FormedNorms.apply(  # type: ignore[no-untyped-call]  # torch lacks the type
        list(columns), list(kappas), chosen, *columns.values(), *kappas.values()
    )
    return norms
