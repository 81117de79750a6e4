"""Samples of computational sequences (``.csd``), aligned to words.

Every interval of the labels is one sample. Its steps are the words, given by the intervals of the text, that
overlap it. A step of another modality is the plain mean of the frames that overlap its word. Intervals
*overlap* if they share more than `mmfusion.data.readers.csd_labels.TOUCH` seconds, so that a word across the
border of two labels is a step of both, and a word without duration is a step of none.

These are the rules of the CMU-MultimodalSDK, for an alignment first to the words with averaging and then to
the labels. Where it leaves something out or fills something in, this is asked for here instead, and told:

- It leaves out labels of zero length, labels that no word overlaps, and videos that a file lacks or whose
  words have no frame of some modality. Here labels without words, for whichever reason, end in an error or
  are left out and named (`labels_without_words`); samples of a video without another modality lack it.
- Where no frame overlaps a word, it leaves out the step of that modality only, so that the steps of the
  modalities no longer belong together, or fills in zeros (``impute``). Here this is an error, or zeros and a
  note (`missing_frames`). A sample without any frame lacks the modality and is not filled in.
- It gives a step to the labels that the averaged frames overlap, in the order of their starts. Here a step
  goes with its word, so that a sample has the same steps in all modalities even if frames cover only a part
  of a word across the border of two labels, or words overlap each other.
- It averages NaN and infinity like numbers (`nonfinite`), and in the precision of the file; here means are
  taken in float64 and then stored in that precision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.data.readers.csd_file import read_sequence
from mmfusion.data.readers.csd_frames import frames_of_words, mean_frames
from mmfusion.data.readers.csd_labels import LabelledWords, labelled_words
from mmfusion.data.readers.csd_nonfinite import treat_nonfinite
from mmfusion.data.readers.reader_checks import check_name, check_numbers, check_target
from mmfusion.data.readers.source import Source
from mmfusion.errors import DataError
from mmfusion.sentences import joined_names, similar


def read_csd(
    files: Mapping[str, str | Path],
    labels: str | Path,
    folds: Mapping[str, Sequence[str]] | None = None,
    words: str = "text",
    *,
    missing_frames: Literal["error", "zero"] = "error",
    labels_without_words: Literal["error", "leave_out"] = "error",
    nonfinite: Literal["error", "zero", "missing"] = "error",
) -> Source:
    """Read computational sequences and align them to words.

    Parameters
    ----------
    files : mapping of str to str or Path
        The ``.csd`` file of every modality, in modality order.
    labels : str or Path
        The ``.csd`` file of the labels; its features are the target.
    folds : mapping of str to sequence of str, optional
        Videos of every split, such as `mmfusion.study.data.mosi.mosi_dataset.standard_folds` returns.
        Default: there are no splits; the groups are the videos, so that samples can be split by them.
    words : str, default "text"
        The modality whose intervals are the words.
    missing_frames : {"error", "zero"}, default "error"
        What to do about words that no frame of a modality overlaps: raise, or put zeros there.
    labels_without_words : {"error", "leave_out"}, default "error"
        What to do about labels without words: raise, or leave them out. These are labels of zero length (so
        CMU-MOSI marks segments that were withdrawn), labels that no word overlaps, and labels of videos
        without words; CMU-MOSEI has them.
    nonfinite : {"error", "zero", "missing"}, default "error"
        What to do about features that are NaN or infinite, in frames of words: raise, put 0 in their place
        before averaging, or take the modality as missing in their samples.

    Returns
    -------
    Source
        Floats (n, length, d) per modality, padded behind with zeros to the most words of a sample, with the
        lengths. A modality without any frame in a sample is missing there (NaN). Names are ``video[k]``, k
        counting all labels of a video from 0, also those left out; groups are the videos. Samples whose
        video is in no fold are in no split. Notes say what was left out, filled in or taken as missing.

    Raises
    ------
    DataError
        If a file is not a computational sequence, a label has no words, a word no frame or a feature no
        finite value (unless another treatment is chosen), a video is in two folds, or a fold has no samples.
    """
    if words not in files:
        raise DataError(f"files: there is no modality {words!r}; {similar(words, files)}")
    _check_choice("missing_frames", missing_frames, "error", "zero")
    _check_choice("labels_without_words", labels_without_words, "error", "leave_out")
    _check_choice("nonfinite", nonfinite, "error", "zero", "missing")
    for name, path in files.items():
        check_name(path, name)
    marked = read_sequence(labels)
    samples, left_out = labelled_words(
        labels, marked, files[words], read_sequence(files[words]), labels_without_words
    )
    videos = [sample.video for sample in samples]
    splits = {} if folds is None else _splits(labels, videos, folds)
    values = np.stack([marked[sample.entry].features[sample.k] for sample in samples])
    target = check_target(Location(labels, partial(_name, samples)), "features", values)
    arrays, notes = {}, list(left_out)
    for name, path in files.items():
        arrays[name], more = _aligned(path, name, samples, name == words, missing_frames, nonfinite)
        notes += more
    lengths = np.array([len(sample.rows) for sample in samples], dtype=np.int64)
    for name, path in files.items():
        check_numbers(Location(path, partial(_name, samples)), {name: arrays[name]}, {name: lengths})
    ids, groups = tuple(sample.name for sample in samples), np.array(videos, dtype=str)
    return Source(
        arrays,
        target,
        dict.fromkeys(files, lengths),
        ids,
        groups,
        splits,
        tuple(notes),
        padded=frozenset(files),
    )


def _check_choice(option: str, value: object, *choices: str) -> None:
    if value not in choices:
        raise DataError(f"{option} is {value!r}; {similar(value, choices)}")


def _name(samples: Sequence[LabelledWords], row: int) -> str:
    return f"sample {samples[row].name!r}"


def _splits(
    labels: str | Path, videos: Sequence[str], folds: Mapping[str, Sequence[str]]
) -> dict[str, NDArray[np.intp]]:
    """Return the rows of every fold."""
    fold_of: dict[str, str] = {}
    for fold, members in folds.items():
        for video in members:
            if fold_of.setdefault(video, fold) != fold:
                raise DataError(
                    f"folds: video {video!r} is in {fold_of[video]!r} and in {fold!r}, expected one fold, "
                    "as it would leak between them; remove it from one."
                )
    rows = {fold: np.flatnonzero([fold_of.get(video) == fold for video in videos]) for fold in folds}
    for fold, chosen in rows.items():
        if not len(chosen):
            raise DataError(
                f"{labels}: no label belongs to a video of the fold {fold!r}, expected at least one; the "
                f"videos are {joined_names(dict.fromkeys(videos))}; correct the folds."
            )
    return rows


def _aligned(
    path: str | Path,
    name: str,
    samples: Sequence[LabelledWords],
    are_words: bool,
    missing_frames: Literal["error", "zero"],
    nonfinite: Literal["error", "zero", "missing"],
) -> tuple[NDArray[Any], list[str]]:
    """Align a modality to the words, (n, length, d), and say what was filled in or taken as missing."""
    where, sequence = f"{path}: modality {name!r}", read_sequence(path)
    steps = frames_of_words(sequence, samples, are_words)
    steps, treated = treat_nonfinite(where, sequence, samples, steps, nonfinite)
    notes = list(treated)
    without = [
        sample.name
        for sample, words in zip(samples, steps, strict=True)
        for frames in words
        if not len(frames)
    ]
    if without and missing_frames == "error":
        raise DataError(
            f"{path}: {len(without)} words have no frame of modality {name!r}, the first in sample "
            f"{without[0]!r}, expected one or more; give missing_frames='zero' to put zeros there, and say "
            "so where you report results."
        )
    if without:
        listed = dict.fromkeys(without)
        notes.append(
            f"{where}: zeros were put in the place of {len(without)} words without a frame, in "
            f"{len(listed)} of {len(samples)} samples ({joined_names(listed)})."
        )
    return mean_frames(sequence, samples, steps), notes
