"""Panels, heading and legend, which make a figure readable alone."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

TITLE_SIZE, SUBTITLE_SIZE = 12.0, 9.0  # points
_CHARACTERS_PER_INCH = 14.5  # of the subtitle: DejaVu Sans at 9 points, a little below its mean
_EDGE = 0.12  # inches between heading and edge


def panels(
    rows: int, columns: int, size: tuple[float, float], axes: Any = None, **options: Any
) -> NDArray[Any]:
    """Make a grid of axes, or check the one that a caller passes.

    Parameters
    ----------
    rows, columns : int
        Shape of the grid.
    size : tuple of float
        Width and height of a new figure in inches.
    axes : Axes or array of Axes, optional
        Axes to draw on; as many as the grid has.
    **options
        Passed on to `Figure.subplots`.

    Returns
    -------
    array of Axes, shape (rows, columns)

    Raises
    ------
    ValueError
        If `axes` has another number of axes.
    """
    if axes is None:
        axes = Figure(figsize=size, layout="constrained").subplots(rows, columns, squeeze=False, **options)
    grid: NDArray[Any] = np.array(axes, dtype=object).ravel()
    if grid.size != rows * columns:
        raise ValueError(
            f"axes: {grid.size} given, expected {rows} x {columns}; pass None to get a new figure."
        )
    return grid.reshape(rows, columns)


def figure_of(axes: NDArray[Any]) -> Figure:
    """Return the figure that axes belong to."""
    figure = axes.ravel()[0].get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def add_heading(figure: Figure, title: str, subtitle: str) -> None:
    """Write a title and a wrapped subtitle at the top left, and keep the panels below them.

    Parameters
    ----------
    figure : Figure
        Gets a constrained layout.
    title : str
        What the figure shows.
    subtitle : str
        Datasets, normalisation, p, number of seeds, meaning of points and intervals.
    """
    width, height = figure.get_size_inches()
    wide = int(width * _CHARACTERS_PER_INCH)
    title = textwrap.fill(title, int(wide * SUBTITLE_SIZE / (1.1 * TITLE_SIZE)))
    subtitle = textwrap.fill(subtitle, wide)
    lines = title.count("\n") + 1, subtitle.count("\n") + 1
    below_title = _EDGE + lines[0] * TITLE_SIZE * 1.25 / 72
    used = below_title + lines[1] * SUBTITLE_SIZE * 1.3 / 72 + _EDGE
    left = _EDGE / width
    look: dict[str, Any] = {"va": "top", "parse_math": False}  # a name may hold dollar signs
    figure.text(left, 1 - _EDGE / height, title, size=TITLE_SIZE, weight="bold", gid="title", **look)
    figure.text(left, 1 - below_title / height, subtitle, size=SUBTITLE_SIZE, gid="subtitle", **look)
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 1 - used / height))


def finish(
    axes: NDArray[Any],
    is_new: bool,
    title: str,
    subtitle: str,
    handles: Sequence[Artist] = (),
    legend_title: str | None = None,
) -> None:
    """Give a new figure its heading and one legend below its panels; on a caller's axes, only the legend.

    Parameters
    ----------
    axes : array of Axes
        All panels; the first of a caller's axes gets the legend.
    is_new : bool
        Whether the figure is new, which a caller's axes are not.
    title, subtitle : str
        See `add_heading`.
    handles : sequence of Artist
        Legend entries; each has its label. Default: no legend.
    legend_title : str, optional
        Heading of the legend.
    """
    if not is_new:
        if handles:
            axes.ravel()[0].legend(handles=handles, title=legend_title)
        return
    figure = figure_of(axes)
    if handles:
        longest = max(len(str(handle.get_label())) for handle in handles)
        room = int(figure.get_size_inches()[0] / (0.7 + 0.08 * longest))  # entries that fit in a line
        columns = max(1, min(len(handles), room))
        figure.legend(handles=handles, loc="outside lower center", ncols=columns, title=legend_title)
    add_heading(figure, title, subtitle)


def legend_mark(label: str, color: str, marker: str = "o", **line: Any) -> Line2D:
    """Make a legend entry: a marker, with a line if `linestyle` is given."""
    return Line2D(
        [], [], color=color, marker=marker, markersize=6, label=label, **{"linestyle": "none", **line}
    )


def empty_panel(ax: Axes, text: str) -> None:
    """Say inside a panel why it shows no data."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color="#555555")
    ax.grid(visible=False)
