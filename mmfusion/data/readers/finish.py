"""The checks and choices that data of every format go through after they were read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.check_values import check_values
from mmfusion.data.nonfinite import NONFINITE, without_nonfinite
from mmfusion.data.padding import masks_of_side
from mmfusion.data.part import SYMBOLS
from mmfusion.data.readers.reader_checks import check_known, check_labels_differ, check_target
from mmfusion.data.readers.source import Source
from mmfusion.errors import DataError
from mmfusion.sentences import joined_names, similar


@dataclass(frozen=True)
class Treatment:
    """How values are treated, alike in every format.

    Parameters
    ----------
    symbols : tuple of str
        Modalities that are sequences of symbols.
    nonfinite : {"error", "zero", "missing"}
        What becomes of NaN and infinity among the features.
    padding : {"front", "behind"} or mapping of str to these, optional
        Where the padding of sequences with lengths is. Default: behind, and refused where it looks in front.
    threshold : float, optional
        Makes two classes of a numeric target: whether it is at least this. Default: the target as it is.
    """

    symbols: tuple[str, ...] = ()
    nonfinite: str = "error"
    padding: str | Mapping[str, str] | None = None
    threshold: float | None = None


def finished(source: Source, target: str, treatment: Treatment) -> Source:
    """Treat and check what was read.

    Parameters
    ----------
    source : Source
        With its path.
    target : str
        What the user calls the target.
    treatment : Treatment

    Returns
    -------
    Source

    Raises
    ------
    DataError
        If a value cannot be used, a choice is unknown or has no effect.
    """
    where = source.path
    if treatment.nonfinite not in NONFINITE:
        raise DataError(
            f"{where}: nonfinite is {treatment.nonfinite!r}, expected one of {', '.join(NONFINITE)}."
        )
    check_symbols(source.path, treatment.symbols, source.arrays)
    kinds = {**source.kinds, **dict.fromkeys(treatment.symbols, SYMBOLS)}
    _check_symbols_fit(source, kinds)
    lengths = {name: x for name, x in source.lengths.items() if name not in source.padded}
    masks = masks_of_side(lengths, source.arrays, treatment.padding, DataError, f"{where}: ")
    source = replace(source, kinds=kinds, lengths={**source.lengths, **masks})
    labels = check_target(source.location, target, source.target)
    if source.groups is not None:
        check_known(source.location, "the group", source.groups)
        check_labels_differ(f"{where}: the groups", source.groups)
    data, notes = without_nonfinite(source.modality_data(), treatment.nonfinite)
    check_values(data, {name: kinds.get(name, "numbers") for name in data.modalities})
    if treatment.threshold is not None:
        labels = above_threshold(source, target, labels, treatment.threshold)
    told = (*source.notes, *notes, *shared_groups(source), *repeated_ids(source))
    return replace(
        source,
        arrays=data.arrays,
        present=data.present,
        target=labels,
        notes=told,
        threshold=treatment.threshold,
    )


def check_symbols(path: Any, symbols: Iterable[str], modalities: Iterable[str]) -> None:
    """Check that what is called symbols is a modality.

    Raises
    ------
    DataError
        If there is no such modality.
    """
    known = list(modalities)
    for name in symbols:
        if name not in known:
            raise DataError(f"{path}: symbols: there is no modality {name!r}; {similar(name, known)}")


def _check_symbols_fit(source: Source, kinds: Mapping[str, str]) -> None:
    for name, array in source.arrays.items():
        if kinds.get(name) == SYMBOLS and (array.ndim != 2 or array.dtype.kind not in "iu"):
            raise DataError(
                f"{source.location.modality(name)} is an array {array.shape} of {array.dtype}, expected "
                "whole numbers (samples, steps) or letters where it is called symbols; leave that out, or "
                "convert it."
            )
        lengths = source.lengths.get(name)
        if lengths is not None and array.ndim != 3 and kinds.get(name) != SYMBOLS:
            raise DataError(
                f"{source.location.lengths(name)}: {name!r} is an array {array.shape} of {array.dtype}, "
                "expected numbers (samples, steps, columns), or symbols, where there are lengths; correct "
                "the file."
            )


def above_threshold(source: Source, target: str, labels: NDArray[Any], threshold: float) -> NDArray[np.int64]:
    """Return whether a numeric target is at least a threshold, as classes 0 and 1.

    Raises
    ------
    DataError
        If the target is not one number per sample, or all samples are on one side.
    """
    if labels.ndim != 1 or labels.dtype.kind not in "biuf":
        raise DataError(
            f"{source.path}: threshold needs one number for each sample, but the target {target!r} is an "
            f"array {labels.shape} of {labels.dtype}; leave threshold out."
        )
    classes = (labels >= threshold).astype(np.int64)
    if classes.min() == classes.max():
        side = "at least" if classes[0] else "below"
        raise DataError(
            f"{source.path}: all samples have a target {target!r} {side} the threshold {threshold:g}, "
            f"expected some on both sides; it reaches from {labels.min():g} to {labels.max():g}; choose "
            "another threshold."
        )
    return classes


def shared_groups(source: Source) -> list[str]:
    """Say which groups have samples in several of the splits that the file defines."""
    shared = [] if source.groups is None else _in_several_splits(source, source.groups)
    if not shared:
        return []
    count = f"{len(shared)} group{'s have' if len(shared) > 1 else ' has'}"
    return [
        f"{source.path}: {count} samples in several splits ({joined_names(shared)}), so that what is "
        "measured on held-out samples may be too good; move each group into one split."
    ]


def repeated_ids(source: Source) -> list[str]:
    """Say which names of samples occur in several of the splits that the file defines."""
    shared = _in_several_splits(source, np.array(source.ids)) if source.ids else []
    if not shared:
        return []
    count = f"{len(shared)} name{'s of samples occur' if len(shared) > 1 else ' of a sample occurs'}"
    return [
        f"{source.path}: {count} in several splits ({joined_names(shared)}); if these are the same samples, "
        "what is measured on held-out samples is too good: keep each in one split."
    ]


def _in_several_splits(source: Source, labels: NDArray[Any]) -> list[str]:
    members = [set(labels[rows].tolist()) for rows in source.splits.values()]
    counts = Counter(label for group in members for label in group)
    return sorted(str(label) for label, count in counts.items() if count > 1)
