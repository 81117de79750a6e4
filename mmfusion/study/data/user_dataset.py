"""Data of the user as a dataset of the study: read, checked, split and standardised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.check_values import check_values
from mmfusion.data.letters import alphabet_of, as_symbols
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.padding import padding_mask, real_steps
from mmfusion.data.part import SYMBOLS
from mmfusion.data.readers.read import read_source
from mmfusion.data.readers.source import Source
from mmfusion.data.splits import Rows, split_rows
from mmfusion.data.standardisation import standardise
from mmfusion.data.task import REGRESSION, Task, chosen_task, is_one_hot
from mmfusion.errors import DataError
from mmfusion.notices import tell
from mmfusion.study.data.dataset import GROUP, SPLITS, MultimodalDataset, Split
from mmfusion.study.data.reading import reading
from mmfusion.study.data.user_summary import facts_of

Features = tuple[NDArray[Any], NDArray[np.bool_] | None]
"""An array, and which of its steps are real if it is padded."""


def user_dataset(name: str, settings: Mapping[str, Any]) -> MultimodalDataset:
    """Read a dataset of the user's.

    Parameters
    ----------
    name : str
    settings : mapping
        As `mmfusion.study.config.user_settings.UserDataset` has them.

    Returns
    -------
    MultimodalDataset
        Numbers are standardised by training statistics (float32), letters are symbols of the alphabet of
        training, other symbols are unchanged; where a modality is missing, its numbers are NaN and its
        symbols -1. Its parameters are described in `mmfusion.study.data.user_summary`.

    Raises
    ------
    DataError
        If the file is missing or damaged, a column or value is wrong, or the samples cannot be split.

    Warns
    -----
    ChoiceWarning
        About choices that were made while reading, which the summary repeats.
    """
    source = read_source(settings["path"], **reading(settings))
    for note in source.notes:
        tell(note)
    where = f"{settings['path']}, target {settings['target']}"
    task = chosen_task(source.target, settings["task"], where, settings["threshold"])
    word, target, classes = _target(source.target, task, settings)
    rows = _splits(source, None if classes is None else target, settings["held_out"])
    data = source.modality_data()
    present = check_values(data, data.kinds)
    constant: dict[str, list[int]] = {}
    alphabets: dict[str, str] = {}
    features: dict[str, NDArray[Any]] = {}
    real: dict[str, NDArray[np.bool_]] = {}
    for modality in data.modalities:
        here = present.get(modality, np.ones(len(data), dtype=bool))
        _check_trained(source, modality, here[rows["train"]])
        if data.kinds.get(modality) == SYMBOLS:
            values, mask = _symbols(data, modality, here, rows["train"], alphabets)
        else:
            values, mask, constant[modality] = _numbers(data, modality, here, rows["train"])
        features[modality] = values
        if mask is not None:
            real[modality] = mask
    latents = {}
    if source.groups is not None:  # those that the tests on the test split are over
        latents[GROUP] = np.unique(source.groups, return_inverse=True)[1].astype(np.int64)
    samples = Split(features, target, latents, source.ids, real)
    splits = {split: samples[chosen_rows] for split, chosen_rows in rows.items()}
    facts = facts_of(source, settings, task, classes or [], splits, present)
    parameters = {**facts, "constant_columns": constant, "alphabets": alphabets}
    return MultimodalDataset(name, word, source.modalities, splits, parameters=parameters)


def _check_trained(source: Source, modality: str, here: NDArray[np.bool_]) -> None:
    if not here.any():
        raise DataError(
            f"{source.location.modality(modality)} is missing for all {len(here)} training samples, "
            "expected values to learn from; leave the modality out."
        )


def _symbols(
    data: ModalityData, name: str, here: NDArray[np.bool_], train: Rows, alphabets: dict[str, str]
) -> Features:
    """Return symbols, -1 where the modality is missing, of the training alphabet if they are letters."""
    values, lengths = data.arrays[name], data.lengths.get(name)
    real = real_steps(values, lengths, here)
    if name in data.letters:
        alphabets[name] = alphabet_of(values[train], real[train])
        values = as_symbols(name, values, real, alphabets[name], data.location)
    symbols = np.where(here[:, np.newaxis], np.where(real, values, 0), -1).astype(np.int64)
    return symbols, None if lengths is None else real | ~here[:, np.newaxis]


def _numbers(
    data: ModalityData, name: str, here: NDArray[np.bool_], train: Rows
) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None, list[int]]:
    """Return standardised numbers, NaN where the modality is missing and 0 where a step is padding.

    Raises
    ------
    DataError
        If a standardised value overflows.
    """
    values = np.asarray(data.arrays[name], dtype=np.float64)
    gone = ~here.reshape(-1, *(1,) * (values.ndim - 1))
    mask: NDArray[np.bool_] | None = None
    if values.ndim == 3:
        padding = padding_mask(values, data.lengths.get(name)) & here[:, np.newaxis]
        mask = ~padding if padding.any() else None
        gone = gone | padding[:, :, np.newaxis]
    standardised, constant = standardise(np.where(gone, np.nan, values), train)
    wrong = np.argwhere(np.isinf(standardised))
    if len(wrong):
        row, *_, column = (int(axis) for axis in wrong[0])
        raise DataError(
            f"{data.location.modality(name)}, {data.location.row(row)}, "
            f"{data.location.column(name, column)}: the value {values[tuple(wrong[0])]:g} overflows when it "
            "is standardised, expected values like those of training; correct it, or leave the sample out."
        )
    if mask is not None:
        standardised = np.where(mask[:, :, np.newaxis] | ~here[:, np.newaxis, np.newaxis], standardised, 0)
    return standardised.astype(np.float32), mask, constant


def _target(
    values: NDArray[Any], task: Task, settings: Mapping[str, Any]
) -> tuple[Literal["binary", "multiclass", "regression"], NDArray[Any], list[Any] | None]:
    """Return the task of the losses, the target, and the classes if it has some."""
    where = f"{settings['path']}, target {settings['target']}"
    if task.word != REGRESSION and is_one_hot(values):
        values = values.argmax(axis=1)
    if values.ndim > 1:
        raise DataError(
            f"{where}: it has {values.shape[1]} values for each sample, expected one in the workflow; "
            "choose one of them, or use mmfusion.FusionRegressor, which takes several."
        )
    if task.word == REGRESSION:
        return "regression", np.asarray(values, dtype=np.float64), None
    classes, index = np.unique(values, return_inverse=True)
    if len(classes) > max(2, len(values) // 2):
        raise DataError(
            f"{where}: there are {len(classes)} different values, expected classes with several samples "
            "each for a classification; choose the task regression, or correct the column."
        )
    return ("binary" if len(classes) == 2 else "multiclass"), index.astype(np.int64), classes.tolist()


def _splits(source: Source, classes: NDArray[Any] | None, held_out: Mapping[str, Any]) -> dict[str, Rows]:
    if source.splits:
        return {split: source.splits[split] for split in SPLITS if split in source.splits}
    rows, seed = np.arange(len(source.target)), held_out["seed"]
    rest, test = split_rows(rows, held_out["test"], classes, source.groups, seed)
    share = held_out["validation"] / (1 - held_out["test"])
    train, validation = split_rows(rest, share, classes, source.groups, seed + 1)
    return {"train": train, "validation": validation, "test": test}
