"""What every modality tells alone, what is lost without it, and what pairs tell only together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.patches import Patch
from numpy.typing import NDArray

from mmfusion.plotting.coalitions import coalition_dots
from mmfusion.plotting.layout import add_heading, empty_panel, legend_mark
from mmfusion.plotting.named_marks import (
    NOT_NAMED,
    check_modalities,
    draw_marks,
    head_panel,
    hollow_handle,
    name_rows,
    name_width,
    short_name,
)
from mmfusion.plotting.style import BLUE, GREY, VERMILLION, figure_style

QUANTITIES = (
    ("alone", "alone: what it tells by itself", BLUE, "o", -0.16),
    ("needed", "needed: what is lost without it", VERMILLION, "D", 0.16),
)
"""Column, legend, colour, marker, and distance below the middle of the modality's row."""
WIDTH, WIDTH_OF_PANEL = 8.6, 3.45  # inches; of a panel without names, but with its legend
HEIGHT_OF_HEADING, HEIGHT_OF_PANEL = 1.2, 1.3  # inches; of a panel: title, legend, labels
ROW, COLUMN, DOT_ROW = 0.45, 1.9, 0.32  # inches: a modality, the information of subsets, a row of dots
SMALLEST_LIMIT = 0.005
"""A matrix whose values are all smaller has pale colours: rounding errors don't look like results."""
LETTERS_OF_A_ROW = 24
"""Longer names of the columns of a matrix are written at an angle."""
_COLORS = colormaps["PuOr"]  # brown, white, purple: with any colour vision; not the colours of QUANTITIES
_STRONGEST, _OPACITY = 0.38, 0.3  # distance of the largest value from white; of cells that are not named
_EDGE, _NO_NUMBER = "#DDDDDD", "#E8E8E8"


def alone_against_needed(ax: Axes, table: pd.DataFrame, unit: str = "nats") -> Axes:
    """Draw two marks per modality: what it tells alone, and what is lost without it.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        ``modality_information_`` of an estimator: modality, alone, needed, their bounds and which are named.
    unit : str, default "nats"
        Unit of the information.

    Returns
    -------
    Axes
    """
    rows = np.arange(len(table))
    handles = []
    for quantity, label, color, marker, below in QUANTITIES:
        draw_marks(ax, rows + below, table, quantity, f"{quantity}_named", color, marker)
        handles.append(legend_mark(label, color, marker))
    ax.axvline(0.0, color=GREY, lw=0.8, zorder=1)
    name_rows(ax, [str(name) for name in table["modality"]])
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x", visible=True)
    ax.locator_params(axis="x", nbins=6)
    ax.set_xlabel(f"information ({unit})\nwith 95 % interval")
    head_panel(ax, "What does each modality tell?", [*handles, hollow_handle()])
    return ax


def synergy_matrix(ax: Axes, table: pd.DataFrame, modalities: Sequence[str], unit: str = "nats") -> Axes:
    """Draw the synergy of every pair as a symmetric matrix with its numbers.

    Parameters
    ----------
    ax : Axes
    table : DataFrame
        ``synergy_`` of an estimator: first, second, synergy and named. Empty: a panel that says so.
    modalities : sequence of str
        All modalities, in their order.
    unit : str, default "nats"
        Unit of the synergy.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the table speaks of a modality that is not among `modalities`.
    """
    if table.empty:
        empty_panel(ax, "The synergy of pairs was not measured.")
        return ax
    values, named = _symmetric(table, modalities)
    limit = max(float(np.nanmax(np.abs(values))), SMALLEST_LIMIT)
    cells = zip((values / limit).flat, named.flat, strict=True)
    colors = np.array([to_rgb(_shade(float(value), bool(is_named))) for value, is_named in cells])
    ax.pcolormesh(colors.reshape(*values.shape, 3), edgecolors=_EDGE, linewidth=0.8)
    _write_numbers(ax, values, named, limit)
    _name_cells(ax, modalities)
    ax.set_xlabel(f"synergy of a pair ({unit})")
    handles = [
        Patch(color=_shade(1.0), label="positive: together more than the sum of both"),
        Patch(color=_shade(-1.0), label="negative: less, both tell partly the same"),
        Patch(color=_shade(1.0, named=False), label=f"pale, in brackets: {NOT_NAMED}"),
    ]
    head_panel(ax, "What do two tell together?", handles)
    return ax


