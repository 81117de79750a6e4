"""Samples of a prediction against those of training: modalities, columns, axes, symbols, lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mmfusion.data.check_values import row_parts
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.padding import real_steps
from mmfusion.data.part import SYMBOLS
from mmfusion.sentences import joined_names
from mmfusion.training.modality import MODULE, Modality

SEQUENCE = "sequence"


def as_in_training(
    data: ModalityData, modalities: Sequence[Modality], columns: Mapping[str, Sequence[Any]]
) -> ModalityData:
    """Bring modalities and named columns into the order of training, and check that they are the same.

    Parameters
    ----------
    data : ModalityData
    modalities : sequence of Modality
        Of training.
    columns : mapping of str to sequence
        Names of the columns in training, of modalities that had some.

    Returns
    -------
    ModalityData

    Raises
    ------
    MmfusionError
        If a modality or column is missing or new, the number of axes or columns differs, or a symbol is
        unknown.
    """
    names = [modality.name for modality in modalities]
    if set(data.modalities) != set(names):
        raise data.location.error(
            f"{data.location.whole} has the modalities {', '.join(data.modalities)}, expected "
            f"{', '.join(names)}, as in training; a modality that samples lack is passed as NaN."
        )
    data = data.select(names)
    arrays = dict(data.arrays)
    for modality in modalities:
        if modality.alphabet and _is_empty(data, modality.name):
            arrays[modality.name] = np.zeros((len(data), 1), dtype=np.uint8)
            data.lengths[modality.name] = np.ones(len(data), dtype=np.int64)
            data.present[modality.name] = np.zeros(len(data), dtype=bool)
            data.letters |= {modality.name}
    for name, known in columns.items():
        given = data.columns.get(name)
        if given is not None and tuple(given) != tuple(known):
            arrays[name] = arrays[name][..., _order(data, name, given, known)]
            data.columns[name] = tuple(known)
    data = data.with_arrays(arrays)
    data.location = replace(data.location, columns=data.columns)
    for modality in modalities:
        _check_as_in_training(data, modality)
        if modality.lengths and modality.kind == SEQUENCE and modality.name not in data.lengths:
            _check_lengths_given(data, modality.name)
    return data


def _is_empty(data: ModalityData, name: str) -> bool:
    """Whether a modality is NaN throughout, as strings are that are all missing."""
    values = data.arrays[name]
    return name not in data.letters and values.dtype.kind == "f" and bool(np.isnan(values).all())


def _check_lengths_given(data: ModalityData, name: str) -> None:
    """Refuse sequences without lengths that end in zeros, where those of training had lengths."""
    padded = 0
    for _, part in row_parts(data.arrays[name]):
        if part.dtype.kind == "f" and bool(np.isnan(part).any()):
            return  # padding is marked
        padded += int((part[:, -1] == 0).all(axis=1).sum())
    if padded:
        raise data.location.error(
            f"{data.location.modality(name)} has no lengths, and {padded} of its sequences end in steps "
            "that are zero in all columns, expected lengths, as in training; give them, or mark padding by "
            "NaN."
        )


def _order(data: ModalityData, name: str, given: Sequence[Any], known: Sequence[Any]) -> list[int]:
    """Return where the columns of training are."""
    lacking = [column for column in known if column not in given]
    new = [column for column in given if column not in known]
    if lacking or new:
        said = [
            f"{word} {joined_names(map(repr, some))}"
            for word, some in (("lacks", lacking), ("has", new))
            if some
        ]
        raise data.location.error(
            f"{data.location.modality(name)} {' and '.join(said)}, expected the columns of training "
            f"({joined_names(map(repr, known))}), in any order."
        )
    return [list(given).index(column) for column in known]


def _check_as_in_training(data: ModalityData, modality: Modality) -> None:
    name, values = modality.name, data.arrays[modality.name]
    if modality.kind == MODULE and values.ndim == modality.axes:
        return
    symbols, where = modality.kind == SYMBOLS, data.location.modality(name)
    if values.ndim != modality.axes or (not symbols and values.shape[-1] != modality.size):
        raise data.location.error(
            f"{where} has shape {values.shape}, expected {modality.size} columns and {modality.axes} axes "
            "as in training."
        )
    if bool(modality.alphabet) != (name in data.letters):
        kinds = [
            ("letters" if letters else "numbers") for letters in (name in data.letters, modality.alphabet)
        ]
        raise data.location.error(f"{where} holds {kinds[0]}, expected {kinds[1]}, as in training.")
    if symbols and not modality.alphabet:
        if values.dtype.kind not in "iu":
            raise data.location.error(
                f"{where} holds {values.dtype}, expected whole numbers, as in training."
            )
        if name in data.lengths and not modality.arguments.get("padded"):
            raise data.location.error(
                f"{where} has lengths, expected sequences without padding, as in training; give lengths in "
                "training."
            )
        if modality.lengths and name not in data.lengths:
            raise data.location.error(f"{where} has no lengths, expected them, as in training; give them.")
        largest = int(values.max(initial=0, where=real_steps(values, data.lengths.get(name))))
        if largest >= modality.size:
            raise data.location.error(
                f"{where}: there is a symbol {largest}, expected 0 to {modality.size - 1} as in training."
            )
