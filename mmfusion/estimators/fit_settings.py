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
VECTOR = "vector"
HIDDEN = 32
"""Width of the hidden layer by which the size of an encoder is estimated."""
STACK_BYTES = 2**28
"""Memory that the networks of one stack may need."""
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
    device : {"auto", "cpu", "cuda"}
    progress : bool
        Whether to draw a progress bar over the epochs.
    floor : float
        Share of the explained loss below which nothing is named.
    all_zero : bool
        Whether the constant is a candidate, too.
    """

    modalities: tuple[Modality, ...]
    fusion: Mapping[str, Any]
    recipe: Recipe
    penalties: Sequence[float]
    device: str
    progress: bool
    floor: float
    all_zero: bool


def fit_settings(
    parameters: Mapping[str, Any],
    modalities: tuple[Modality, ...],
    outputs: int,
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
    samples : int
        Training samples of the fold that has the fewest.

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
    check_fusion_memory(widths, order or len(widths), 1, batch, samples)
    fusion = {
        "outputs": outputs,
        "norm": parameters["norm"],
        "p": float(parameters["p"]),
        "max_order": order,
        "convention": parameters["convention"],
    }
    return FitSettings(
        modalities,
        fusion,
        recipe,
        penalties,
        parameters["device"],
        parameters["verbose"],
        parameters["floor"],
        isinstance(parameters["penalty"], str),
    )


def networks_at_once(settings: FitSettings, order: int, numbers: Mapping[str, int]) -> int:
    """Return how many networks train in one stack, a number that does not depend on the machine.

    Parameters
    ----------
    settings : FitSettings
    order : int
        Largest size of a subset in these networks.
    numbers : mapping of str to int
        Numbers per sample of every modality.
    """
    widths = [int(modality.arguments["dim"]) for modality in settings.modalities]
    order = min(settings.fusion["max_order"] or len(widths), order)
    batch, inputs = settings.recipe.batch_size, 0
    for modality in settings.modalities:
        weights = HIDDEN * modality.size * COPIES
        channels = 1 if modality.kind == VECTOR else HIDDEN
        inputs += 4 * (weights + channels * numbers[modality.name] * batch)
    return max(1, STACK_BYTES // (_bytes(widths, order, 1, batch, 0) + inputs))


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
