"""Arrays of several modalities over the same samples, indexed by rows like one array.

Words used here. A *kind* says what a modality is: ``vector``, numbers (n, d); ``sequence``, numbers
(n, length, d); ``symbols``, a sequence of symbols (n, length): whole numbers, at least 0, that are named as
such, or letters. Whole numbers that are not named as symbols are numbers. A modality is *missing* for a
sample where its mask says so, where all its numbers are NaN, or where all its symbols are negative. Steps of
a sequence that are not real are *padding*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from types import EllipsisType
from typing import Any, Never, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mmfusion.data.alignment import common_names, join_rows, names_of
from mmfusion.data.conversion import as_part
from mmfusion.data.location import Location
from mmfusion.data.padding import masks_of_side
from mmfusion.data.part import SYMBOLS, Part
from mmfusion.data.per_sample import (
    check_no_lengths,
    check_one_count,
    of_modalities,
    truth_values,
    values_per_sample,
)
from mmfusion.errors import InputError
from mmfusion.sentences import row_name

MOST_MODALITIES = 8


class ModalityData:
    """Arrays by modality, which cross-validation can cut into parts.

    Arrays are not copied or read when it is made: those mapped from files stay in these files until their
    rows are used.

    Parameters
    ----------
    arrays : mapping of str to array, DataFrame, Series or list
        In modality order, one to eight: numbers (n, d), numbers (n, length, d), a list of n sequences of
        unequal length (length, d), or n strings of letters; (n,) is one column, and more axes are for user
        modules. Torch tensors and sparse matrices become arrays. DataFrames and Series with the same names of
        samples (index) in another order are joined by them, in the order of the first; everything without
        names goes by position, and the default index is no name.
    lengths : mapping of str to array, optional
        Of sequences: how many steps of every sample are real, whole numbers (n,), or which, truth values (n,
        length); in the order of that modality, or joined with it by their index. Default: steps that are NaN
        in all columns are padding.
    present : mapping of str to array of bool, shape (n,), optional
        Which samples have a modality. Default: all whose values are not entirely NaN (symbols: negative).
    location : Location, optional
        How the user knows rows and columns, for the messages of errors. Default: rows by their position and
        name.
    kinds : mapping of str to str, optional
        ``{"dna": "symbols"}`` where whole numbers are a sequence of symbols. Default: they are numbers.
    padding : {"front", "behind"} or mapping of str to these, optional
        Where the padding of sequences with lengths is. Default: behind, and refused where the zeros are in
        front.
    unmatched : {"error", "drop"}, default "error"
        What becomes of samples that only some modalities name.

    Raises
    ------
    InputError
        If an array has another form or type, or the modalities differ in their samples.

    Examples
    --------
    >>> data = ModalityData({"text": np.zeros((5, 3)), "audio": np.ones((5, 2))})
    >>> len(data), data.modalities, data[[0, 2]]
    (5, ('text', 'audio'), ModalityData(2 samples: text (2, 3), audio (2, 2)))
    """

    location: Location
    arrays: dict[str, NDArray[Any]]
    lengths: dict[str, NDArray[Any]]
    present: dict[str, NDArray[np.bool_]]
    columns: dict[str, tuple[Any, ...]]
    kinds: dict[str, str]
    letters: frozenset[str]
    ids: pd.Index | None
    reordered: bool
    counted: bool
    by_position: tuple[str, ...]

    def __init__(
        self,
        arrays: Mapping[str, Any],
        lengths: Mapping[str, ArrayLike] | None = None,
        present: Mapping[str, ArrayLike] | None = None,
        location: Location | None = None,
        *,
        kinds: Mapping[str, str] | None = None,
        padding: str | Mapping[str, str] | None = None,
        unmatched: str = "error",
    ) -> None:
        if not 1 <= len(arrays) <= MOST_MODALITIES:
            raise InputError(
                f"X has {len(arrays)} modalities, expected 1 to {MOST_MODALITIES}; join or leave out some "
                "of them."
            )
        for name in arrays:
            if not isinstance(name, str):
                raise InputError(f"X[{name!r}]: this cannot name a modality, expected text; rename it.")
        where = location or Location()
        named = kinds or {}
        parts = {
            name: as_part(name, values, _of(where, values), named.get(name) == SYMBOLS)
            for name, values in arrays.items()
        }
        self._set_parts(parts, where)
        self.kinds |= of_modalities(kinds, "kinds", self.arrays)
        check_no_lengths(self.arrays, self.kinds)
        given = values_per_sample(lengths, "lengths", parts)
        for name in given:
            if self.arrays[name].ndim < 3 and name not in self.kinds:
                raise InputError(
                    f"lengths[{name!r}]: {name!r} has no steps, it is an array {self.arrays[name].shape}, "
                    "expected lengths of sequences only; leave it out."
                )
            if name in self.lengths:
                raise InputError(
                    f"lengths[{name!r}]: letters and sequences of unequal length have their own lengths, "
                    "expected none; leave it out."
                )
        self.lengths |= masks_of_side(given, self.arrays, padding, InputError)
        masks = values_per_sample(present, "present", parts)
        for name, values in masks.items():
            mask = truth_values(f"present[{name!r}]", values)
            self.present[name] = mask & self.present[name] if name in self.present else mask
        for name, kind in self.kinds.items():
            if kind != SYMBOLS:
                raise InputError(f"kinds[{name!r}] is {kind!r}, expected {SYMBOLS!r}; numbers need no kind.")
        self._join(parts, unmatched)
        check_one_count(self.arrays)
        if location is None:
            self.location = Location(row=partial(_row, self), columns=self.columns)

    def _set_parts(self, parts: Mapping[str, Part], location: Location) -> None:
        self.location = location
        self.arrays = {name: part.array for name, part in parts.items()}
        self.lengths = {name: part.lengths for name, part in parts.items() if part.lengths is not None}
        self.present = {name: part.present for name, part in parts.items() if part.present is not None}
        self.columns = {name: part.columns for name, part in parts.items() if part.columns is not None}
        self.kinds = {name: part.kind for name, part in parts.items() if part.kind is not None}
        self.letters = frozenset(name for name, part in parts.items() if part.letters)
        self.ids = None
        self.reordered = False
        self.by_position = ()
        self.counted = any(part.ids is not None and names_of(part.ids) is None for part in parts.values())

    def _join(self, parts: Mapping[str, Part], unmatched: str) -> None:
        """Bring all modalities into the order of the first that names its samples."""
        names = {name: names_of(part.ids) for name, part in parts.items()}
        first = next((name for name in names if names[name] is not None), self.modalities[0])
        for name in names:
            if names[name] is None:
                check_one_count({key: self.arrays[key] for key in (first, name)})
        counted = {f"X[{name!r}]" for name, part in parts.items() if part.ids is not None}
        found = join_rows({f"X[{name!r}]": index for name, index in names.items()}, counted, unmatched)
        self.ids, self.reordered = found.names, found.reordered
        if found.names is not None:
            self.by_position = tuple(name for name in self.modalities if names[name] is None)
        for name in self.modalities:
            rows = found.rows[f"X[{name!r}]"]
            if rows is not None:
                for group in (self.arrays, self.lengths, self.present):
                    if name in group:
                        group[name] = group[name][rows]

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
        """Select samples by a slice, a list of positions or a mask; a mask with names is joined by them."""
        names = names_of(rows)
        if names is not None and self.ids is not None and not names.equals(self.ids):
            common_names({"X": self.ids, "the mask": names}, "error")
            rows = rows.loc[self.ids]
        chosen = _rows(rows)
        chosen_ids = None if self.ids is None else self.ids[chosen]
        arrays, lengths, present = (
            {name: x[chosen] for name, x in group.items()}
            for group in (self.arrays, self.lengths, self.present)
        )
        return self._with(arrays, lengths, present, chosen_ids)

    def select(self, modalities: Iterable[str]) -> ModalityData:
        """Select modalities, in the order given."""
        names = tuple(modalities)
        of_modalities(dict.fromkeys(names), "select", self.arrays)
        arrays, lengths, present = (
            {name: group[name] for name in names if name in group}
            for group in (self.arrays, self.lengths, self.present)
        )
        return self._with(arrays, lengths, present, self.ids)

    def with_arrays(
        self, arrays: Mapping[str, NDArray[Any]], present: Mapping[str, NDArray[np.bool_]] | None = None
    ) -> ModalityData:
        """Replace the arrays, and perhaps which samples have which modality, for the same samples."""
        return self._with(arrays, self.lengths, self.present if present is None else present, self.ids)

    def _with(
        self, arrays: Mapping[str, Any], lengths: Mapping[str, Any], present: Mapping[str, Any], ids: Any
    ) -> Self:
        """Make data of the same modalities, or of some of them, without checking them again."""
        data = type(self).__new__(type(self))
        data.arrays, data.lengths, data.present = dict(arrays), dict(lengths), dict(present)
        for attribute in ("columns", "kinds"):
            setattr(data, attribute, {k: x for k, x in getattr(self, attribute).items() if k in data.arrays})
        data.letters = self.letters & data.arrays.keys()
        data.ids, data.reordered, data.counted = ids, self.reordered, self.counted
        data.by_position = self.by_position
        same = len(data) == len(self) and self.ids is ids
        data.location = self.location if same else Location(row=partial(_row, data), columns=data.columns)
        return data

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {values.shape}" for name, values in self.arrays.items())
        return f"ModalityData({len(self)} samples: {shapes})"

    def __array__(self, *_: Any, **__: Any) -> Never:
        """Refuse to become one array.

        Raises
        ------
        InputError
            Always: what asks for one array would lose the modalities.
        """
        raise InputError(
            f"{self!r} is not one array, which scalers, BaggingClassifier and other estimators ask for; pass "
            "them an array with all columns, and give positions, modalities={'text': [0, 1], ...}, to the "
            "mmfusion estimator inside."
        )


def _of(location: Location, values: Any) -> Location:
    """Name rows by the index of a table, where nothing else is known."""
    names = names_of(values)
    if location.path is not None or names is None:
        return location
    return Location(row=lambda row: row_name(row, label=names[row]), columns=location.columns)


def _row(data: ModalityData, row: int) -> str:
    label = None if data.ids is None else data.ids[row]
    return row_name(row, label=None if label == row else label)


def _rows(rows: Any) -> Any:
    if isinstance(rows, tuple):  # scikit-learn indexes with (rows, ...)
        rows = rows[0] if len(rows) == 2 and isinstance(rows[1], EllipsisType) else list(rows)
    if isinstance(rows, str):
        raise InputError(f"X[{rows!r}]: rows are selected here; the arrays are in X.arrays[{rows!r}].")
    if isinstance(rows, int | np.integer):
        return [int(rows)]
    return rows if isinstance(rows, slice) else np.asarray(list(rows) if isinstance(rows, Iterable) else rows)
