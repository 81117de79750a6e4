"""Where values come from, in the user's words, for the sentences of errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.errors import DataError, InputError, MmfusionError
from mmfusion.sentences import row_name


@dataclass(frozen=True)
class Location:
    """Names of modalities, rows and columns as the user knows them: in a file, or in X.

    Parameters
    ----------
    path : str or Path, optional
        The file or folder. Default: the values are in the argument X.
    row : function of int to str, default `mmfusion.sentences.row_name`
        Names a row, given by its position.
    columns : mapping of str to sequence
        Names of the columns per modality. Default: columns have a number, the first is 0.

    Examples
    --------
    >>> Location().modality("text"), Location("a.csv", columns={"text": ["t1"]}).column("text", 0)
    ("X['text']", "column 't1'")
    """

    path: str | Path | None = None
    row: Callable[[int], str] = row_name
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    @property
    def error(self) -> type[MmfusionError]:
        """What is raised about values from here."""
        return InputError if self.path is None else DataError

    @property
    def whole(self) -> str:
        """Name everything."""
        return "X" if self.path is None else str(self.path)

    def of_rows(self, rows: Sequence[int] | NDArray[np.intp]) -> Location:
        """Return the location of some rows, by their position.

        Examples
        --------
        >>> Location().of_rows([7, 3]).row(1)
        'row 3 (counted from 0)'
        """
        return replace(self, row=lambda index: self.row(int(rows[index])))

    def modality(self, name: str) -> str:
        """Name a modality."""
        return f"X[{name!r}]" if self.path is None else f"{self.path}: modality {name!r}"

    def column(self, name: str, index: int) -> str:
        """Name a column of a modality."""
        return f"column {self.columns[name][index]!r}" if name in self.columns else f"column {index}"

    def lengths(self, name: str) -> str:
        """Name the lengths of a modality."""
        return f"lengths[{name!r}]" if self.path is None else f"{self.path}: the lengths of {name!r}"
