r"""What has no variance over the training split, and therefore no effect in prediction.

Prediction divides by standard deviations of the training split. Where one is zero, eps**-0.5 would take its
place and multiply whatever differs later by about 300. Hence two rules, up to rounding in double precision:

- a *held* column of the features, which is constant, keeps that value in prediction;
- a block (each number of it under ``bn``) that is constant has gain 0, such as a product of two features of
  which one is zero wherever the other is not.

What rounding leaves of a constant block grows with the numbers that it is computed from: with magnitudes a_m
of g^m and b_m of f^m / input_scale_m it is about ``DOUBLE`` (product of a_m + sum over m of b_m times the
product of the other a). Variances that are differences of moments are less exact than this, so that blocks
of suspiciously small ones are formed, some samples at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mmfusion.fusion.multilinear import Columns, batch_mean
from mmfusion.fusion.precision import DOUBLE
from mmfusion.fusion.prediction_statistics import Constants
from mmfusion.fusion.subsets import Subset
from mmfusion.fusion.wick import BySubset, tensor_products, wick_product
from mmfusion.fusion.wick_norms import SAMPLES_AT_ONCE

SUSPICIOUS = 1e-10
"""Variances below this share of the squared magnitude are computed again, from the products themselves."""


def without_variance(deviation: Tensor, largest: Tensor, precision: float = DOUBLE) -> Tensor:
    """Say which numbers have no variance, given standard deviation and largest magnitude; NaN has some.

    Examples
    --------
    >>> without_variance(torch.tensor([0.0, 1e-17, 1e-6]), torch.tensor([0.0, 0.1, 1.0])).tolist()
    [True, True, False]
    """
    return deviation <= precision * largest


def held_columns(columns: Columns, share: Tensor | None) -> tuple[Tensor, Tensor]:
    """Find the columns that are constant, and the values that they have.

    Parameters
    ----------
    columns : mapping of str to Tensor, shape (d_m, B)
        Features of the training split in float64.
    share : Tensor, shape (1, B), optional
        Weights of the samples with a mean of one; those of weight zero do not count. Default: all one.

    Returns
    -------
    held : Tensor of bool, shape (sum of d_m,)
    values : Tensor, shape (sum of d_m,)
        Their values, exactly as they are; zero for columns that vary.
    """
    stacked = torch.cat(list(columns.values()))
    mean = batch_mean(stacked, share)
    deviation = batch_mean((stacked - mean.unsqueeze(-1)).square(), share).sqrt()
    low, high = torch.aminmax(stacked if share is None else stacked[:, share[0] > 0], dim=-1)
    held = without_variance(deviation, torch.maximum(low.abs(), high.abs()))
    return held, torch.where(held, mean.clamp(low, high), 0.0)


def varying_blocks(
    columns: Columns,
    constants: Constants,
    gain: Mapping[Subset, Tensor],
    eps: float,
    share: Tensor | None,
    by_number: bool,
) -> BySubset:
    """Say which blocks, or which of their numbers, vary over the training split.

    Parameters
    ----------
    columns : mapping of str to Tensor, shape (d_m, B)
        Features of the training split in float64, held columns exactly constant.
    constants : Constants
        Of these columns.
    gain : mapping of subset to Tensor, shape (product of d_m,)
        The gain of the constants per subset.
    eps : float
        That was added to every variance.
    share : Tensor, shape (1, B), optional
        See `held_columns`.
    by_number : bool
        Whether every number has a gain of its own, as under ``bn``.

    Returns
    -------
    dict of subset to Tensor of bool, shape (product of d_m,) or (1,)
    """
    order = max(len(subset) for subset in gain)
    inner, raw = _inputs(columns, constants)
    size, noise = _magnitudes(inner, raw, share, order)
    suspected = {}
    for subset, part in gain.items():
        variance = part.pow(-2) / (len(part) if by_number else 1) - eps
        squared = size[subset].square() if by_number else size[subset].square().sum(-1, keepdim=True)
        suspected[subset] = variance <= SUSPICIOUS * (squared + eps)
    # Where all magnitudes are zero, so are all products.
    formed = [subset for subset, some in suspected.items() if bool(some.any() and size[subset].any())]
    squares = _centred_squares(inner, constants, formed, gain, share)
    varying = {}
    for subset, some in suspected.items():
        exact, allowed = squares.get(subset, torch.zeros_like(size[subset])), noise[subset].square()
        if not by_number:
            exact, allowed = exact.sum(-1, keepdim=True), allowed.sum(-1, keepdim=True)
        varying[subset] = ~(some & without_variance(exact.sqrt(), allowed.sqrt(), 1.0))
    return varying


def _inputs(columns: Columns, constants: Constants) -> tuple[Columns, Columns]:
    """Return g^m, and f^m / input_scale_m: what g^m is computed from."""
    if constants.centre is None:
        return columns, columns
    widths = [len(values) for values in columns.values()]
    scale = torch.ones_like(constants.centre) if constants.input_scale is None else constants.input_scale
    parts = zip(torch.split(constants.centre, widths), torch.split(scale, widths), strict=True)
    by_modality = dict(zip(columns, parts, strict=True))
    inner = {m: (x - by_modality[m][0]) / by_modality[m][1] for m, x in columns.items()}
    return inner, {m: x / by_modality[m][1] for m, x in columns.items()}


def _magnitudes(inner: Columns, raw: Columns, share: Tensor | None, order: int) -> tuple[BySubset, BySubset]:
    """Return the largest magnitude of every number of g^I, and what rounding may leave of a constant."""
    used = slice(None) if share is None else share[0] > 0
    a, b = ({m: x[:, used].abs().amax(-1).unsqueeze(0) for m, x in group.items()} for group in (inner, raw))
    size = tensor_products(a, order)
    noise = dict(size)
    for name in inner:
        for subset, rough in tensor_products({**a, name: b[name]}, order).items():
            if name in subset:
                noise[subset] = noise[subset] + rough
    return (
        {subset: x.squeeze(0) for subset, x in size.items()},
        {subset: DOUBLE * x.squeeze(0) for subset, x in noise.items()},
    )


def _centred_squares(
    inner: Columns,
    constants: Constants,
    formed: Sequence[Subset],
    by_subset: Mapping[Subset, Tensor],
    share: Tensor | None,
) -> BySubset:
    """Return the variance of every number of some blocks before their gain, by forming these."""
    if not formed:
        return {}
    dims, order = {m: len(x) for m, x in inner.items()}, max(len(subset) for subset in formed)
    samples = next(iter(inner.values())).shape[-1]
    weight = inner[next(iter(inner))].new_ones(samples) if share is None else share[0]
    widths = [len(part) for part in by_subset.values()]
    means = (
        {}
        if constants.mean is None
        else dict(zip(by_subset, torch.split(constants.mean, widths), strict=True))
    )
    total: BySubset = {subset: torch.zeros_like(by_subset[subset]) for subset in formed}
    for start in range(0, samples, SAMPLES_AT_ONCE):
        piece = slice(start, start + SAMPLES_AT_ONCE)
        products = tensor_products({m: x[:, piece].mT for m, x in inner.items()}, order)
        for subset in formed:
            psi = wick_product(products, constants.kappas, subset, dims)
            centred = psi - means[subset] if subset in means else psi
            total[subset] += weight[piece] @ centred.square()
    return {subset: squares / samples for subset, squares in total.items()}
