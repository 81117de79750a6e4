"""From what people pass as y, groups or weights to plain arrays without missing values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.data.alignment import names_of
from mmfusion.data.conversion import as_pandas, plain_array
from mmfusion.errors import InputError, MmfusionError
from mmfusion.sentences import row_name


def plain_values(argument: str, values: Any) -> NDArray[Any]:
    """Turn a list, Series, DataFrame, tensor or array into an array of numbers, truth values or text.

    Nullable, Arrow and categorical types become plain ones.

    Parameters
    ----------
    argument : str
        What the user calls the values, such as ``y``.
    values : array-like, shape (n,) or (n, outputs)

    Returns
    -------
    array, shape (n,) or (n, outputs)
        Of objects only where types are mixed.

    Raises
    ------
    InputError
        If there are none, they are the name of a column, or one is missing (None, NA), with its row.

    Examples
    --------
    >>> plain_values("y", pd.Series([1, 2], dtype="Int64")), plain_values("y", ["a", "b"]).tolist()
    (array([1, 2]), ['a', 'b'])
    """
    refuse_column_name(argument, values)
    given, row = plain_array(values), row_of(values)
    given = as_pandas(given)
    if isinstance(given, pd.DataFrame):
        return np.column_stack([_plain(argument, given[column], row) for column in given.columns])
    if isinstance(given, np.ndarray) and given.dtype.kind != "O":
        return _checked(argument, given, row)
    if isinstance(given, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return _plain(argument, pd.Series(given), row)
    return _of_objects(argument, given, row)


def _checked(argument: str, values: NDArray[Any], row: Callable[[int], str]) -> NDArray[Any]:
    """Refuse dates and complex numbers, and text that is empty."""
    if values.dtype.kind in "mMcV":
        raise _of_another_kind(argument, values.dtype)
    if values.dtype.kind == "U":
        empty = np.flatnonzero((values == "").reshape(len(values), -1).any(axis=1))
        if len(empty):
            raise missing_value(argument, row(int(empty[0])), len(empty))
    return values


def _of_another_kind(argument: str, kind: object) -> InputError:
    return InputError(
        f"{argument} holds {kind}, expected numbers or text; convert it, dates for instance to days since "
        "the first one."
    )


def row_of(values: Any) -> Callable[[int], str]:
    """Return the function that names a row of values, by their index where that names samples."""
    names = names_of(values)
    return row_name if names is None else lambda row: row_name(row, label=names[row])


def refuse_column_name(argument: str, values: Any) -> None:
    """Refuse nothing at all, or the name of a column, where values are expected.

    Raises
    ------
    InputError
        If it is None or a text.
    """
    if values is None:
        raise InputError(
            f"{argument} is None, expected a value for each sample: this estimator requires y to be passed, "
            "but the target y is None."
        )
    if isinstance(values, str):
        raise InputError(
            f"{argument} is the text {values!r}, expected a value for each sample; pass the values, such as "
            f"{argument}=X[{values!r}] if it is a column of a table."
        )


def _of_objects(argument: str, given: Any, row: Callable[[int], str]) -> NDArray[Any]:
    """Read a list, or an array of objects."""
    try:
        array = np.asarray(given)
    except ValueError:  # ragged
        raise InputError(
            f"{argument} has rows of different lengths, expected (samples,) or (samples, outputs)."
        ) from None
    if array.ndim != 1 or array.dtype.kind not in "OUS":
        return array
    objects = np.empty(len(array), dtype=object)
    objects[:] = list(given)
    missing = np.flatnonzero(
        pd.isna(pd.Series(objects)) | np.array([isinstance(x, str) and not x for x in given], dtype=bool)
    )
    if len(missing):
        raise missing_value(argument, row(int(missing[0])), len(missing))
    mixed = array.dtype.kind == "O" or not all(isinstance(value, str | bytes) for value in objects)
    return np.asarray(pd.Series(objects).infer_objects().to_numpy()) if mixed else array


def _plain(argument: str, values: pd.Series, row: Callable[[int], str]) -> NDArray[Any]:
    missing = np.flatnonzero(values.isna())
    if len(missing):
        raise missing_value(argument, row(int(missing[0])), len(missing))
    if values.dtype.kind in "mM" or isinstance(values.dtype, pd.PeriodDtype | pd.IntervalDtype):
        raise _of_another_kind(argument, values.dtype)
    if pd.api.types.is_bool_dtype(values.dtype):
        return np.asarray(values.astype(bool).to_numpy())
    for check, kind in ((pd.api.types.is_integer_dtype, np.int64), (pd.api.types.is_float_dtype, np.float64)):
        if check(values.dtype):
            own = isinstance(values.dtype, np.dtype)
            return np.asarray(values.to_numpy() if own else values.to_numpy(dtype=kind))
    return np.asarray(pd.Series(np.asarray(values.to_numpy(dtype=object))).infer_objects().to_numpy())


def missing_value(what: str, row: str, count: int, error: type[MmfusionError] = InputError) -> MmfusionError:
    """Return the error about a value that is missing, alike for targets and groups in every form of input.

    Parameters
    ----------
    what : str
        What the user calls the values, such as ``y``.
    row : str
        Names the first row without a value.
    count : int
        Number of these rows.
    error : type, default InputError
    """
    more = f" (in {count} rows altogether)" if count > 1 else ""
    return error(
        f"{what}, {row}: the value is missing{more}, expected one for each sample; leave these samples out, "
        "or fill them in."
    )
