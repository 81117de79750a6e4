"""Marks of all figures: seeds with mean and interval, and slots of a horizontal axis in which they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

from mmfusion.measures.catalogue import OF_WEIGHTS
from mmfusion.measures.intervals import bootstrap_interval
from mmfusion.plotting.layout import empty_panel, legend_mark
from mmfusion.plotting.style import PALE, norm_look
from mmfusion.study.names import NORM_NAMES, subset_name

POINTS_BELOW = 20
"""With fewer seeds than this, every seed is drawn as a point beside the interval."""
NORMS_TITLE = "normalisation of the blocks"
"""Heading of the legend that `norm_marks` fills."""
COVARIANCE = (
    "share of the subset in the variance of the score on the test split, by covariance with the score; these "
    "shares sum to 1 and can be negative."
)
"""What the panel of the covariance share shows, for a subtitle."""


def finite(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values that are neither missing nor infinite, as floats."""
    array = np.asarray(values, dtype=np.float64)
    return array[np.isfinite(array)]


def draw_seeds(
    ax: Axes,
    x: float,
    values: ArrayLike,
    *,
    color: str,
    marker: str = "o",
    size: float = 6.0,
    width: float = 0.05,
    points: bool = True,
) -> int:
    """Draw the values of all seeds at one position: points, and mean with interval.

    Parameters
    ----------
    ax : Axes
        Axes to draw on.
    x : float
        Position on the horizontal axis.
    values : array_like, shape (n,)
        One value per seed; missing ones are left out.
    color, marker : str
        How the mean looks; the points have the same colour.
    size : float
        Size of the mean's marker in points.
    width : float
        Half the width over which the points are spread, in units of the axis.
    points : bool
        Whether single seeds are drawn (only below `POINTS_BELOW` seeds).

    Returns
    -------
    int
        How many values were drawn.
    """
    seeds = finite(values)
    if not seeds.size:
        return 0
    count = seeds.size
    mean, low, high = bootstrap_interval(seeds)
    if points and 1 < count < POINTS_BELOW:
        positions = x + np.linspace(-width, width, count)
        ax.scatter(positions, seeds, s=7, color=color, alpha=0.5, linewidths=0, zorder=2)
    if count > 1:
        ax.vlines(x, low, high, color=color, linewidth=1.5, zorder=3)
    ax.plot(x, mean, marker=marker, color=color, markersize=size, mec="white", mew=0.6, zorder=4)
    return count


def seeds_sentence(table: pd.DataFrame, shape: str = "Marker and bar") -> str:
    """Write what marks, bars and points mean, for a subtitle.

    Parameters
    ----------
    table : DataFrame
        With the columns dataset, norm, p and scale, which name a cell of the study, and seed.
    shape : str
        What shows mean and interval.

    Returns
    -------
    str
        With the number of seeds, such as ``"10 seeds"``, or ``"3 to 10 seeds"`` where cells differ.
    """
    counts = table.groupby(["dataset", "norm", "p", "scale"], observed=True)["seed"].nunique()
    least, most = counts.min(), counts.max()
    if most == 1:
        return "One seed: no interval."
    count = f"{most} seeds" if least == most else f"{least} to {most} seeds"
    small = "; small points: single seeds" if least < POINTS_BELOW else ""
    return f"{shape}: mean and 95 % bootstrap interval over {count}{small}."


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
