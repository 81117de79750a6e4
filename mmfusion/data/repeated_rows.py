"""Samples that occur several times: with copies on both sides of a fold, anything can look sure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.modality_data import ModalityData
from mmfusion.notices import tell

FEWEST = 0.05
"""Share of repeated samples from which the user is asked about them."""
BY_CHANCE = 10.0
"""Repeated samples are expected up to this many times the number of pairs that are equal by chance."""
_LOOKED_AT = 2000
_TINY = 1e-15


def repeated_rows(data: ModalityData, target: NDArray[Any], rows: NDArray[np.intp]) -> int:
    """Count the samples that equal an earlier one in all modalities and in the target.

    Parameters
    ----------
    data : ModalityData
    target : array, shape (n,) or (n, outputs)
    rows : array of int
        The samples that count.

    Returns
    -------
    int
        0 where as many are expected by chance, as among a few columns of categories or of rounded numbers:
        n (n - 1) / 2 pairs are equal with the probability prod_j sum_v p_jv^2, p_jv being the share of the
        value v in column j, as if columns were independent.
    """
    arrays = [*data.arrays.values(), target]
    digests = [[hash((values[row] + 0).tobytes()) for row in rows] for values in arrays]  # -0.0 + 0 is 0.0
    count = len(rows) - int(np.unique(np.array(digests), axis=1).shape[1])
    if count == 0:
        return 0
    pairs = len(rows) * (len(rows) - 1) / 2
    return 0 if count <= BY_CHANCE * pairs * _chance(arrays, rows[:_LOOKED_AT]) else count


def _chance(arrays: list[NDArray[Any]], rows: NDArray[np.intp]) -> float:
    """Return the probability that two samples are equal in all columns, if these are independent."""
    probability = 1.0
    for values in arrays:
        for column in values[rows].reshape(len(rows), -1).T:
            _, counts = np.unique(column, return_counts=True)
            probability *= float(np.sum((counts / len(rows)) ** 2))
            if probability < _TINY:
                return probability
    return probability


def ask_about_repeated_rows(data: ModalityData, target: NDArray[Any], rows: NDArray[np.intp]) -> None:
    """Tell the user if one sample in twenty or more repeats another one.

    Parameters
    ----------
    data, target, rows
        See `repeated_rows`.

    Warns
    -----
    ChoiceWarning
        With the number of repeated samples.
    """
    count = repeated_rows(data, target, rows)
    if count >= max(1, FEWEST * len(rows)):
        tell(
            f"{count} of {len(rows)} samples repeat an earlier one exactly, target included. If they are "
            "copies of it, p-values and intervals are too good: leave them out, or give all copies of a "
            "sample one group (groups in Python, --groups in the shell)."
        )
