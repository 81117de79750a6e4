"""The settings of the sensitivity map: one factor of the study's recipe at a time, on seeds of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mmfusion.study.cells import Cell

FACTORS: Mapping[str, Sequence[str]] = {
    "penalty": ("0.0003", "0.001", "0.003", "0.03", "0.1"),
    "epochs": ("3", "5", "20", "40"),
    "learning_rate": ("0.0005", "0.002", "0.01", "0.02"),
    "dim": ("2", "4", "16", "32"),
    "samples": ("1000", "2000", "8000", "16000"),
}
"""Values beside that of the study, by factor; as text, since they are in names of files."""
FACTOR_NAMES = {
    "penalty": "lambda",
    "epochs": "epochs",
    "learning_rate": "learning rate",
    "dim": "width of the features",
    "samples": "training samples",
}
RECIPE = "recipe"
"""Both factor and value of the study's own setting."""


class PosterCell(NamedTuple):
    """A mean beta that the poster gives, and how near to it counts as reached."""

    cell: Cell
    subset: str
    poster: float
    low: float
    high: float


TARGETS = (
    PosterCell(Cell("XRel", "vbn", "1", "1"), "1+2", 0.99, 0.95, 1.0),
    PosterCell(Cell("XRelIrrXOR", "dbn", "1", "1"), "1", 0.24, 0.14, 0.34),
    PosterCell(Cell("XRelIrrXOR", "dbn", "1", "1"), "1+2+3", 0.76, 0.66, 0.86),
    PosterCell(Cell("XRel", "ibn", "1", "1"), "1", 0.99, 0.99, 1.0),
    PosterCell(Cell("XRelIrrXOR", "ibn", "1", "1"), "1", 0.99, 0.99, 1.0),
)
"""Cells of the poster: three that the study does not reach, then those of IBN that it does.

The poster prints .24 and .76 for XRelIrrXOR under DBN without a readable column: {1} and {1,2,3} are our
reading.
"""
MAPPED = tuple(dict.fromkeys(target.cell.dataset for target in TARGETS))
"""Their datasets."""
WANTED = 3
"""How many of `TARGETS` the study does not reach."""


def changed(
    factor: str, value: str, settings: Mapping[str, Any], generation: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Change one factor of the recipe.

    Parameters
    ----------
    factor, value : str
        From `FACTORS`, or `RECIPE`, which changes nothing.
    settings : mapping
        As `mmfusion.study.plan.Study.training_settings` gives them.
    generation : mapping
        As `mmfusion.study.plan.Study.generation_settings` gives them.

    Returns
    -------
    tuple of dict
        Both, changed.

    Raises
    ------
    ValueError
        If the factor is unknown.

    Examples
    --------
    >>> changed("epochs", "5", {"epochs": 10}, {})
    ({'epochs': 5}, {})
    """
    recipe, data = dict(settings), dict(generation)
    if factor in ("penalty", "learning_rate"):
        recipe[factor] = float(value)
    elif factor == "epochs":
        recipe[factor] = int(value)
    elif factor == "dim":
        symbols = {**recipe["encoders"]["symbols"], "dim": int(value)}
        recipe["encoders"] = {**recipe["encoders"], "symbols": symbols}
    elif factor == "samples":
        data["sizes"] = {**data["sizes"], "train": int(value)}
    elif factor != RECIPE:
        raise ValueError(f"factor {factor!r}: expected one of {', '.join(FACTORS)}, {RECIPE}.")
    return recipe, data


def value_of_study(factor: str, settings: Mapping[str, Any], generation: Mapping[str, Any]) -> float:
    """Return the value that the study has of a factor."""
    if factor == "dim":
        return float(settings["encoders"]["symbols"]["dim"])
    return float(generation["sizes"]["train"] if factor == "samples" else settings[factor])
