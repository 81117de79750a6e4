"""How much memory a fusion layer needs, checked before it is built."""

from __future__ import annotations

import math
from collections.abc import Sequence

import psutil

from mmfusion.errors import InputError

COPIES = 6
"""Arrays of the size of the weights: weights, gradients, two moments of AdamW, and intermediate results."""
HEADS = 4
"""Arrays of the size of the heads that a step holds at once."""


def check_fusion_memory(widths: Sequence[int], order: int, networks: int, batch: int, samples: int) -> None:
    """Stop before the tensor products of too many subsets fill the memory.

    Parameters
    ----------
    widths : sequence of int
        Width d_m of the features of every modality.
    order : int
        Largest size of a subset.
    networks, batch, samples : int
        Networks in the stack, samples per step and in training.

    Raises
    ------
    InputError
        If more than the free memory is needed; with the largest order that fits.
    """
    free = psutil.virtual_memory().available
    needed = _bytes(widths, order, networks, batch, samples)
    if needed <= free:
        return
    fitting = [k for k in range(1, order) if _bytes(widths, k, networks, batch, samples) <= free]
    advice = (
        f"max_order={fitting[-1]} has {_subsets(len(widths), fitting[-1])} subsets and fits"
        if fitting
        else "use a smaller dim"
    )
    raise InputError(
        f"max_order={order}: {_subsets(len(widths), order)} subsets of {len(widths)} modalities need about "
        f"{needed / 2**30:.1f} GiB of memory, {free / 2**30:.1f} GiB are free; {advice}."
    )


def _bytes(widths: Sequence[int], order: int, networks: int, batch: int, samples: int) -> int:
    weights, heads = products(widths, order), products(widths, order - 1)
    training = networks * 4 * (COPIES * weights + HEADS * batch * heads)
    return max(training, 8 * HEADS * samples * heads)


def _subsets(modalities: int, order: int) -> int:
    return sum(math.comb(modalities, size) for size in range(1, order + 1))


def products(widths: Sequence[int], order: int) -> int:
    """Return the sum over all subsets up to an order of the product of their widths.

    Examples
    --------
    >>> products([2, 3, 4], 2)
    35
    """
    by_size = [1, *[0] * order]  # elementary symmetric polynomials of the widths
    for width in widths:
        for size in range(order, 0, -1):
            by_size[size] += width * by_size[size - 1]
    return sum(by_size[1:])
