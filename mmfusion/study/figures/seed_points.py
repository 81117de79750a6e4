"""Seeds as points, their mean with its interval, and the sentence that says so: shared by all figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from mmfusion.measures.intervals import bootstrap_interval

POINTS_BELOW = 20
"""With fewer seeds than this, every seed is drawn as a point beside the interval."""


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


def seeds_sentence(table: pd.DataFrame, shape: str = "Marker and bar", points: bool = True) -> str:
    """Write what marks, bars and points mean, for a subtitle.

    Parameters
    ----------
    table : DataFrame
        With the columns dataset, norm, p and scale, which name a cell of the study, and seed.
    shape : str
        What shows mean and interval.
    points : bool
        Whether the figure shows single seeds.

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
    small = "; small points: single seeds" if points else ""
    return f"{shape}: mean and 95 % bootstrap interval over {count}{small}."
