"""Precision of numbers: what rounding leaves of a constant, and which floats hold an array exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DOUBLE, SINGLE = 1e-12, 1e-6
"""What rounding may leave of a constant, relative to its magnitude, in double and in single precision.

Means over thousands of rows in double precision leave about 1e-13."""


def as_floats(values: NDArray[Any]) -> NDArray[Any]:
    """Return numbers as float32 or float64, whichever holds them exactly; such arrays are not copied.

    Examples
    --------
    >>> as_floats(np.array([3], np.int16)).dtype.name, as_floats(np.array([2**53])).dtype.name
    ('float32', 'float64')
    """
    exact = np.promote_types(values.dtype, np.float32)
    return values.astype(np.float32 if exact == np.float32 else np.float64, copy=False)
