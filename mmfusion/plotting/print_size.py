"""Figures at the size they are printed at: widths of columns, one size of text, captions apart."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.text import Text

SINGLE, DOUBLE = 3.4, 7.0
"""Inches: width of a column, and of a page of two columns."""
TEXT = 7.5
"""Points that text of the usual size has in print, in every figure."""
DRAWN = 9.0
"""Points that it has on the screen (`mmfusion.plotting.style`)."""
HEADING = ("title", "subtitle")


def caption_of(figure: Figure) -> str:
    """Return the heading of a figure in one line, for a caption below it."""
    texts = {text.get_gid(): " ".join(text.get_text().split()) for text in figure.texts}
    title, subtitle = (texts.get(part, "") for part in HEADING)
    return f"{title}. {subtitle}".strip(". ") + "."


def print_size(figure: Figure, width: float = DOUBLE) -> Figure:
    """Take the heading from a figure, and give it the width and the size of text that it is printed with.

    Parameters
    ----------
    figure : Figure
        Drawn by a function of this package, with a heading or without; it is changed.
    width : float, default `DOUBLE`
        Inches. The panels keep their shape.

    Returns
    -------
    Figure
        The same.
    """
    for text in [text for text in figure.texts if text.get_gid() in HEADING]:
        text.remove()
    drawn, height = figure.get_size_inches()
    engine = figure.get_layout_engine()
    rect = engine.get().get("rect", (0, 0, 1, 1)) if engine is not None else (0, 0, 1, 1)
    figure.set_size_inches(width, height * rect[3] * width / drawn)
    figure.set_layout_engine("constrained", rect=(0, 0, 1, 1))
    for text in figure.findobj(Text):
        text.set_fontsize(float(text.get_fontsize()) * TEXT / DRAWN)
    return figure
