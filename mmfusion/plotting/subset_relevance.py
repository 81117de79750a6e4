"""Bars for one estimator: a measure of every subset with its interval, and the parts of one score."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmfusion.measures.catalogue import LABELS
from mmfusion.plotting.layout import add_heading, legend_mark
from mmfusion.plotting.style import GREY, figure_style, order_color

MOST_BARS = 40
"""Subsets beyond this number are left out, the least relevant first."""
NOT_NAMED = 0.35
"""Opacity of bars that are not named."""
WIDTH, HEIGHT_OF_HEADING, HEIGHT_OF_BAR = 8.6, 2.0, 0.26  # inches


def subset_relevance(ax: Axes, relevance: pd.DataFrame, measure: str = "beta") -> Axes:
    """Draw a measure of every subset as horizontal bars, in the order of the table.

    Parameters
    ----------
    ax : Axes
    relevance : DataFrame
        ``relevance_`` of an estimator: subset, order, the measure, named, and the bounds ``_low`` and
        ``_high`` of its interval, or else its standard deviation over networks, ``_spread``, for the
        whiskers.
    measure : str, default "beta"
        Which column.

    Returns
    -------
    Axes
    """
    drawn = _largest(relevance, measure)
    positions = np.arange(len(drawn))
    values = drawn[measure].to_numpy(float)
    ax.barh(positions, values, color=_colors(drawn, measure), height=0.7)
    reach = _whiskers(drawn, measure, values)
    known = ~np.isnan(reach).any(axis=0)
    if known.any():
        reach = reach[:, known]
        ax.errorbar(
            values[known], positions[known], xerr=reach, fmt="none", ecolor="black", elinewidth=0.9, capsize=2
        )
    _name_bars(ax, drawn["subset"])
    ax.axvline(0.0, color=GREY, lw=0.8)
    ax.set_xlabel(LABELS.get(measure, measure))
    _legend(ax, sorted(set(drawn["order"])))
    if len(drawn) < len(relevance):
        ax.set_title(f"{len(drawn)} most relevant of {len(relevance)} subsets")
    return ax


def _colors(drawn: pd.DataFrame, measure: str) -> list[tuple[float, float, float, float]]:
    """Return the colours of the orders, pale where the rise of the loss is not named."""
    tested = measure == "loss_rise" and "named" in drawn
    named = drawn["named"].eq(True) if tested else np.full(len(drawn), True)
    pairs = zip(drawn["order"], named, strict=True)
    return [to_rgba(order_color(order), 1.0 if strong else NOT_NAMED) for order, strong in pairs]


def _whiskers(drawn: pd.DataFrame, measure: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the whiskers reach to the left and to the right, (2, bars); NaN without any."""
    if f"{measure}_low" in drawn:
        low, high = (drawn[f"{measure}_{side}"].to_numpy(float) for side in ("low", "high"))
        return np.asarray(np.abs(np.stack([values - low, high - values])))
    spread = drawn[f"{measure}_spread"].to_numpy(float) if f"{measure}_spread" in drawn else values * np.nan
    return np.stack([spread, spread])


def sample_contributions(ax: Axes, contributions: pd.Series[Any], title: str = "") -> Axes:
    """Draw what every subset adds to the score of one sample, from the intercept to the score.

    Parameters
    ----------
    ax : Axes
    contributions : Series
        A row of ``contributions``: the subsets, then ``intercept``.
    title : str, optional

    Returns
    -------
    Axes
    """
    parts = contributions.drop("intercept")
    if len(parts) > MOST_BARS:
        rest = parts.drop(parts.abs().nlargest(MOST_BARS - 1).index)
        parts = pd.concat([parts.drop(rest.index), pd.Series({f"{len(rest)} others": rest.sum()})])
    steps = pd.concat([pd.Series({"intercept": contributions["intercept"]}), parts])
    ends = steps.cumsum().to_numpy(float)
    starts = np.concatenate([[0.0], ends[:-1]])
    positions = np.arange(len(steps))
    colors = [GREY, *(order_color(str(name).count("+") + 1) for name in parts.index)]
    ax.barh(positions, ends - starts, left=starts, color=colors, height=0.7)
    for position, (end, following) in enumerate(zip(ends[:-1], positions[1:], strict=True)):
        ax.plot([end, end], [position, following], color=GREY, lw=0.6)
    ax.axvline(ends[-1], color="black", lw=1.0, ls="--", label=f"score {ends[-1]:.3g}")
    _name_bars(ax, steps.index)
    ax.use_sticky_edges = False
    ax.margins(x=0.05)
    ax.set_xlabel("score, summed from top to bottom")
    ax.set_title(title, parse_math=False)
    ax.legend(loc="best")
    return ax


def relevance_figure(relevance: pd.DataFrame, title: str, subtitle: str) -> Figure:
    """Draw beta beside the rise of the held-out loss, or one of them where the other is not known.

    Parameters
    ----------
    relevance : DataFrame
        ``relevance_`` of an estimator.
    title : str
        What the figure shows.
    subtitle : str
        What was trained, and what the bars are.

    Returns
    -------
    Figure
    """
    known = [measure for measure in ("beta", "loss_rise") if relevance[measure].notna().any()]
    measures = known or ["beta"]
    drawn = _largest(relevance, measures[-1])
    if len(drawn) < len(relevance):
        subtitle += f" Shown are the {MOST_BARS} of {len(relevance)} subsets with the largest {measures[-1]}."
    with figure_style():
        height = HEIGHT_OF_HEADING + HEIGHT_OF_BAR * len(drawn)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        panels = figure.subplots(1, len(measures), squeeze=False)[0]
        for panel, measure in zip(panels, measures, strict=True):
            subset_relevance(panel, drawn, measure)
        if len(panels) > 1:
            panels[1].set_yticklabels([])
            panels[1].get_legend().remove()
        add_heading(figure, title, subtitle)
    return figure


def _largest(relevance: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Leave out the subsets with the smallest values where there are more than `MOST_BARS`."""
    many = len(relevance) > MOST_BARS
    return relevance.nlargest(MOST_BARS, measure).sort_index() if many else relevance


def _name_bars(ax: Axes, names: Iterable[object]) -> None:
    """Write the names beside the bars, from top to bottom, with vertical grid lines only."""
    labels = [str(name) for name in names]
    ax.set_yticks(range(len(labels)), labels, parse_math=False)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x", visible=True)


def _legend(ax: Axes, orders: list[int]) -> None:
    words = {1: "one modality", 2: "two together", 3: "three together"}
    handles = [
        legend_mark(words.get(order, f"{order} together"), order_color(order), marker="s") for order in orders
    ]
    ax.legend(handles=handles, loc="best")
