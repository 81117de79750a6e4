r"""Folding the constants of a normalisation into the weights.

A score sum over I of <phi_I, W_I> + b of any normalisation is a plain score sum over J of <f^J, W'_J> + b':
with phi_I = (sum over S within I of kappa_S (x) g^(I without S) - mean_I) / scale_I the weights on g^J are

    A_J = sum over I containing J of <kappa_(I without J), W_I / scale_I>,

J = () adding to b, and the weights on f^J follow in the same way from g^m = (f^m - c_m) / s_m, whose products
have the constants (-c)^S. A trained network so predicts at the cost of plain tensor fusion, and a training
step never forms phi_I: the weights on g^J have no batch axis. Likewise the contribution of one block,

    <phi_I, W_I> = sum over J within I of <g^J, <kappa_(I without J), V_I>> - <mean_I, V_I>

with V_I = W_I / scale_I.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mmfusion.fusion.multilinear import Heads
from mmfusion.fusion.subsets import Subset, proper_subsets, subsets, without
from mmfusion.fusion.wick import BySubset
from mmfusion.fusion.wick_compiled import compiled_absorb
from mmfusion.fusion.wick_indices import CLOSED_ORDER


def absorb(
    weights: Mapping[Subset, Tensor], constants: Mapping[Subset, Tensor], dims: Mapping[str, int]
) -> BySubset:
    """Return the weights on plain products, given weights on sums over S of constant_S (x) f^(I without S).

    Parameters
    ----------
    weights : mapping of subset to Tensor, shape (..., outputs, product of d_m)
    constants : mapping of subset to Tensor, shape (..., 1, product of d_m)
        A missing subset counts as zero; the empty subset is one.
    dims : mapping of str to int

    Returns
    -------
    dict of subset to Tensor
        New weights; what they leave for the bias is `offset`.
    """
    if constants and _compiled(weights, dims):
        return compiled_absorb(weights, constants, dims)
    plain = dict(weights)
    for subset, weight in weights.items():
        for removed in proper_subsets(subset):
            if removed in constants:
                rest = without(subset, removed)
                plain[rest] = plain[rest] + _contract(constants[removed], removed, weight, subset, dims)
    return plain


def block_scores(
    heads: Heads,
    weights: Mapping[Subset, Tensor],
    constants: Mapping[Subset, Tensor],
    dims: Mapping[str, int],
) -> BySubset:
    """Return <psi_I, W_I> of every block, psi_I = sum over S within I of constant_S (x) g^(I without S).

    Parameters
    ----------
    heads : Heads
        Of g.
    weights, constants, dims
        As in `absorb`.

    Returns
    -------
    dict of subset to Tensor, shape (..., outputs, B)
    """
    scores: BySubset = {}
    for subset, weight in weights.items():
        total = heads.score_of(subset, weight)
        for removed in proper_subsets(subset):
            if removed in constants:
                rest = _contract(constants[removed], removed, weight, subset, dims)
                total = total + heads.score_of(without(subset, removed), rest)
        if subset in constants:
            total = total + (weight * constants[subset]).sum(-1, keepdim=True)
        scores[subset] = total
    return scores


def _compiled(weights: Mapping[Subset, Tensor], dims: Mapping[str, int]) -> bool:
    """Say whether there are compiled loops for such weights, and so many subsets that they are faster."""
    order = max(len(subset) for subset in weights)
    on_cpu = next(iter(weights.values())).device.type == "cpu"
    return on_cpu and order > CLOSED_ORDER and list(weights) == subsets(dims, order)


def offset(weights: Mapping[Subset, Tensor], constants: Mapping[Subset, Tensor]) -> Tensor | float:
    """Return sum over I of <constant_I, W_I>, shape (..., outputs): the part of `absorb` without features."""
    parts = [(weights[subset] * constants[subset]).sum(-1) for subset in weights if subset in constants]
    return torch.stack(parts).sum(0) if parts else 0.0


def _contract(
    constant: Tensor, removed: Subset, weight: Tensor, subset: Subset, dims: Mapping[str, int]
) -> Tensor:
    """Contract the axes of `removed` of a weight with a constant, giving (..., outputs, width)."""
    cube = torch.unflatten(weight, -1, [dims[m] for m in subset])
    spread = torch.unflatten(constant, -1, [dims[m] if m in removed else 1 for m in subset])
    axes = [subset.index(m) - len(subset) for m in removed]
    return (cube * spread).sum(axes).flatten(-len(subset) + len(removed))
