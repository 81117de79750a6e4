"""The frames of every word, and their plain mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.readers.csd_file import Frames
from mmfusion.data.readers.csd_labels import LabelledWords, overlapping

Steps = list[NDArray[np.intp]]
"""Per word of a sample, the rows of its frames in their video; no words where the modality is missing."""


def frames_of_words(
    sequence: Mapping[str, Frames], samples: Sequence[LabelledWords], are_words: bool
) -> list[Steps]:
    """Find the frames of every word of every sample.

    Parameters
    ----------
    sequence : mapping of str to Frames
        A modality.
    samples : sequence of LabelledWords
    are_words : bool
        Whether its frames are the words themselves.

    Returns
    -------
    list of list of array of int
        Per sample and word; no words at all where no word has a frame.
    """
    if are_words:
        return [list(sample.rows[:, np.newaxis]) for sample in samples]
    steps = []
    for sample in samples:
        frames = sequence.get(sample.entry)
        found = [] if frames is None else [overlapping(frames.intervals, word) for word in sample.words]
        steps.append(found if any(map(len, found)) else [])
    return steps


def mean_frames(
    sequence: Mapping[str, Frames], samples: Sequence[LabelledWords], steps: Sequence[Steps]
) -> NDArray[Any]:
    """Average the frames of every word.

    Returns
    -------
    array, shape (n, length, d)
        Zero where a word has no frame, NaN where a sample has no steps.
    """
    example = next(iter(sequence.values())).features
    longest = max(len(sample.rows) for sample in samples)
    values = np.zeros((len(samples), longest, example.shape[1]), example.dtype)
    for row, (sample, words) in enumerate(zip(samples, steps, strict=True)):
        if not words:
            values[row] = np.nan
        for step, rows in enumerate(words):
            if len(rows):
                features = sequence[sample.entry].features
                values[row, step] = features[rows].mean(axis=0, dtype=np.float64)
    return values
