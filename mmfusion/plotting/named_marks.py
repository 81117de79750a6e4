"""Filled marks for what a test names, hollow marks for the rest, and the words around them.

*Named* is a column of the tables: above zero after the correction for all rows, and not negligible.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.textpath import TextPath
from numpy.typing import ArrayLike

from mmfusion.plotting.layout import legend_mark
from mmfusion.plotting.style import GREY
from mmfusion.sentences import joined_names

NAME_WIDTH = 20  # letters of a line of a modality's name
LEGEND_SIZE = 8.0  # points
_TITLE_SIZE = 9.5  # points
MARK_AREA = 38.0  # square points
NOT_NAMED = "not named, perhaps nothing"


def short_name(name: str) -> str:
    r"""Write a modality's name in at most two lines; the middle of a longer one is left out.

    Examples
    --------
    >>> short_name("heart rate of the patient")
    'heart rate of the\npatient'
    >>> short_name("acceleration_of_the_left_wrist_in_three_axes")
    'acceleration_of_the_\n…rist_in_three_axes'
    """
    line = " ".join(name.split())
    lines = textwrap.wrap(line, NAME_WIDTH)
    return "\n".join(lines if len(lines) <= 2 else [lines[0], "…" + line[-(NAME_WIDTH - 2) :]])


def name_width(names: Iterable[str], size: float) -> float:
    """Return the width in inches of the widest line of names, in the present font at `size` points."""
    lines = [line for name in names for line in short_name(name).replace("$", r"\$").split("\n")]
    return max(float(TextPath((0, 0), line, size=size).get_extents().width) for line in lines) / 72


def check_modalities(names: Iterable[str], modalities: Sequence[str]) -> None:
    """Refuse a table that speaks of a modality that the picture has no row for.

    Raises
    ------
    ValueError
        Names the first one.
    """
    unknown = sorted(set(names) - set(modalities))
    if unknown:
        raise ValueError(
            f"table: it has the modality {unknown[0]!r}, expected only {joined_names(modalities)}; "
            "pass all modalities of the estimator."
        )


def draw_marks(
    ax: Axes,
    positions: ArrayLike,
    table: pd.DataFrame,
    quantity: str,
    named: str,
    color: str,
    marker: str = "o",
    across: Literal["x", "y"] = "x",
) -> None:
    """Draw a quantity with its intervals: filled marks for named rows, hollow marks for the others.

    Parameters
    ----------
    ax : Axes
    positions : array-like, shape (rows,)
        Place of every row on the other axis.
    table : DataFrame
        The columns `quantity`, its bounds ``_low`` and ``_high``, and `named`.
    quantity, named : str
        Names of columns. Rows whose bounds are NaN get a mark without a line.
    color, marker : str
    across : {"x", "y"}
        Axis of the values.
    """
    places = np.asarray(positions, dtype=float)
    values, low, high = (table[quantity + end].to_numpy(float) for end in ("", "_low", "_high"))
    known = np.isfinite(low) & np.isfinite(high)
    lines = ax.hlines if across == "x" else ax.vlines
    lines(places[known], low[known], high[known], colors=color, linewidth=1.6, zorder=2)
    x, y = (values, places) if across == "x" else (places, values)
    faces = [color if shown else "white" for shown in table[named].to_numpy(bool)]
    ax.scatter(x, y, s=MARK_AREA, marker=marker, c=faces, edgecolors=color, linewidths=1.3, zorder=3)


def hollow_handle(color: str = GREY) -> Line2D:
    """Return the legend entry of a mark that is not named."""
    return legend_mark(f"hollow: {NOT_NAMED}", color, markerfacecolor="white", markeredgewidth=1.3)


def head_panel(ax: Axes, title: str, handles: Sequence[Artist], columns: int = 1) -> None:
    """Write a title above the panel and the legend between both, where it hides no mark.

    Parameters
    ----------
    ax : Axes
    title : str
    handles : sequence of Artist
        Legend entries; each has its label.
    columns : int, default 1
        Columns of the legend.
    """
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns,
        fontsize=LEGEND_SIZE,
        frameon=False,
        borderpad=0.2,
        borderaxespad=0.3,
        handletextpad=0.5,
        labelspacing=0.35,
    )
    rows = -(-len(handles) // columns)
    ax.set_title(title, loc="left", size=_TITLE_SIZE, weight="bold", pad=8.0 + rows * 1.38 * LEGEND_SIZE)


def name_rows(ax: Axes, names: Sequence[str]) -> None:
    """Write the modalities beside their rows, from top to bottom."""
    ax.set_yticks(range(len(names)), [short_name(name) for name in names], parse_math=False)
    ax.set_ylim(len(names) - 0.5, -0.5)
