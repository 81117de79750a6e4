"""From what a user passes as X to `ModalityData`.

A table (DataFrame) becomes modalities by a mapping from modality to columns, by the upper level of two-level
columns, or, where it has at most eight columns, one modality per column. A plain array (n, d) is cut by a
mapping to column positions, else it is one modality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from mmfusion.data.modality_data import MOST_MODALITIES, ModalityData
from mmfusion.errors import InputError

Columns = Mapping[str, Sequence[Any]]
WHOLE = "x"
"""Name of the one modality that a plain array is."""


def modality_data(X: Any, columns: Columns | None = None) -> ModalityData:
    """Turn X into arrays by modality.

    Parameters
    ----------
    X : mapping of str to array, ModalityData, DataFrame or array (n, d)
    columns : mapping of str to sequence, optional
        Columns of every modality, for a DataFrame (names) or an array (positions).

    Returns
    -------
    ModalityData

    Raises
    ------
    InputError
        If X has another form, or the columns do not fit it.
    """
    if hasattr(X, "toarray"):
        raise TypeError("X is a sparse matrix, expected dense arrays; use X.toarray().")
    if isinstance(X, ModalityData | Mapping):
        if columns is not None:
            raise InputError("modalities: X has named modalities already, expected modalities=None for it.")
        return X if isinstance(X, ModalityData) else ModalityData(X)
    if isinstance(X, pd.DataFrame):
        return ModalityData(_from_table(X, _columns_of(X) if columns is None else columns))
    array = np.asarray(X)
    if array.dtype.kind in "OUS":
        array = _numbers_of(array)
    if array.dtype.kind == "c":
        raise InputError("Complex data not supported: X holds complex numbers, expected real ones.")
    if array.ndim != 2:
        raise InputError(
            f"X is an array {array.shape}; expected a mapping from modality to array, "
            "mmfusion.ModalityData, a DataFrame, or an array (samples, columns). Reshape your data."
        )
    if array.shape[1] == 0:
        raise InputError(f"X: 0 feature(s) (shape={array.shape}) while a minimum of 1 is required.")
    parts = {WHOLE: range(array.shape[1])} if columns is None else columns
    _check_columns(parts, list(range(array.shape[1])))
    return ModalityData({name: array[:, list(chosen)].astype(float) for name, chosen in parts.items()})


def _columns_of(table: pd.DataFrame) -> Columns:
    """Take the modalities from two-level columns, or every column as one."""
    if table.columns.nlevels == 2:
        names = dict.fromkeys(table.columns.get_level_values(0))
        return {str(name): [column for column in table.columns if column[0] == name] for name in names}
    if len(table.columns) > MOST_MODALITIES:
        first = ", ".join(repr(name) for name in table.columns[:2])
        raise InputError(
            f"X is a table with {len(table.columns)} columns ({first}, ...) and nothing says which belong "
            "together, expected modalities={'text': [columns], 'audio': [columns]}."
        )
    return {str(name): [name] for name in table.columns}


def _from_table(table: pd.DataFrame, columns: Columns) -> dict[str, Any]:
    _check_columns(columns, list(table.columns))
    return {
        name: np.column_stack([_column(table.loc[:, column], name) for column in chosen])
        for name, chosen in columns.items()
    }


def _column(values: pd.Series[Any], modality: str) -> Any:
    """Return a column as floats, missing values as NaN."""
    try:
        return pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)
    except (ValueError, TypeError):
        numbers = pd.to_numeric(values, errors="coerce")
        wrong = np.flatnonzero((numbers.isna() & values.notna()).to_numpy())
        row = int(wrong[0]) if len(wrong) else 0
        raise InputError(
            f"X, column {values.name!r} (modality {modality!r}), row {row}: {values.iloc[row]!r} is no "
            "number, expected numbers; encode categories first, for instance with pandas.get_dummies."
        ) from None


def _numbers_of(array: Any) -> Any:
    try:
        return array.astype(float)
    except (ValueError, TypeError) as error:
        raise _same_kind(error, f"X holds values that are no numbers ({error}), expected numbers.") from None


def _same_kind(error: Exception, text: str) -> Exception:
    return TypeError(text) if isinstance(error, TypeError) else InputError(text)


def _check_columns(columns: Columns, known: list[Any]) -> None:
    if not isinstance(columns, Mapping) or not columns:
        raise InputError(f"modalities: {columns!r} is no mapping, expected {{'text': [columns], ...}}.")
    owner: dict[Any, str] = {}
    for name, chosen in columns.items():
        if isinstance(chosen, str) or not len(chosen):
            raise InputError(
                f"modalities[{name!r}]: {chosen!r} is no list of columns, expected at least one."
            )
        for column in chosen:
            if column not in known:
                close = get_close_matches(str(column), [str(other) for other in known], n=1)
                guess = f"; did you mean {close[0]!r}?" if close else "."
                raise InputError(f"modalities[{name!r}]: X has no column {column!r}{guess}")
            if column in owner:
                raise InputError(
                    f"modalities: column {column!r} is in {owner[column]!r} and in {name!r}, expected each "
                    "column in one modality; remove it from one of them."
                )
            owner[column] = name
