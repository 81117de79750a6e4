r"""Scores and moments of tensor products without forming them.

The product f^I of a subset I that ends in modality k is the outer product of a *head*, the product over the
rest of I, and of f^k. A weighted sum of f^I and its mean over the batch are therefore matrix products of
heads with f^k, which never hold the B x (product of all d_m) numbers of f^I itself:

    sum over I ending in k of <f^I, W_I> = <W_k h_k, f^k>,   E[f^I] = E[h_k (x) f^k],

h_k being all heads of k, stacked. Arrays here have the batch on their *last* axis, (..., d_m, B), called
columns: the matrix products then run along the batch, several times faster than along d_m. Leading axes,
where there are any, count networks that are computed in one stack.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from mmfusion.fusion.subsets import Subset, subsets
from mmfusion.fusion.wick import BySubset

Columns = Mapping[str, Tensor]
"""Features by modality, in modality order, each (..., d_m, B)."""


def batch_mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """Return the mean of columns (..., B) over the batch, shape (...).

    Parameters
    ----------
    values : Tensor, shape (..., B)
    weight : Tensor, optional
        Weights of the samples with a mean of one over the batch, broadcast against `values`. Default: one.
    """
    return values.mean(-1) if weight is None else (values * weight).mean(-1)


class _CrossMoment(torch.autograd.Function):
    """Mean of outer products over the batch; its gradients keep the batch on the last axis."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor) -> Tensor:
        ctx.save_for_backward(left, right)
        return (left @ right.mT).div_(left.shape[-1])

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        left, right = ctx.saved_tensors
        share = grad / left.shape[-1]
        return share @ right, share.mT @ left


def cross_moment(left: Tensor, right: Tensor) -> Tensor:
    """Return E[left (x) right] over the batch, shape (..., a, b), of columns (..., a, B) and (..., b, B)."""
    moment: Tensor = _CrossMoment.apply(left, right)  # type: ignore[no-untyped-call]  # torch lacks the type
    return moment


class Heads:
    """The heads of a batch of columns, stacked for every modality.

    Parameters
    ----------
    columns : mapping of str to Tensor, shape (..., d_m, B)
        In modality order.
    max_order : int, optional
        Largest size of a subset. Default: the number of modalities.

    Attributes
    ----------
    products : dict of subset to Tensor, shape (..., product of d_m, B)
        f^J of every head J.
    grouped : dict of str to list of subset
        For every modality k after the first, the heads J such that J and k together are a subset.
    stacked : dict of str to Tensor, shape (..., sum over J of product of d_m, B)
        h_k for every modality k that has heads.
    """

    def __init__(self, columns: Columns, max_order: int | None = None) -> None:
        self.columns, self.max_order = columns, max_order
        self.grouped: dict[str, list[Subset]] = {}
        for subset in subsets(columns, max_order):
            if len(subset) > 1:
                self.grouped.setdefault(subset[-1], []).append(subset[:-1])
        self.products: BySubset = {(name,): values for name, values in columns.items()}
        for heads in self.grouped.values():
            for head in heads:
                if head not in self.products:
                    pair = self.products[head[:-1]].unsqueeze(-2) * columns[head[-1]].unsqueeze(-3)
                    self.products[head] = pair.flatten(-3, -2)
        self.stacked = {
            name: torch.cat([self.products[head] for head in heads], dim=-2)
            for name, heads in self.grouped.items()
        }

    def moments(self, weight: Tensor | None = None) -> BySubset:
        """Return E[f^I] of every subset I of two or more modalities, shape (..., 1, product of d_m).

        Parameters
        ----------
        weight : Tensor, shape (..., 1, B), optional
            Weights of the samples, see `batch_mean`.
        """
        moments: BySubset = {}
        for name, heads in self.grouped.items():
            last = self.columns[name] if weight is None else self.columns[name] * weight
            joint = cross_moment(last, self.stacked[name]).mT  # (..., all heads, d_k)
            parts = torch.split(joint, [self.products[head].shape[-2] for head in heads], dim=-2)
            for head, part in zip(heads, parts, strict=True):
                moments[(*head, name)] = part.flatten(-2).unsqueeze(-2)
        return {
            subset: moments[subset] for subset in subsets(self.columns, self.max_order) if len(subset) > 1
        }

    def scores(self, weights: Mapping[Subset, Tensor]) -> Tensor:
        """Return the sum over all subsets of <f^I, W_I>.

        Parameters
        ----------
        weights : mapping of subset to Tensor, shape (..., outputs, product of d_m)

        Returns
        -------
        Tensor, shape (..., outputs, B)
        """
        singles = torch.cat([weights[(name,)] for name in self.columns], dim=-1)
        total = singles @ torch.cat(list(self.columns.values()), dim=-2)
        for name, heads in self.grouped.items():
            last = self.columns[name]
            width = last.shape[-2]
            parts = [torch.unflatten(weights[(*head, name)], -1, (-1, width)) for head in heads]
            stacked = torch.cat(parts, dim=-2).mT  # (..., outputs, d_k, all heads)
            outputs = stacked.shape[-3]
            mixed = stacked.flatten(-3, -2) @ self.stacked[name]
            total = total + (torch.unflatten(mixed, -2, (outputs, width)) * last.unsqueeze(-3)).sum(-2)
        return total

    def score_of(self, subset: Subset, weight: Tensor) -> Tensor:
        """Return <f^I, W_I> of one subset I.

        Parameters
        ----------
        subset : tuple of str
        weight : Tensor, shape (..., outputs, product of d_m)

        Returns
        -------
        Tensor, shape (..., outputs, B)
        """
        last = self.columns[subset[-1]]
        if len(subset) == 1:
            return weight @ last
        outputs, width = weight.shape[-2], last.shape[-2]
        rows = torch.unflatten(weight, -1, (-1, width)).mT.flatten(-3, -2)  # (..., outputs x d_k, head)
        mixed = rows @ self.products[subset[:-1]]
        return (torch.unflatten(mixed, -2, (outputs, width)) * last.unsqueeze(-3)).sum(-2)
