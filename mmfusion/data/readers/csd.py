"""Samples of computational sequences (``.csd``), aligned to words.

Every interval of the labels is one sample. Its steps are the words, given by the intervals of the text, that
overlap it. A step of another modality is the plain mean of the frames that overlap its word. Intervals
*overlap* if they share more than `TOUCH` seconds, so that a word across the border of two labels is a step of
both, and a word without duration is a step of none. This is the alignment of the CMU-MultimodalSDK with
averaging, except that nothing is left out or filled in silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.data.readers.csd_file import Frames, read_sequence
from mmfusion.data.readers.reader_checks import (
    check_name,
    check_numbers,
    check_target,
    replace_infinite_values,
)
from mmfusion.data.readers.source import Source
from mmfusion.errors import DataError
from mmfusion.sentences import joined_names, similar

TOUCH = 1e-5
"""Seconds; intervals that share less only touch."""


class _Sample(NamedTuple):
    """A label: its words, as rows of the words of its video and as intervals (steps, 2)."""

    name: str
    video: str
    rows: NDArray[np.intp]
    words: NDArray[np.float64]


def read_csd(
    files: Mapping[str, str | Path],
    labels: str | Path,
    folds: Mapping[str, Sequence[str]],
    words: str = "text",
    missing_frames: Literal["zero"] | None = None,
    replace_infinite: Literal["zero"] | None = None,
) -> Source:
    """Read computational sequences and align them to words.

    Parameters
    ----------
    files : mapping of str to str or Path
        The ``.csd`` file of every modality, in modality order.
    labels : str or Path
        The ``.csd`` file of the labels; its features are the target.
    folds : mapping of str to sequence of str
        Videos of every split, such as `mmfusion.study.data.mosi.mosi_dataset.standard_folds` returns.
    words : str, default "text"
        The modality whose intervals are the words.
    missing_frames : {"zero"}, optional
        Put zeros where no frame of a modality overlaps a word. Default: this raises.
    replace_infinite : {"zero"}, optional
        Replace infinite features by 0, before averaging. Default: they raise.

    Returns
    -------
    Source
        Floats (n, length, d) per modality, padded behind with zeros to the most words of a sample, with the
        lengths. A modality without any frame in a sample is missing there (NaN). Names are
        ``video[k]``, k counting the labels of a video from 0; groups are the videos. Samples whose video is
        in no fold are in no split.

    Raises
    ------
    DataError
        If a file is not a computational sequence, a sample has no words, a video is in two folds, a
        fold has no samples, or a value cannot be used.
    """
    if words not in files:
        raise DataError(f"files: there is no modality {words!r}; {similar(words, files)}")
    if missing_frames not in (None, "zero") or replace_infinite not in (None, "zero"):
        raise DataError("missing_frames and replace_infinite are 'zero' or None, expected no other value.")
    for name, path in files.items():
        check_name(path, name)
    marked = read_sequence(labels)
    videos = [video for video, frames in marked.items() for _ in frames.features]
    splits = _splits(labels, videos, folds)
    values = np.concatenate([frames.features for frames in marked.values()])
    target = check_target(Location(labels), "features", values)
    samples = _samples(files[words], read_sequence(files[words]), marked)
    arrays = {}
    for name, path in files.items():
        sequence = read_sequence(path)
        features = (frames.features for frames in sequence.values())
        replace_infinite_values(path, name, features, replace_infinite)
        arrays[name], without = _aligned(sequence, samples, are_words=name == words)
        if without and missing_frames is None:
            raise DataError(
                f"{path}: {len(without)} words have no frame of modality {name!r}, the first in sample "
                f"{without[0]!r}, expected one or more; give missing_frames='zero' to put zeros there, and "
                "say so where you report results."
            )
    lengths = np.array([len(sample.rows) for sample in samples], dtype=np.int64)
    for name, path in files.items():
        check_numbers(Location(path), {name: arrays[name]}, {name: lengths})
    ids = tuple(sample.name for sample in samples)
    return Source(arrays, target, dict.fromkeys(files, lengths), ids, np.array(videos, dtype=str), splits)


def _splits(
    labels: str | Path, videos: Sequence[str], folds: Mapping[str, Sequence[str]]
) -> dict[str, NDArray[np.intp]]:
    """Return the rows of every fold."""
    fold_of: dict[str, str] = {}
    for fold, members in folds.items():
        for video in members:
            if fold_of.setdefault(video, fold) != fold:
                raise DataError(
                    f"folds: video {video!r} is in {fold_of[video]!r} and in {fold!r}, expected one fold, as "
                    "it would leak between them; remove it from one."
                )
    rows = {fold: np.flatnonzero([fold_of.get(video) == fold for video in videos]) for fold in folds}
    for fold, chosen in rows.items():
        if not len(chosen):
            raise DataError(
                f"{labels}: no label belongs to a video of the fold {fold!r}, expected at least one; "
                f"the videos are {joined_names(dict.fromkeys(videos))}; correct the folds."
            )
    return rows


def _overlapping(intervals: NDArray[np.float64], interval: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the rows of intervals (n, 2), ascending, that share more than `TOUCH` seconds with one (2,)."""
    shared = np.minimum(intervals[:, 1], interval[1]) - np.maximum(intervals[:, 0], interval[0])
    return np.flatnonzero(shared > TOUCH)


def _samples(path: str | Path, words: Mapping[str, Frames], marked: Mapping[str, Frames]) -> list[_Sample]:
    """Return one sample per label, with its words in order of time."""
    samples = []
    for video, frames in marked.items():
        if video not in words:
            raise DataError(
                f"{path}: video {video!r} has labels but no words, expected words for every label; take "
                "files of the same dataset."
            )
        spoken = words[video].intervals
        for k, interval in enumerate(frames.intervals):
            rows = _overlapping(spoken, interval)
            if not len(rows):
                raise DataError(
                    f"{path}: no word overlaps the label {video}[{k}] ({interval[0]:g} s to {interval[1]:g} "
                    "s), expected at least one; take files of the same dataset."
                )
            rows = rows[np.lexsort((spoken[rows, 1], spoken[rows, 0]))]
            samples.append(_Sample(f"{video}[{k}]", video, rows, spoken[rows]))
    return samples


def _aligned(
    sequence: Mapping[str, Frames], samples: Sequence[_Sample], are_words: bool
) -> tuple[NDArray[Any], list[str]]:
    """Align the frames of a modality, which may be the words themselves, to the words.

    Returns values (n, length, d), zero where a word has no frame and NaN where a sample has none, and the
    sample of every word without a frame, of those that have any.
    """
    example = next(iter(sequence.values())).features
    longest = max(len(sample.rows) for sample in samples)
    values = np.zeros((len(samples), longest, example.shape[1]), example.dtype)
    without = []
    for row, sample in enumerate(samples):
        frames = sequence.get(sample.video)
        if are_words and frames is not None:
            values[row, : len(sample.rows)] = frames.features[sample.rows]
            continue
        chosen = [] if frames is None else [_overlapping(frames.intervals, word) for word in sample.words]
        if frames is None or not any(len(rows) for rows in chosen):
            values[row] = np.nan
            continue
        for step, rows in enumerate(chosen):
            if len(rows):
                values[row, step] = frames.features[rows].mean(axis=0, dtype=np.float64)
        without += [sample.name for rows in chosen if not len(rows)]
    return values, without
