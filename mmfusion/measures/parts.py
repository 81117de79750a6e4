"""The parts of a score, centred.

A *part* of the score N(x) is what one subset I adds to it, <phi_I(x), W_I>, per output; N is the sum of all
parts and the bias. Of the scores of classes only the differences count: `centre_classes` leaves only these,
before anything else is computed from the parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.fusion.subsets import Subset
from mmfusion.measures.weighting import weighted_mean

Array = NDArray[np.float64]


def centre_classes(parts: Mapping[Subset, NDArray[Any]]) -> dict[Subset, Array]:
    """Centre the scores of several classes over the classes, sample by sample.

    Parameters
    ----------
    parts : mapping of subset to array, shape (..., classes)

    Returns
    -------
    dict of subset to array of the same shape
    """
    arrays = {subset: np.asarray(part, dtype=np.float64) for subset, part in parts.items()}
    return {subset: array - array.mean(axis=-1, keepdims=True) for subset, array in arrays.items()}


def centre_parts(parts: Mapping[Subset, NDArray[Any]], weight: NDArray[Any] | None = None) -> Array:
    """Stack the parts of a score in the order of their mapping, and centre them over samples.

    Parameters
    ----------
    parts : mapping of subset to array, shape (n, outputs)
        <phi_I(x), W_I> of every sample and output.
    weight : array, shape (n,), optional
        Weights of the samples, zero or more. Default: all one.

    Returns
    -------
    array of float64, shape (subsets, n, outputs)
        Exactly zero where a part is the same for all samples of positive weight, without rounding errors of
        its mean.
    """
    stacked = np.stack([np.asarray(part, dtype=np.float64) for part in parts.values()])
    first = 0 if weight is None else int(np.argmax(weight))
    from_first = stacked - stacked[:, first : first + 1]
    return np.asarray(from_first - weighted_mean(from_first, weight, axis=1)[:, np.newaxis])


def total_variance(centred: Array, weight: NDArray[Any] | None = None) -> Array:
    """Sum the variances of the outputs: the trace of the covariance.

    Parameters
    ----------
    centred : array, shape (..., n, outputs)
        Centred over the samples, with the same weights.
    weight : array, shape (n,), optional
        Weights of the samples, zero or more. Default: all one.

    Returns
    -------
    array, shape (...)
    """
    return np.asarray(weighted_mean(centred**2, weight, axis=-2).sum(axis=-1))
