"""How the networks of an estimator are fitted, from its parameters, and whether they fit into memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from mmfusion.errors import InputError
from mmfusion.estimators.parameter_checks import candidates
from mmfusion.fusion.subsets import chosen_order
from mmfusion.training.loop import Recipe
from mmfusion.training.modality import Modality

STEPS = 1000
"""Steps of training where the number of epochs is not given."""
EPOCHS = (10, 200)
"""Fewest and most epochs where their number is not given."""
COPIES = 6
"""Arrays of the size of the weights: weights, gradients, two moments of AdamW, and intermediate results."""
HEADS = 4
"""Arrays of the size of the heads that a step holds at once."""


@dataclass(frozen=True)
class FitSettings:
    """How networks are fitted.

    Parameters
    ----------
    modalities : tuple of Modality
    fusion : mapping
        Arguments of `TensorFusion` beside `dims`.
    recipe : Recipe
    penalties : sequence of float
        Candidates for lambda.
    seeds : sequence of int
        One per network.
    device : {"auto", "cpu", "cuda"}
    progress : bool
        Whether to draw a progress bar over the epochs.
    """

    modalities: tuple[Modality, ...]
    fusion: Mapping[str, Any]
    recipe: Recipe
    penalties: Sequence[float]
    seeds: Sequence[int]
    device: str
    progress: bool


def fit_settings(
    parameters: Mapping[str, Any],
    modalities: tuple[Modality, ...],
    outputs: int,
    seeds: Sequence[int],
    samples: int,
) -> FitSettings:
    """Turn checked parameters of an estimator into settings.

    Parameters
    ----------
    parameters : mapping
        As ``get_params`` of the estimator gives them.
    modalities : tuple of Modality
    outputs : int
        Scores per sample.
    seeds : sequence of int
        One per network.
    samples : int
        Training samples.

    Returns
    -------
    FitSettings

    Raises
    ------
    InputError
        If the tensor products of too many subsets would fill the memory.
    """
    order = chosen_order(parameters["max_order"], len(modalities))
    penalties = [float(penalty) for penalty in candidates(parameters["penalty"])]
    batch = max(2, min(parameters["batch_size"], samples))
    epochs = parameters["epochs"] or min(max(math.ceil(STEPS * batch / samples), EPOCHS[0]), EPOCHS[1])
    recipe = Recipe(epochs, batch, parameters["learning_rate"], parameters["weight_decay"])
    widths = [int(modality.arguments["dim"]) for modality in modalities]
    networks = len(seeds) * len(penalties)
    check_fusion_memory(widths, order or len(widths), networks, batch, samples)
    fusion = {
        "outputs": outputs,
        "norm": parameters["norm"],
        "p": float(parameters["p"]),
        "max_order": order,
        "convention": parameters["convention"],
    }
    return FitSettings(
        modalities, fusion, recipe, penalties, seeds, parameters["device"], parameters["verbose"]
    )


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
    ones = [1] * len(widths)  # subsets are products of widths 1
    fitting = [k for k in range(1, order) if _bytes(widths, k, networks, batch, samples) <= free]
    advice = (
        f"max_order={fitting[-1]} has {products(ones, fitting[-1])} subsets and fits"
        if fitting
        else "use a smaller dim"
    )
    raise InputError(
        f"max_order={order}: {products(ones, order)} subsets of {len(widths)} modalities need about "
        f"{needed / 2**30:.1f} GiB of memory, {free / 2**30:.1f} GiB are free; {advice}."
    )


def _bytes(widths: Sequence[int], order: int, networks: int, batch: int, samples: int) -> int:
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
