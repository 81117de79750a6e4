"""Slots of a horizontal axis: one per subset, p or block, with marks or normalisations around its centre."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from mmfusion.measures.catalogue import OF_WEIGHTS
from mmfusion.plotting.layout import empty_panel, legend_mark
from mmfusion.plotting.style import PALE, norm_look
from mmfusion.study.figures.seed_points import draw_seeds, finite
from mmfusion.study.names import NORM_NAMES, subset_name

NORMS_TITLE = "normalisation of the blocks"
"""Heading of the legend that `norm_marks` fills."""
COVARIANCE = (
    "share of the subset in the variance of the score on the test split, by covariance with the score; these "
    "shares sum to 1 and can be negative."
)
"""What the panel of the covariance share shows, for a subtitle."""


def offsets(count: int, step: float) -> NDArray[Any]:
    """Return the distances of `count` marks from the centre of their slot, `step` between two of them.

    Examples
    --------
    >>> offsets(3, 0.25).tolist()
    [-0.25, 0.0, 0.25]
    """
    return step * (np.arange(count) - (count - 1) / 2)


def label_slots(ax: Axes, labels: Sequence[str]) -> None:
    """Give every slot its label and the axis the width of all slots."""
    ax.set_xticks(range(len(labels)), labels)
    ax.set_xlim(-0.5, len(labels) - 0.5)


def shade_slot(ax: Axes, slot: int, text: str = "") -> None:
    """Shade a slot, and say inside why it is empty if there is a `text`."""
    ax.axvspan(slot - 0.5, slot + 0.5, color=PALE, zorder=0)
    if text:
        ax.text(slot, 0.5, text, ha="center", va="center", color="#666666", size=8)


def norm_marks(norms: Sequence[str]) -> list[Line2D]:
    """Make the legend entries of normalisations."""
    return [legend_mark(NORM_NAMES.get(norm, norm), **norm_look(norm)) for norm in norms]


def in_slot(slot: int, norms: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Pair every normalisation with its position within a slot."""
    return zip(norms, slot + offsets(len(norms), 0.8 / len(norms)), strict=True)


def draw_measure(
    ax: Axes, table: pd.DataFrame, measure: str, labels: Sequence[str], norms: Sequence[str]
) -> None:
    """Draw one measure of one dataset: a slot per subset, all normalisations within it, a line at zero.

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
    for slot, label in enumerate(labels):
        if slot % 2:
            shade_slot(ax, slot)
        for norm, x in in_slot(slot, norms):
            values = table.loc[(table["subset"] == label) & (table["norm"] == norm), measure]
            draw_seeds(ax, x, values, **norm_look(norm), size=8.0 if norm == "ibn" else 5.5)
    if not finite(table[measure]).size:
        empty_panel(ax, "not defined: the score does not vary")
    ax.axhline(0, color="black", linewidth=0.7, zorder=1)
    label_slots(ax, [subset_name(label) for label in labels])
    ax.set_ylabel(f"{'training' if measure in OF_WEIGHTS else 'held-out'}:\n{measure.replace('_', ' ')}")
