"""Cells of a study, one (dataset, norm, p, scale) each: their names, and their columns in tables."""

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
        """Name of the cell in progress bars and logs, with a hyphen in fractions.

        Examples
        --------
        >>> Cell("XRel", "none", "4/3", "1").folder
        'XRel/none/p-4-3/scale-1'
        """
        p, scale = (number.replace("/", "-") for number in (self.p, self.scale))
        return f"{self.dataset}/{self.norm}/p-{p}/scale-{scale}"


EIGEN_CELL = Cell("XRelIrrXOR", "ibn", "1", "1")
"""The cell of the eigenvector analysis: one relevant view, two irrelevant but dependent ones."""


def information_cell(dataset: str) -> Cell:
    """Return the cell in which coalitions of a dataset's modalities are trained: IBN at p = 1."""
    return Cell(dataset, "ibn", "1", "1")


def cell_keys(cell: Cell, seed: int) -> dict[str, Any]:
    """Return the key columns of the tables for one run of a cell."""
    return {**asdict(cell), "seed": seed}
