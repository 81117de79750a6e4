"""The labels of computational sequences and their words: one sample per label that has words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.readers.csd_file import Frames
from mmfusion.errors import DataError
from mmfusion.sentences import joined_names

TOUCH = 1e-5
"""Seconds; intervals that share no more only touch, and those that last no more have zero length.

This is the tolerance of version 1.1.0 of the CMU-MultimodalSDK; an older copy, 0.0.6, has 1e-3.
"""
ZERO, UNSPOKEN, OUTSIDE = "of zero length", "of videos without words", "that no word overlaps"
"""Kinds of labels without words."""


class LabelledWords(NamedTuple):
    """A label: its words, as rows of the words of its video and as intervals (steps, 2).

    `entry` is the key of its video in the file, `k` its number among the labels there.
    """

    entry: str
    k: int
    rows: NDArray[np.intp]
    words: NDArray[np.float64]

    @property
    def name(self) -> str:
        """Name of the sample: ``video[k]``."""
        return f"{self.entry}[{self.k}]"

    @property
    def video(self) -> str:
        """The video: the key of the entry, without the number of a segment that the SDK puts behind it."""
        return self.entry.partition("[")[0]


class _Wordless(NamedTuple):
    """A label without words."""

    name: str
    interval: NDArray[np.float64]
    kind: str


def overlapping(intervals: NDArray[np.float64], interval: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the rows of intervals (n, 2), ascending, that share more than `TOUCH` seconds with one (2,)."""
    shared = np.minimum(intervals[:, 1], interval[1]) - np.maximum(intervals[:, 0], interval[0])
    return np.flatnonzero(shared > TOUCH)


def labelled_words(
    labels: str | Path,
    marked: Mapping[str, Frames],
    words: str | Path,
    spoken: Mapping[str, Frames],
    labels_without_words: Literal["error", "leave_out"],
) -> tuple[list[LabelledWords], tuple[str, ...]]:
    """Find the words of every label.

    Parameters
    ----------
    labels, words : str or Path
        The files, named in sentences.
    marked, spoken : mapping of str to Frames
        Their contents.
    labels_without_words : {"error", "leave_out"}
        As in `mmfusion.data.readers.read_csd`.

    Returns
    -------
    list of LabelledWords
        In the order of the file of labels, with their words in the order of their starts, those of equal
        start in the order of the file.
    tuple of str
        A sentence for every kind of labels that were left out.

    Raises
    ------
    DataError
        If a label has no words and is not to be left out, or none has words.
    """
    samples: list[LabelledWords] = []
    wordless: list[_Wordless] = []
    for entry, frames in marked.items():
        uttered = spoken[entry].intervals if entry in spoken else np.empty((0, 2))
        for k, interval in enumerate(frames.intervals):
            rows = overlapping(uttered, interval)
            rows = rows[np.argsort(uttered[rows, 0], kind="stable")]
            sample = LabelledWords(entry, k, rows, uttered[rows])
            if len(rows):
                samples.append(sample)
            else:
                wordless.append(_Wordless(sample.name, interval, _kind(interval, entry in spoken)))
    total = len(samples) + len(wordless)
    if wordless and labels_without_words == "error":
        raise _error(labels, words, wordless, total)
    if not samples:
        raise DataError(
            f"{labels}: none of the {total} labels has words in {words}, expected at least one; take files "
            "of the same dataset."
        )
    return samples, tuple(
        f"{labels}: labels {kind} were left out, {len(names)} of {total}: {joined_names(names)}."
        for kind, names in _by_kind(wordless).items()
    )


def _kind(interval: NDArray[np.float64], spoken: bool) -> str:
    if interval[1] - interval[0] <= TOUCH:
        return ZERO
    return OUTSIDE if spoken else UNSPOKEN


def _by_kind(wordless: Sequence[_Wordless]) -> dict[str, list[str]]:
    """Return the names of the labels without words, by kind."""
    names: dict[str, list[str]] = {}
    for label in wordless:
        names.setdefault(label.kind, []).append(label.name)
    return names


def _error(labels: str | Path, words: str | Path, wordless: Sequence[_Wordless], total: int) -> DataError:
    """Make the error about the first label without words, with the counts of all."""
    name, (start, end), kind = wordless[0]
    if kind == ZERO:
        what = f"{labels}: the label {name} has zero length (at {start:g} s), so that no word overlaps it"
    elif kind == UNSPOKEN:
        what = f"{words}: the label {name} belongs to a video that has labels but no words"
    else:
        what = f"{words}: no word overlaps the label {name} ({start:g} s to {end:g} s)"
    counts = ", ".join(f"{len(names)} {kind}" for kind, names in _by_kind(wordless).items())
    return DataError(
        f"{what} (altogether {counts}; {total} labels), expected words for every label; take files of the "
        "same dataset, or give labels_without_words='leave_out' to leave these labels out, and say so where "
        "you report results."
    )
