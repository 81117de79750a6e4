"""What every reader returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.data.modality_data import ModalityData
from mmfusion.sentences import row_name


@dataclass(frozen=True)
class Source:
    """Samples as they were read: nothing is standardised, repaired or left out.

    Parameters
    ----------
    arrays : mapping of str to array
        Per modality, in modality order: floats (n, d), floats (n, length, d) or integer symbols (n, length).
        A row that is NaN throughout lacks the modality. In sequences without lengths, steps that are NaN in
        all columns are padding.
    target : array, shape (n,) or (n, outputs)
        Text or numbers, as in the file.
    lengths : mapping of str to array of int64, shape (n,)
        Real steps of every sample; only for modalities that are padded at the end.
    ids : tuple of str
        Names of the samples; empty where they have none.
    groups : array, shape (n,), optional
        What samples have in common, such as their video. Default: unknown.
    splits : mapping of str to array of int
        Predefined rows of ``train``, ``validation`` and ``test``; empty if there are none.
    first_row : int
        The number by which the user knows the first row: 1 in tables, 0 in arrays.
    notes : tuple of str
        Choices that were made for the user while reading, one sentence each, to be printed.
    """

    arrays: Mapping[str, NDArray[Any]]
    target: NDArray[Any]
    lengths: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    groups: NDArray[Any] | None = None
    splits: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)
    first_row: int = 0
    notes: tuple[str, ...] = ()

    def modality_data(self) -> ModalityData:
        """Return the arrays as the estimators take them."""
        location = Location(row=partial(row_name, first=self.first_row))
        return ModalityData(self.arrays, self.lengths, location=location)

    def __len__(self) -> int:
        return len(self.target)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities, in modality order."""
        return tuple(self.arrays)
