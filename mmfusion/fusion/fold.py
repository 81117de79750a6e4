r"""Folding the constants of a normalisation into the weights.

A score sum over I of <phi_I, W_I> + b of any normalisation is a plain score sum over J of <f^J, W'_J> + b':
with phi_I = (sum over S within I of kappa_S (x) g^(I without S) - mean_I) / scale_I the weights on g^J are

    A_J = sum over I containing J of <kappa_(I without J), W_I / scale_I>,

J = () adding to b, and the weights on f^J follow in the same way from g^m = (f^m - c_m) / s_m, whose products
have the constants (-c)^S. A trained network so predicts at the cost of plain tensor fusion.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from mmfusion.fusion.normalisation import Normalisation
from mmfusion.fusion.subsets import Subset, proper_subsets, without
from mmfusion.fusion.wick import Blocks, tensor_products


def contract(
    constant: Tensor, removed: Subset, weight: Tensor, subset: Subset, dims: Mapping[str, int]
) -> Tensor:
    """Contract the axes of `removed` of a weight with a constant.

    Parameters
    ----------
    constant : Tensor, shape (1, product of d_m over `removed`)
    removed : tuple of str
        Non-empty, within `subset`.
    weight : Tensor, shape (outputs, product of d_m over `subset`)
    subset : tuple of str
    dims : mapping of str to int

    Returns
    -------
    Tensor, shape (outputs, product of d_m over the rest)
    """
    rest = without(subset, removed)
    cube = weight.reshape(-1, *(dims[m] for m in subset))
    axes = [1 + subset.index(m) for m in (*rest, *removed)]
    return cube.permute(0, *axes).reshape(weight.shape[0], -1, constant.shape[1]) @ constant[0]


def absorb(
    weights: Mapping[Subset, Tensor],
    bias: Tensor,
    constants: Mapping[Subset, Tensor],
    dims: Mapping[str, int],
) -> tuple[Blocks, Tensor]:
    """Return the weights on plain products, given weights on sums over S of constant_S (x) f^(I without S).

    Parameters
    ----------
    weights : mapping of subset to Tensor, shape (outputs, product of d_m)
    bias : Tensor, shape (outputs,)
    constants : mapping of subset to Tensor, shape (1, product of d_m)
        A missing subset counts as zero; the empty subset is one.
    dims : mapping of str to int

    Returns
    -------
    tuple of (dict of subset to Tensor, Tensor)
        New weights and bias.
    """
    plain = {subset: weight.clone() for subset, weight in weights.items()}
    for subset, weight in weights.items():
        for removed in (*proper_subsets(subset), subset):
            if removed not in constants:
                continue
            moved = contract(constants[removed], removed, weight, subset, dims)
            if removed == subset:
                bias = bias + moved[:, 0]
            else:
                plain[without(subset, removed)] += moved
    return plain, bias


@torch.no_grad()
def folded_weights(
    norm: Normalisation, weights: Mapping[Subset, Tensor], bias: Tensor
) -> tuple[Blocks, Tensor]:
    """Return W' and b' of the plain tensor fusion that predicts the same, in float64.

    Parameters
    ----------
    norm : Normalisation
        With stored prediction constants.
    weights : mapping of subset to Tensor, shape (outputs, product of d_m)
    bias : Tensor, shape (outputs,)

    Returns
    -------
    tuple of (dict of subset to Tensor of shape (outputs, product of d_m), Tensor of shape (outputs,))
    """
    scales, means = norm.split_blocks("scale"), norm.split_blocks("mean")
    scaled = {subset: weight.double() / scales[subset] for subset, weight in weights.items()}
    bias = bias.double()
    for subset, weight in scaled.items():
        bias = bias - weight @ means[subset][0]
    on_inputs, bias = absorb(scaled, bias, norm.kappas(), norm.dims)
    input_scale = tensor_products(norm.split_inputs("input_scale"), norm.max_order)
    unscaled = {subset: weight / input_scale[subset] for subset, weight in on_inputs.items()}
    shift = {m: -centre for m, centre in norm.split_inputs("centre").items()}
    return absorb(unscaled, bias, tensor_products(shift, norm.max_order), norm.dims)
