"""The user's own data as a dataset of the study: read, checked, split and standardised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.dataset import SPLITS, MultimodalDataset, Split, Task
from mmfusion.data.readers.dictionary_pickle import read_dictionary_pickle
from mmfusion.data.readers.read import read_source
from mmfusion.data.readers.source import Source
from mmfusion.data.splits import Rows, split_rows
from mmfusion.data.standardise import standardise
from mmfusion.encoders.sequence import pad
from mmfusion.errors import DataError


def own_dataset(name: str, settings: Mapping[str, Any]) -> MultimodalDataset:
    """Read a dataset of the user's own.

    Parameters
    ----------
    name : str
    settings : mapping
        ``path``, ``target``, ``task``, ``modalities``, ``groups``, ``ids`` and ``held_out``, as
        `mmfusion.config.OwnDataset` has them.

    Returns
    -------
    MultimodalDataset
        Vectors are standardised by training statistics (float32), symbols are as they are. Its parameters:
        ``source`` (the path), ``classes`` (in the order of their indices), ``sizes``, ``constant_columns``.

    Raises
    ------
    DataError
        If the file is missing or damaged, a column or value is wrong, or it cannot be split.
    """
    source = _read(settings)
    _refuse_missing(source, settings["path"])
    target, classes = _target(source.target, settings["task"], settings)
    rows = _splits(source, target if settings["task"] != "regression" else None, settings["held_out"])
    features: dict[str, NDArray[Any]] = {}
    constant: dict[str, list[int]] = {}
    for modality, values in source.arrays.items():
        if values.dtype.kind in "iu":
            features[modality] = np.asarray(values)
        elif values.ndim == 3:
            steps = (
                pad(np.asarray(values, dtype=np.float32), source.lengths[modality])
                if modality in source.lengths
                else values
            )
            features[modality], constant[modality] = _standardised_steps(steps, rows["train"])
        else:
            features[modality], constant[modality] = standardise(np.asarray(values), rows["train"])
    splits = {
        split: Split(
            features={modality: values[chosen_rows] for modality, values in features.items()},
            target=target[chosen_rows],
            ids=tuple(source.ids[row] for row in chosen_rows) if source.ids else (),
        )
        for split, chosen_rows in rows.items()
    }
    parameters = {
        "source": str(settings["path"]),
        "classes": classes,
        "sizes": {split: len(chosen_rows) for split, chosen_rows in rows.items()},
        "constant_columns": constant,
    }
    task: Task = settings["task"]
    return MultimodalDataset(name, task, tuple(source.arrays), splits, parameters=parameters)


def _read(settings: Mapping[str, Any]) -> Source:
    """Read the file by its ending; a pickled dictionary names its modalities and splits itself."""
    if str(settings["path"]).endswith((".pkl", ".pickle")):
        return read_dictionary_pickle(settings["path"], settings["task"], settings["replace_infinite"])
    chosen = {key: settings[key] for key in ("target", "modalities", "groups", "ids")}
    return read_source(settings["path"], **chosen)


def _standardised_steps(values: NDArray[Any], train: Rows) -> tuple[NDArray[np.float32], list[int]]:
    """Standardise sequences (n, length, d), NaN where padded, by the real steps of the training rows."""
    steps = np.asarray(values, dtype=np.float64)
    fitted = steps[train].reshape(-1, steps.shape[-1])
    fitted = fitted[~np.isnan(fitted).any(axis=1)]
    flat, constant = standardise(
        np.concatenate([steps.reshape(-1, steps.shape[-1]), fitted]),
        np.arange(steps.shape[0] * steps.shape[1], steps.shape[0] * steps.shape[1] + len(fitted)),
    )
    return flat[: steps.shape[0] * steps.shape[1]].reshape(steps.shape), constant


def own_summary(dataset: MultimodalDataset) -> str:
    """Describe a dataset of the user's own in one line: sizes, classes, constant columns."""
    facts = dataset.parameters
    sizes = ", ".join(f"{split} {size} samples" for split, size in facts["sizes"].items())
    widths = ", ".join(
        f"{name} {' x '.join(map(str, dataset.splits['train'].features[name].shape[1:]))}"
        for name in dataset.modalities
    )
    classes = f"; classes: {', '.join(map(str, facts['classes']))}" if facts["classes"] else ""
    constant = ", ".join(f"{name} {len(found)}" for name, found in facts["constant_columns"].items() if found)
    return (
        f"{dataset.name} ({dataset.task}): {sizes}; per sample: {widths} numbers{classes}; constant "
        f"training columns, set to 0: {constant or 'none'}."
    )


def _refuse_missing(source: Source, path: Any) -> None:
    for modality, values in source.arrays.items():
        if values.dtype.kind == "f":
            gone = np.flatnonzero(np.isnan(np.asarray(values)).reshape(len(values), -1).all(axis=1))
            if len(gone):
                raise DataError(
                    f"{path}, modality {modality}: {len(gone)} samples lack it (the first is row "
                    f"{gone[0]}), expected all modalities for all samples in the workflow; leave these "
                    "samples out, or use mmfusion.FusionClassifier, which takes missing modalities."
                )


def _target(values: NDArray[Any], task: str, settings: Mapping[str, Any]) -> tuple[NDArray[Any], list[Any]]:
    where = f"{settings['path']}, target {settings['target']}"
    if task == "regression":
        try:
            return np.asarray(values, dtype=np.float64), []
        except (ValueError, TypeError):
            raise DataError(
                f"{where}: the values are no numbers, expected numbers for the task regression; choose "
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
    if not 0 < share < 1:
        raise DataError(
            f"held_out: validation {held_out['validation']} and test {held_out['test']} leave nothing to "
            "train on, expected a sum below 1; lower one of them."
        )
    train, validation = split_rows(rest, share, classes, source.groups, seed + 1)
    return {"train": train, "validation": validation, "test": test}
