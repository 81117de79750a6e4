"""A measure of every subset under every normalisation: what the figures of real data share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mmfusion.measures.catalogue import OF_WEIGHTS
from mmfusion.plotting.layout import empty_panel, legend_mark
from mmfusion.plotting.style import norm_look
from mmfusion.study.figures.seed_points import draw_seeds, finite
from mmfusion.study.figures.slots import label_slots, offsets, shade_slot
from mmfusion.study.names import NORM_NAMES, subset_name

NORMS_TITLE = "normalisation of the blocks"
"""Heading of the legend that `norm_marks` fills."""
COVARIANCE = (
    "share of the subset in the variance of the score on the test split, by covariance with the score; these "
    "shares sum to 1 and can be negative."
)
"""What the panel of the covariance share shows, for a subtitle."""


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
