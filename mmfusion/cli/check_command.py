"""Describing a file: what is in it, and what would be done with it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.cli.order_note import order_note
from mmfusion.cli.request import DataRequest
from mmfusion.data.check_values import check_values
from mmfusion.data.description import modality_lines, sample_lines
from mmfusion.data.folds import check_number_of_folds
from mmfusion.data.number_moments import number_moments
from mmfusion.estimators.source_notes import naming, split_notes
from mmfusion.estimators.targets import Target, class_target, number_target
from mmfusion.fusion.subsets import chosen_order, subset_label, subsets
from mmfusion.notices import told

FOLDS = 5
"""Folds that are tried, the default of the command ``relevance``."""


def describe_data(request: DataRequest) -> str:
    """Read and check a file, and describe it.

    Parameters
    ----------
    request : DataRequest

    Returns
    -------
    str
        Several lines.

    Raises
    ------
    MmfusionError
        If it cannot be read or used, with the reason.
    """
    source = request.read()
    data = source.modality_data()
    present = check_values(data, data.kinds, all_occur=True)
    with told() as notes, naming(request.data):
        if request.is_regression(source):
            target, classes = number_target(source.target), None
        else:
            target, classes = class_target(source.target)
        if classes is None:
            number_moments(target.array)  # refuses a constant target
        check_number_of_folds(FOLDS, len(data), target.classes, source.groups)
    order = chosen_order("auto", len(data.modalities))
    names = [subset_label(subset) for subset in subsets(data.modalities, order)]
    shown = f"{', '.join(names[:12])}{' ...' * (len(names) > 12)}"
    indented = [*modality_lines(source, present), *sample_lines(source)]
    lines = [
        request.task_sentence(source),
        f"{request.data}: {len(data)} samples, {len(data.modalities)} modalities",
        f"  target {request.target}: {_target(target, classes)}",
        *(f"  {line}" for line in indented),
        *(f"Note: {note}" for note in (*source.notes, *split_notes(source), *notes)),
        f"{len(names)} subsets would get a relevance: {shown}",
        order_note(len(data.modalities), "auto"),
        "Everything is in order; next: mmfusion relevance with the same arguments.",
    ]
    return "\n".join(line for line in lines if line)


def _target(target: Target, classes: NDArray[Any] | None) -> str:
    values = target.array
    if classes is None:
        return f"numbers from {values.min():.4g} to {values.max():.4g}"
    if target.several:
        return f"{len(classes)} labels per sample"
    sizes = [f"{name} {count}" for name, count in zip(classes.tolist(), np.bincount(values), strict=True)]
    return f"{len(classes)} classes: {', '.join(sizes[:10])}{' ...' * (len(sizes) > 10)}"
