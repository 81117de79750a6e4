"""The figures of the study, by name."""

from __future__ import annotations

from mmfusion.study.figures import (
    degree_inflation,
    eigen_projection,
    learning_of_constants,
    mosi_relevance,
    planted_information,
    planted_weight,
    relevance_against_p,
    scale_sensitivity,
    user_relevance,
)
from mmfusion.study.figures.figure_definition import FigureDefinition

_DEFINITIONS = (
    planted_weight.FIGURE,
    relevance_against_p.FIGURE,
    degree_inflation.FIGURE,
    learning_of_constants.FIGURE,
    eigen_projection.RELEVANT,
    eigen_projection.IRRELEVANT,
    mosi_relevance.FIGURE,
    user_relevance.FIGURE,
    scale_sensitivity.FIGURE,
    planted_information.FIGURE,
    mosi_relevance.CLEAN_FIGURE,
)

FIGURES: dict[str, FigureDefinition] = {definition.stem: definition for definition in _DEFINITIONS}
"""Every figure of the study by its file stem."""
