"""The figure of motifs: what was planted, and what the filters that drive the planted block look for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmfusion.plotting.layout import add_heading, empty_panel, figure_of, panels
from mmfusion.plotting.sequence_logos import sequence_logo
from mmfusion.plotting.style import GREY, figure_style

TITLE = "Motifs found in the block that carries the target"
SUBTITLE = (
    "First row: the planted motifs. Below: windows of the filter that holds most of a motif, among those "
    "that drive the planted block along the leading eigenvector of its covariance (IBN, p = 1, first seed). "
    "Height: information in bits. Share: planted symbols that the best filter holds, mean over {seeds} "
    "seeds, beside the mean of random motifs."
)


def motif_logos(recovered: pd.DataFrame, logos: pd.DataFrame, motifs: NDArray[Any]) -> Figure:
    """Draw sequence logos beside the planted motifs.

    Parameters
    ----------
    recovered, logos : DataFrame
        As `mmfusion.study.evidence.planted_motifs.planted_motifs` gives them, of one or more datasets.
    motifs : array of int, shape (motifs, w)
        The planted ones.

    Returns
    -------
    Figure
    """
    logos = logos[logos["seed"] == logos["seed"].min()]
    if logos.empty:
        return _nothing(recovered)
    views = list(dict.fromkeys(zip(logos["dataset"], logos["modality"], strict=True)))
    symbols = len(logos.filter(like="symbol_").columns)
    ends = (int(logos["position"].min()) - 0.6, int(logos["position"].max()) + 0.6)
    with figure_style():
        size = (3.9 * len(motifs), 1.1 + 0.85 * (1 + len(views)))
        grid = panels(1 + len(views), len(motifs), size, sharex=True, sharey=True)
        for number, motif in enumerate(motifs):
            bits = np.log2(symbols) * np.eye(symbols)[motif]
            _draw(grid[0, number], np.arange(len(motif)), bits, f"planted motif {number + 1}", len(motif))
            for ax, (dataset, modality) in zip(grid[1:, number], views, strict=True):
                keys = {"dataset": dataset, "modality": modality, "motif": number}
                rows, scores = _rows(logos, keys), _rows(recovered, keys)
                shares = rows.filter(like="symbol_").to_numpy() * rows[["bits"]].to_numpy()
                title = (
                    f"{dataset}, view {modality}: share {scores['recovered'].mean():.2f}, "
                    f"by chance {scores['chance'].mean():.2f}"
                )
                _draw(ax, rows["position"].to_numpy(), shares, title, len(motif))
            grid[-1, number].set_xlabel("position from the start of the motif")
        for ax in grid[:, 0]:
            ax.set_ylabel("bits")
        grid[0, 0].set_xlim(*ends)
        figure = figure_of(grid)
        add_heading(figure, TITLE, SUBTITLE.format(seeds=recovered["seed"].nunique()))
    return figure


def _nothing(recovered: pd.DataFrame) -> Figure:
    """Say that no filter drives any planted block."""
    with figure_style():
        grid = panels(1, 1, (7.8, 2.0))
        empty_panel(grid[0, 0], "No filter drives a planted block.")
        add_heading(figure_of(grid), TITLE, SUBTITLE.format(seeds=recovered["seed"].nunique()))
    return figure_of(grid)


def _rows(table: pd.DataFrame, keys: dict[str, Any]) -> pd.DataFrame:
    """Pick the rows with these values."""
    return table[np.logical_and.reduce([table[name] == value for name, value in keys.items()])]


def _draw(ax: Axes, positions: NDArray[Any], heights: NDArray[Any], title: str, width: int) -> None:
    """Draw a logo, heights (positions, symbols), above the place of the motif."""
    columns = [str(symbol) for symbol in range(heights.shape[1])]
    sequence_logo(ax, pd.DataFrame(heights, index=positions, columns=columns), title)
    ax.axvspan(-0.5, width - 0.5, color=GREY, alpha=0.08, zorder=-1, linewidth=0)
