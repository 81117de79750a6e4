r"""The statistics of the five normalisations: their constants as functions of a batch.

No product of all features of a subset is formed: means are moments, and the mean squared norm of a centred
product is a difference of moments, E||f^I - mu||^2 = E[product over m of ||f^m||^2] - ||mu||^2, since the
norm of a tensor product is the product of the norms. Where the features are not centred first (``bn`` and
``vbn``), that difference is taken in float64: its relative error is about 1e-16 (mean / deviation)^2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from mmfusion.fusion.multilinear import Columns, Heads, batch_mean
from mmfusion.fusion.subsets import subsets
from mmfusion.fusion.wick import BySubset, wick_constants
from mmfusion.fusion.wick_closed import closed_form
from mmfusion.fusion.wick_compiled import compiled_constants
from mmfusion.fusion.wick_indices import CLOSED_ORDER
from mmfusion.fusion.wick_norms import formed_norms


@dataclass(frozen=True)
class Constants:
    """Constants of a normalisation; None and missing subsets mean zero (scale and gain: one).

    Parameters
    ----------
    centre, input_scale : Tensor, shape (..., sum of d_m, 1), optional
        Of all modalities, stacked.
    kappas : dict of subset to Tensor, shape (..., 1, product of d_m)
        Of sizes two and above.
    mean, gain : Tensor, shape (..., sum over I of product of d_m), optional
        Of all subsets, joined; the gain is 1 / scale.
    """

    centre: Tensor | None = None
    input_scale: Tensor | None = None
    kappas: BySubset = field(default_factory=dict)
    mean: Tensor | None = None
    gain: Tensor | None = None


@dataclass(frozen=True)
class Setting:
    """What the constants depend on, except the features.

    Parameters
    ----------
    max_order : int or None
        Largest size of a subset.
    block_of : Tensor of int64, shape (sum over I of product of d_m,)
        Index of the subset of every number.
    eps : float
        Added to every variance.
    weight : Tensor, shape (..., 1, B), optional
        Weights of the samples in every mean, with a mean of one over the batch. Default: all one.
    """

    max_order: int | None
    block_of: Tensor
    eps: float
    weight: Tensor | None = None


@dataclass(frozen=True)
class Rule:
    """A normalisation: its statistics, and what follows from them.

    Parameters
    ----------
    statistics : function
        Maps columns and setting to the heads of g and the constants.
    centred : bool, default True
        Whether every phi_I of a training batch has mean zero.
    stored : bool, default True
        Whether there are constants, so that a training batch needs two samples, and prediction those of the
        training split.
    kappas : bool, default False
        Whether there are constants kappa_S of two and more modalities.
    by_number : bool, default False
        Whether every number of a block has a gain of its own.
    """

    statistics: Callable[[Columns, Setting], tuple[Heads, Constants]]
    centred: bool = True
    stored: bool = True
    kappas: bool = False
    by_number: bool = False


def centred_columns(columns: Columns, weight: Tensor | None) -> tuple[dict[str, Tensor], Tensor]:
    """Return the centred columns of every modality and the centre, shape (..., sum of d_m, 1)."""
    stacked = torch.cat(list(columns.values()), dim=-2)
    centre = batch_mean(stacked, weight).unsqueeze(-1)
    parts = torch.split(stacked - centre, [values.shape[-2] for values in columns.values()], dim=-2)
    return dict(zip(columns, parts, strict=True)), centre


def subset_means(heads: Heads, weight: Tensor | None) -> Tensor:
    """Return E[f^I] of all subsets, joined, shape (..., sum over I of product of d_m)."""
    singles = [batch_mean(values, weight) for values in heads.columns.values()]
    return torch.cat([*singles, *(moment.squeeze(-2) for moment in heads.moments(weight).values())], dim=-1)


def vector_gain(columns: Columns, mean: Tensor, setting: Setting) -> Tensor:
    """Return (E||f^I - mean_I||^2 + eps)^(-1/2) for every number of f^I.

    Its shape is (..., sum over I of product of d_m).
    """
    norms = {name: values.square().sum(-2) for name, values in columns.items()}  # ||f^m||^2, (..., B)
    products: BySubset = {}
    for subset in subsets(columns, setting.max_order):
        last = norms[subset[-1]]
        products[subset] = products[subset[:-1]] * last if len(subset) > 1 else last
    whole = batch_mean(torch.stack(list(products.values()), dim=-2), setting.weight)
    index = setting.block_of.expand(mean.shape)
    variance = whole - torch.zeros_like(whole).scatter_add(-1, index, mean.square())
    return (variance.clamp(min=0) + setting.eps).rsqrt().index_select(-1, setting.block_of)


def _double(columns: Columns) -> dict[str, Tensor]:
    return {name: values.double() for name, values in columns.items()}


def _uncentred(columns: Columns, setting: Setting, mean: Tensor, gain: Tensor) -> tuple[Heads, Constants]:
    like = next(iter(columns.values()))
    return Heads(columns, setting.max_order), Constants(mean=mean.to(like), gain=gain.to(like))


def none(columns: Columns, setting: Setting) -> tuple[Heads, Constants]:
    """``none``: phi_I = f^I."""
    return Heads(columns, setting.max_order), Constants()


def bn(columns: Columns, setting: Setting) -> tuple[Heads, Constants]:
    """``bn``: every coordinate of f^I has mean zero and variance 1/dim, so that E||phi_I||^2 = 1."""
    double = _double(columns)
    squared = {name: values.square() for name, values in double.items()}
    mean = subset_means(Heads(double, setting.max_order), setting.weight)
    square = subset_means(Heads(squared, setting.max_order), setting.weight)
    variance = (square - mean.square()).clamp(min=0) + setting.eps
    widths = torch.bincount(setting.block_of)[setting.block_of]
    return _uncentred(columns, setting, mean, (variance * widths).rsqrt())


def vbn(columns: Columns, setting: Setting) -> tuple[Heads, Constants]:
    """``vbn``: phi_I = (f^I - mu) / sigma, sigma^2 = E||f^I - mu||^2 + eps: one scalar per subset."""
    double = _double(columns)
    mean = subset_means(Heads(double, setting.max_order), setting.weight)
    return _uncentred(columns, setting, mean, vector_gain(double, mean, setting))


def dbn(columns: Columns, setting: Setting) -> tuple[Heads, Constants]:
    """``dbn``: VBN on every f^m, the products of these, and VBN again on every product."""
    centred, centre = centred_columns(columns, setting.weight)
    scales = {}
    for name, values in centred.items():
        norms = values.square().sum(-2, keepdim=True)  # (..., 1, B)
        scales[name] = (batch_mean(norms, setting.weight) + setting.eps).sqrt().unsqueeze(-1)
    inner = {m: x / scales[m] for m, x in centred.items()}
    input_scale = torch.cat([scales[m].expand_as(x[..., :1]) for m, x in centred.items()], dim=-2)
    heads = Heads(inner, setting.max_order)
    mean = subset_means(heads, setting.weight)
    gain = vector_gain(inner, mean, setting)
    return heads, Constants(centre, input_scale, mean=mean, gain=gain)


def ibn(columns: Columns, setting: Setting) -> tuple[Heads, Constants]:
    """``ibn``: phi_I = psi_I / sqrt(E||psi_I||^2 + eps), psi_I the Wick product of the features."""
    weight = setting.weight
    centred, centre = centred_columns(columns, weight)
    chosen = subsets(centred, setting.max_order)
    heads = Heads(centred, setting.max_order)
    if max(len(subset) for subset in chosen) <= CLOSED_ORDER:
        kappas, norms = closed_form(centred, heads.products, setting.max_order, weight)
    elif centre.device.type == "cpu":
        kappas, norms = compiled_constants(centred, heads.moments(weight), setting.max_order, weight)
    else:
        kappas = wick_constants(heads.moments(weight), {m: x.shape[-2] for m, x in centred.items()})
        norms = formed_norms(centred, kappas, chosen, weight)
    gain = (norms + setting.eps).rsqrt().index_select(-1, setting.block_of)
    return heads, Constants(centre, kappas=kappas, gain=gain)
