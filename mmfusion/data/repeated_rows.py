"""Samples that occur several times: with copies on both sides of a fold, anything can look sure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.modality_data import ModalityData
from mmfusion.notices import tell

FEWEST = 0.05
"""Share of repeated samples from which the user is asked about them."""
_FEW_COLUMNS = 20
"""Below this many columns of whole numbers, samples can well be equal by chance."""
_LOOKED_AT = 1000


def repeated_rows(data: ModalityData, target: NDArray[Any]) -> int:
    """Count the samples that equal an earlier one in all modalities and in the target.

    Parameters
    ----------
    data : ModalityData
    target : array, shape (n,) or (n, outputs)

    Returns
    -------
    int
        0 if all modalities together are less than 20 columns of whole numbers, which repeat by chance.
    """
    arrays = list(data.arrays.values())
    columns = sum(values[0].size for values in arrays)
    if columns < _FEW_COLUMNS and all(_whole(values[:_LOOKED_AT]) for values in arrays):
        return 0
    digests = np.array([[hash(row.tobytes()) for row in values] for values in [*arrays, target]])
    return int(len(target) - np.unique(digests, axis=1).shape[1])


def ask_about_repeated_rows(data: ModalityData, target: NDArray[Any]) -> None:
    """Tell the user if one sample in twenty or more repeats another one.

    Parameters
    ----------
    data : ModalityData
    target : array, shape (n,) or (n, outputs)

    Warns
    -----
    ChoiceWarning
        With the number of repeated samples.
    """
    count = repeated_rows(data, target)
    if count >= FEWEST * len(target):
        tell(
            f"{count} of {len(target)} samples repeat an earlier one exactly, target included. If they are "
            "copies of it, p-values and intervals are too good: leave them out, or give all copies of a "
            "sample one group (groups in Python, --groups in the shell)."
        )


def _whole(values: NDArray[Any]) -> bool:
    """Return whether all known numbers are whole."""
    if values.dtype.kind != "f":
        return True
    known = values[np.isfinite(values)]
    return bool((known == np.round(known)).all())
