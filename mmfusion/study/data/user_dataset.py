"""Data of the user as a dataset of the study: read, checked, split and standardised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.missing import missing_rows
from mmfusion.data.padding import pad
from mmfusion.data.readers.dictionary_pickle import read_dictionary_pickle
from mmfusion.data.readers.read import read_source
from mmfusion.data.readers.source import Source
from mmfusion.data.splits import Rows, split_rows
from mmfusion.data.standardisation import standardise
from mmfusion.errors import DataError
from mmfusion.fusion.subsets import chosen_order
from mmfusion.sentences import row_name
from mmfusion.study.data.dataset import SPLITS, MultimodalDataset, Split


def user_dataset(name: str, settings: Mapping[str, Any]) -> MultimodalDataset:
    """Read a dataset of the user's.

    Parameters
    ----------
    name : str
    settings : mapping
        ``path``, ``target``, ``task``, ``modalities``, ``groups``, ``ids``, ``held_out`` and
        ``replace_infinite``, as `mmfusion.study.config.dataset_settings.UserDataset` has them.

    Returns
    -------
    MultimodalDataset
        Numbers are standardised by training statistics (float32), symbols are unchanged; where a modality is
        missing, its numbers are NaN and its symbols negative. Its parameters: ``source`` (the path),
        ``classes`` (in the order of their indices), ``sizes``, ``constant_columns``, ``missing`` (samples).

    Raises
    ------
    DataError
        If the file is missing or damaged, a column or value is wrong, or the samples cannot be split.
    """
    source = _read(settings)
    target, classes = _target(source.target, settings)
    rows = _splits(source, target if settings["task"] != "regression" else None, settings["held_out"])
    features: dict[str, NDArray[Any]] = {
        modality: pad(values.astype(np.float32), source.lengths[modality])
        if modality in source.lengths
        else np.asarray(values)
        for modality, values in source.arrays.items()
    }
    missing = {modality: missing_rows(values) for modality, values in features.items()}
    _check_present(source, missing, rows["train"], settings["path"])
    constant: dict[str, list[int]] = {}
    for modality, values in features.items():
        if values.dtype.kind == "f":
            features[modality], constant[modality] = standardise(values, rows["train"])
    samples = Split(features, target, ids=source.ids)
    splits = {split: samples[chosen_rows] for split, chosen_rows in rows.items()}
    parameters = {
        "source": str(settings["path"]),
        "classes": classes,
        "sizes": {split: len(part) for split, part in splits.items()},
        "constant_columns": constant,
        "missing": {modality: int(gone.sum()) for modality, gone in missing.items() if gone.any()},
    }
    return MultimodalDataset(name, settings["task"], source.modalities, splits, parameters=parameters)


def _read(settings: Mapping[str, Any]) -> Source:
    """Read the file by its ending; a pickled dictionary names its modalities and splits itself."""
    if str(settings["path"]).endswith((".pkl", ".pickle")):
        return read_dictionary_pickle(settings["path"], settings["task"], settings["replace_infinite"])
    chosen = {key: settings[key] for key in ("target", "modalities", "groups", "ids")}
    return read_source(settings["path"], **chosen)


def user_summary(dataset: MultimodalDataset, max_order: int | str | None = None) -> str:
    """Describe a dataset of the user's in one line.

    Parameters
    ----------
    dataset : MultimodalDataset
        From `user_dataset`.
    max_order : int, "auto" or "all", optional
        As `mmfusion.study.config.dataset_settings.UserDataset` has it. Default: all subsets are scored.

    Returns
    -------
    str
        Sizes, classes, missing modalities, constant columns, and which subsets are scored if not all.
    """
    facts = dataset.parameters
    sizes = ", ".join(f"{split} {size} samples" for split, size in facts["sizes"].items())
    widths = ", ".join(
        f"{name} {' x '.join(map(str, dataset.splits['train'].features[name].shape[1:]))}"
        for name in dataset.modalities
    )
    classes = f"; classes: {', '.join(map(str, facts['classes']))}" if facts["classes"] else ""
    constant = ", ".join(
        f"{name} {len(columns)}" for name, columns in facts["constant_columns"].items() if columns
    )
    missing = ", ".join(f"{name} for {count} samples" for name, count in facts["missing"].items())
    lacking = f"; missing: {missing}, replaced by the mean feature" if missing else ""
    return (
        f"{dataset.name} ({dataset.task}): {sizes}; per sample: {widths} numbers{classes}{lacking}; constant "
        f"training columns, set to 0: {constant or 'none'}{_scored(dataset, max_order)}."
    )


def _scored(dataset: MultimodalDataset, max_order: int | str | None) -> str:
    """Say which subsets are scored, unless all are."""
    modalities = len(dataset.modalities)
    order = chosen_order(max_order, modalities)
    if order is None or order >= modalities:
        return ""
    which = (
        "single modalities only" if order == 1 else f"subsets of up to {order} of the {modalities} modalities"
    )
    more = " (default above three modalities; max_order changes it)" if max_order == "auto" else ""
    return f"; scored: {which}{more}"


def _check_present(source: Source, missing: Mapping[str, NDArray[np.bool_]], train: Rows, path: Any) -> None:
    """Check that every sample has a modality, and every modality a training sample."""
    nothing = np.flatnonzero(np.all(list(missing.values()), axis=0))
    if len(nothing):
        raise DataError(
            f"{path}: {row_name(int(nothing[0]), source.first_row)} has no modality at all, altogether "
            f"{len(nothing)} samples, expected at least one; leave these samples out."
        )
    for modality, gone in missing.items():
        if gone[train].all():
            raise DataError(
                f"{path}: modality {modality} is missing for all {len(train)} training samples, expected "
                "values to learn from; leave the modality out."
            )


def _target(values: NDArray[Any], settings: Mapping[str, Any]) -> tuple[NDArray[Any], list[Any]]:
    task = settings["task"]
    where = f"{settings['path']}, target {settings['target']}"
    if values.ndim > 1:
        raise DataError(
            f"{where}: it has {values.shape[1]} values for each sample, expected one in the workflow; choose "
            "one of them, or use mmfusion.FusionRegressor, which takes several."
        )
    if task == "regression":
        try:
            return np.asarray(values, dtype=np.float64), []
        except (ValueError, TypeError):
            raise DataError(
                f"{where}: the values are not numbers, expected numbers for the task regression; choose "
                "another task."
            ) from None
    classes, index = np.unique(values, return_inverse=True)
    if (task == "binary" and len(classes) != 2) or len(classes) > max(2, len(values) // 2):
        expected = "2 classes" if task == "binary" else "classes with several samples each"
        raise DataError(
            f"{where}: there are {len(classes)} different values, expected {expected} for the task {task}; "
            "choose another task or correct the column."
        )
    return index.astype(np.int64), classes.tolist()


def _splits(source: Source, classes: NDArray[Any] | None, held_out: Mapping[str, Any]) -> dict[str, Rows]:
    if source.splits:
        return {split: source.splits[split] for split in SPLITS if split in source.splits}
    rows, seed = np.arange(len(source.target)), held_out["seed"]
    rest, test = split_rows(rows, held_out["test"], classes, source.groups, seed)
    share = held_out["validation"] / (1 - held_out["test"])
    train, validation = split_rows(rest, share, classes, source.groups, seed + 1)
    return {"train": train, "validation": validation, "test": test}
