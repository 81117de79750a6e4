"""Colours, markers, fonts and files: how every figure looks and how it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib import colormaps
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mmfusion.files import replacing
from mmfusion.fusion.norm_names import NORM_NAMES

# Colours of Okabe and Ito, "Color Universal Design" (2008), readable with any colour vision; without its
# yellow, which is too pale on white. Markers repeat every distinction.
ORANGE, SKY, GREEN = "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
GREY, PALE = "#6E6E6E", "#F2F2F2"

MARKERS = ("o", "s", "^", "D", "P", "v", "X", "p")
NORM_COLORS = dict(zip(NORM_NAMES, (GREY, SKY, ORANGE, GREEN, BLUE, PURPLE), strict=False))
NORM_MARKERS = dict(zip(NORM_NAMES, MARKERS, strict=False))
LINES = ("-", "--", "-.", ":")
_ORDER_COLORS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)

_STYLE: dict[str, Any] = {
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",  # a reader may lack the font
    "svg.hashsalt": "mmfusion",
}

_FORMATS: dict[str, dict[str, Any]] = {
    ".png": {"dpi": 200, "metadata": {"Software": "mmfusion"}},
    ".pdf": {"metadata": {"Creator": "mmfusion", "Producer": "matplotlib", "CreationDate": None}},
    ".svg": {"metadata": {"Creator": "mmfusion", "Date": None}},
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Set fonts, sizes and colours of the figures, independent of the user's own matplotlib settings.

    Yields
    ------
    None
        The earlier settings return when the ``with`` block ends.

    Examples
    --------
    >>> import matplotlib
    >>> with figure_style():
    ...     matplotlib.rcParams["font.size"]
    9.0
    """
    with matplotlib.style.context(["default", _STYLE], after_reset=True):
        yield


def norm_look(norm: str) -> dict[str, Any]:
    """Return colour and marker of a normalisation, as options of `Axes.plot`; unknown ones share theirs."""
    return {"color": NORM_COLORS.get(norm, VERMILLION), "marker": NORM_MARKERS.get(norm, "X")}


def order_color(order: int) -> str:
    """Return the colour of an order of interaction, at least 1 (colours repeat after six)."""
    return _ORDER_COLORS[(order - 1) % len(_ORDER_COLORS)]


def graded_colors(count: int) -> list[str]:
    """Return colours for ordered categories, from dark to light, none of them pale.

    Parameters
    ----------
    count : int
        Number of categories.

    Returns
    -------
    list of str
        Hexadecimal colours of the map viridis.
    """
    last = max(count - 1, 1)
    return [to_hex(colormaps["viridis"](0.8 * rank / last)) for rank in range(count)]


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure, whole or not at all; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
        Drawn by a function of this package.
    path : str or Path
        Ends in ``.png`` (200 dots per inch), ``.pdf`` or ``.svg``. No date is written.

    Raises
    ------
    ValueError
        If the suffix is another one.
    """
    suffix = Path(path).suffix
    if suffix not in _FORMATS:
        raise ValueError(f"{path}: unknown figure suffix {suffix!r}, expected one of {', '.join(_FORMATS)}.")
    with replacing(path) as temporary:
        temporary.write_bytes(figure_bytes(figure, suffix))


def figure_bytes(figure: Figure, suffix: str) -> bytes:
    """Draw a figure as `save_figure` writes it.

    Parameters
    ----------
    figure : Figure
    suffix : str
        One of `save_figure`.

    Returns
    -------
    bytes
    """
    content = BytesIO()
    with figure_style():
        figure.savefig(content, format=suffix[1:], **_FORMATS[suffix])
    drawn = content.getvalue()
    return _numbered(drawn) if suffix == ".svg" else drawn


def _numbered(svg: bytes) -> bytes:
    """Give the names of parts numbers, in their order.

    They are hashes of exact coordinates, of which the layout's last bits differ from run to run, although no
    coordinate that is written does.
    """
    names = dict.fromkeys(re.findall(rb' id="([A-Za-z][0-9a-f]{10})"', svg))
    numbers = {name: b"%c%d" % (name[0], number) for number, name in enumerate(names)}
    return re.sub(
        rb'(?<=[#"])[A-Za-z][0-9a-f]{10}(?=[")])', lambda found: numbers.get(found[0], found[0]), svg
    )
