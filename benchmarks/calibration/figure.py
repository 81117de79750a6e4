"""One figure: exact answers against the number of samples, and false alarms against the 5 % line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter

from calibration.plan import MODALITIES, SIZES
from calibration.rates import EXACT, LEVEL
from mmfusion.plotting.layout import add_heading, empty_panel, legend_mark, panels
from mmfusion.plotting.style import BLUE, GREEN, GREY, MARKERS, ORANGE, PURPLE, SKY, VERMILLION, figure_style
from mmfusion.study.designs.design import TABLES
from mmfusion.study.designs.nulls import NULLS
from mmfusion.study.designs.power import POWER

TABLE_LOOK = dict(zip(TABLES, zip((BLUE, ORANGE, GREEN, PURPLE), "oDs^", strict=True), strict=True))
NULL_LOOK = dict(
    zip(
        [case.name for case in NULLS],
        zip((BLUE, SKY, GREEN, ORANGE, PURPLE, GREY), MARKERS, strict=False),
        strict=False,
    )
)
TITLES = {
    "subsets": "Noise: a subset is named",
    "alone": "Noise: a modality is named alone",
    "needed": "Noise: a modality is named as needed",
    "synergy": "Noise: a pair is named",
}


def overview(rates: pd.DataFrame) -> Figure:
    """Draw the planted cases in two rows and the nulls in the third.

    Parameters
    ----------
    rates : DataFrame
        Of `calibration.rates`. Panels without rows say so.

    Returns
    -------
    Figure
    """
    with figure_style():
        axes = panels(3, 4, (14.0, 10.5))
        exact = rates[(rates["kind"] == "power") & (rates["measure"] == EXACT)]
        for ax, case in zip(axes[:2].ravel(), POWER, strict=True):
            ax.set_title(case.title)
            _recovery(ax, exact[exact["case"] == case.name])
        null = rates[rates["kind"] == "null"]
        top = max(0.2, 1.05 * float(null["high"].max())) if len(null) else 0.2
        for ax, table in zip(axes[2], TABLES, strict=True):
            ax.set_title(TITLES[table])
            _alarms(ax, null[null["table"] == table], min(top, 1.02))
        figure: Figure = axes[0, 0].figure
        _explain(figure)
    return figure


def _explain(figure: Figure) -> None:
    tables = [legend_mark(name, *look, ls="-") for name, look in TABLE_LOOK.items()]
    families = [legend_mark(case.title, *NULL_LOOK[case.name]) for case in NULLS]
    families.append(Line2D([], [], color=VERMILLION, ls=":", label="5 %"))
    figure.legend(handles=tables, loc="outside lower left", ncols=2, title="upper rows: tables")
    figure.legend(handles=families, loc="outside lower right", ncols=4, title="lowest row: kinds of noise")
    add_heading(
        figure,
        "How often the answer is right",
        "Upper rows, higher is better: share of data sets in which a table names exactly what was planted "
        "and nothing else: subsets of modalities, modalities that say something alone, modalities that are "
        "needed, and pairs with the sign of their synergy. Lowest row, lower is better: share of data sets "
        "of pure noise in which a table names anything. Bars are Wilson's 95 % intervals over data sets.",
    )


def _recovery(ax: Axes, rows: pd.DataFrame) -> None:
    if rows["rate"].notna().any():
        sizes = sorted({*SIZES, *rows["n"].astype(int)})
        for place, (table, (color, marker)) in enumerate(TABLE_LOOK.items()):
            some = rows[rows["table"] == table].sort_values("n")
            shifted = some["n"].to_numpy(float) * 2 ** (0.07 * (place - 1.5))
            _points(ax, shifted, some, color, marker, "-")
        ax.set_xscale("log")
        ax.set_xticks(sizes, [str(size) for size in sizes])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_ylim(-0.03, 1.03)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        ax.set_xlabel("samples n")
        ax.set_ylabel("exact answers")
    else:
        ax.set_axis_off()
        empty_panel(ax, "not measured")


def _alarms(ax: Axes, rows: pd.DataFrame, top: float) -> None:
    if rows.empty:
        ax.set_axis_off()
        empty_panel(ax, "not measured")
        return
    cells = sorted({(int(n), int(m)) for n, m in zip(rows["n"], rows["modalities"], strict=True)}, key=_place)
    for place, (name, (color, marker)) in enumerate(NULL_LOOK.items()):
        some = rows[rows["case"] == name]
        where = [cells.index((int(n), int(m))) for n, m in zip(some["n"], some["modalities"], strict=True)]
        _points(ax, np.array(where) + 0.12 * (place - 2.5), some, color, marker, "")
    ax.axhline(LEVEL, color=VERMILLION, ls=":")
    ax.set_xlim(-0.5, len(cells) - 0.5)
    ax.set_xticks(range(len(cells)), [f"{n}\n{m}" for n, m in cells])
    ax.set_xlabel("from above: samples n, modalities M")
    ax.set_ylim(-0.01, top)
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 5, 10]))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    ax.set_ylabel("data sets with a false alarm")


def _place(cell: tuple[int, int]) -> tuple[bool, int, int]:
    """Put all sizes at the main number of modalities first, then the other numbers."""
    return cell[1] != MODALITIES, *cell


def _points(ax: Axes, x: Any, rows: pd.DataFrame, color: str, marker: str, line: str) -> None:
    bars = [rows["rate"] - rows["low"], rows["high"] - rows["rate"]]
    ax.errorbar(
        x, rows["rate"], yerr=bars, color=color, marker=marker, ls=line, ms=5, elinewidth=0.8, capsize=2
    )
