"""What becomes of NaN and infinity among the features, as the user chooses, in every form of input."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.check_values import wrong_values
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.part import SYMBOLS
from mmfusion.sentences import joined_names

NONFINITE = ("error", "zero", "missing")
"""The choices: the first value is an error; a zero in its place; the sample lacks the modality."""


def without_nonfinite(data: ModalityData, choice: str) -> tuple[ModalityData, list[str]]:
    """Treat values that are NaN or infinite, where the modality is not missing and the step is real.

    Parameters
    ----------
    data : ModalityData
    choice : {"error", "zero", "missing"}
        ``zero``: a zero in their place, in a copy. ``missing``: the sample lacks the modality. ``error``:
        nothing is done here, as the check of the values raises.

    Returns
    -------
    tuple of (ModalityData, list of str)
        And a sentence for every modality that was changed, with counts and the first samples.
    """
    if choice == "error":
        return data, []
    arrays, present, notes = dict(data.arrays), dict(data.present), []
    for name, values in data.arrays.items():
        if values.dtype.kind != "f" or data.kinds.get(name) == SYMBOLS:
            continue
        changed, has, rows, count = _changed(data, name, choice)
        if not count:
            continue
        arrays[name], present[name] = changed, has
        notes.append(_note(data, name, choice, rows, count))
    return data.with_arrays(arrays, present), notes


def _note(data: ModalityData, name: str, choice: str, rows: NDArray[np.intp], count: int) -> str:
    shown = joined_names(data.location.row(int(row)) for row in rows)
    what = "replaced by zero" if choice == "zero" else "so that the modality is missing there"
    values_are = "1 value is" if count == 1 else f"{count} values are"
    samples = "1 sample" if len(rows) == 1 else f"{len(rows)} samples"
    return f"{data.location.modality(name)}: {values_are} NaN or infinite in {samples}, {what}: {shown}."


def _changed(
    data: ModalityData, name: str, choice: str
) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.intp], int]:
    """Return the array, which samples have the modality, the rows that had wrong values, and their count."""
    values, given = data.arrays[name], data.present.get(name)
    changed, count = values, 0
    present, affected = np.ones(len(values), dtype=bool), np.zeros(len(values), dtype=bool)
    for rows, numbers, here, wrong in wrong_values(
        name, values, data.lengths.get(name), given, data.location
    ):
        present[rows] = here
        wrong = wrong & ~np.isfinite(numbers) if wrong.any() else wrong  # too large is still an error
        if not wrong.any():
            continue
        count += int(wrong.sum())
        affected[rows] = wrong.any(axis=(1, 2))
        if choice == "zero":
            changed = values.copy() if changed is values else changed
            changed[rows] = np.where(wrong, numbers.dtype.type(0), numbers).reshape(changed[rows].shape)
    return changed, present & ~affected if choice == "missing" else present, np.flatnonzero(affected), count
