"""How the networks of an estimator are fitted, from its parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmfusion.estimators.memory_checks import check_fusion_memory
from mmfusion.estimators.parameter_checks import candidates
from mmfusion.fusion.subsets import chosen_order
from mmfusion.training.loop import Recipe
from mmfusion.training.modality import Modality

STEPS = 1000
"""Steps of training where the number of epochs is not given."""
EPOCHS = (10, 200)
"""Fewest and most epochs where their number is not given."""


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
    recipe = _recipe(parameters, samples)
    widths = [int(modality.arguments["dim"]) for modality in modalities]
    networks = len(seeds) * len(penalties)
    check_fusion_memory(widths, order or len(widths), networks, recipe.batch_size, samples)
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


def _recipe(parameters: Mapping[str, Any], samples: int) -> Recipe:
    """Return the recipe for a number of samples; without epochs, as many as make about `STEPS` steps."""
    batch = max(2, min(parameters["batch_size"], samples))
    epochs = parameters["epochs"] or min(max(math.ceil(STEPS * batch / samples), EPOCHS[0]), EPOCHS[1])
    return Recipe(epochs, batch, parameters["learning_rate"], parameters["weight_decay"])
