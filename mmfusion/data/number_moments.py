"""Mean and standard deviation of numbers that are to be predicted, whatever their size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.standardisation import is_constant
from mmfusion.errors import InputError, MmfusionError

Floats = NDArray[np.float64]


def number_moments(
    target: NDArray[Any],
    weight: Floats | None = None,
    *,
    where: str = "y",
    error: type[MmfusionError] = InputError,
) -> tuple[Floats, Floats]:
    """Compute the moments of every column of a target.

    Parameters
    ----------
    target : array, shape (n,) or (n, outputs)
    weight : array, shape (n,), optional
        Weights of the samples. Default: all one.
    where : str, default "y"
        Begins the message of the error.
    error : type, default InputError
        What is raised.

    Returns
    -------
    mean, deviation : array, shape (outputs,)

    Raises
    ------
    MmfusionError
        If a column is constant.
    """
    moments = []
    for output, column in enumerate(target.reshape(len(target), -1).T):
        known = column if weight is None else column[weight > 0]
        # Squares of huge and of tiny numbers would leave the range of floats; powers of two are exact.
        largest, exponent = np.frexp(np.abs(known).max(initial=0.0))
        scaled = np.ldexp(column, -exponent)
        centre = np.average(scaled, weights=weight)
        spread = np.sqrt(np.average((scaled - centre) ** 2, weights=weight))
        moments.append(np.ldexp([centre, spread], exponent))
        if is_constant(spread, largest):
            named = f", column {output}" if target.ndim == 2 else ""
            raise error(
                f"{where}{named}: the target is constant, all training values are {known[0]:g}, expected "
                "values that vary; there is nothing to predict, leave it out."
            )
    mean, deviation = np.array(moments).T
    return mean, deviation
