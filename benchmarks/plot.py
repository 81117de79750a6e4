"""One figure of all ratios: mmfusion against plain PyTorch, its normalisations against ``none``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from mmfusion.plotting.layout import add_heading, empty_panel, legend_mark, panels
from mmfusion.plotting.style import BLUE, GREY, VERMILLION, figure_style, norm_look

NORMS = ("none", "bn", "vbn", "dbn", "ibn")
DIMS = (4, 8, 16, 32)
FINE, COARSE = (0.5, 0.7, 1, 1.5, 2, 3, 4, 6, 8, 10, 15, 20, 30), (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Ticks of an axis of ratios that spans a factor of up to 20, and of one that spans more."""
Panel = Callable[[Axes, pd.DataFrame], None]


def overview(table: pd.DataFrame) -> Figure:
    """Draw the fusion layer by width in the upper row, the other ratios in the lower row.

    Parameters
    ----------
    table : DataFrame
        Tidy results. Panels of parts that were not measured say so.

    Returns
    -------
    Figure
    """
    with figure_style():
        axes = panels(2, 4, (14.0, 8.4))
        shared = _limits(table[(table["part"] == "fusion") & (table["unit"] == "x none")])
        for ax, dim in zip(axes[0], DIMS, strict=True):
            rows = table[(table["part"] == "fusion") & (table["dim"] == dim) & (table["unit"] == "x none")]
            _panel(ax, rows, _fusion, f"Fusion layer, d = {dim}")
            if ax.axison:
                _log_ratio(ax, "time / time of none", shared)
        lower: list[tuple[str, str, str, Panel]] = [
            ("throughput", "x plain", "Training throughput", _throughput),
            ("step", "x none", "One training step, M = 3, d = 8", _step),
            ("kappa form", "x kappa", "Shipped against closed form, d = 2", _kappa),
            ("memory", "x bytes of all f^I", "Peak memory of a fusion step", _memory),
        ]
        for ax, (part, unit, title, draw) in zip(axes[1], lower, strict=True):
            _panel(ax, table[(table["part"] == part) & (table["unit"] == unit)], draw, title)
        figure: Figure = axes[0, 0].figure
        _explain(figure)
    return figure


