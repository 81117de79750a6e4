"""From what a user passes as X to `ModalityData`.

A table (DataFrame) becomes modalities by a mapping from modality to columns, by the upper level of two-level
columns, or, where it has at most eight columns, one modality per column. Columns are a list of names, one
name, or one pattern such as ``audio_*``. A plain array (n, d) is cut by a mapping to column positions, else
it is one modality.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.data.modality_data import MOST_MODALITIES, ModalityData
from mmfusion.data.roles import assign_roles
from mmfusion.errors import InputError
from mmfusion.sentences import row_name, value_name

Columns = Mapping[str, str | Sequence[Any]]
WHOLE = "x"
"""Name of the one modality that a plain array is."""


def modality_data(X: Any, columns: Columns | None = None) -> ModalityData:
    """Turn X into arrays by modality.

    Parameters
    ----------
    X : mapping of str to array, ModalityData, DataFrame or array (n, d)
    columns : mapping of str to str or sequence, optional
        Columns of every modality: for a DataFrame a list of names, one name, or one pattern with ``*``; for
        an array positions.

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
    if columns is not None and (not isinstance(columns, Mapping) or not columns):
        raise InputError(f"modalities: {columns!r} is not a mapping, expected {{'text': [columns], ...}}.")
    if columns is not None and isinstance(X, ModalityData | Mapping):
        raise InputError("modalities: X has named modalities already, expected modalities=None for it.")
    arrays, location = X, None
    if isinstance(X, pd.DataFrame):
        arrays, location = _from_table(X, columns), Location(row=partial(_row, X))
    elif not isinstance(X, ModalityData | Mapping):
        arrays = _from_array(X, columns)
    data = X if isinstance(X, ModalityData) else ModalityData(arrays, location=location)
    if not len(data):
        raise InputError(f"X: 0 sample(s) (shape={data.shape}) while a minimum of 1 is required.")
    return data


def _from_table(table: pd.DataFrame, columns: Columns | None) -> dict[str, Any]:
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise InputError(
            f"X: the column name {repeated[0]!r} occurs several times, expected different names; rename the "
            "columns."
        )
    if columns is None:
        columns = _columns_of(table)
    return {
        name: np.column_stack([_column(table, column, name) for column in names])
        for name, names in assign_roles(list(table.columns), columns).items()
    }


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


def _column(table: pd.DataFrame, column: Any, modality: str) -> NDArray[np.float64]:
    """Return a column as floats, missing values as NaN."""
    values = table[column]
    where = f"X, column {column!r} (modality {modality!r})"
    if values.dtype.kind in "mMc":
        raise InputError(
            f"{where}: the values are {values.dtype}, expected real numbers; convert them first, dates for "
            "instance to days since the first one."
        )
    try:
        return np.asarray(pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan))
    except (ValueError, TypeError):
        known = np.flatnonzero(values.notna())
        wrong = [int(row) for row in known if not _is_number(values.iloc[row])]
        row = next(iter(wrong), 0)
        row_label, value = _row(table, row), value_name(values.iloc[row])
        if len(wrong) < len(known):
            remedy = "correct it, or set it to NaN in all columns of the modality if that is missing"
            raise InputError(f"{where}, {row_label}: {value} is not a number; {remedy}.") from None
        raise InputError(
            f"{where} is a column of {'text' if isinstance(values.iloc[row], str) else 'other values'} (its "
            f"first value is {value} in {row_label}), expected numbers; encode categories first, for "
            "instance with pandas.get_dummies."
        ) from None


def _row(table: pd.DataFrame, row: int) -> str:
    """Name a row with its label in the index, where this differs from the position."""
    label = table.index[row]
    return row_name(row, label=None if label == row else label)


def _from_array(X: Any, columns: Columns | None) -> dict[str, Any]:
    if isinstance(X, list | tuple) and any(getattr(part, "ndim", 0) > 1 for part in X[:1]):
        raise InputError(
            f"X is a {type(X).__name__} of arrays without names, expected a mapping from modality to array, "
            "such as {'text': text, 'audio': audio}."
        )
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
    positions = range(array.shape[1])
    for name, wanted in (columns or {}).items():
        if isinstance(wanted, str) or not isinstance(wanted, Iterable) or not len(list(wanted)):
            raise InputError(
                f"modalities[{name!r}]: X is an array without names, expected a list of positions such as "
                f"[0, 1], not {wanted!r}; pass a DataFrame to name columns."
            )
    chosen = assign_roles(positions, columns or {WHOLE: positions})
    return {name: array[:, wanted].astype(float) for name, wanted in chosen.items()}


def _is_number(value: Any) -> bool:
    try:
        return bool(np.isscalar(pd.to_numeric(value)))
    except (ValueError, TypeError):
        return False


def _numbers_of(array: Any) -> Any:
    try:
        return array.astype(float)
    except (ValueError, TypeError) as error:
        wrong = (index for index in np.ndindex(array.shape) if not _is_number(array[index]))
        row, *axes = next(wrong, (0,))
        where = "".join(f", column {index}" for index in axes)
        kind = TypeError if isinstance(error, TypeError) else InputError  # as scikit-learn raises them
        raise kind(
            f"X, {row_name(row)}{where}: the value is not a number ({error}), expected numbers."
        ) from None
