"""Cells of a study, one (dataset, norm, p, scale) each: how they stand in paths and in tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Cell:
    """One (dataset, norm, p, scale); p and scale as the configuration writes them."""

    dataset: str
    norm: str
    p: str
    scale: str

    @property
    def folder(self) -> str:
        """Path of the cell below a stage's folder; fractions are written with a hyphen.

        Examples
        --------
        >>> Cell("XRel", "none", "4/3", "1").folder
        'XRel/none/p-4-3/scale-1'
        """
        return f"{self.dataset}/{self.norm}/p-{slug(self.p)}/scale-{slug(self.scale)}"


def slug(number: str) -> str:
    """Write a number of the configuration so that it can stand in a path.

    Examples
    --------
    >>> slug("4/3")
    '4-3'
    """
    return number.replace("/", "-")


def unslug(text: str) -> str:
    """Read a number from a path, the inverse of `slug`."""
    return text.replace("-", "/")


EIGEN_CELL = Cell("XRelIrrXOR", "ibn", "1", "1")
"""The cell of the eigenvector analysis: one relevant view, two irrelevant but dependent ones."""


def cell_from_path(dataset: str, norm: str, p: str, scale: str) -> Cell:
    """Make a cell from the wildcards of its path."""
    return Cell(dataset, norm, unslug(p), unslug(scale))


def cell_keys(cell: Cell, seed: int) -> dict[str, Any]:
    """Return the key columns of the tables for one run of a cell."""
    return {**asdict(cell), "seed": seed}
