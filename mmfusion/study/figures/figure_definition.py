"""A figure of the study: its files, its texts, the rows of tidy tables that it draws, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmfusion.errors import MmfusionError
from mmfusion.plotting.layout import add_heading, figure_of
from mmfusion.plotting.style import figure_style
from mmfusion.study.names import order_numbers

REMEDY = "add such runs to the study's config and run it again"


class MissingRowsError(MmfusionError, ValueError):
    """A table without the rows that a figure draws (also a `ValueError`).

    Parameters
    ----------
    table : str
        Name of the table.
    wanted : str
        The rows that were looked for.
    """

    def __init__(self, table: str, wanted: str) -> None:
        self.missing = f"table {table}: no row with {wanted}"
        super().__init__(f"{self.missing}; {REMEDY}.")


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
        What it shows, for the report, which adds `intervals`.
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
    intervals : str
        What the intervals are over, for the report; may have the field ``{seeds}``.
    """

    stem: str
    title: str
    caption: str
    tables: tuple[str, ...]
    requires: tuple[str, ...] | None
    plot: Callable[..., NDArray[Any]]
    remedy: str = REMEDY
    settings: Mapping[str, str] = field(default_factory=dict)
    intervals: str = "Mean and 95 % bootstrap interval over {seeds} seeds."

    def caption_of(self, config: Any) -> str:
        """Write the caption, and what the intervals are over in the study of a configuration."""
        return f"{self.caption} {self.intervals.format(seeds=len(config.seeds))}"

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


def select_rows(table: pd.DataFrame, name: str, **wanted: str | Iterable[str]) -> pd.DataFrame:
    """Pick the rows whose columns have the wanted values.

    Parameters
    ----------
    table : DataFrame
        A tidy table; an empty one may lack columns.
    name : str
        Its name, for the error.
    **wanted : str or iterable of str
        Per column, the value or the values to keep.

    Returns
    -------
    DataFrame
        At least one row, index from 0.

    Raises
    ------
    MissingRowsError
        If no row is left.

    Examples
    --------
    >>> table = pd.DataFrame({"norm": ["none", "ibn"], "beta": [0.2, 0.9]})
    >>> select_rows(table, "subsets", norm="ibn")["beta"].tolist()
    [0.9]
    """
    values = {column: [value] if isinstance(value, str) else list(value) for column, value in wanted.items()}
    picked = table
    if not table.empty:
        for column, kept in values.items():
            picked = picked[picked[column].astype(str).isin(kept)]
    if picked.empty:
        words = [f"{column} {' or '.join(kept)}" for column, kept in values.items()]
        raise MissingRowsError(name, ", ".join(words))
    return picked.reset_index(drop=True)


def one_p(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Keep one p: 1 if it occurs, else the smallest of the table.

    Parameters
    ----------
    table : DataFrame
        With a column ``p`` (text) and at least one row.

    Returns
    -------
    DataFrame
        The rows with this p.
    str
        This p.
    """
    powers = order_numbers(table["p"].astype(str))
    kept = "1" if "1" in powers else powers[0]
    return table[table["p"].astype(str) == kept].reset_index(drop=True), kept
