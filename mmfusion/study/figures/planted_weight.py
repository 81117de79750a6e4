"""The relevance of the planted subset under every normalisation: the answer of the study in one picture."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from mmfusion.plotting.layout import empty_panel, finish, panels
from mmfusion.plotting.style import norm_look
from mmfusion.study.figures.figure_definitions import FIGURES
from mmfusion.study.figures.marks import draw_seeds, finite, label_slots, seeds_sentence
from mmfusion.study.figures.rows import select_rows
from mmfusion.study.names import NORM_NAMES, PLANTED, TOY_DATASETS, order_norms, ordered, subset_name

TITLE = FIGURES["planted_weight"].title


def planted_weight(subsets: pd.DataFrame, axes: Any = None) -> NDArray[Any]:
    """Draw beta of the planted subset under every normalisation, one panel per dataset.

    Parameters
    ----------
    subsets : DataFrame
        One row per run and subset; those of XRel, XRelIrrXOR, XOR and Parity at p = 1 and scale 1 are drawn.
    axes : array of Axes, optional
        One axes per dataset. Default: a new figure.

    Returns
    -------
    array of Axes, shape (1, datasets)

    Raises
    ------
    MissingRowsError, ValueError
        See `select_rows` and `panels`.
    """
    table = select_rows(subsets, "subsets", dataset=TOY_DATASETS, p="1", scale="1")
    datasets, norms = ordered(table["dataset"], TOY_DATASETS), order_norms(table["norm"])
    grid = panels(1, len(datasets), (max(7.0, 0.8 + 2.3 * len(datasets)), 3.6), axes, sharey=True)
    for ax, dataset in zip(grid.ravel(), datasets, strict=True):
        rows = table[(table["dataset"] == dataset) & (table["subset"] == PLANTED[dataset])]
        for slot, norm in enumerate(norms):
            draw_seeds(ax, slot, rows.loc[rows["norm"] == norm, "beta"], **norm_look(norm), width=0.2)
        if not finite(rows["beta"]).size:
            empty_panel(ax, "not defined")
        label_slots(ax, [NORM_NAMES.get(norm, norm) for norm in norms])
        ax.set_title(f"{dataset}: {subset_name(PLANTED[dataset])}", loc="left")
        ax.set_xlabel("normalisation")
        ax.set_ylim(-0.03, 1.05)
    grid[0, 0].set_ylabel("relevance β")
    subtitle = (
        "Above each panel: the dataset and the subset of views that carries its target by construction. A "
        "method that can be believed gives it 1. p = 1. "
    )
    finish(grid, axes is None, TITLE, subtitle + seeds_sentence(table))
    return grid
