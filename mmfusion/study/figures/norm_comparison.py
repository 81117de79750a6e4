"""A measure of every subset under every normalisation: what the figures of real data share."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from mmfusion.measures.catalogue import OF_WEIGHTS
from mmfusion.plotting.layout import empty_panel, legend_mark
from mmfusion.plotting.style import norm_color, norm_marker
from mmfusion.study.figures.seed_points import draw_seeds, finite
from mmfusion.study.figures.slots import label_slots, offsets, shade_slot
from mmfusion.study.names import NORM_NAMES, subset_name

COVARIANCE = (
    "share of the subset in the variance of the score on the test split, by covariance with the score; these "
    "shares sum to 1 and can be negative."
)
"""What the panel of the covariance share shows, for a subtitle."""


def norm_marks(norms: Sequence[str]) -> list[Line2D]:
    """Make the legend entries of normalisations."""
    return [legend_mark(NORM_NAMES.get(norm, norm), norm_color(norm), norm_marker(norm)) for norm in norms]


def norm_step(norms: Sequence[str]) -> float:
    """Return the distance of two normalisations within a slot."""
    return 0.8 / max(len(norms), 1)


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
        for norm, offset in zip(norms, offsets(len(norms), norm_step(norms)), strict=True):
            draw_seeds(
                ax,
                slot + offset,
                table.loc[(table["subset"] == label) & (table["norm"] == norm), measure],
                color=norm_color(norm),
                marker=norm_marker(norm),
                size=8.0 if norm == "ibn" else 5.5,
                width=0.05,
            )
    if not finite(table[measure]).size:
        empty_panel(ax, "not defined: the score does not vary")
    ax.axhline(0, color="black", linewidth=0.7, zorder=1)
    label_slots(ax, [subset_name(label) for label in labels])
    ax.set_ylabel(f"{'training' if measure in OF_WEIGHTS else 'held-out'}:\n{measure.replace('_', ' ')}")
