"""Checks between the CMU-MOSI files: sizes, row indices, ids, labels and the two copies of the text features.

Each check adds what it finds to the `Problems` of the folder and leaves the data as they are, so that one run
reports the mistakes of all files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mmfusion.study.data.mosi.mosi_cells import Problems, cell
from mmfusion.study.data.mosi.mosi_files import MOSI_MODALITIES, SENTIMENT, TRANSCRIPTS
from mmfusion.study.data.mosi.mosi_parts import Annotations, Part

# The copies are decimal texts of the same numbers, one of six significant digits.
TEXT_RTOL = 1e-5
TEXT_ATOL = 1e-6
SENTIMENT_LIMIT = 3.0


def check_sizes(parts: Sequence[Part], problems: Problems) -> None:
    """Check that the files of a part have equally many rows, and those of a modality equally many columns.

    Parameters
    ----------
    parts : sequence of Part
        The published parts.
    problems : Problems
        Takes the mistakes.
    """
    for part in parts:
        rows = {part.feature_file(modality): len(part.labels[modality]) for modality in MOSI_MODALITIES}
        rows[part.index_file] = len(part.index)
        _check_equal(rows, "rows", problems)
    for modality in MOSI_MODALITIES:
        widths = {part.feature_file(modality): part.features[modality].shape[1] + 1 for part in parts}
        if modality == "text":  # the row index takes the place of the label
            widths |= {part.index_file: part.text_copy.shape[1] + 1 for part in parts}
        if min(widths.values()) < 2:
            name = min(widths, key=lambda key: widths[key])
            problems.add(f"{name}: 1 column, expected features beside the label")
        _check_equal(widths, "columns", problems)


def _check_equal(sizes: Mapping[str, int], what: str, problems: Problems) -> None:
    usual = Counter(sizes.values()).most_common(1)[0][0]
    for name, size in sizes.items():
        if size != usual:
            like = ", ".join(other for other, count in sizes.items() if count == usual)
            problems.add(f"{name}: {size} {what}, expected {usual} as in {like}")


def check_transcripts(annotations: Annotations, problems: Problems) -> NDArray[np.float64]:
    """Check ids and sentiments, and look up the sentiment of every transcript.

    Parameters
    ----------
    annotations : Annotations
        Transcripts and sentiments.
    problems : Problems
        Takes the mistakes.

    Returns
    -------
    array of float64, shape (n_transcripts,)
        Sentiments in the order of ``transcripts.csv``, NaN where there is none.
    """
    _check_distinct(TRANSCRIPTS, annotations.ids, problems)
    _check_distinct(SENTIMENT, annotations.opinion_ids, problems)
    _check_joins(TRANSCRIPTS, annotations.ids, SENTIMENT, annotations.opinion_ids, problems)
    _check_joins(SENTIMENT, annotations.opinion_ids, TRANSCRIPTS, annotations.ids, problems)
    outside = np.flatnonzero(np.abs(annotations.sentiment) > SENTIMENT_LIMIT)
    if len(outside):
        row = int(outside[0])
        value = annotations.sentiment[row]
        problems.add(
            f"{cell(SENTIMENT, row, 4)}: sentiment {value:g}, expected a number from -3 to 3",
            len(outside) - 1,
        )
    known = dict(zip(annotations.opinion_ids, annotations.sentiment.tolist(), strict=True))
    return np.array([known.get(name, np.nan) for name in annotations.ids], dtype=np.float64)


def _check_distinct(name: str, ids: Sequence[str], problems: Problems) -> None:
    first: dict[str, int] = {}
    again = [row for row, key in enumerate(ids) if first.setdefault(key, row) != row]
    if again:
        key = ids[again[0]]
        place = cell(name, again[0])
        problems.add(
            f"{place}: utterance id {key!r} was used in row {first[key] + 1}, expected unique ids",
            len(again) - 1,
        )


def _check_joins(
    name: str, ids: Sequence[str], other: str, other_ids: Sequence[str], problems: Problems
) -> None:
    known = set(other_ids)
    lost = [row for row, key in enumerate(ids) if key not in known]
    if lost:
        problems.add(
            f"{cell(name, lost[0])}: utterance {ids[lost[0]]!r} has no row in {other}, expected one",
            len(lost) - 1,
        )


def check_index(parts: Sequence[Part], annotations: Annotations, problems: Problems) -> None:
    """Check that the row indices of both parts name every transcript exactly once.

    Parameters
    ----------
    parts : sequence of Part
        The published parts.
    annotations : Annotations
        Transcripts and sentiments.
    problems : Problems
        Takes the mistakes.
    """
    first: dict[int, tuple[str, int]] = {}
    for part in parts:
        _check_index_of(part, annotations, first, problems)
    unused = [row for row in range(len(annotations.ids)) if row not in first]
    if unused:
        problems.add(
            f"{cell(TRANSCRIPTS, unused[0])}: utterance {annotations.ids[unused[0]]!r} has no feature row, "
            f"expected its row index {unused[0]} in {' or '.join(part.index_file for part in parts)}",
            len(unused) - 1,
        )


def _check_index_of(
    part: Part, annotations: Annotations, first: dict[int, tuple[str, int]], problems: Problems
) -> None:
    """Check one part; `first` gathers where every row index was met first."""
    valid = _valid(part, annotations)
    wrong = np.flatnonzero(~valid)
    if len(wrong):
        problems.add(
            f"{cell(part.index_file, int(wrong[0]), 0)}: row index {part.index[wrong[0]]:g} names no row "
            f"of {TRANSCRIPTS}, expected a whole number from 0 to {len(annotations.ids) - 1}",
            len(wrong) - 1,
        )
    places = [(int(part.index[row]), (part.index_file, row)) for row in np.flatnonzero(valid).tolist()]
    again = [(index, place) for index, place in places if first.setdefault(index, place) != place]
    if again:
        index, (name, row) = again[0]
        problems.add(
            f"{cell(name, row, 0)}: row index {index} was used in {cell(*first[index])}, "
            "expected every transcript once",
            len(again) - 1,
        )


def _valid(part: Part, annotations: Annotations) -> NDArray[np.bool_]:
    index = part.index
    valid: NDArray[np.bool_] = (index >= 0) & (index < len(annotations.ids)) & (index == np.floor(index))
    return valid


def check_text(parts: Sequence[Part], problems: Problems) -> None:
    """Check that the text features beside the row index are those of the feature file, row by row.

    Parameters
    ----------
    parts : sequence of Part
        The published parts.
    problems : Problems
        Takes the mistakes.
    """
    for part in parts:
        text = part.features["text"]
        wrong = np.argwhere(~np.isclose(part.text_copy, text, rtol=TEXT_RTOL, atol=TEXT_ATOL))
        if len(wrong):
            row, column = (int(place) for place in wrong[0])
            problems.add(
                f"{cell(part.index_file, row, column + 1)}: text feature {part.text_copy[row, column]:g}, "
                f"expected {text[row, column]:g} as in {cell(part.feature_file('text'), row, column)}",
                len(wrong) - 1,
            )


def check_videos(parts: Sequence[Part], annotations: Annotations, problems: Problems) -> None:
    """Check that every utterance id names a video, and that no video has utterances in two parts.

    Parameters
    ----------
    parts : sequence of Part
        The published parts.
    annotations : Annotations
        Transcripts and sentiments.
    problems : Problems
        Takes the mistakes.
    """
    nameless = [row for row, key in enumerate(annotations.ids) if not key.rpartition("_")[0]]
    if nameless:
        problems.add(
            f"{cell(TRANSCRIPTS, nameless[0], 0)}: utterance id {annotations.ids[nameless[0]]!r}, expected "
            "<video id>_<utterance number>",
            len(nameless) - 1,
        )
    home: dict[str, tuple[str, int]] = {}
    for part in parts:
        for row in np.flatnonzero(_valid(part, annotations)).tolist():
            video = annotations.ids[int(part.index[row])].rpartition("_")[0]
            file, first = home.setdefault(video, (part.index_file, row))
            if file != part.index_file:
                problems.add(
                    f"{cell(part.index_file, row)}: video {video!r} has utterances in {cell(file, first)} "
                    "too, expected every video in one part"
                )
                return


def check_labels(
    parts: Sequence[Part], annotations: Annotations, sentiment: NDArray[np.float64], problems: Problems
) -> None:
    """Check that the label of every file is 1 exactly where the sentiment of the utterance is at least 0.

    Parameters
    ----------
    parts : sequence of Part
        The published parts.
    annotations : Annotations
        Transcripts and sentiments.
    sentiment : array of float64, shape (n_transcripts,)
        What `check_transcripts` returned.
    problems : Problems
        Takes the mistakes.
    """
    known = np.isfinite(sentiment)
    wrong = np.flatnonzero(known & (annotations.label != (sentiment >= 0)))
    if len(wrong):
        row = int(wrong[0])
        place = cell(TRANSCRIPTS, row, 3)
        problems.add(_contradiction(place, annotations.label[row], sentiment[row]), len(wrong) - 1)
    for part in parts:
        valid = _valid(part, annotations)
        value = np.full(len(valid), np.nan)
        value[valid] = sentiment[part.index[valid].astype(np.int64)]
        _check_labels_of(part, value, problems)


def _check_labels_of(part: Part, sentiment: NDArray[np.float64], problems: Problems) -> None:
    """Check one part against the sentiment of its rows; NaN where a row joins none."""
    labels = np.stack([part.labels[modality] for modality in MOSI_MODALITIES])  # (M, n)
    apart = (labels != labels[0]).any(axis=0)
    if apart.any():
        row = int(np.flatnonzero(apart)[0])
        found = ", ".join(
            f"{label:g} in {part.feature_file(modality)}"
            for modality, label in zip(MOSI_MODALITIES, labels[:, row], strict=True)
        )
        problems.add(f"row {row + 1}: the label is {found}, expected the same in all", int(apart.sum()) - 1)
    wrong = np.flatnonzero(~apart & np.isfinite(sentiment) & (labels[0] != (sentiment >= 0)))
    if len(wrong):
        row = int(wrong[0])
        place = cell(part.feature_file("text"), row, part.features["text"].shape[1])
        problems.add(_contradiction(place, labels[0, row], sentiment[row]), len(wrong) - 1)


def _contradiction(place: str, label: float, sentiment: float) -> str:
    return (
        f"{place}: label {label:g} contradicts the sentiment {sentiment:g} of the utterance, expected "
        f"{int(sentiment >= 0)} since a label is 1 exactly where the sentiment is at least 0"
    )
