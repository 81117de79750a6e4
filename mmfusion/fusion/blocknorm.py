"""The lp block norm: exponent, penalty and the relevance scores that solve its dual.

Words used here. A *block* is the weight matrix W_I of one subset I; n_I is its Frobenius norm. The penalty of
all blocks is [sum over I of n_I^q]^(2/q). A *convention* says which exponent q belongs to p, and which score
beta_I belongs to the norms:

``mkl``
    q = 2p/(p+1). Minimising sum n_I^2 / beta_I over ||beta||_p <= 1 (Kloft, Brefeld, Sonnenburg, Zien,
    JMLR 12:953-997, 2011) gives this q and beta_I = n_I^(2/(p+1)) / (sum n_J^(2p/(p+1)))^(1/p).
``scaled_output``
    q = 2p/(p+2). Here beta_I multiplies the score from outside, U_I = beta_I W_I is the effective weight,
    n_I = ||U_I||, and beta_I = n_I^(2/(p+2)) / (sum n_J^(2p/(p+2)))^(1/p). This q is below one, hence the
    penalty not convex, for p < 2.
``as_printed``
    q = (p+1)/(2p), the exponent printed on the poster of Ledent, Mustafa, Mehta, Vandermeulen and Kloft
    (*Interpretability in Multimodal Deep Learning*, TU Kaiserslautern). It has no beta: the weight share
    n_I / sum n_J is the relevance instead, and a column named beta stays empty (NaN).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from mmfusion.errors import FusionError

CONVENTIONS = ("mkl", "scaled_output", "as_printed")
SMOOTHING = 1e-12
LARGE = 2.0**55
"""p from which on p + 2 equals p in float64, so that every exponent is its limit."""

Norms = TypeVar("Norms", Mapping[Any, float], "pd.Series[float]", NDArray[Any], Tensor)


def _checked(p: float, convention: str) -> float:
    """Return p as a float if it and the convention are valid."""
    if not isinstance(convention, str) or convention not in CONVENTIONS:
        raise FusionError(f"convention: {convention!r} is unknown, expected one of {', '.join(CONVENTIONS)}.")
    if not isinstance(p, Real) or isinstance(p, bool) or math.isnan(p) or p < 1:
        raise FusionError(f"p: {p!r} is out of range, expected a number from 1 to infinity (math.inf).")
    return float(p)


def block_norm_exponent(p: float, convention: str = "mkl") -> float:
    """Return the exponent q of the block norm penalty [sum n_I^q]^(2/q).

    Parameters
    ----------
    p : float
        In [1, inf]; the limit is taken at infinity.
    convention : {"mkl", "scaled_output", "as_printed"}, default "mkl"
        See the module's head.

    Returns
    -------
    float
        2p/(p+1), 2p/(p+2) or (p+1)/(2p).

    Raises
    ------
    FusionError
        If `p` is below 1 or not a number, or the convention is unknown.

    Examples
    --------
    >>> block_norm_exponent(1.0), block_norm_exponent(float("inf"))
    (1.0, 2.0)
    """
    p = _checked(p, convention)
    limit = p >= LARGE  # also of doubles whose 2p overflows
    if convention == "as_printed":
        return 0.5 if limit else (p + 1) / (2 * p)
    shift = 1 if convention == "mkl" else 2
    return 2.0 if limit else 2 * p / (p + shift)


def block_norms(weight: Tensor, block_of: Tensor, blocks: int) -> Tensor:
    """Return the Frobenius norm of every block, with gradient 0 at a zero block.

    Parameters
    ----------
    weight : Tensor, shape (..., outputs, width of all blocks)
        All blocks, joined along the last axis.
    block_of : Tensor of int64, shape (width of all blocks,)
        Index of the block of every column.
    blocks : int
        Number of blocks.

    Returns
    -------
    Tensor, shape (..., blocks)
    """
    squares = weight.square().sum(-2)  # (..., width)
    total = squares.new_zeros(*squares.shape[:-1], blocks).scatter_add(
        -1, block_of.expand_as(squares), squares
    )
    positive = total != 0  # a block with NaN has the norm NaN
    return torch.where(positive, total, 1.0).sqrt() * positive


def block_norm_penalty(norms: Tensor, q: float) -> Tensor:
    """Return [sum n_I^q]^(2/q) with gradient 0 at exactly zero blocks.

    For q < 1 every norm is smoothed as sqrt(n^2 + 1e-12), since n^q has an infinite slope at zero.

    Parameters
    ----------
    norms : Tensor, shape (..., number of blocks)
        Non-negative block norms.
    q : float
        Exponent, positive.

    Returns
    -------
    Tensor, shape (...)
    """
    if q < 1:
        norms = torch.sqrt(norms.square() + SMOOTHING)
    return norms.pow(q).sum(-1).pow(2 / q)


def weight_share(norms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return n_I / sum n_J over the last axis; NaN where all blocks are zero.

    Parameters
    ----------
    norms : array, shape (..., number of blocks)

    Returns
    -------
    array of the same shape
    """
    total = norms.sum(axis=-1, keepdims=True)
    share: NDArray[np.float64] = np.divide(norms, total, out=np.full_like(norms, np.nan), where=total > 0)
    return share


