"""The figure of sensitivity: relevance of five cells against every factor of the recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmfusion.plotting.layout import finish, legend_mark, panels
from mmfusion.plotting.style import BLUE, GREY, VERMILLION
from mmfusion.study.evidence.recipe_settings import FACTOR_NAMES, FACTORS, RECIPE, TARGETS, PosterCell
from mmfusion.study.figures.marks import draw_seeds, label_slots, seeds_sentence, shade_slot
from mmfusion.study.names import NORM_NAMES, subset_name

TITLE = "Relevance against the settings of the recipe"
SUBTITLE = (
    "One factor changed at a time, on seeds that the study does not use; shaded: the study's own value. "
    "Line: the value on the poster. "
)


def sensitivity_figure(table: pd.DataFrame, values: Mapping[str, float], axes: Any = None) -> NDArray[Any]:
    """Draw mean beta of every target against every factor.

    Parameters
    ----------
    table : DataFrame
        As `mmfusion.study.evidence.sensitivity.sensitivity` gives it, of all settings.
    values : mapping of str to float
        The study's own value of every factor.
    axes : array of Axes, optional
        Default: a new figure.

    Returns
    -------
    array of Axes, shape (targets, factors)
    """
    shape = (len(TARGETS), len(FACTORS))
    grid = panels(*shape, (13.5, 1.5 + 1.75 * len(TARGETS)), axes, sharex="col", sharey=True)
    for line, target in zip(grid, TARGETS, strict=True):
        for ax, factor in zip(line, FACTORS, strict=True):
            _panel(ax, table, target, factor, values[factor])
        name = f"{target.cell.dataset}\n{NORM_NAMES[target.cell.norm]}"
        line[0].set_ylabel(f"{name}\nβ of {subset_name(target.subset)}")
    for ax, factor in zip(grid[-1], FACTORS, strict=True):
        ax.set_xlabel(FACTOR_NAMES[factor])
    marks = [
        legend_mark("beta", BLUE),
        legend_mark("poster", VERMILLION, marker="", linestyle="--"),
        legend_mark("accuracy on the test split", GREY, marker="x"),
    ]
    finish(grid, axes is None, TITLE, SUBTITLE + seeds_sentence(table), marks, "")
    return grid


def _panel(ax: Axes, table: pd.DataFrame, target: PosterCell, factor: str, own: float) -> None:
    """Draw one target against one factor, the study's value at its place among the others."""
    numbers = sorted({*map(float, FACTORS[factor]), own})
    cell = (table["dataset"] == target.cell.dataset) & (table["norm"] == target.cell.norm)
    rows = table[cell & (table["subset"] == target.subset) & table["factor"].isin([factor, RECIPE])]
    number = rows["value"].where(rows["factor"] == factor).astype(float).fillna(own)
    for slot, here in enumerate(numbers):
        if here == own:
            shade_slot(ax, slot)
        draw_seeds(ax, slot, rows.loc[number == here, "beta"], color=BLUE, width=0.15)
        accuracy = rows.loc[number == here, "accuracy_test"].mean()
        ax.plot(slot, accuracy, "x", color=GREY, markersize=5, zorder=2)
    ax.axhline(target.poster, color=VERMILLION, linewidth=1.0, linestyle="--", zorder=1)
    label_slots(ax, [f"{here:g}" for here in numbers])
    ax.set_ylim(-0.03, 1.05)
