"""Describing a file: what is in it, and what would be done with it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.cli.relevance_command import order_note
from mmfusion.cli.request import DataRequest
from mmfusion.data.check_values import check_values
from mmfusion.data.splits import split_rows
from mmfusion.encoders import ENCODERS, kind_of
from mmfusion.estimators.targets import Target, class_target, number_target
from mmfusion.fusion.subsets import chosen_order, subset_label, subsets
from mmfusion.training.target_moments import TargetMoments

HELD_OUT = 0.25
"""Share on which the split is tried, the default of the command ``relevance``."""


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
    kinds = {name: kind_of(values) for name, values in data.arrays.items()}
    present = check_values(data, kinds, all_occur=True)
    regression = request.is_regression(source.target)
    target, classes = (number_target(source.target), None) if regression else class_target(source.target)
    TargetMoments.fit(target.array, target.task, target.outputs)  # refuses a constant target
    split_rows(np.arange(len(data)), HELD_OUT, target.classes, source.groups, 0)
    lines = [f"{request.data}: {len(data)} samples, {len(data.modalities)} modalities"]
    for name, values in data.arrays.items():
        line = f"  {name}: shape {values.shape}, {ENCODERS[kinds[name]].help}"
        if name in data.lengths:
            shortest, longest = data.lengths[name].min(), data.lengths[name].max()
            line += f"; of {shortest} to {longest} real steps, as its lengths say, the rest is padding"
        if name in present:
            line += f"; missing for {(~present[name]).sum()} samples, which get its mean feature"
        lines.append(line)
        if kinds[name] == "vector" and (constant := int((values.min(axis=0) == values.max(axis=0)).sum())):
            lines.append(f"    {constant} of its {values.shape[1]} columns are constant and tell nothing")
    lines += [f"  target {request.target}: {_target(target, classes)}"]
    if source.groups is not None:
        lines.append(f"  groups: {len(np.unique(source.groups))}, kept together when samples are held out")
    order = chosen_order("auto", len(data.modalities))
    names = [subset_label(subset) for subset in subsets(data.modalities, order)]
    lines.append(
        f"{len(names)} subsets would get a relevance: {', '.join(names[:12])}{' ...' * (len(names) > 12)}"
    )
    if note := order_note(len(data.modalities), "auto"):
        lines.append(note)
    lines.append("Everything is in order; next: mmfusion relevance with the same arguments.")
    return "\n".join(lines)


def _target(target: Target, classes: NDArray[Any] | None) -> str:
    values = target.array
    if classes is None:
        return f"numbers from {values.min():.4g} to {values.max():.4g} (regression)"
    if target.several:
        return f"{len(classes)} labels per sample (classification)"
    sizes = [f"{name} {count}" for name, count in zip(classes.tolist(), np.bincount(values), strict=True)]
    return f"{len(classes)} classes: {', '.join(sizes[:10])}{' ...' * (len(sizes) > 10)} (classification)"
