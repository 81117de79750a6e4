"""The fusion layer alone, on random features: several benchmarks time it and measure its memory."""

from __future__ import annotations

import math
from collections.abc import Mapping

import psutil
import torch
from measure import Work
from memory_peak import peak_bytes
from torch.nn.functional import binary_cross_entropy_with_logits

from mmfusion import TensorFusion, subsets

NORMS = ("none", "bn", "vbn", "dbn", "ibn")
PENALTY = 0.01
FEW = 4
"""Number of samples on which the memory of a large layer is measured before the layer is used."""
LARGE = 2**16
"""Numbers per sample above which the memory is measured first."""


def dims_of(modalities: int, dim: int) -> dict[str, int]:
    """Return the widths of modalities "1", "2", ..., all `dim`."""
    return {str(m): dim for m in range(1, modalities + 1)}


def numbers_per_sample(dims: Mapping[str, int], order: int | None = None) -> int:
    """Return the sum over I of the product of d_m: how many numbers all f^I of one sample have."""
    return sum(math.prod(dims[m] for m in subset) for subset in subsets(dims, order))


def work_per_sample(dims: Mapping[str, int], order: int | None = None) -> int:
    """Return the sum over I of 2^|I| times the product of d_m: multiply-adds of the kappa form."""
    return sum(2 ** len(subset) * math.prod(dims[m] for m in subset) for subset in subsets(dims, order))


def fusion_step(norm: str, dims: Mapping[str, int], batch: int, order: int | None = None) -> Work:
    """Return a step of the fusion layer: forward, loss and penalty, backward to weights and features.

    Parameters
    ----------
    norm : str
    dims : mapping of str to int
    batch : int
        Number of samples.
    order : int, optional
        Largest size of a subset.

    Returns
    -------
    function
        Runs one step; it leaves no gradients behind.
    """
    generator = torch.Generator().manual_seed(0)
    layer = TensorFusion(dims, norm=norm, max_order=order)
    layer.reset_parameters(generator)
    features = {m: torch.rand(batch, d, generator=generator).requires_grad_() for m, d in dims.items()}
    target = torch.randint(0, 2, (batch,), generator=generator).float()
    leaves = (*layer.parameters(), *features.values())

    def work() -> None:
        loss = binary_cross_entropy_with_logits(layer(features)[:, 0], target)
        (loss + PENALTY * layer.penalty()).backward()
        for leaf in leaves:
            leaf.grad = None

    return work


def too_large(dims: Mapping[str, int], batch: int, order: int | None, norms: tuple[str, ...] = NORMS) -> str:
    """Say why a step would not fit into memory; empty if it does.

    The memory of a step with a few samples is measured and scaled to the batch.
    """
    if numbers_per_sample(dims, order) < LARGE:
        return ""
    free = psutil.virtual_memory().available
    needed = max(peak_bytes(fusion_step(norm, dims, FEW, order)) for norm in norms) * batch / FEW
    if needed < 0.8 * free:
        return ""
    return f"about {needed / 2**30:.0f} GiB of memory needed, {free / 2**30:.0f} GiB free"


def all_cells(modalities: tuple[int, ...], dims: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """List (M, d, order) for orders 2 to M."""
    return [(m, d, order) for m in modalities for d in dims for order in range(2, m + 1)]