def _relevance(norms: ArrayLike, p: float, convention: str) -> NDArray[np.float64]:
    norms = np.asarray(norms, dtype=np.float64)
    if (norms < 0).any():
        raise FusionError(f"block_norms: {norms.min()} is negative, expected norms of at least 0.")
    if convention == "as_printed":
        return weight_share(norms)
    largest = norms.max(axis=-1, initial=0.0, keepdims=True)
    ratio = np.divide(norms, largest, out=np.full_like(norms, np.nan), where=largest > 0)
    if math.isinf(p):
        return np.where(np.isnan(ratio), np.nan, (ratio > 0).astype(float))
    power = 2 / (p + (1 if convention == "mkl" else 2))
    raised = ratio**power
    return cast("NDArray[np.float64]", raised / (raised**p).sum(axis=-1, keepdims=True) ** (1 / p))


def relevance(block_norms: Norms, p: float, convention: str = "mkl") -> Norms:
    """Return the relevance of every block from its norm: beta_I, or the weight share if there is no beta.

    ``mkl``: beta_I = n_I^(2/(p+1)) / (sum n_J^(2p/(p+1)))^(1/p), so that the sum of beta^p is one.
    ``scaled_output``: the same with p+2 instead of p+1. At p = inf, beta is one where n_I > 0, else
    zero. ``as_printed`` has no beta: the weight share n_I / sum n_J is returned for every p.

    Parameters
    ----------
    block_norms : mapping, Series, array or Tensor
        Norms n_I, non-negative; arrays and tensors hold the blocks on their last axis.
    p : float
        In [1, inf].
    convention : {"mkl", "scaled_output", "as_printed"}, default "mkl"
        See the module's head.

    Returns
    -------
    mapping (dict), Series, array or Tensor
        The type of `block_norms`, without gradient (integers become floats); NaN where all blocks are zero.

    Raises
    ------
    FusionError
        If `p` or the convention is not valid, or a norm is negative.

    Examples
    --------
    >>> relevance({"1": 3.0, "2": 1.0}, p=1.0)
    {'1': 0.75, '2': 0.25}
    """
    p = _checked(p, convention)
    given: Any = block_norms  # one body for four types
    result: Any
    if isinstance(given, Mapping):
        result = dict(zip(given, _relevance(list(given.values()), p, convention).tolist(), strict=True))
    elif isinstance(given, pd.Series):
        result = pd.Series(_relevance(given, p, convention), index=given.index, name=given.name)
    elif isinstance(given, Tensor):
        dtype = given.dtype if given.is_floating_point() else torch.get_default_dtype()
        values = _relevance(given.detach().cpu().double().numpy(), p, convention)
        result = torch.as_tensor(values).to(given.device, dtype)
    else:
        result = _relevance(given, p, convention)
    return cast("Norms", result)
