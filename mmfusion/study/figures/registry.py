"""The figures of the study, by name: what each needs and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmfusion.plotting.layout import figure_of, message
from mmfusion.plotting.style import style
from mmfusion.study.figures import degree_inflation as inflation
from mmfusion.study.figures import learning_of_constants as constants
from mmfusion.study.figures import mosi_relevance as mosi
from mmfusion.study.figures import own_relevance as own
from mmfusion.study.figures import relevance_against_p as powers
from mmfusion.study.figures import scale_sensitivity as scales
from mmfusion.study.figures.eigen_projection import eigen_projection
from mmfusion.study.figures.select_rows import REMEDY, MissingRowsError
from mmfusion.study.names import MOSI_DATASETS, TOY_DATASETS

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class FigureDefinition:
    """One figure of the study.

    Parameters
    ----------
    stem : str
        Name of the figure and of its files, without suffix.
    title : str
        What it shows.
    tables : tuple of str
        Names of the tidy tables that it reads.
    requires : tuple of str or None
        Datasets of which at least one must be in the study; None: one of the user's own.
    plot : callable
        Takes the tables in the order of `tables`, returns the array of Axes.
    remedy : str
        How to get runs for it where the study has none.
    """

    stem: str
    title: str
    tables: tuple[str, ...]
    requires: tuple[str, ...] | None
    plot: Callable[..., NDArray[Any]]
    remedy: str = REMEDY

    @property
    def label(self) -> str:
        """Number and title, without braces, which a workflow would take for wildcards."""
        number = self.stem.partition("_")[0].replace("figure", "Figure ")
        title = self.title.replace("{", "").replace("}", "")
        return f"{number}: {title}" if number.startswith("Figure") else title

    def draw(self, tables: Tables, **options: Any) -> Figure:
        """Draw the figure, or a figure that says which runs are missing and how to get them.

        Parameters
        ----------
        tables : mapping of str to DataFrame
            At least the tables named in `tables`.
        **options
            Passed on to `plot`.

        Returns
        -------
        Figure

        Raises
        ------
        ValueError
            If a table is not given at all.
        """
        absent = [name for name in self.tables if name not in tables]
        if absent:
            raise ValueError(
                f"figure {self.stem}: table {absent[0]} not given, expected {', '.join(self.tables)}."
            )
        with style():
            try:
                return figure_of(self.plot(*(tables[name] for name in self.tables), **options))
            except MissingRowsError as error:
                return message(self.title, f"Not drawn: {error.missing}; {self.remedy}.")


def _relevant(eigen: pd.DataFrame, spectrum: pd.DataFrame, projections: pd.DataFrame) -> NDArray[Any]:
    return eigen_projection(eigen, spectrum, projections, subset="1", role="the relevant view")


def _irrelevant(eigen: pd.DataFrame, spectrum: pd.DataFrame, projections: pd.DataFrame) -> NDArray[Any]:
    return eigen_projection(eigen, spectrum, projections, subset="2+3", role="irrelevant but dependent views")


_EIGEN = ("eigen", "eigen_spectrum", "eigen_projections")
_DEFINITIONS = (
    FigureDefinition(
        "figure1_relevance_against_p",
        powers.TITLE,
        ("subsets",),
        ("ConditionallyIndependent",),
        powers.relevance_against_p,
    ),
    FigureDefinition(
        "figure2_degree_inflation", inflation.TITLE, ("history",), TOY_DATASETS, inflation.degree_inflation
    ),
    FigureDefinition(
        "figure3_learning_of_constants",
        constants.TITLE,
        ("subsets",),
        TOY_DATASETS,
        constants.learning_of_constants,
    ),
    FigureDefinition(
        "figure4_eigen_relevant",
        "Leading eigenvector of the relevant block {1}",
        _EIGEN,
        ("XRelIrrXOR",),
        _relevant,
    ),
    FigureDefinition(
        "figure5_eigen_irrelevant",
        "Leading eigenvector of the irrelevant block {2,3}",
        _EIGEN,
        ("XRelIrrXOR",),
        _irrelevant,
    ),
    FigureDefinition(
        "figure6_mosi_relevance",
        mosi.TITLE,
        ("subsets",),
        MOSI_DATASETS,
        mosi.mosi_relevance,
        remedy="get the MOSI files (workflow target mosi_data), enable MOSI in the config and run it again",
    ),
    FigureDefinition("own_relevance", own.TITLE, ("subsets",), None, own.own_relevance),
    FigureDefinition("scale_sensitivity", scales.TITLE, ("subsets",), TOY_DATASETS, scales.scale_sensitivity),
)

FIGURES: dict[str, FigureDefinition] = {definition.stem: definition for definition in _DEFINITIONS}
"""Every figure of the study by its file stem."""


def draw(name: str, tables: Tables, **options: Any) -> Figure:
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
