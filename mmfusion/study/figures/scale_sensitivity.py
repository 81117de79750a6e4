"""Relevance without normalisation against the scale of the encoders' outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmfusion.plotting.layout import empty_panel, finish, legend_mark, panels
from mmfusion.plotting.style import MARKERS, graded_colors
from mmfusion.study.figures.figure_definitions import FIGURES
from mmfusion.study.figures.marks import draw_seeds, finite, label_slots, offsets, seeds_sentence, shade_slot
from mmfusion.study.figures.rows import MissingRowsError, one_p, select_rows
from mmfusion.study.names import (
    DATASET_NAMES,
    NORM_NAMES,
    PLANTED,
    order_numbers,
    order_subsets,
    ordered,
    subset_name,
)

TITLE = FIGURES["scale_sensitivity"].title


def scale_sensitivity(subsets: pd.DataFrame, axes: Any = None) -> NDArray[Any]:
    """Draw the relevance of every subset at every scale of the encoders' outputs, one panel per dataset.

    Parameters
    ----------
    subsets : DataFrame
        One row per run and subset; datasets that have more than one scale without normalisation are drawn,
        at p = 1 (else the smallest p of the table).
    axes : array of Axes, optional
        One axes per dataset. Default: a new figure.

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
    table, p = one_p(select_rows(subsets, "subsets", norm="none"))
    counts = table.groupby("dataset", observed=True)["scale"].nunique()
    datasets = ordered((str(name) for name in counts.index[counts > 1]), DATASET_NAMES)
    if not datasets:
        raise MissingRowsError("subsets", "norm none and a scale other than 1")
    table = table[table["dataset"].isin(datasets)]
    labels = order_subsets(table["subset"])
    scales = order_numbers(table["scale"].astype(str))
    size = (max(1.4 + 0.95 * len(labels), 7.0), 2.4 + 1.6 * len(datasets))
    grid = panels(len(datasets), 1, size, axes, sharex=True, sharey=True)
    for ax, dataset in zip(grid.ravel(), datasets, strict=True):
        _panel(ax, table[table["dataset"] == dataset], labels, scales)
        planted = f", planted: {subset_name(PLANTED[dataset])}" if dataset in PLANTED else ""
        ax.set_title(dataset + planted, loc="left")
        ax.set_ylabel("relevance β")
    grid[-1, 0].set_xlabel("subset of views")
    colors = graded_colors(len(scales))
    handles = [legend_mark(scale, *look) for scale, *look in zip(scales, colors, MARKERS, strict=False)]
    subtitle = (
        f"Normalisation: {NORM_NAMES['none']}, p = {p}. The same networks, trained with all encoder outputs "
        "multiplied by a constant, which does not change what the views say; relevance should not depend on "
        "it. "
    )
    legend = "encoder outputs multiplied by"
    finish(grid, axes is None, TITLE, subtitle + seeds_sentence(table), handles, legend)
    return grid


def _panel(ax: Axes, table: pd.DataFrame, labels: Sequence[str], scales: Sequence[str]) -> None:
    """Draw one dataset: per subset, a short line over the scales."""
    positions, colors = offsets(len(scales), 0.24), graded_colors(len(scales))
    for slot, label in enumerate(labels):
        rows = table[table["subset"] == label]
        if rows.empty:
            shade_slot(ax, slot, "no such\nsubset")
            continue
        means = rows.groupby("scale", observed=True)["beta"].mean().reindex(list(scales))
        ax.plot(slot + positions, means.to_numpy(), color="#999999", linewidth=0.9, zorder=1)
        for scale, offset, color, marker in zip(scales, positions, colors, MARKERS, strict=False):
            values = rows.loc[rows["scale"] == scale, "beta"]
            draw_seeds(ax, slot + offset, values, color=color, marker=marker)
    if not finite(table["beta"]).size:
        empty_panel(ax, "not defined")
    label_slots(ax, [subset_name(label) for label in labels])
    ax.set_ylim(-0.03, 1.05)
