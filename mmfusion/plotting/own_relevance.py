"""Relevance in the user's own data under every normalisation, one figure per dataset below each other."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray

from mmfusion.analysis.names import DATASET_NAMES, joined, number_name
from mmfusion.plotting.layout import figure_of, heading
from mmfusion.plotting.mosi_relevance import HELD_OUT, relevance_grid
from mmfusion.plotting.points import seeds_sentence
from mmfusion.plotting.rows import MissingRowsError, one_p, select

TITLE = "Your own data: relevance of modalities and their interactions"


def own_relevance(subsets: pd.DataFrame, axes: Any = None, p: str = "1") -> NDArray[Any]:
    """Draw training and held-out relevance of every subset of every dataset that is not part of the study.

    Parameters
    ----------
    subsets : DataFrame
        One row per run and subset; rows at scale 1 of datasets with other names than the study's are drawn.
    axes : array of Axes, optional
        Two rows (weight share, covariance share), one column per dataset. Default: a new figure.
    p : str
        Which p; the smallest of the table if it does not occur.

    Returns
    -------
    array of Axes, shape (2, datasets)

    Raises
    ------
    MissingRowsError
        If the table has no such rows.
    """
    names = (
        [] if subsets.empty else [name for name in subsets["dataset"].unique() if name not in DATASET_NAMES]
    )
    if not names:
        raise MissingRowsError("subsets", "a dataset of your own")
    table, p = one_p(select(subsets, "subsets", dataset=names, scale="1"), p)
    datasets = list(table["dataset"].unique())
    grid, own = relevance_grid(table, datasets, axes)
    if own:
        heading(
            figure_of(grid),
            TITLE,
            f"Datasets: {joined(datasets)}, p = {number_name(p)}. Top: share of the subset in the sum of "
            "the block "
            f"norms after training. {HELD_OUT} " + seeds_sentence(table),
        )
    return grid
