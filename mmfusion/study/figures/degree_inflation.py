"""Figure 2: degree inflation, the weight on each order of interaction over training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mmfusion.measures.intervals import summarise
from mmfusion.plotting.layout import empty_panel, finish, legend_mark, panels
from mmfusion.plotting.style import LINES, order_color
from mmfusion.study.figures.figure_definitions import FIGURES
from mmfusion.study.figures.marks import POINTS_BELOW, seeds_sentence
from mmfusion.study.figures.rows import one_p, select_rows
from mmfusion.study.names import (
    NORM_NAMES,
    PLANTED,
    TOY_DATASETS,
    order_norms,
    order_of,
    ordered,
    subset_name,
)

TITLE = FIGURES["figure2_degree_inflation"].title
KEYS = ["dataset", "norm", "p", "scale", "seed", "epoch", "order"]


def degree_inflation(history: pd.DataFrame, axes: Any = None) -> NDArray[Any]:
    """Draw the weight share of each order over epochs, one panel per dataset and normalisation.

    Parameters
    ----------
    history : DataFrame
        One row per run, epoch and subset; rows of XRel, XRelIrrXOR, XOR and Parity at scale 1 and p = 1 (else
        the smallest p of the table) are drawn.
    axes : array of Axes, optional
        One row per dataset, one column per normalisation. Default: a new figure.

    Returns
    -------
    array of Axes, shape (datasets, normalisations)

    Raises
    ------
    MissingRowsError, ValueError
        See `select_rows` and `panels`.
    """
    rows, p = one_p(select_rows(history, "history", dataset=TOY_DATASETS, scale="1"))
    # Per run and epoch, the shares of all subsets of one order; NaN where all blocks are zero.
    table = rows.groupby(KEYS, observed=True)["weight_share"].sum(min_count=1).reset_index()
    datasets, norms = ordered(table["dataset"], TOY_DATASETS), order_norms(table["norm"])
    size = (1.4 + 2.0 * max(len(norms), 2), 2.1 + 1.75 * len(datasets))
    grid = panels(len(datasets), len(norms), size, axes, sharey=True)
    for row, dataset in enumerate(datasets):
        for column, norm in enumerate(norms):
            ax = grid[row, column]
            _panel(ax, table[(table["dataset"] == dataset) & (table["norm"] == norm)], dataset)
            if row == 0:
                ax.set_title(NORM_NAMES.get(norm, norm))
            if row == len(datasets) - 1:
                ax.set_xlabel("epoch")
        grid[row, 0].set_ylabel(f"{dataset}\nplanted: {subset_name(PLANTED[dataset])}\nweight share")
    subtitle = (
        "Columns: normalisation of the blocks; rows: dataset and the planted subset, which alone "
        f"carries the class. p = {p}. Weight share: block norms of all subsets of an order over the "
        "sum of all block norms. Thick line: the planted order, on which a faithful fusion puts all "
        "weight. "
    )
    seeds = seeds_sentence(table, "Line and band")
    finish(grid, axes is None, TITLE, subtitle + seeds, _handles(sorted(table["order"].unique())))
    return grid


def _panel(ax: Axes, table: pd.DataFrame, dataset: str) -> None:
    """Draw the orders of one dataset and one normalisation."""
    planted = order_of(PLANTED[dataset])
    for order, rows in table.groupby("order", observed=True):
        number = int(str(order))
        mean = summarise(rows.sort_values("epoch"), ["epoch"], ["weight_share"]).set_index("epoch")
        width = 2.8 if number == planted else 1.3
        ax.plot(mean["mean"], **_look(number), linewidth=width, marker="o", markersize=2.5)
        color = order_color(number)
        if mean["low"].notna().any():
            ax.fill_between(mean.index, mean["low"], mean["high"], color=color, alpha=0.2, linewidth=0)
        if 1 < rows["seed"].nunique() < POINTS_BELOW:
            ax.scatter(rows["epoch"], rows["weight_share"], s=3, color=color, alpha=0.4, linewidths=0)
    if table.empty:
        empty_panel(ax, "not in\nthis study")
    ax.set_ylim(-0.04, 1.04)
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))


def _handles(orders: Sequence[int]) -> list[Any]:
    names = {1: "order 1 (single views)", 2: "order 2 (pairs)", 3: "order 3 (triples)"}
    return [legend_mark(names.get(order, f"order {order}"), **_look(order)) for order in orders]


def _look(order: int) -> dict[str, Any]:
    return {"color": order_color(order), "linestyle": LINES[(order - 1) % len(LINES)]}
