"""What was read from a user's file and what was made of it, for the page of the study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.description import modality_lines, one_line_each, sample_lines
from mmfusion.data.readers.source import Source
from mmfusion.data.task import Task
from mmfusion.fusion.subsets import chosen_order
from mmfusion.study.data.dataset import MultimodalDataset, Split
from mmfusion.study.data.reading import TASK_KEY, THRESHOLD_KEY


def facts_of(
    source: Source,
    settings: Mapping[str, Any],
    task: Task,
    classes: list[Any],
    splits: Mapping[str, Split],
    present: Mapping[str, NDArray[np.bool_]],
) -> dict[str, Any]:
    """Return what is known about a dataset of the user's beside its arrays.

    Returns
    -------
    dict
        ``source`` (the path), ``target``, ``task`` (a sentence), ``classes`` (in the order of their indices),
        ``sizes``, ``missing`` (samples), ``described`` (a line per modality), ``samples`` (names, groups,
        splits) and ``notes``.
    """
    return {
        "source": str(settings["path"]),
        "target": settings["target"],
        "task": task.sentence(TASK_KEY, THRESHOLD_KEY),
        "classes": classes,
        "sizes": {split: len(part) for split, part in splits.items()},
        "missing": {modality: int((~here).sum()) for modality, here in present.items()},
        "described": modality_lines(source, present),
        "samples": sample_lines(source),
        "splits_of_file": bool(source.splits),
        "notes": list(source.notes),
    }


def user_summary(dataset: MultimodalDataset, max_order: int | str | None = None) -> str:
    """Describe a dataset of the user's, facts apart by an empty line.

    Parameters
    ----------
    dataset : MultimodalDataset
        From `mmfusion.study.data.user_dataset.user_dataset`.
    max_order : int, "auto" or "all", optional
        As `mmfusion.study.config.user_settings.UserDataset` has it. Default: all subsets are scored.

    Returns
    -------
    str
        Task, target, sizes, modalities, groups, splits, constant columns, which subsets are scored if not
        all, and what was chosen while reading.
    """
    facts = dataset.parameters
    sizes = ", ".join(f"{split} {size} samples" for split, size in facts["sizes"].items())
    classes = f"; classes: {', '.join(map(str, facts['classes']))}" if facts["classes"] else ""
    constant = ", ".join(
        f"{name} {len(columns)}" for name, columns in facts["constant_columns"].items() if columns
    )
    drawn = " of the file (held_out has no effect)" if facts["splits_of_file"] else ", drawn at random"
    lines = [
        facts["task"],
        f"read from {facts['source']}, target {facts['target']}{classes}; splits{drawn}: {sizes}.",
        *(f"modality {line}." for line in one_line_each(facts["described"])),
        "; ".join(facts["samples"]) + "." if facts["samples"] else "no groups and no names of the samples.",
        f"constant training columns, set to 0: {constant or 'none'}{_scored(dataset, max_order)}.",
        *(f"Note: {note}" for note in facts["notes"]),
    ]
    return "\n\n".join(f"{dataset.name}: {line}" for line in lines)


def _scored(dataset: MultimodalDataset, max_order: int | str | None) -> str:
    """Say which subsets are scored, unless all are."""
    modalities = len(dataset.modalities)
    order = chosen_order(max_order, modalities)
    if order is None or order >= modalities:
        return ""
    which = (
        "single modalities only" if order == 1 else f"subsets of up to {order} of the {modalities} modalities"
    )
    more = " (default above four modalities; max_order changes it)" if max_order == "auto" else ""
    return f"; scored: {which}{more}"
