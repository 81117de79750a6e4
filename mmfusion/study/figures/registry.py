"""The figures of the study, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from mmfusion.study.figures import (
    degree_inflation,
    eigen_projection,
    learning_of_constants,
    mosi_relevance,
    relevance_against_p,
    scale_sensitivity,
    user_relevance,
)
from mmfusion.study.figures.figure_definition import FigureDefinition

_DEFINITIONS = (
    relevance_against_p.FIGURE,
    degree_inflation.FIGURE,
    learning_of_constants.FIGURE,
    eigen_projection.RELEVANT,
    eigen_projection.IRRELEVANT,
    mosi_relevance.FIGURE,
    user_relevance.FIGURE,
    scale_sensitivity.FIGURE,
)

FIGURES: dict[str, FigureDefinition] = {definition.stem: definition for definition in _DEFINITIONS}
"""Every figure of the study by its file stem."""


def draw_figure(name: str, tables: Mapping[str, pd.DataFrame], **options: Any) -> Figure:
    """Draw a figure of the study by its name.

    Parameters
    ----------
    name : str
        A key of `FIGURES`.
    tables : mapping of str to DataFrame
        The study's tidy tables; those that the figure needs.
    **options
        Passed on to the figure's function, such as `presence` of `relevance_against_p`.

    Returns
    -------
    Figure
        With one sentence instead of data where the study has no runs for it.

    Raises
    ------
    ValueError
        If the name is unknown or a table is not given.
    """
    if name not in FIGURES:
        raise ValueError(f"figure {name!r}: unknown, expected one of {', '.join(FIGURES)}.")
    return FIGURES[name].draw(tables, **options)
