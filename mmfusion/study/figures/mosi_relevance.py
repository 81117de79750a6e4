"""Figure 6: relevance on CMU-MOSI under every normalisation, read off the weights and off held-out scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from mmfusion.plotting.layout import empty_panel, figure_of, heading, legend, panels
from mmfusion.plotting.style import PALE, norm_color, norm_marker
from mmfusion.study.figures.seed_points import draw_seeds, finite, mark, seeds_sentence
from mmfusion.study.figures.select_rows import one_p, select
from mmfusion.study.names import (
    DATASET_NAMES,
    MOSI_DATASETS,
    NORM_NAMES,
    joined,
    number_name,
    order_norms,
    order_subsets,
    ordered,
    subset_name,
)

TITLE = "CMU-MOSI: relevance of modalities and their interactions"
COVARIANCE = (
    "share of the subset in the variance of the score on the test split, by covariance with the score; these "
    "shares sum to 1 and can be negative."
)
MEASURES = {
    "weight_share": "training:\nweight share",
    "covariance_share": "held-out:\ncovariance share",
}


def mosi_relevance(subsets: pd.DataFrame, axes: Any = None, p: str = "1") -> NDArray[Any]:
    """Draw training and held-out relevance of every subset, normalisations side by side.

    Parameters
    ----------
    subsets : DataFrame
        One row per run and subset; rows of MOSIBinary and MOSIReal at scale 1 are drawn.
    axes : array of Axes, optional
        Two rows (weight share, covariance share), one column per task. Default: a new figure.
    p : str
        Which p; the smallest of the table if it does not occur.

    Returns
    -------
    array of Axes, shape (2, tasks)

    Raises
    ------
    MissingRowsError
        If the table has no such rows.
    ValueError
        If `axes` has another shape.
    """
    table, p = one_p(select(subsets, "subsets", dataset=MOSI_DATASETS, scale="1"), p)
    datasets = ordered(table["dataset"], MOSI_DATASETS)
    grid, own = _grid(table, datasets, axes)
    if own:
        heading(
            figure_of(grid),
            TITLE,
            f"Tasks: {joined(DATASET_NAMES[dataset] for dataset in datasets)}, p = {number_name(p)}. Top: "
            "share of the subset in the sum of the block norms after training (the given text and video "
            f"features have seen the training labels). Bottom: {COVARIANCE} " + seeds_sentence(table),
        )
    return grid


def _grid(table: pd.DataFrame, datasets: Sequence[str], axes: Any) -> tuple[NDArray[Any], bool]:
    """Draw weight share above covariance share, one column per dataset; say whether the figure is new."""
    norms, labels = order_norms(table["norm"]), order_subsets(table["subset"])
    width = max(0.17 * len(labels) * len(norms), 0.75 * len(labels), 4.0)
    grid, own = panels(2, len(datasets), (1.2 + width * len(datasets), 7.2), axes, sharex=True, sharey="row")
    for column, dataset in enumerate(datasets):
        for row, (measure, label) in enumerate(MEASURES.items()):
            ax = grid[row, column]
            draw_measure(ax, table[table["dataset"] == dataset], measure, labels, norms)
            ax.set_ylabel(label)
            ax.set_xlabel("subset of modalities")
            ax.label_outer()
        grid[0, column].set_title(DATASET_NAMES[dataset])
    legend(grid, norm_marks(norms), own, title="normalisation of the blocks")
    return grid, own


def norm_marks(norms: Sequence[str]) -> list[Line2D]:
    """Make the legend entries of normalisations."""
    return [mark(NORM_NAMES.get(norm, norm), norm_color(norm), norm_marker(norm)) for norm in norms]


def draw_measure(
    ax: Axes, table: pd.DataFrame, measure: str, labels: Sequence[str], norms: Sequence[str]
) -> None:
    """Draw one measure of one dataset: subsets along the axis, normalisations side by side, a line at zero.

    Parameters
    ----------
    ax : Axes
        Axes to draw on.
    table : DataFrame
        Rows of the table ``subsets`` of one dataset at one p and scale.
    measure : str
        The column that is drawn.
    labels, norms : sequence of str
        Subsets and normalisations, in the order of drawing.
    """
    shifts = 0.8 * (np.arange(len(norms)) - (len(norms) - 1) / 2) / max(len(norms), 1)
    for place, label in enumerate(labels):
        if place % 2:
            ax.axvspan(place - 0.5, place + 0.5, color=PALE, zorder=0)
        for norm, shift in zip(norms, shifts, strict=True):
            values = table.loc[(table["subset"] == label) & (table["norm"] == norm), measure]
            draw_seeds(
                ax,
                place + shift,
                values,
                color=norm_color(norm),
                marker=norm_marker(norm),
                size=8.0 if norm == "ibn" else 5.5,
                width=0.05,
            )
    if not finite(table[measure]).size:
        empty_panel(ax, "not defined: the score does not vary")
    ax.axhline(0, color="black", linewidth=0.7, zorder=1)
    ax.set_xticks(range(len(labels)), [subset_name(label) for label in labels])
    ax.set_xlim(-0.5, len(labels) - 0.5)
