r"""Tensor products and Wick products (multilinear Appell polynomials) of modality features.

Words used here. f^I is the outer product of the features of the modalities in I, flattened row-major in
modality order. psi_I, the Wick product (Avram and Taqqu, Annals of Probability 15:767-775, 1987), is the
centring of f^I that leaves no function of a proper subset in it when groups of modalities are independent:

    psi_() = 1,   psi_I = f^I - sum over non-empty S within I of E[f^S] (x) psi_(I without S).

The constants separate from the batch, which is the form computed here:

    kappa_() = 1,   kappa_S = - sum over non-empty T within S of E[f^T] (x) kappa_(S without T),
    psi_I = sum over S within I of kappa_S (x) f^(I without S).

All tensor products below put their axes in modality order, whatever the order of the factors. Features are
centred first: psi does not change, every kappa of size one vanishes and the numbers stay small.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from mmfusion.errors import FusionError
from mmfusion.fusion.subsets import Subset, proper_subsets, subsets, without

BySubset = dict[Subset, Tensor]
"""A tensor per subset: products, constants or weights, in the order of `subsets`."""


def check_matrices(features: Mapping[str, Tensor], axes: int = 2) -> None:
    """Check that there are features, all matrices with one common number of rows.

    Parameters
    ----------
    features : mapping of str to Tensor, shape (B, d_m)
    axes : int, default 2
        Three where the first one counts networks that are computed in one stack.

    Raises
    ------
    FusionError
        If there is no feature, one is not a matrix or the numbers of rows differ.
    """
    if not features:
        raise FusionError("features: none given, expected at least one modality.")
    for name, values in features.items():
        if values.ndim != axes:
            shape = tuple(values.shape)
            raise FusionError(f"features[{name!r}] has shape {shape}, expected (samples, width).")
    rows = {name: values.shape[-2] for name, values in features.items()}
    if len(set(rows.values())) > 1:
        raise FusionError(f"features: the modalities differ in their number of samples ({rows}).")


def join(
    left: Tensor, left_subset: Subset, right: Tensor, right_subset: Subset, dims: Mapping[str, int]
) -> Tensor:
    """Return the tensor product of two products of disjoint subsets, axes in the modality order of `dims`.

    Parameters
    ----------
    left, right : Tensor, shape (..., B or 1, product of the widths of its subset)
    left_subset, right_subset : tuple of str
        Disjoint, either may be empty (a width of one).
    dims : mapping of str to int
        Width of every modality, in modality order.

    Returns
    -------
    Tensor, shape (..., B or 1, product of all widths)
    """
    flat = (left.unsqueeze(-1) * right.unsqueeze(-2)).flatten(-2)
    given = left_subset + right_subset
    ordered = tuple(name for name in dims if name in given)
    if ordered == given:
        return flat
    first = flat.ndim - 1
    axes = [first + given.index(name) for name in ordered]
    cube = torch.unflatten(flat, -1, [dims[name] for name in given])
    return cube.permute(*range(first), *axes).flatten(first)


def tensor_products(features: Mapping[str, Tensor], max_order: int | None = None) -> BySubset:
    """Return f^I for every subset I.

    Parameters
    ----------
    features : mapping of str to Tensor, shape (..., B, d_m)
        In modality order.
    max_order : int, optional
        Largest size of a subset. Default: the number of modalities.

    Returns
    -------
    dict of subset to Tensor, shape (..., B, product of d_m over the subset)
    """
    products: BySubset = {}
    for subset in subsets(features, max_order):
        last = features[subset[-1]]
        head = products.get(subset[:-1])
        products[subset] = last if head is None else (head.unsqueeze(-1) * last.unsqueeze(-2)).flatten(-2)
    return products


def wick_constants(moments: Mapping[Subset, Tensor], dims: Mapping[str, int]) -> BySubset:
    """Return kappa_S of features that are centred.

    Parameters
    ----------
    moments : mapping of subset to Tensor, shape (..., 1, product of d_m)
        E[f^S] of centred features, sizes two and above, by growing size; size one counts as zero.
    dims : mapping of str to int
        Width of every modality, in modality order.

    Returns
    -------
    dict of subset to Tensor, shape (..., 1, product of d_m)
        Sizes two and above: those of size one are zero.
    """
    kappas: BySubset = {}
    for subset, moment in moments.items():
        kappa = -moment
        for inner in proper_subsets(subset):
            rest = without(subset, inner)
            if len(inner) > 1 and rest in kappas:  # size one vanishes
                kappa = kappa - join(moments[inner], inner, kappas[rest], rest, dims)
        kappas[subset] = kappa
    return kappas


def wick_product(
    products: Mapping[Subset, Tensor],
    kappas: Mapping[Subset, Tensor],
    subset: Subset,
    dims: Mapping[str, int],
) -> Tensor:
    """Return psi_I = sum over S within I of kappa_S (x) f^(I without S), for centred features.

    Parameters
    ----------
    products : mapping of subset to Tensor, shape (..., B, product of d_m)
        f^I of the centred features.
    kappas : mapping of subset to Tensor, shape (..., 1, product of d_m)
        From `wick_constants`; a missing subset counts as zero.
    subset : tuple of str
        I.
    dims : mapping of str to int
        Width of every modality, in modality order.

    Returns
    -------
    Tensor, shape (..., B, product of d_m over the subset)
    """
    total = products[subset]
    if subset in kappas:
        total = total + kappas[subset]
    for inner in proper_subsets(subset):
        if inner in kappas:
            rest = without(subset, inner)
            total = total + join(kappas[inner], inner, products[rest], rest, dims)
    return total


def wick_products(
    features: Mapping[str, Tensor],
    max_order: int | None = None,
    means: Mapping[Subset, Tensor] | None = None,
) -> BySubset:
    """Return the Wick product psi_I of every subset I.

    psi_I = f^I - sum over non-empty S within I of E[f^S] (x) psi_(I without S), psi_() = 1, axes in modality
    order (Avram and Taqqu, Annals of Probability 15:767-775, 1987).

    Parameters
    ----------
    features : mapping of str to Tensor, shape (B, d_m)
        In modality order.
    max_order : int, optional
        Largest size of a subset. Default: the number of modalities.
    means : mapping of subset to Tensor, shape (product of d_m,), optional
        E[f^S] of every non-empty S. Default: the means of the batch, through which gradients flow.

    Returns
    -------
    dict of subset to Tensor, shape (B, product of d_m over the subset)
        In the order of `subsets`, without an entry for the empty subset.

    Raises
    ------
    FusionError
        If the features do not fit together, or `means` lacks a subset or has a wrong shape.
    """
    check_matrices(features)
    dims = {name: values.shape[1] for name, values in features.items()}
    if means is None:
        centred = {name: values - values.mean(0, keepdim=True) for name, values in features.items()}
        products = tensor_products(centred, max_order)
        moments = {subset: x.mean(0, keepdim=True) for subset, x in products.items() if len(subset) > 1}
    else:
        _check_means(means, dims, max_order)
        centred = {name: values - means[(name,)].to(values) for name, values in features.items()}
        products = tensor_products(centred, max_order)
        # E[(f - c)^S] = sum over T within S of E[f^T] (x) (-c)^(S without T), a sum like that of psi
        raw = {subset: means[subset].double().reshape(1, -1) for subset in products}
        shift = tensor_products({name: -raw[(name,)] for name in dims}, max_order)
        moments = {subset: wick_product(shift, raw, subset, dims) for subset in raw if len(subset) > 1}
    like = next(iter(features.values()))
    kappas = {subset: kappa.to(like) for subset, kappa in wick_constants(moments, dims).items()}
    return {subset: wick_product(products, kappas, subset, dims) for subset in products}


def _check_means(means: Mapping[Subset, Tensor], dims: Mapping[str, int], max_order: int | None) -> None:
    for subset in subsets(dims, max_order):
        width = math.prod(dims[name] for name in subset)
        if subset not in means:
            raise FusionError(f"means: no entry for {subset}, expected E[f^S] of every non-empty subset S.")
        if tuple(means[subset].shape) != (width,):
            shape = tuple(means[subset].shape)
            raise FusionError(f"means[{subset}] has shape {shape}, expected ({width},).")
