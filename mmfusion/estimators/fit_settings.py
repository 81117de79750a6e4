"""How the networks of an estimator are fitted, from its parameters, and whether they fit into memory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mmfusion.errors import InputError
from mmfusion.estimators.modalities import LINEAR, VECTOR
from mmfusion.estimators.parameter_checks import penalties_of
from mmfusion.estimators.variants import ADDITIVE, Variant
from mmfusion.fusion.subsets import chosen_order
from mmfusion.training.device import device_of
from mmfusion.training.fusion_memory import COPIES, check_fusion_memory, fusion_bytes
from mmfusion.training.loop import Recipe
from mmfusion.training.modality import Modality


class Pace(NamedTuple):
    """How long and how fast networks are trained where the user does not say.

    Parameters
    ----------
    steps : int
        Steps of training.
    fewest, most : int
        Bounds of the epochs that make up so many steps.
    rate : float
        Learning rate at the first step.
    """

    steps: int
    fewest: int
    most: int
    rate: float


OF_VECTORS, OF_SEQUENCES = Pace(200, 4, 200, 0.02), Pace(1000, 10, 200, 0.005)
"""Where all modalities are vectors, and elsewhere."""
OF_LINEAR, OF_ADDITIVE = Pace(200, 4, 200, 0.1), Pace(400, 4, 400, 0.2)
"""Where all modalities are linear features, which bear larger steps; the same without products."""
ADDITIVE_PATH = (1e-6, 1e-4, 1e-2, 1e-1)
"""Candidates for lambda without products, where networks have few weights and need less of a penalty."""
SLOWED = 1.5
"""How many times as many steps more are taken where nearly all columns are dropped."""
HIDDEN = 32
"""Width of the hidden layer by which the size of an encoder is estimated."""
STACK_BYTES = {"cpu": 2**26, "cuda": 2**30}
"""Memory that the networks of one stack may need, by device: beyond 64 MiB, a step on a CPU takes longer per
network, not shorter; on a GPU, it costs the start of its operations, so that more networks share it."""


@dataclass(frozen=True)
class FitSettings:
    """How networks are fitted.

    Parameters
    ----------
    variants : dict of str to Variant
        The networks that are chosen among.
    fusion : mapping
        Arguments of `TensorFusion` beside `dims`.
    recipes : dict of str to Recipe
        How the networks of every variant are trained; batches have one size.
    penalties : dict of str to sequence of float
        Candidates for lambda, of every variant.
    device : {"auto", "cpu", "cuda"}
    progress : bool
        Whether to draw a progress bar over the epochs.
    floor : float
        Share of the explained loss below which nothing is named.
    all_zero : bool
        Whether the constant is a candidate, too.
    """

    variants: Mapping[str, Variant]
    fusion: Mapping[str, Any]
    recipes: Mapping[str, Recipe]
    penalties: Mapping[str, Sequence[float]]
    device: str
    progress: bool
    floor: float
    all_zero: bool

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities of the first variant; names, sizes and widths are those of all."""
        return next(iter(self.variants.values())).modalities

    def order_of(self, variant: str, coalition: int) -> int:
        """Return the largest size of a subset in the networks that are given so many modalities."""
        limits = (self.variants[variant].order, self.fusion["max_order"], coalition)
        return min(limit for limit in limits if limit is not None)

    @property
    def batch_size(self) -> int:
        """Samples per step."""
        return next(iter(self.recipes.values())).batch_size


def fit_settings(
    parameters: Mapping[str, Any],
    variants: Mapping[str, Variant],
    outputs: int,
    samples: int,
) -> FitSettings:
    """Turn checked parameters of an estimator into settings.

    Parameters
    ----------
    parameters : mapping
        As ``get_params`` of the estimator gives them.
    variants : mapping of str to Variant
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
        If `max_order` is above the number of modalities, or the tensor products of too many subsets would
        fill the memory.
    """
    modalities = next(iter(variants.values())).modalities
    order = chosen_order(parameters["max_order"], len(modalities))
    if order is not None and order > len(modalities):
        raise InputError(
            f"max_order={order} is above the number of modalities, {len(modalities)}; write at most "
            f"{len(modalities)}, or None for all subsets."
        )
    penalties = penalties_of(parameters["penalty"], parameters["cv"])
    batch = max(2, min(parameters["batch_size"], samples))
    recipes = {
        name: _recipe(parameters, name, variant, batch, samples // batch)
        for name, variant in variants.items()
    }
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
        variants,
        fusion,
        recipes,
        {name: ADDITIVE_PATH if name == ADDITIVE else penalties for name in variants},
        parameters["device"],
        parameters["verbose"],
        parameters["floor"],
        isinstance(parameters["penalty"], str),
    )


def _recipe(
    parameters: Mapping[str, Any], name: str, variant: Variant, batch: int, steps_per_epoch: int
) -> Recipe:
    """Return how the networks of a variant are trained."""
    kinds = {modality.kind for modality in variant.modalities}
    pace = OF_LINEAR if kinds == {LINEAR} else OF_VECTORS if kinds <= {VECTOR, LINEAR} else OF_SEQUENCES
    dropped = max(modality.arguments.get("input_dropout", 0.0) for modality in variant.modalities)
    steps = pace.steps * (1 + SLOWED * dropped)
    if name == ADDITIVE:
        pace, steps = OF_ADDITIVE, OF_ADDITIVE.steps
    epochs = min(max(math.ceil(steps / steps_per_epoch), pace.fewest), pace.most)
    rate = parameters["learning_rate"] or pace.rate
    return Recipe(parameters["epochs"] or epochs, batch, rate, parameters["weight_decay"])


def networks_at_once(settings: FitSettings, order: int, numbers: Mapping[str, int]) -> int:
    """Return how many networks train in one stack, a number that depends on the machine by its device only.

    Parameters
    ----------
    settings : FitSettings
    order : int
        Largest size of a subset in these networks.
    numbers : mapping of str to int
        Numbers per sample of every modality.
    """
    widths = [int(modality.arguments["dim"]) for modality in settings.modalities]
    batch, inputs = settings.batch_size, 0
    for modality in settings.modalities:
        weights = HIDDEN * modality.size * COPIES
        channels = 1 if modality.kind == VECTOR else HIDDEN
        inputs += 4 * (weights + channels * numbers[modality.name] * batch)
    most = STACK_BYTES[device_of(settings.device).type]
    return max(1, most // (fusion_bytes(widths, order, 1, batch, 0) + inputs))
