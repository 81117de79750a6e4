"""Relevance without normalisation against the scale of the encoders' outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmfusion.plotting.layout import empty_panel, figure_of, heading, legend, panels
from mmfusion.plotting.style import MARKERS, PALE, graded_colors
from mmfusion.study.figures.seed_points import draw_seeds, finite, mark, seeds_sentence
from mmfusion.study.figures.select_rows import MissingRowsError, one_p, select
from mmfusion.study.names import (
    NORM_NAMES,
    PLANTED,
    order_datasets,
    order_numbers,
    order_subsets,
    subset_name,
)

TITLE = "Relevance without normalisation against the scale of the features"


def scale_sensitivity(subsets: pd.DataFrame, axes: Any = None, norm: str = "none") -> NDArray[Any]:
    """Draw the relevance of every subset at every scale of the encoders' outputs, one panel per dataset.

    Parameters
    ----------
    subsets : DataFrame
        One row per run and subset; datasets that have more than one scale under `norm` are drawn, at p = 1
        (else the smallest p of the table).
    axes : array of Axes, optional
        One axes per dataset. Default: a new figure.
    norm : str
        Which normalisation.

    Returns
    -------
    array of Axes, shape (datasets, 1)

    Raises
    ------
    MissingRowsError
        If no dataset has more than one scale.
    ValueError
        If `axes` has another number of axes.
    """
    table, p = one_p(select(subsets, "subsets", norm=norm))
    counts = table.groupby("dataset", observed=True)["scale"].nunique()
    datasets = order_datasets(str(name) for name in counts.index[counts > 1])
    if not datasets:
        raise MissingRowsError("subsets", f"norm {norm} and a scale other than 1")
    table = table[table["dataset"].isin(datasets)]
    labels = order_subsets(table["subset"])
    scales = order_numbers(table["scale"].astype(str))
    size = (max(1.4 + 0.95 * len(labels), 7.0), 2.4 + 1.6 * len(datasets))
    grid, own = panels(len(datasets), 1, size, axes, sharex=True, sharey=True)
    for ax, dataset in zip(grid.ravel(), datasets, strict=True):
        _panel(ax, table[table["dataset"] == dataset], labels, scales)
        planted = f", planted: {subset_name(PLANTED[dataset])}" if dataset in PLANTED else ""
        ax.set_title(dataset + planted, loc="left")
        ax.set_ylabel("relevance β")
    grid[-1, 0].set_xlabel("subset of views")
    colors = graded_colors(len(scales))
    handles = [mark(scale, *look) for scale, *look in zip(scales, colors, MARKERS, strict=False)]
    legend(grid, handles, own, title="encoder outputs multiplied by")
    if own:
        heading(
            figure_of(grid),
            TITLE,
            f"Normalisation: {NORM_NAMES.get(norm, norm)}, p = {p}. The same networks, trained with all "
            "encoder outputs multiplied by a constant, which does not change what the views tell; "
            "relevance should not depend on it. " + seeds_sentence(table),
        )
    return grid


def _panel(ax: Axes, table: pd.DataFrame, labels: Sequence[str], scales: Sequence[str]) -> None:
    """Draw one dataset: per subset, a short line over the scales."""
    shifts = 0.24 * (np.arange(len(scales)) - (len(scales) - 1) / 2)
    colors = graded_colors(len(scales))
    for place, label in enumerate(labels):
        rows = table[table["subset"] == label]
        if rows.empty:
            ax.axvspan(place - 0.5, place + 0.5, color=PALE, zorder=0)
            ax.text(place, 0.5, "no such\nsubset", ha="center", va="center", color="#666666", size=8)
            continue
        means = rows.groupby("scale", observed=True)["beta"].mean().reindex(list(scales))
        ax.plot(place + shifts, means.to_numpy(), color="#999999", linewidth=0.9, zorder=1)
        for scale, shift, color, marker in zip(scales, shifts, colors, MARKERS, strict=False):
            values = rows.loc[rows["scale"] == scale, "beta"]
            draw_seeds(ax, place + shift, values, color=color, marker=marker, width=0.05)
    if not finite(table["beta"]).size:
        empty_panel(ax, "not defined")
    ax.set_xticks(range(len(labels)), [subset_name(label) for label in labels])
    ax.set_xlim(-0.5, len(labels) - 0.5)
    ax.set_ylim(-0.03, 1.05)
