"""What the views of the planted datasets say alone, what is lost without them, and what pairs say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmfusion.plotting.layout import empty_panel, finish, legend_mark, panels
from mmfusion.plotting.named_marks import draw_marks, hollow_handle, name_rows
from mmfusion.plotting.predictive_information import QUANTITIES, SMALLEST_LIMIT
from mmfusion.plotting.style import GREEN, GREY
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS
from mmfusion.study.figures.figure_definitions import FIGURES
from mmfusion.study.figures.rows import select_rows
from mmfusion.study.names import joined, ordered, subset_name

TITLE = FIGURES["predictive_information"].title
_WIDTH, _ROW = 2.4, 0.36  # inches: a panel, a row of it
NARROWEST = 2 * SMALLEST_LIMIT
"""Nats that an axis covers at least."""
_SPREAD = 0.12  # between the marks of two seeds, in rows


def planted_information(modalities: pd.DataFrame, pairs: pd.DataFrame, axes: Any = None) -> NDArray[Any]:
    """Draw alone against needed of every view (top), and the synergy of every pair (bottom).

    Parameters
    ----------
    modalities, pairs : DataFrame
        The tables ``modality_information`` and ``synergy``.
    axes : array of Axes, optional
        Two rows, one column per dataset. Default: a new figure.

    Returns
    -------
    array of Axes, shape (2, datasets)

    Raises
    ------
    MissingRowsError, ValueError
        See `select_rows` and `panels`.
    """
    table = select_rows(modalities, "modality_information", dataset=PLANTED_DATASETS)
    datasets, seeds = ordered(table["dataset"], PLANTED_DATASETS), list(table["seed"].unique())
    most = int(table.groupby("dataset")["modality"].nunique().max())
    size = (0.8 + _WIDTH * len(datasets), 2.6 + 2 * _ROW * max(3, most))
    grid = panels(2, len(datasets), size, axes, sharex="row")
    for (upper, lower), dataset in zip(grid.T, datasets, strict=True):
        own = table[table["dataset"] == dataset]
        of_pairs = pairs[pairs["dataset"] == dataset] if len(pairs) else pairs
        _draw_modalities(upper, own, seeds)
        _draw_pairs(lower, of_pairs, seeds)
        upper.set_title(dataset)
        upper.set_xlabel("information (nats)")
        lower.set_xlabel("synergy (nats)")
    for ax in grid[:, 0]:
        _leave_room(ax)
    grid[0, 0].set_ylabel("view")
    grid[1, 0].set_ylabel("pair of views")
    numbers = joined(map(str, seeds))
    subtitle = (
        "Networks (IBN, p = 1) that are given only some of the views. Top: loss of the constant minus that "
        "of networks given one view (alone), and what is lost without it (needed). Bottom: what a pair says "
        "beyond both of its views alone (synergy). Lines: 95 % interval over the test samples; "
        f"{'seed' if len(seeds) == 1 else 'one mark per seed, from top to bottom seeds'} {numbers}."
    )
    finish(grid, axes is None, TITLE, subtitle, _handles())
    return grid


def _draw_modalities(ax: Axes, table: pd.DataFrame, seeds: Sequence[object]) -> None:
    names = list(table["modality"].unique())
    for quantity, _, color, marker, below in QUANTITIES:
        for seed, shift in zip(seeds, _shifts(seeds), strict=True):
            rows = table[table["seed"] == seed]
            places = [names.index(name) + below + shift for name in rows["modality"]]
            draw_marks(ax, places, rows, quantity, f"{quantity}_named", color, marker)
    _finish_panel(ax, names)


def _draw_pairs(ax: Axes, table: pd.DataFrame, seeds: Sequence[object]) -> None:
    if table.empty:
        empty_panel(ax, "not measured")
        ax.set_yticks([])
        return
    names = list(table["pair"].unique())
    for seed, shift in zip(seeds, _shifts(seeds), strict=True):
        rows = table[table["seed"] == seed]
        places = [names.index(name) + shift for name in rows["pair"]]
        draw_marks(ax, places, rows, "synergy", "named", GREEN, "s")
    _finish_panel(ax, [subset_name(name) for name in names])


def _shifts(seeds: Sequence[object]) -> NDArray[np.float64]:
    """Return the distance of every seed's marks from the middle of a row."""
    return np.asarray(_SPREAD * (np.arange(len(seeds)) - (len(seeds) - 1) / 2) / max(1, len(seeds) - 1))


def _finish_panel(ax: Axes, names: Sequence[str]) -> None:
    ax.axvline(0.0, color=GREY, lw=0.8, zorder=1)
    name_rows(ax, names)
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x", visible=True)
    ax.locator_params(axis="x", nbins=4)


def _leave_room(ax: Axes) -> None:
    """Widen an axis of numbers that differ by rounding only, as where every synergy is zero."""
    low, high = ax.get_xlim()
    if high - low < NARROWEST:
        middle = (low + high) / 2
        ax.set_xlim(middle - NARROWEST / 2, middle + NARROWEST / 2)


def _handles() -> list[Artist]:
    marks: list[Artist] = [legend_mark(label, color, marker) for _, label, color, marker, _ in QUANTITIES]
    return [*marks, legend_mark("synergy of a pair", GREEN, "s"), hollow_handle()]
