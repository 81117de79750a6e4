"""The figure of the peers: how often each names something in noise, and just what was planted elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmfusion.plotting.layout import finish, panels
from mmfusion.plotting.style import BLUE, GREY, VERMILLION
from mmfusion.study.designs.drawn_cases import NOISE
from mmfusion.study.evidence.peer_tables import OURS, TRUTH

TITLE = "Who names what was planted, and who names noise"
PANELS = (
    (NOISE, "modalities_wrong", "something named\nin pure noise (less is better)"),
    (TRUTH, "modalities_exact", "just the planted\nmodalities named"),
    (TRUTH, "subsets_exact", "just the planted\nsubsets named"),
    (TRUTH, "first_subset", "most important\nsubset is planted"),
)
LEVEL = 0.05
"""Of the tests of the peers that test."""


def peer_figure(rates: pd.DataFrame, axes: Any = None) -> NDArray[Any]:
    """Draw the rates of all peers that have one of these.

    Parameters
    ----------
    rates : DataFrame
        As `mmfusion.study.evidence.peer_tables.peer_rates` gives it.
    axes : array of Axes, optional
        Default: a new figure.

    Returns
    -------
    array of Axes, shape (1, 4)
    """
    shown = pd.MultiIndex.from_frame(rates[["design", "measure"]]).isin([panel[:2] for panel in PANELS])
    peers = list(dict.fromkeys(rates.loc[shown, "peer"]))
    grid = panels(1, len(PANELS), (13.0, 1.9 + 0.27 * len(peers)), axes, sharey=True)
    for ax, (design, measure, label) in zip(grid[0], PANELS, strict=True):
        some = rates[(rates["design"] == design) & (rates["measure"] == measure)].set_index("peer")
        _panel(ax, some, peers)
        sets = int(some["data_sets"].max()) if len(some) else 0
        ax.set_xlabel(f"{label}\n(share of up to {sets} data sets)")
    grid[0, 0].axvline(LEVEL, color=VERMILLION, linewidth=1.0, linestyle="--", zorder=1)
    grid[0, 0].set_yticks(range(len(peers)), peers)
    grid[0, 0].set_ylim(len(peers) - 0.4, -0.6)
    subtitle = (
        "Every peer by its own rule, on the same samples and folds; n/a: no rule, or none for subsets. "
        "Line: 5 %. Bars: Wilson's 95 % intervals over data sets."
    )
    finish(grid, axes is None, TITLE, subtitle)
    return grid


def _panel(ax: Axes, some: pd.DataFrame, peers: list[str]) -> None:
    """Draw one rate of every peer as a point with its interval."""
    for place, peer in enumerate(peers):
        if peer not in some.index:
            ax.text(0.5, place, "n/a", color=GREY, va="center", ha="center", fontsize=7.5)
            continue
        rate, low, high = some.loc[peer, ["rate", "low", "high"]].to_numpy(float)
        color = BLUE if peer == OURS else GREY
        ax.errorbar(rate, place, xerr=np.abs([[rate - low], [high - rate]]), fmt="o", color=color, capsize=2)
    ax.set_xlim(-0.03, 1.03)
    ax.grid(visible=True, axis="x")