def _explain(figure: Figure) -> None:
    handles = [
        *(legend_mark(n, **norm_look(n)) for n in NORMS),
        Line2D([], [], color="black", ls="-", label="all orders, up to M"),
        Line2D([], [], color="black", ls="--", label="orders one and two only"),
        Line2D([], [], color=VERMILLION, ls=":", label="goal"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    add_heading(
        figure,
        "What mmfusion costs",
        "Upper row, lower is better: time of forward and backward of the fusion layer under a normalisation, "
        "over that under none, for M modalities of width d and batches of 64; larger layers are left out. "
        "Lower row: samples per second when a cell is trained, over those of a plain PyTorch loop (higher is "
        "better); time of a training step over that under none (lower); time of the Wick products by the "
        "poster's closed form over that of the shipped form (higher); peak memory of a fusion step at 512 "
        "samples, over that of all tensor products (lower). One thread. Points are medians over repetitions "
        "that time all in turn, bars their quartiles; a point without a bar is one repetition or a count.",
    )


def _panel(ax: Axes, rows: pd.DataFrame, draw: Panel, title: str) -> None:
    ax.set_title(title)
    if rows["value"].notna().any():
        draw(ax, rows[rows["value"].notna()])
    else:
        ax.set_axis_off()
        empty_panel(ax, "not measured")


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    """Return limits that include 1, all medians and all quartiles."""
    values = rows[["value", "low", "high"]].to_numpy(float)
    return 0.88 * np.nanmin(values, initial=1.0), 1.15 * np.nanmax(values, initial=1.7)


def _log_ratio(ax: Axes, label: str, limits: tuple[float, float]) -> None:
    """Give an axis of ratios a logarithmic scale with readable ticks, and a line at 1."""
    ax.set_yscale("log")
    ax.set_ylim(*limits)
    ax.yaxis.set_major_locator(FixedLocator(FINE if limits[1] < 20 * limits[0] else COARSE))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} x"))
    ax.axhline(1.0, color=GREY, lw=0.8)
    ax.set_ylabel(label)


def _points(ax: Axes, x: Any, rows: pd.DataFrame, norm: str, line: str) -> None:
    low, high = (rows["value"] - rows["low"]).fillna(0), (rows["high"] - rows["value"]).fillna(0)
    look = {**norm_look(norm), "ls": line, "ms": 5, "capsize": 2}
    ax.errorbar(x, rows["value"], yerr=[low, high], elinewidth=0.8, **look)


def _fusion(ax: Axes, rows: pd.DataFrame) -> None:
    for shift, norm in zip((-0.09, -0.03, 0.03, 0.09), NORMS[1:], strict=True):
        of_norm = rows[rows["norm"] == norm].sort_values("modalities")
        whole = of_norm[of_norm["order"] == of_norm["modalities"]]
        pairs = of_norm[(of_norm["order"] == 2) & (of_norm["modalities"] > 2)]
        _points(ax, pairs["modalities"].to_numpy(int) + shift, pairs, norm, "--")
        _points(ax, whole["modalities"].to_numpy(int) + shift, whole, norm, "-")
    ax.set_xlim(1.7, 8.3)
    ax.set_xticks(range(2, 9))
    ax.set_xlabel("modalities M")


def _throughput(ax: Axes, rows: pd.DataFrame) -> None:
    names = list(dict.fromkeys(rows["case"]))
    for offset, norm in ((-0.12, "none"), (0.12, "ibn")):
        of_norm = rows[rows["norm"] == norm]
        positions = [names.index(name) + offset for name in of_norm["case"]]
        _points(ax, positions, of_norm, norm, "")
        for position, value in zip(positions, of_norm["value"], strict=True):
            text = f"{value:.1f} x"
            ax.annotate(text, (position, value), (7, 0), textcoords="offset points", va="center", size=8.5)
    ax.set_xlim(-0.6, len(names) - 0.3)
    ax.set_xticks(range(len(names)), names)
    ax.set_ylim(0, 1.2 * rows["high"].max())
    ax.axhline(1.0, color=GREY, lw=0.8)
    ax.set_ylabel("samples per second / plain loop's")


def _step(ax: Axes, rows: pd.DataFrame) -> None:
    names = list(dict.fromkeys(rows["quantity"]))
    labels = ["whole step" if "step" in name else "fusion layer" for name in names]
    for position, norm in enumerate(NORMS[1:]):
        of_norm = rows[rows["norm"] == norm]
        positions = [names.index(name) + 0.16 * (position - 1.5) for name in of_norm["quantity"]]
        _points(ax, positions, of_norm, norm, "")
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.set_xticks(range(len(names)), labels)
    _log_ratio(ax, "time / time of none", _limits(rows))


def _kappa(ax: Axes, rows: pd.DataFrame) -> None:
    low, high = rows["value"] - rows["low"], rows["high"] - rows["value"]
    positions = rows["modalities"].to_numpy(int)
    ax.errorbar(
        positions, rows["value"], yerr=[low, high], color=BLUE, marker="P", ls="-", capsize=2, elinewidth=0.8
    )
    for position, goal in zip(positions, rows["goal"], strict=True):
        if pd.notna(goal):
            ax.hlines(float(goal.split()[1]), position - 0.4, position + 0.4, color=VERMILLION, ls=":")
    ax.set_xlim(2.5, 8.5)
    ax.set_xticks(range(3, 9))
    ax.set_xlabel("modalities M")
    _log_ratio(ax, "time of closed form / shipped form", _limits(rows))


def _memory(ax: Axes, rows: pd.DataFrame) -> None:
    cells = [
        tuple(cell) for cell in rows[["modalities", "dim", "order"]].drop_duplicates().astype(int).to_numpy()
    ]
    for position, norm in enumerate(NORMS):
        of_norm = rows[rows["norm"] == norm]
        keys = map(tuple, of_norm[["modalities", "dim", "order"]].astype(int).to_numpy())
        _points(ax, [cells.index(key) + 0.13 * (position - 2) for key in keys], of_norm, norm, "")
    ax.axhline(float(rows["goal"].iloc[0].split()[1]), color=VERMILLION, ls=":")
    ax.set_xticks(range(len(cells)), [f"{m}\n{d}\n{order}" for m, d, order in cells])
    ax.set_xlabel("from above: M, d, highest order")
    ax.set_ylim(0, 1.1 * max(rows["value"].max(), 4.0))
    ax.set_ylabel("peak bytes / bytes of all tensor products")
