"""Relevance in the user's own data under every normalisation, three stacked panels per dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmfusion.fusion.subsets import parse_subset
from mmfusion.plotting.layout import finish, panels
from mmfusion.study.figures.figure_definitions import FIGURES
from mmfusion.study.figures.marks import COVARIANCE, NORMS_TITLE, draw_measure, norm_marks, seeds_sentence
from mmfusion.study.figures.rows import MissingRowsError, one_p, select_rows
from mmfusion.study.names import DATASET_NAMES, joined, number_name, order_norms, order_subsets, subset_name

TITLE = FIGURES["own_relevance"].title
ROWS = ("weight_share", "covariance_share", "loss_rise")
LOSS_RISE = (
    "rise of the mean loss on the test split when the subset's output is replaced by its training mean, in "
    "nats for classes and in variances of the target for a regression; above zero, the prediction needs the "
    "subset."
)
UPRIGHT = 14
"""With more subsets than this, their labels are turned upright."""
_MARK, _CHARACTER, _LINE, _PANEL = 0.11, 0.075, 0.22, 1.8  # inches


def user_relevance(subsets: pd.DataFrame, axes: Any = None) -> NDArray[Any]:
    """Draw training and held-out relevance of every subset of every dataset that is not part of the study.

    Parameters
    ----------
    subsets : DataFrame
        One row per run and subset; rows of datasets with other names than the study's, at scale 1
        and p = 1 (else the smallest p of the table), are drawn.
    axes : array of Axes, optional
        Three per dataset (weight share, covariance share, loss rise). Default: a new figure.

    Returns
    -------
    array of Axes, shape (datasets, 3)
        In the figure all of them are stacked, each with its own vertical scale.

    Raises
    ------
    MissingRowsError, ValueError
        See `select_rows` and `panels`.
    """
    names = [] if subsets.empty else [n for n in subsets["dataset"].unique() if n not in DATASET_NAMES]
    if not names:
        raise MissingRowsError("subsets", "a dataset of your own")
    table, p = one_p(select_rows(subsets, "subsets", dataset=names, scale="1"))
    parts = {str(name): part for name, part in table.groupby("dataset", sort=False)}
    norms = order_norms(table["norm"])
    column = panels(len(ROWS) * len(parts), 1, _size(list(parts.values()), len(norms)), axes)
    grid: NDArray[Any] = column.reshape(len(parts), len(ROWS))
    for row, (name, part) in zip(grid, parts.items(), strict=True):
        _draw_dataset(row, name, part, norms)
    subtitle = (
        f"Dataset{'s' if len(parts) > 1 else ''}: {joined(parts)}, p = {number_name(p)}. Top: share of the "
        f"subset in the sum of the block norms after training. Middle: {COVARIANCE} Bottom: {LOSS_RISE} "
    )
    finish(grid, axes is None, TITLE, subtitle + seeds_sentence(table), norm_marks(norms), NORMS_TITLE)
    return grid


def _draw_dataset(row: Sequence[Axes], name: str, table: pd.DataFrame, norms: Sequence[str]) -> None:
    """Draw all measures of one dataset, the names of the subsets below the last."""
    labels = order_subsets(table["subset"])
    for ax, measure in zip(row, ROWS, strict=True):
        draw_measure(ax, table, measure, labels, norms)
        ax.tick_params(labelbottom=ax is row[-1])
    row[0].set_title(name, weight="bold")
    row[-1].set_xlabel("subset of modalities")
    if len(labels) > UPRIGHT:
        row[-1].set_xticks(range(len(labels)), [_in_one_line(label) for label in labels], rotation=90)


def _in_one_line(label: str) -> str:
    return subset_name(label).replace("\n", " ")


def _size(tables: Sequence[pd.DataFrame], norms: int) -> tuple[float, float]:
    """Return width and height of the figure in inches, with room for all marks and labels."""
    width, height = 7.0, 1.9
    for table in tables:
        labels = order_subsets(table["subset"])
        height += len(ROWS) * _PANEL + 0.6
        if len(labels) > UPRIGHT:
            each, high = _LINE, _CHARACTER * max(len(_in_one_line(label)) for label in labels)
        else:
            lines = [line for label in labels for line in subset_name(label).split("\n")]
            each = 0.15 + _CHARACTER * max(map(len, lines))
            high = 0.15 * max(len(parse_subset(label)) for label in labels)
        width = max(width, 1.2 + len(labels) * max(each, _MARK * norms))
        height += high
    return width, height
