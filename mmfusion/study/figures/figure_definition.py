"""What a figure of the study is: its files, its texts, the tables that it reads and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmfusion.plotting.layout import add_heading, figure_of
from mmfusion.plotting.style import figure_style
from mmfusion.study.figures.select_rows import REMEDY, MissingRowsError


@dataclass(frozen=True)
class FigureDefinition:
    """One figure of the study.

    Parameters
    ----------
    stem : str
        Name of the figure and of its files, without suffix.
    title : str
        What it shows.
    caption : str
        What it shows, for the report, which adds the number of seeds.
    tables : tuple of str
        Names of the tidy tables that it reads.
    requires : tuple of str or None
        Datasets of which at least one must be in the study; None: one of the user's own.
    plot : callable
        Takes the tables in the order of `tables`, returns the array of Axes.
    remedy : str
        How to get runs for it where the study has none.
    settings : mapping of str to str
        Options of `plot` that the study's configuration sets: name of the option to dotted key.
    """

    stem: str
    title: str
    caption: str
    tables: tuple[str, ...]
    requires: tuple[str, ...] | None
    plot: Callable[..., NDArray[Any]]
    remedy: str = REMEDY
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Number and title, without braces, which a workflow would take for wildcards."""
        number = self.stem.partition("_")[0].replace("figure", "Figure ")
        title = self.title.replace("{", "").replace("}", "")
        return f"{number}: {title}" if number.startswith("Figure") else title

    def options(self, config: Any) -> dict[str, Any]:
        """Read the options of `plot` from the study's typed configuration."""
        return {option: attrgetter(key)(config) for option, key in self.settings.items()}

    def draw(self, tables: Mapping[str, pd.DataFrame], **options: Any) -> Figure:
        """Draw the figure, or a figure that says which runs are missing and how to get them.

        Parameters
        ----------
        tables : mapping of str to DataFrame
            At least the tables named in `tables`.
        **options
            Passed on to `plot`, see `options`.

        Returns
        -------
        Figure
        """
        with figure_style():
            try:
                return figure_of(self.plot(*(tables[name] for name in self.tables), **options))
            except MissingRowsError as error:
                figure = Figure(figsize=(7.0, 1.2), layout="constrained")
                add_heading(figure, self.title, f"Not drawn: {error.missing}; {self.remedy}.")
                return figure
