"""Sequence logos: letters stacked per position, as high as the information that they carry."""

from __future__ import annotations

import logomaker
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmfusion.plotting.layout import add_heading, figure_of, panels
from mmfusion.plotting.style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, figure_style

_COLORS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, GREY)
MOST_LOGOS = 6
"""Columns of a figure: networks whose first filter is drawn."""


def sequence_logo(ax: Axes, heights: pd.DataFrame, title: str = "") -> Axes:
    """Draw a logo.

    Parameters
    ----------
    ax : Axes
    heights : DataFrame
        In bits; the index are positions, the columns the letters, one character each.
    title : str, optional

    Returns
    -------
    Axes
    """
    letters = [str(name) for name in heights.columns]
    colors = {letter: _COLORS[index % len(_COLORS)] for index, letter in enumerate(letters)}
    logomaker.Logo(
        heights.set_axis(letters, axis="columns"),
        ax=ax,
        color_scheme=colors,
        font_name="DejaVu Sans",
        baseline_width=0,
    )
    ax.set_ylim(0, np.log2(max(len(letters), 2)))
    ax.set_title(title, loc="left", fontsize=8.5)
    ax.grid(visible=False)
    return ax


def has_logos(motifs: pd.DataFrame) -> bool:
    """Say whether every symbol of a table of motifs is one printable character."""
    letters = [str(name).removeprefix("share_") for name in motifs.filter(like="share_").columns]
    return all(len(letter) == 1 and letter.isprintable() and not letter.isspace() for letter in letters)


def motifs_figure(motifs: pd.DataFrame, title: str) -> Figure:
    """Draw what the filter that drives most looks for, in every network.

    Parameters
    ----------
    motifs : DataFrame
        As `mmfusion.FusionClassifier.motifs` gives it, with rows, and with `has_logos`.
    title : str

    Returns
    -------
    Figure
        One row per subset and modality, one column per network, the first six.
    """
    first = motifs[motifs["rank"] == 1]
    rows = list(dict.fromkeys(zip(first["subset"], first["modality"], strict=True)))
    networks = first["network"].unique()[:MOST_LOGOS]
    with figure_style():
        size = (0.6 + 2.4 * len(networks), 1.3 + 1.25 * len(rows))
        grid = panels(len(rows), len(networks), size, sharey="row")
        for line, (subset, modality) in zip(grid, rows, strict=True):
            of_row = first[(first["subset"] == subset) & (first["modality"] == modality)]
            for ax, network in zip(line, networks, strict=True):
                logo = of_row[of_row["network"] == network].set_index("position")
                letters = logo.filter(like="share_").rename(columns=lambda name: name.removeprefix("share_"))
                if logo.empty:
                    ax.set_axis_off()
                    continue
                share = logo["drive"].iloc[0]
                letters = letters.loc[:, letters.notna().any()]
                sequence_logo(ax, letters.mul(logo["bits"], axis="index"), f"network {network}: {share:.0%}")
            line[0].set_ylabel(
                f"{modality}\nin {subset}\nbits" if modality != subset else f"{modality}\nbits"
            )
        for ax in grid[-1]:
            ax.set_xlabel("position in the window")
        figure = figure_of(grid)
        subtitle = (
            "Windows of the filter that drives the subset most along the leading eigenvector of its "
            "covariance, in every network; the percentage is its share of what all filters drive. Height: "
            "information in bits. Every filter has a motif: one that no other network has is no evidence."
        )
        add_heading(figure, title, subtitle)
    return figure
