"""Figures 4 and 5: how the leading eigenvector of a block's covariance separates the classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mmfusion.plotting.layout import empty_panel, finish, panels
from mmfusion.plotting.style import BLUE, GREY, ORANGE, VERMILLION
from mmfusion.study.figures.marks import draw_seeds, finite, seeds_sentence
from mmfusion.study.figures.rows import one_p, select_rows
from mmfusion.study.names import NORM_NAMES, subset_name

COMPONENTS = 8
"""How many leading eigenvalues are drawn."""
SIGNIFICANT = 0.05


def eigen_projection(
    eigen: pd.DataFrame,
    spectrum: pd.DataFrame,
    projections: pd.DataFrame,
    subset: str,
    role: str,
    axes: Any = None,
) -> NDArray[Any]:
    """Draw the spectrum of a block, its projection by class for one seed, and the AUROC of all seeds.

    Parameters
    ----------
    eigen : DataFrame
        One row per seed and subset: variance share, AUROC and p-value of the leading eigenvector. Rows of
        XRelIrrXOR with IBN at scale 1 and p = 1 (else the smallest p of the table) are drawn.
    spectrum : DataFrame
        One row per seed, subset and component: its share of the variance.
    projections : DataFrame
        One row per sample of the drawn seed: label (0 or 1) and projection.
    subset : str
        Label of the block, such as ``"2+3"``.
    role : str
        What the block is, for the title, such as ``"the relevant view"``.
    axes : array of Axes, optional
        Three axes. Default: a new figure.

    Returns
    -------
    array of Axes, shape (1, 3)

    Raises
    ------
    MissingRowsError, ValueError
        See `select_rows` and `panels`.
    """
    wanted = {"dataset": "XRelIrrXOR", "norm": "ibn", "subset": subset, "scale": "1"}
    scores, p = one_p(select_rows(eigen, "eigen", **wanted))
    shares = select_rows(spectrum, "eigen_spectrum", **wanted, p=p)
    samples = select_rows(projections, "eigen_projections", **wanted, p=p)
    seed = samples["seed"].iloc[0]
    samples = samples[samples["seed"] == seed]
    grid = panels(1, 3, (11.0, 4.5), axes, width_ratios=[1.0, 1.5, 0.7])
    left, middle, right = grid.ravel()
    _spectrum(left, shares)
    _histogram(middle, samples, scores[scores["seed"] == seed])
    _auroc(right, scores, seed)
    name = subset_name(subset)
    subtitle = (
        f"XRelIrrXOR, normalisation {NORM_NAMES['ibn']}, p = {p}, test split. Eigenvectors of "
        f"the covariance of the normalised block {name}, found without the class. AUROC of the "
        "projection as a score for the class: max(a, 1 - a), so that chance lies slightly above 0.5; "
        "p two-sided by Mann and Whitney's U. "
    )
    title = f"Leading eigenvector of block {name}, {role}"
    finish(grid, axes is None, title, subtitle + seeds_sentence(scores))
    return grid


def _spectrum(ax: Axes, shares: pd.DataFrame) -> None:
    """Draw the share of variance of the leading components, all seeds."""
    leading = shares[shares["component"] <= COMPONENTS]
    for component, values in leading.groupby("component")["share"]:
        draw_seeds(ax, float(str(component)), values, color=GREY, width=0.12)
    ax.set_title("Spectrum of the block")
    ax.set_xlabel(f"component (leading {min(COMPONENTS, int(shares['component'].max()))})")
    ax.set_ylabel("share of the block's variance")
    ax.set_xticks(sorted(leading["component"].unique()))
    ax.set_ylim(bottom=0.0)
    if not finite(leading["share"]).size:
        empty_panel(ax, "no variance")


def _histogram(ax: Axes, samples: pd.DataFrame, scores: pd.DataFrame) -> None:
    """Draw the projection of every sample on the leading eigenvector, by class."""
    # The only use of seaborn, and imported here, since it is slow to import: it bins and outlines a filled
    # histogram in one call. Its plots of points and means would compute other intervals than those of
    # all figures and tables, which come from mmfusion.measures.intervals.
    import seaborn

    known = finite(samples["projection"])
    edges = np.histogram_bin_edges(known, bins=40)
    for label, color, linestyle in ((0, ORANGE, "--"), (1, BLUE, "-")):
        drawn = finite(samples.loc[samples["label"] == label, "projection"])
        look = {"color": color, "linestyle": linestyle, "alpha": 0.45, "linewidth": 1.4}
        name = f"class {label} (n = {drawn.size})"
        seaborn.histplot(x=drawn, bins=list(edges), element="step", label=name, ax=ax, **look)
    title = f"Projection of every sample, seed {samples['seed'].iloc[0]}"
    if not scores.empty:
        row = scores.iloc[0]
        p_value = "p < 0.001" if row["p_value"] < 0.001 else f"p = {row['p_value']:.3f}"
        share = f"{100 * row['variance_share']:.0f} % of the block's variance"
        title += f"\nAUROC {row['auroc']:.2f}, {p_value}, {share}"
    ax.set_title(title)
    ax.set_xlabel("projection on the leading eigenvector")
    ax.set_ylabel("samples")
    ax.set_ylim(top=1.2 * ax.get_ylim()[1])
    ax.legend(loc="upper center", ncols=2)


def _auroc(ax: Axes, scores: pd.DataFrame, seed: Any) -> None:
    """Draw the AUROC of every seed; hollow where it can be chance."""
    positions = np.linspace(-0.3, 0.3, len(scores)) if len(scores) > 1 else np.zeros(1)
    for x, (_, row) in zip(positions, scores.sort_values("seed").iterrows(), strict=True):
        color = VERMILLION if row["seed"] == seed else BLUE
        filled = row["p_value"] <= SIGNIFICANT
        ax.plot(x, row["auroc"], "o", color=color, markersize=6, mfc=color if filled else "white", zorder=3)
    if len(scores) > 1:
        draw_seeds(ax, 0.5, scores["auroc"], color="black", marker="D", points=False)
    ax.axhline(0.5, color="black", linestyle=":", linewidth=1)
    ax.set_title("AUROC of every seed")
    ax.set_ylabel("AUROC")
    rest = "\ndiamond: mean, interval" if len(scores) > 1 else ""
    ax.set_xlabel(f"circles: seeds; vermilion: seed {seed}\nhollow: p > {SIGNIFICANT}{rest}", size=8)
    ax.set_xticks([])
    ax.set_xlim(-0.5, 0.65)
    ax.set_ylim(0.45, 1.03)
