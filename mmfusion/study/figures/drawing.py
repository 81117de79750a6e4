"""Drawing the figures of the study, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmfusion.plotting.layout import add_heading, figure_of
from mmfusion.plotting.style import figure_style
from mmfusion.study.figures.degree_inflation import degree_inflation
from mmfusion.study.figures.eigen_projection import eigen_projection
from mmfusion.study.figures.figure_definitions import FIGURES, NOT_DRAWN
from mmfusion.study.figures.learning_of_constants import learning_of_constants
from mmfusion.study.figures.mosi_relevance import mosi_relevance
from mmfusion.study.figures.planted_information import planted_information
from mmfusion.study.figures.planted_weight import planted_weight
from mmfusion.study.figures.relevance_against_p import relevance_against_p
from mmfusion.study.figures.rows import MissingRowsError
from mmfusion.study.figures.scale_sensitivity import scale_sensitivity
from mmfusion.study.figures.user_relevance import user_relevance

PLOTS: dict[str, Callable[..., NDArray[Any]]] = {
    "planted_weight": planted_weight,
    "figure1_relevance_against_p": relevance_against_p,
    "figure2_degree_inflation": degree_inflation,
    "figure3_learning_of_constants": learning_of_constants,
    "figure4_eigen_relevant": partial(eigen_projection, subset="1", role="the relevant view"),
    "figure5_eigen_irrelevant": partial(
        eigen_projection, subset="2+3", role="irrelevant but dependent views"
    ),
    "figure6_mosi_relevance": mosi_relevance,
    "own_relevance": user_relevance,
    "scale_sensitivity": scale_sensitivity,
    "predictive_information": planted_information,
    "mosi_clean_text": partial(mosi_relevance, clean=True),
}
"""By figure, the function from its tables, in the order of its definition, to the array of Axes."""


def draw_figure(name: str, tables: Mapping[str, pd.DataFrame], **options: Any) -> Figure:
    """Draw a figure, or one that says which runs are missing and how to get them.

    Parameters
    ----------
    name : str
        One of `FIGURES`.
    tables : mapping of str to DataFrame
        At least the tables that its definition names.
    **options
        As its definition reads them from the configuration.

    Returns
    -------
    Figure
    """
    definition = FIGURES[name]
    with figure_style():
        try:
            return figure_of(PLOTS[name](*(tables[table] for table in definition.tables), **options))
        except MissingRowsError as error:
            figure = Figure(figsize=(7.0, 1.2), layout="constrained")
            add_heading(figure, definition.title, f"{NOT_DRAWN}{error.missing}; {definition.remedy}.")
            return figure
