"""Arrays of several modalities over the same samples, indexed by rows like one array.

Words used here. A *kind* says what a modality is: ``vector``, numbers (n, d); ``sequence``, numbers
(n, length, d); ``symbols``, whole numbers, at least 0, (n, length). A modality is *missing* for a sample
where its mask says so, where all its numbers are NaN, or where all its symbols are negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmfusion.data.location import Location
from mmfusion.errors import InputError

MOST_MODALITIES = 8


class ModalityData:
    """Arrays by modality, which cross-validation can cut into parts.

    Nothing is copied or read when it is made: arrays mapped from files stay in these files until their rows
    are used.

    Parameters
    ----------
    arrays : mapping of str to array
        In modality order, one to eight: numbers (n, d), numbers (n, length, d), or whole numbers (n, length),
        which are symbols; (n,) is one column, and more axes are for user modules.
    lengths : mapping of str to array of int, shape (n,), optional
        Real steps of each sample of a sequence. Default: steps that are NaN are padding.
    present : mapping of str to array of bool, shape (n,), optional
        Which samples have a modality. Default: all whose values are not entirely NaN (symbols: negative).
    location : Location, optional
        How the user knows rows and columns, for the messages of errors. Default: rows by their position.

    Raises
    ------
    InputError
        If an array has another form or type, or the modalities differ in their number of samples.

    Examples
    --------
    >>> data = ModalityData({"text": np.zeros((5, 3)), "audio": np.ones((5, 2))})
    >>> len(data), data.modalities, data[[0, 2]]
    (5, ('text', 'audio'), ModalityData(2 samples: text (2, 3), audio (2, 2)))
    """

    def __init__(
        self,
        arrays: Mapping[str, ArrayLike],
        lengths: Mapping[str, ArrayLike] | None = None,
        present: Mapping[str, ArrayLike] | None = None,
        location: Location | None = None,
    ) -> None:
        if not 1 <= len(arrays) <= MOST_MODALITIES:
            raise InputError(
                f"X has {len(arrays)} modalities, expected 1 to {MOST_MODALITIES}; join or leave out some "
                "of them."
            )
        self.location = location or Location()
        self.arrays = {name: _array(name, values) for name, values in arrays.items()}
        if len({len(values) for values in self.arrays.values()}) > 1:
            sizes = ", ".join(f"{name} has {len(values)}" for name, values in self.arrays.items())
            raise InputError(
                f"X: the modalities differ in their number of samples ({sizes}), expected one number."
            )
        _check_no_lengths(self.arrays)
        self.lengths = self._per_sample(lengths, "lengths")
        self.present = {
            name: mask.astype(bool) for name, mask in self._per_sample(present, "present").items()
        }

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities, in modality order."""
        return tuple(self.arrays)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of samples and of modalities."""
        return len(self), len(self.arrays)

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def __getitem__(self, rows: Any) -> ModalityData:
        """Select samples by a slice, a list of positions or a mask."""
        chosen = _rows(rows)
        arrays, lengths, present = (
            {name: x[chosen] for name, x in group.items()}
            for group in (self.arrays, self.lengths, self.present)
        )
        return ModalityData(arrays, lengths, present)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {values.shape}" for name, values in self.arrays.items())
        return f"ModalityData({len(self)} samples: {shapes})"

    def _per_sample(self, given: Mapping[str, ArrayLike] | None, what: str) -> dict[str, NDArray[Any]]:
        per_sample = {name: np.asarray(values) for name, values in (given or {}).items()}
        for name, values in per_sample.items():
            if name not in self.arrays:
                raise InputError(
                    f"{what}[{name!r}]: there is no such modality, expected one of {', '.join(self.arrays)}."
                )
            if values.shape != (len(self),):
                raise InputError(
                    f"{what}[{name!r}] has shape {values.shape}, expected one value for each of the "
                    f"{len(self)} samples."
                )
        return per_sample


def _array(name: str, values: ArrayLike) -> NDArray[Any]:
    array = np.asanyarray(values)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.dtype.kind not in "biuf" or array.ndim < 2 or 0 in array.shape[1:]:
        raise InputError(
            f"X[{name!r}] is an array {array.shape} of {array.dtype}, expected numbers (samples, columns), "
            "numbers (samples, steps, columns) or whole numbers (samples, steps); convert it first."
        )
    return array.astype(np.float32) if array.dtype.kind == "b" else array


def _check_no_lengths(arrays: Mapping[str, NDArray[Any]]) -> None:
    """Refuse a modality that holds the lengths of another: files store lengths that way, mappings do not."""
    for name, values in arrays.items():
        for base in (name.removesuffix("_lengths"), name.removesuffix(".lengths")):
            if base != name and base in arrays and arrays[base].ndim == 3 and values.shape[1:] == (1,):
                raise InputError(
                    f"X[{name!r}] would be a modality, but looks like the lengths of {base!r}; write "
                    f"ModalityData({{{base!r}: ..., ...}}, lengths={{{base!r}: ...}}), or rename it."
                )


def _rows(rows: Any) -> Any:
    if isinstance(rows, tuple):  # scikit-learn indexes with (rows, ...)
        rows = rows[0] if len(rows) == 2 and isinstance(rows[1], EllipsisType) else list(rows)
    if isinstance(rows, str):
        raise InputError(f"X[{rows!r}]: rows are selected here; the arrays are in X.arrays[{rows!r}].")
    if isinstance(rows, int | np.integer):
        return [int(rows)]
    return rows if isinstance(rows, slice) else np.asarray(list(rows) if isinstance(rows, Iterable) else rows)
