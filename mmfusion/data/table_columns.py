"""Columns of pandas: as numbers, as strings, and the sentence about what is neither."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.errors import MmfusionError
from mmfusion.sentences import value_name

SYMBOLS_BY = (
    "encoders={{{name!r}: 'symbols'}} in Python, --symbols {name} in the shell, or kind: symbols in a "
    "configuration"
)
"""How a modality of a name is called symbols, in Python, shell and workflow."""


def column_numbers(values: pd.Series) -> NDArray[Any] | None:
    """Return a column of a table as numbers, missing ones as NaN; None if it holds something else.

    Whole numbers and floats keep their type where nothing is missing; truth values are 0 and 1.
    """
    if values.dtype.kind in "iuf" and isinstance(values.dtype, np.dtype):
        return values.to_numpy()
    if values.dtype.kind in "mMc" or isinstance(values.dtype, pd.PeriodDtype | pd.IntervalDtype):
        return None
    try:
        numbers = pd.to_numeric(values)
        if numbers.dtype.kind in "mMc":
            return None
        return np.asarray(numbers.to_numpy(dtype=float, na_value=np.nan))
    except (ValueError, TypeError):
        return None


def strings_of(values: Iterable[Any], symbols: bool = False) -> list[str | None] | None:
    """Return strings with None where one is missing; None if the values are not strings.

    Where all are missing, they are strings if they are called symbols.
    """
    listed = list(values)
    missing = pd.isna(pd.Series(listed, dtype=object)).to_numpy()
    known = [value for value, gone in zip(listed, missing, strict=True) if not gone]
    if not (known or (symbols and listed)) or not all(isinstance(value, str) for value in known):
        return None
    return [None if gone else str(value) for value, gone in zip(listed, missing, strict=True)]


def not_numbers(where: str, column: Any, values: pd.Series, location: Location) -> MmfusionError:
    """Return the error about a column of a table that does not hold numbers."""
    known = np.flatnonzero(values.notna()).tolist()
    wrong = [row for row in known if column_numbers(values.iloc[[row]].astype(object)) is None]
    row = next(iter(wrong), 0)
    named = "" if column is None else f", column {column!r}"
    what, value = f"{where}{named}", value_name(values.iloc[row]) if len(values) else "empty"
    if values.dtype.kind in "mMc" or isinstance(values.dtype, pd.PeriodDtype | pd.IntervalDtype):
        return location.error(
            f"{what}: the values are {values.dtype}, expected real numbers; convert them first, dates for "
            "instance to days since the first one."
        )
    if len(wrong) < len(known):
        return location.error(
            f"{where}, {location.row(row)}{named}: the value is {value}, expected a number; correct it, or "
            "leave it empty (NaN) in all columns of the modality if that is missing there."
        )
    return location.error(
        f"{what}: it holds {_word(values.iloc[row])} (its first value is {value} in {location.row(row)}), "
        "expected numbers; take it out, replace it by numbers (categories for instance by "
        "pandas.get_dummies), or, if it holds sequences of letters, make it a modality of its own, "
        f"say NAME, and call that symbols ({SYMBOLS_BY.format(name='NAME')})."
    )


def _word(value: Any) -> str:
    return "text" if isinstance(value, str) else type(value).__name__


def holds_more(values: pd.Series) -> bool:
    """Say whether the entries of a column are all strings, or all have entries of their own, as vectors."""
    known = [value for value in values if not (np.ndim(value) == 0 and pd.isna(value))]
    if not known or column_numbers(values) is not None:
        return False
    return all(isinstance(value, str) for value in known) or all(
        hasattr(value, "__len__") and not isinstance(value, str | dict) for value in known
    )
