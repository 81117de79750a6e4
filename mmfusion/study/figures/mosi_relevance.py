"""Figure 6 and its like with clean text: relevance on CMU-MOSI, from weights and from held-out scores."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from mmfusion.plotting.layout import finish, panels
from mmfusion.study.figures.figure_definitions import FIGURES
from mmfusion.study.figures.marks import COVARIANCE, NORMS_TITLE, draw_measure, norm_marks, seeds_sentence
from mmfusion.study.figures.rows import one_p, select_rows
from mmfusion.study.names import (
    DATASET_NAMES,
    MOSI_CLEAN,
    MOSI_DATASETS,
    joined,
    number_name,
    order_norms,
    order_subsets,
    ordered,
)

TITLE = FIGURES["figure6_mosi_relevance"].title
CLEAN_TITLE = FIGURES["mosi_clean_text"].title
ROWS = ("weight_share", "covariance_share")


def mosi_relevance(subsets: pd.DataFrame, axes: Any = None, *, clean: bool = False) -> NDArray[Any]:
    """Draw training and held-out relevance of every subset under every normalisation.

    Parameters
    ----------
    subsets : DataFrame
        One row per run and subset; rows at scale 1 and p = 1 (else the smallest p of the table) are drawn.
    axes : array of Axes, optional
        Two rows (weight share, covariance share), one column per task. Default: a new figure.
    clean : bool, default False
        Draw MOSICleanBinary and MOSICleanReal instead of MOSIBinary and MOSIReal.

    Returns
    -------
    array of Axes, shape (2, tasks)

    Raises
    ------
    MissingRowsError, ValueError
        See `select_rows` and `panels`.
    """
    known = MOSI_CLEAN if clean else MOSI_DATASETS
    table, p = one_p(select_rows(subsets, "subsets", dataset=known, scale="1"))
    datasets, norms = ordered(table["dataset"], known), order_norms(table["norm"])
    labels = order_subsets(table["subset"])
    width = max(0.17 * len(labels) * len(norms), 0.75 * len(labels), 4.0)
    size = (1.2 + width * len(datasets), 7.2)
    grid = panels(len(ROWS), len(datasets), size, axes, sharex=True, sharey="row")
    for column, dataset in zip(grid.T, datasets, strict=True):
        for ax, measure in zip(column, ROWS, strict=True):
            draw_measure(ax, table[table["dataset"] == dataset], measure, labels, norms)
            ax.set_xlabel("subset of modalities")
            ax.label_outer()
        column[0].set_title(DATASET_NAMES[dataset])
    subtitle = (
        f"Tasks: {joined(DATASET_NAMES[dataset] for dataset in datasets)}, p = {number_name(p)}. Top: "
        "share of the subset in the sum of the block norms after training "
        f"({'no feature has' if clean else 'the given text and video features have'} seen the training "
        f"labels). Bottom: {COVARIANCE} "
    )
    finish(
        grid,
        axes is None,
        CLEAN_TITLE if clean else TITLE,
        subtitle + seeds_sentence(table),
        norm_marks(norms),
        NORMS_TITLE,
    )
    return grid
