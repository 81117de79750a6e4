"""The mean squared norms E||psi_I||^2 of Wick products of order four and above, by forming these.

The number of terms of a closed form outgrows the products themselves there. They are formed some samples at a
time, and what the backward pass needs of them is computed again.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from mmfusion.fusion.multilinear import Columns
from mmfusion.fusion.subsets import Subset
from mmfusion.fusion.wick import tensor_products, wick_block

SAMPLES_AT_ONCE = 64
"""Samples whose products are formed at once."""


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
    names, samples = list(columns), next(iter(columns.values())).shape[-1]
    used, largest = list(kappas), max(len(subset) for subset in chosen)

    def squared_norms(*given: Tensor) -> Tensor:
        rows = {name: values.mT for name, values in zip(names, given, strict=False)}
        constants = dict(zip(used, given[len(names) :], strict=True))
        dims = {name: values.shape[-1] for name, values in rows.items()}
        products = tensor_products(rows, largest)
        norms = [wick_block(products, constants, subset, dims).square().sum((-2, -1)) for subset in chosen]
        return torch.stack(norms, dim=-1)

    total: Tensor | float = 0.0
    for start in range(0, samples, SAMPLES_AT_ONCE):
        part = [values[..., start : start + SAMPLES_AT_ONCE] for values in columns.values()]
        total = total + checkpoint(squared_norms, *part, *kappas.values(), use_reentrant=False)
    return total / samples  # type: ignore[return-value]  # there is a sample
