"""Figure 3: learning of constants, how much of an interaction block can be predicted from fewer views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmfusion.plotting.layout import empty_panel, finish, panels
from mmfusion.plotting.style import norm_look
from mmfusion.study.figures.figure_definitions import FIGURES
from mmfusion.study.figures.marks import (
    NORMS_TITLE,
    draw_seeds,
    finite,
    in_slot,
    label_slots,
    norm_marks,
    seeds_sentence,
    shade_slot,
)
from mmfusion.study.figures.rows import MissingRowsError, one_p, select_rows
from mmfusion.study.names import TOY_DATASETS, order_norms, order_of, order_subsets, ordered, subset_name

TITLE = FIGURES["figure3_learning_of_constants"].title
SOURCES = {"reducibility_single": "single views", "reducibility_within": "all smaller subsets"}
"""What a block is predicted from, by the column of the table; for pairs the two are the same."""
Slot = tuple[str, str, str]
"""Subset, column of the table, tick label."""


def learning_of_constants(subsets: pd.DataFrame, axes: Any = None) -> NDArray[Any]:
    """Draw the reducibility of every interaction block, one panel per dataset.

    Parameters
    ----------
    subsets : DataFrame
        One row per run and subset; interactions of XRel, XRelIrrXOR, XOR and Parity at scale 1 and p = 1
        (else the smallest p of the table) are drawn: `reducibility_single` for all, `reducibility_within`
        at order three and above (for pairs the two are the same).
    axes : array of Axes, optional
        One axes per dataset. Default: a new figure.

    Returns
    -------
    array of Axes, shape (datasets, 1)

    Raises
    ------
    MissingRowsError, ValueError
        See `select_rows` and `panels`.
    """
    table, p = one_p(select_rows(subsets, "subsets", dataset=TOY_DATASETS, scale="1"))
    table = table[table["order"] > 1]
    if table.empty:
        raise MissingRowsError("subsets", "an order above one")
    datasets, norms = ordered(table["dataset"], TOY_DATASETS), order_norms(table["norm"])
    slots = [
        (label, measure, f"{subset_name(label)}\nfrom {source}")
        for label in order_subsets(table["subset"])
        for measure, source in SOURCES.items()
        if order_of(label) > 2 or measure == "reducibility_single"
    ]
    size = (1.0 + len(slots) * max(0.35 * len(norms), 1.7), 2.2 + 1.7 * len(datasets))
    grid = panels(len(datasets), 1, size, axes, sharex=True, sharey=True)
    for ax, dataset in zip(grid.ravel(), datasets, strict=True):
        _panel(ax, table[table["dataset"] == dataset], slots, norms)
        ax.set_title(dataset, loc="left")
        ax.set_ylabel(r"reducibility ($R^2$)")
    grid[-1, 0].set_xlabel("interaction block, and what it is predicted from")
    subtitle = (
        f"Reducibility at p = {p}: the R² on held-out samples with which ridge regression predicts a "
        "block's part of the score from fewer views. 0: pure interaction; 1: a repetition of smaller "
        "blocks. 'no weight': below a millionth of the score's variance in every seed; a fraction "
        "such as 7/10: in 7 of 10 seeds the block had weight. "
    )
    finish(grid, axes is None, TITLE, subtitle + seeds_sentence(table), norm_marks(norms), NORMS_TITLE)
    return grid


def _panel(ax: Axes, table: pd.DataFrame, slots: Sequence[Slot], norms: Sequence[str]) -> None:
    """Draw all slots of one dataset, every normalisation within each."""
    for index, (subset, measure, _) in enumerate(slots):
        rows = table[table["subset"] == subset]
        if index:
            ax.axvline(index - 0.5, color="#CCCCCC", linewidth=0.8, zorder=0)
        for norm, x in in_slot(index, norms):
            values = rows.loc[rows["norm"] == norm, measure]
            if not values.empty:
                _draw_block(ax, x, values, norm)
        if rows.empty:
            shade_slot(ax, index, "no such block")
    ax.axhline(0, color="black", linewidth=0.7, zorder=1)
    label_slots(ax, [name for _, _, name in slots])
    known = finite(table[list(SOURCES)])
    if not known.size:
        empty_panel(ax, "")
    ax.set_ylim(min(ax.get_ylim()[0], -0.15, *(known - 0.1)), 1.05)


def _draw_block(ax: Axes, x: float, values: pd.Series[float], norm: str) -> None:
    """Draw one block of one normalisation, or say that it has no weight."""
    drawn = draw_seeds(ax, x, values, **norm_look(norm))
    if drawn == 0:
        ax.text(x, 0.04, "no weight", rotation=90, ha="center", va="bottom", size=7.5, color="#555555")
    elif drawn < len(values):
        low = min(0.0, float(finite(values).min()))
        ax.text(x, low - 0.04, f"{drawn}/{len(values)}", ha="center", va="top", size=6.5, color="#333333")
