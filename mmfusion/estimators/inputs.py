"""From what a user passes as X, y, groups and weights to the same samples in all of them.

A table (DataFrame) becomes modalities by a mapping from modality to columns, by the upper level of two-level
columns, or, where it has at most eight columns, one modality per column. Columns are a list of names, one
name, or one pattern such as ``audio_*``. A plain array (n, d) is cut by a mapping to column positions, else
it is one modality.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmfusion.data.alignment import join_rows, names_of, warn_of_position
from mmfusion.data.conversion import as_pandas, plain_array
from mmfusion.data.modality_data import MOST_MODALITIES, ModalityData
from mmfusion.data.roles import assign_roles
from mmfusion.data.table_columns import column_numbers
from mmfusion.errors import InputError
from mmfusion.sentences import row_name

Columns = Mapping[str, str | Sequence[Any]]
WHOLE = "x"
"""Name of the one modality that a plain array is."""


def modality_data(
    X: Any,
    columns: Columns | None = None,
    kinds: Mapping[str, str] | None = None,
    unmatched: str = "error",
) -> ModalityData:
    """Turn X into arrays by modality.

    Parameters
    ----------
    X : mapping of str to array, ModalityData, DataFrame, array (n, d), or what `mmfusion.read` returns
    columns : mapping of str to str or sequence, optional
        Columns of every modality: for a DataFrame a list of names, one name, or one pattern with ``*``; for
        an array positions.
    kinds : mapping of str to str, optional
        Modalities that are sequences of symbols; those that X does not have are ignored.
    unmatched : {"error", "drop"}, default "error"
        What becomes of samples that only some modalities name.

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
    if isinstance(X, str | Path):
        raise InputError(f"X is the text {str(X)!r}, expected samples; read a file by mmfusion.read first.")
    if hasattr(X, "modality_data"):
        X = X.modality_data()
    if columns is not None and (not isinstance(columns, Mapping) or not columns):
        raise InputError(f"modalities: {columns!r} is not a mapping, expected {{'text': [columns], ...}}.")
    if columns is not None and isinstance(X, ModalityData | Mapping):
        raise InputError("modalities: X has named modalities already, expected modalities=None for it.")
    arrays = X = as_pandas(X)
    if isinstance(X, pd.DataFrame):
        arrays = _from_table(X, columns)
    elif not isinstance(X, ModalityData | Mapping):
        arrays = _from_array(X, columns)
    if isinstance(arrays, ModalityData):
        data = arrays
    else:
        named = {name: kind for name, kind in (kinds or {}).items() if name in arrays}
        data = ModalityData(arrays, kinds=named, unmatched=unmatched)
    if not len(data):
        raise InputError(f"X: 0 sample(s) (shape={data.shape}) while a minimum of 1 is required.")
    return data


def same_samples(
    data: ModalityData, values: Mapping[str, Any], unmatched: str = "error"
) -> tuple[ModalityData, dict[str, Any]]:
    """Bring values of the same samples into the order of X, by the names of the samples.

    What has no names goes by position, with the first that has some.

    Parameters
    ----------
    data : ModalityData
    values : mapping of str to array-like or None
        Such as y and groups, by what the user calls them; None stays None.
    unmatched : {"error", "drop"}
        What becomes of samples that only some of the values name.

    Returns
    -------
    tuple of (ModalityData, dict of str to array-like)

    Raises
    ------
    InputError
        If samples cannot be joined, see `mmfusion.data.alignment.common_names`.
    """
    given: dict[str, Any] = {"X": data, **{what: x for what, x in values.items() if x is not None}}
    names = {what: data.ids if what == "X" else names_of(x) for what, x in given.items()}
    first = next((what for what in names if names[what] is not None), "")
    for what, x in given.items() if first else ():
        if names[what] is None and hasattr(x, "__len__") and not isinstance(x, str):
            check_count(what, x, len(given[first]))
    counted = {what for what, x in given.items() if isinstance(x, pd.Series | pd.DataFrame)}
    found = join_rows(names, counted | ({"X"} if data.counted else set()), unmatched, data.reordered)
    if found.reordered and not data.reordered:
        for name in data.by_position:
            warn_of_position(f"X[{name!r}]", "the modalities that have some", data.counted)
    result = {what: x if (rows := found.rows[what]) is None else _taken(x, rows) for what, x in given.items()}
    return result.pop("X"), {what: result.get(what) for what in values}


