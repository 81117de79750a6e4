"""Figure 1: relevance of conditionally independent views against the exponent p of the block norm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmfusion.plotting.layout import empty_panel, finish, legend_mark, panels
from mmfusion.plotting.style import MARKERS, graded_colors
from mmfusion.study.figures.figure_definitions import FIGURES
from mmfusion.study.figures.marks import draw_seeds, finite, label_slots, offsets, seeds_sentence
from mmfusion.study.figures.rows import select_rows
from mmfusion.study.names import EXPONENTS, NORM_NAMES, number_name, order_norms, order_numbers, order_subsets

TITLE = FIGURES["figure1_relevance_against_p"].title
SUBTITLE = (
    "ConditionallyIndependent, fusion of order one: the more often a view carries the motif of the class, "
    "the more it says about it, and a faithful score ranks the views so. Top: relevance β, whose p-norm is 1 "
    "(p = ∞: β = 1 for every view in use). Bottom: share of the view in the sum of the block norms. "
)
LP_TITLE = "Relevance of conditionally independent views against p, by convention of the exponent q"
LP_SUBTITLE = (
    "ConditionallyIndependent, fusion of order one, VBN. The penalty is the squared q-norm of the block "
    "norms; conventions differ in how q follows from p, and in what β means. Top: relevance β, "
    "whose p-norm is 1 (p = ∞: β = 1 for every view in use; not defined for the exponent as printed). "
    "Bottom: share of the view in the sum of the block norms. "
)
ROWS = {"beta": "relevance β", "weight_share": "weight share"}


def relevance_against_p(
    subsets: pd.DataFrame, axes: Any = None, presence: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9)
) -> NDArray[Any]:
    """Draw relevance and weight share of every view against p, one column per normalisation.

    Parameters
    ----------
    subsets : DataFrame
        One row per run and subset; rows of ConditionallyIndependent at scale 1 and order one are drawn.
    axes : array of Axes, optional
        Two rows (relevance, weight share), one column per normalisation. Default: a new figure.
    presence : sequence of float
        Probability with which view m carries the motif, for the legend; ignored if the views are not as many.

    Returns
    -------
    array of Axes, shape (2, normalisations)

    Raises
    ------
    MissingRowsError, ValueError
        See `select_rows` and `panels`.
    """
    table = select_rows(subsets, "subsets", dataset="ConditionallyIndependent", scale="1", order="1")
    norms = {norm: f"normalisation: {NORM_NAMES.get(norm, norm)}" for norm in order_norms(table["norm"])}
    return _against_p(table, "norm", norms, presence, axes, (TITLE, SUBTITLE))


def conventions_against_p(
    relevance: pd.DataFrame, axes: Any = None, presence: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9)
) -> NDArray[Any]:
    """Draw relevance and weight share of every view against p, one column per convention of q.

    Parameters
    ----------
    relevance : DataFrame
        As `mmfusion.study.evidence.lp_family.lp_family` gives it.
    axes, presence
        See `relevance_against_p`.

    Returns
    -------
    array of Axes, shape (2, conventions)
    """
    found = set(relevance["convention"])
    titles = {name: f"{name}\n{EXPONENTS[name]}" for name in EXPONENTS if name in found}
    return _against_p(relevance, "convention", titles, presence, axes, (LP_TITLE, LP_SUBTITLE))


def _against_p(
    table: pd.DataFrame,
    column: str,
    titles: Mapping[str, str],
    presence: Sequence[float],
    axes: Any,
    heading: tuple[str, str],
) -> NDArray[Any]:
    """Draw both measures, with one column of panels per value of a column of the table."""
    views, powers = order_subsets(table["subset"]), order_numbers(table["p"])
    grid = panels(2, len(titles), (2.2 + 3.4 * len(titles), 6.4), axes, sharex=True, sharey="row")
    for position, (value, title) in enumerate(titles.items()):
        for row, (measure, label) in enumerate(ROWS.items()):
            ax = grid[row, position]
            _panel(ax, table[table[column] == value], measure, views, powers)
            ax.set_ylabel(label)
            ax.set_xlabel("p of the block norm")
            ax.label_outer()
        grid[0, position].set_title(title)
    names = [f"view {view}" for view in views]
    if len(presence) == len(views):
        names = [f"{name} ({chance:g})" for name, chance in zip(names, presence, strict=True)]
    colors = graded_colors(len(views))
    handles = [legend_mark(*entry) for entry in zip(names, colors, MARKERS, strict=False)]
    legend = "view (probability that it carries the motif of the class)"
    title, subtitle = heading
    finish(grid, axes is None, title, subtitle + seeds_sentence(table), handles, legend)
    return grid


def _panel(ax: Axes, table: pd.DataFrame, measure: str, views: Sequence[str], powers: Sequence[str]) -> None:
    """Draw one measure of one normalisation: a line per view, a slot per p."""
    slot = {p: float(index) for index, p in enumerate(powers)}
    for view, offset, color, marker in zip(
        views, offsets(len(views), 0.11), graded_colors(len(views)), MARKERS * len(views), strict=False
    ):
        rows = table[table["subset"] == view]
        for p, values in rows.groupby("p", observed=True)[measure]:
            draw_seeds(ax, slot[str(p)] + offset, values, color=color, marker=marker, width=0.03)
        means = rows.groupby(rows["p"].astype(str).map(slot), observed=True)[measure].mean()
        ax.plot(means.index + offset, means, color=color, linewidth=0.9, alpha=0.6, zorder=1)
    if not finite(table[measure]).size:
        empty_panel(ax, "not defined")
    label_slots(ax, [number_name(p) for p in powers])
    ax.set_ylim(-0.03, 1.05)
