"""How much memory the tensor products of subsets take, known before a network is built."""

from __future__ import annotations

import math
from collections.abc import Sequence

import psutil

from mmfusion.errors import InputError
from mmfusion.sentences import gibibytes

COPIES = 6
"""Arrays of the size of the weights: weights, gradients, two moments of AdamW, and intermediate results."""
HEADS = 4
"""Arrays of the size of the heads that a step holds at once."""
COUNTED = 10**6
"""Modalities times order up to which all subsets are counted, where too many of them are asked for."""


def check_fusion_memory(
    widths: Sequence[int], order: int, networks: int, batch: int, samples: int, whole: bool = False
) -> None:
    """Stop before the tensor products of too many subsets fill the memory.

    Parameters
    ----------
    widths : sequence of int
        Width d_m of the features of every modality.
    order : int
        Largest size of a subset.
    networks, batch, samples : int
        Networks in the stack, samples per step and in training.
    whole : bool, default False
        Whether all memory of the machine counts, as before a study whose jobs begin later; default: what is
        free now.

    Raises
    ------
    InputError
        If more memory is needed; with the largest order that fits.
    """
    order = min(order, len(widths))
    memory = psutil.virtual_memory()
    room = memory.total if whole else memory.available
    fits = 0
    while fits < order and fusion_bytes(widths, fits + 1, networks, batch, samples) <= room:
        fits += 1
    if fits == order:
        return
    ones = [1] * len(widths)  # subsets are products of widths 1
    counted = order if order * len(widths) <= COUNTED else fits + 1
    more, about = ("more than ", "more than") if counted < order else ("", "about")
    advice = f"max_order={fits} has {products(ones, fits)} subsets and fits" if fits else "use a smaller dim"
    there_is = f"this machine has {gibibytes(room)}" if whole else f"{gibibytes(room)} are free"
    needed = gibibytes(fusion_bytes(widths, counted, networks, batch, samples))
    count = products(ones, counted)
    written = str(count) if count < 10**15 else f"about 1e{int(math.log10(count))}"
    raise InputError(
        f"max_order={order}: {more}{written} subsets of {len(widths)} modalities need "
        f"{about} {needed} of memory, {there_is}; {advice}."
    )


def fusion_bytes(widths: Sequence[int], order: int, networks: int, batch: int, samples: int) -> int:
    """Estimate the memory that training on tensor products takes, see `check_fusion_memory`."""
    weights, heads = products(widths, order), products(widths, order - 1)
    training = networks * 4 * (COPIES * weights + HEADS * batch * heads)
    return max(training, 8 * HEADS * samples * heads)


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