def check_count(what: str, values: Any, count: int) -> None:
    """Check that there is a value for every sample.

    Raises
    ------
    InputError
        With both numbers.
    """
    size = values.shape[0] if hasattr(values, "shape") else len(values)
    if size != count:
        raise InputError(
            f"{what}: Found input variables with inconsistent numbers of samples: [{count}, {size}], "
            "expected one value for each sample; pass the same samples everywhere."
        )


def is_one_table(X: Any) -> bool:
    """Return whether X is a table or an array, which the parameter `modalities` cuts."""
    return not (isinstance(X, ModalityData | Mapping) or hasattr(X, "modality_data"))


def _taken(values: Any, rows: Any) -> Any:
    if isinstance(values, pd.Series | pd.DataFrame):
        return values.iloc[rows]
    return values[rows] if isinstance(values, ModalityData) else np.asarray(values)[rows]


def _from_table(table: pd.DataFrame, columns: Columns | None) -> dict[str, Any]:
    repeated = table.columns[table.columns.duplicated()]
    if len(repeated):
        raise InputError(
            f"X: the column name {repeated[0]!r} occurs several times, expected different names; rename the "
            "columns."
        )
    if columns is None:
        columns = _columns_of(table)
    return {name: table[names] for name, names in assign_roles(list(table.columns), columns).items()}


def _columns_of(table: pd.DataFrame) -> Columns:
    """Take the modalities from two-level columns, or every column as one."""
    if table.columns.nlevels == 2:
        names = dict.fromkeys(table.columns.get_level_values(0))
        _check_different(names)
        return {str(name): [column for column in table.columns if column[0] == name] for name in names}
    if len(table.columns) > MOST_MODALITIES:
        first = ", ".join(repr(name) for name in table.columns[:2])
        raise InputError(
            f"X is a table with {len(table.columns)} columns ({first}, ...) and nothing says which belong "
            "together, expected modalities={'text': [columns], 'audio': [columns]}."
        )
    _check_different(table.columns)
    return {str(name): [name] for name in table.columns}


def _check_different(names: Iterable[Any]) -> None:
    """Check that names of modalities stay different as text."""
    texts = [str(name) for name in names]
    again = next((text for text in texts if texts.count(text) > 1), None)
    if again is not None:
        raise InputError(
            f"X: two modalities would be called {again!r}, expected different names as text; rename the "
            "columns."
        )


def _from_array(X: Any, columns: Columns | None) -> dict[str, Any]:
    if isinstance(X, list | tuple) and any(getattr(part, "ndim", 0) > 1 for part in X[:1]):
        raise InputError(
            f"X is a {type(X).__name__} of arrays without names, expected a mapping from modality to array, "
            "such as {'text': text, 'audio': audio}."
        )
    array = np.asarray(plain_array(X))
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
    positions_of_columns = range(array.shape[1])
    for name, wanted in (columns or {}).items():
        if isinstance(wanted, str) or not isinstance(wanted, Iterable) or not len(list(wanted)):
            raise InputError(
                f"modalities[{name!r}]: X is an array without names, expected a list of positions such as "
                f"[0, 1], not {wanted!r}; pass a DataFrame to name columns."
            )
    chosen = assign_roles(positions_of_columns, columns or {WHOLE: positions_of_columns})
    return {name: array[:, wanted].astype(float) for name, wanted in chosen.items()}


def _numbers_of(array: Any) -> Any:
    try:
        return array.astype(float)
    except (ValueError, TypeError) as error:
        wrong = (
            index for index in np.ndindex(array.shape) if column_numbers(pd.Series([array[index]])) is None
        )
        row, *axes = next(wrong, (0,))
        where = "".join(f", column {index}" for index in axes)
        kind = TypeError if isinstance(error, TypeError) else InputError  # as scikit-learn raises them
        raise kind(
            f"X, {row_name(row)}{where}: the value is not a number ({error}), expected numbers."
        ) from None