def information_figure(
    information: pd.DataFrame,
    modality_information: pd.DataFrame,
    synergy: pd.DataFrame,
    unit: str,
    title: str,
    caption: str,
) -> Figure:
    """Draw alone against needed, the synergy of pairs, and the information of every subset, on one figure.

    The synergy is left out where it was not measured, and the subsets where there is one modality.

    Parameters
    ----------
    information, modality_information, synergy : DataFrame
        ``information_``, ``modality_information_`` and ``synergy_`` of an estimator.
    unit : str
        Unit of all three: "nats" or "share of the constant's loss".
    title : str
        What the figure shows.
    caption : str
        What was trained, and what the intervals are over.

    Returns
    -------
    Figure
    """
    modalities = [str(name) for name in modality_information["modality"]]
    with figure_style():
        figure, grid = _grid(modalities, not synergy.empty)
        place = grid[0, :] if synergy.empty else grid[0, 0]
        alone_against_needed(figure.add_subplot(place), modality_information, unit)
        if not synergy.empty:
            synergy_matrix(figure.add_subplot(grid[0, 1]), synergy, modalities, unit)
        if len(modalities) > 1:
            columns = [figure.add_subplot(grid[row, :]) for row in (1, 2)]
            coalition_dots(columns, information, modalities, unit)
        add_heading(figure, title, caption)
    return figure


def _grid(modalities: Sequence[str], has_synergy: bool) -> tuple[Figure, GridSpec]:
    """Make a figure with room for the modalities and their names, and its grid of up to 3 x 2 panels."""
    count = len(modalities)
    name = name_width(modalities, size=8.5)
    rows = [max(1.0, ROW * count)]
    around = HEIGHT_OF_HEADING + HEIGHT_OF_PANEL
    if has_synergy:
        around += 0.7 * name  # of names at an angle
    if count > 1:
        rows += [COLUMN, DOT_ROW * count]
        around += HEIGHT_OF_PANEL
    size = (max(WIDTH, 2 * (WIDTH_OF_PANEL + name)), around + sum(rows))
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.add_gridspec(len(rows), 2, height_ratios=rows)


def _symmetric(
    table: pd.DataFrame, modalities: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return synergy, NaN where it was not measured, and which is named; both (modalities, modalities)."""
    check_modalities([*table["first"], *table["second"]], modalities)
    place = {name: index for index, name in enumerate(modalities)}
    values = np.full((len(place), len(place)), np.nan)
    named = np.zeros(values.shape, dtype=bool)
    first, second = (table[column].map(place).to_numpy(int) for column in ("first", "second"))
    for rows, columns in ((first, second), (second, first)):
        values[rows, columns] = table["synergy"].to_numpy(float)
        named[rows, columns] = table["named"].to_numpy(bool)
    return values, named


def _shade(value: float, named: bool = True) -> str:
    """Return the colour of a value within [-1, 1], paler if it is not named, grey if it is NaN."""
    if np.isnan(value):
        return _NO_NUMBER
    opacity = 1.0 if named else _OPACITY
    red, green, blue = (opacity * part + 1.0 - opacity for part in to_rgb(_COLORS(0.5 + _STRONGEST * value)))
    return to_hex((red, green, blue))


def _write_numbers(ax: Axes, values: NDArray[np.float64], named: NDArray[np.bool_], limit: float) -> None:
    """Write the numbers of all cells: brackets around those not named, white on dark colours."""
    digits = 2 if limit >= 0.1 else 3
    size = 8.5 if len(values) <= 4 else 7.0
    for row, column in np.argwhere(~np.isnan(values)):
        text = _signed(values[row, column], digits)
        is_named = bool(named[row, column])
        dark = is_named and abs(values[row, column]) > 0.6 * limit
        ax.text(
            column + 0.5,
            row + 0.5,
            text if is_named else f"({text})",
            size=size,
            ha="center",
            va="center",
            color="white" if dark else "black" if is_named else GREY,
        )


def _signed(value: float, digits: int) -> str:
    """Write a number with its sign; one that rounds to zero has none."""
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}".replace("-", "\N{MINUS SIGN}") if rounded else f"{0:.{digits}f}"


def _name_cells(ax: Axes, modalities: Sequence[str]) -> None:
    """Write the modalities beside the rows, from top to bottom, and below the columns."""
    names = [short_name(name) for name in modalities]
    places = np.arange(len(names)) + 0.5
    ax.set_yticks(places, names, parse_math=False)
    ax.set_ylim(len(names), 0)
    ax.set_xticks(places, names, parse_math=False)
    if max(map(len, names)) > LETTERS_OF_A_ROW / len(names):
        ax.tick_params(axis="x", labelrotation=40)
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
