"""Which samples lack a modality: those whose numbers are all NaN, or whose symbols are all negative."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def missing_rows(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Find the samples that lack a modality.

    Parameters
    ----------
    values : array, shape (n, ...)
        Floats, or whole numbers that are symbols.

    Returns
    -------
    array of bool, shape (n,)

    Examples
    --------
    >>> missing_rows(np.array([[1.0, np.nan], [np.nan, np.nan]])), missing_rows(np.array([[-1, -1], [0, 3]]))
    (array([False,  True]), array([ True, False]))
    """
    if values.dtype.kind == "u":
        return np.zeros(len(values), dtype=bool)
    gone = np.isnan(values) if values.dtype.kind == "f" else values < 0
    return np.asarray(gone.reshape(len(values), -1).all(axis=1))


def without_missing(values: NDArray[Any], missing: NDArray[np.bool_]) -> NDArray[Any]:
    """Replace missing samples by zeros; without any, nothing is copied."""
    if not missing.any():
        return values
    filled = values.copy()
    filled[missing] = 0
    return filled
