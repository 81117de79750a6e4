"""Pictures as part of a page."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from mmfusion.plotting.style import figure_bytes

_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True)
class Picture:
    """A picture inside the page.

    Parameters
    ----------
    stem, title, caption : str
        Name of the figure, what it shows, and what is compared, on how many seeds, with which interval.
    uri : str
        Its bytes as a data URI.
    """

    stem: str
    title: str
    caption: str
    uri: str


def picture(path: str | Path, title: str, caption: str) -> Picture:
    """Read a picture, SVG or PNG, for the page."""
    file = Path(path)
    return Picture(file.stem, title, caption, _uri(file.read_bytes(), file.suffix))


def picture_of(figure: Figure, stem: str, title: str, caption: str) -> Picture:
    """Draw a figure as SVG for the page."""
    return Picture(stem, title, caption, _uri(figure_bytes(figure, ".svg"), ".svg"))


def _uri(content: bytes, suffix: str) -> str:
    return f"data:{_TYPES[suffix]};base64,{b64encode(content).decode()}"
