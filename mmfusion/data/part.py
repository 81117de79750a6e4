"""One modality as it was given, turned into an array with what is known about its rows and columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SYMBOLS = "symbols"
"""Kind of a modality that is a sequence of symbols: named as such, or given as letters."""


@dataclass(frozen=True)
class Part:
    """One modality.

    Parameters
    ----------
    array : array, shape (n, ...)
        Numbers, with at least two axes; of letters their code points, whole numbers (n, length).
    lengths : array of int, shape (n,), or of bool, shape (n, length), optional
        How many steps of every sample are real, or which. Default: unknown.
    present : array of bool, shape (n,), optional
        Which samples have the modality. Default: those that are not entirely NaN.
    columns : tuple, optional
        Names of the columns. Default: they have none.
    ids : Index, optional
        Names of the samples. Default: they have none.
    letters : bool, default False
        Whether they are the code points of letters.
    kind : str, optional
        ``symbols`` where whole numbers are symbols. Default: by the axes.
    """

    array: NDArray[Any]
    lengths: NDArray[Any] | None = None
    present: NDArray[np.bool_] | None = None
    columns: tuple[Any, ...] | None = None
    ids: pd.Index | None = None
    letters: bool = False
    kind: str | None = None

    def rows(self, rows: Any) -> Part:
        """Select samples by their positions, a mask or a slice."""
        return self._map(lambda values: values[rows])

    def _map(self, change: Callable[[Any], Any]) -> Part:
        lengths, present, ids = (
            None if x is None else change(x) for x in (self.lengths, self.present, self.ids)
        )
        return replace(self, array=change(self.array), lengths=lengths, present=present, ids=ids)

    def __len__(self) -> int:
        return len(self.array)
