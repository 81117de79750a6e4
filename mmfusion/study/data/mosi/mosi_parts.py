"""What the CMU-MOSI files hold before any join: one object per published part, one for the annotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmfusion.study.data.mosi.mosi_cells import Problems, numbers, read_rows, zero_or_one
from mmfusion.study.data.mosi.mosi_files import MOSI_MODALITIES, SENTIMENT, TRANSCRIPTS


@dataclass(frozen=True)
class Part:
    """Feature files of one published part, n rows each once `check_sizes` has passed.

    Parameters
    ----------
    name : str
        ``train`` or ``test``.
    index : array of float64, shape (n,)
        Row of ``transcripts.csv``, counted from 0; whole only once `check_index` has passed.
    text_copy : array of float64, shape (n, d_text)
        The text features that stand beside the row index.
    features : mapping of str to array of float64, shape (n, d_m)
        Features per modality.
    labels : mapping of str to array of float64, shape (n,)
        Label column per modality.
    """

    name: str
    index: NDArray[np.float64]
    text_copy: NDArray[np.float64]
    features: Mapping[str, NDArray[np.float64]]
    labels: Mapping[str, NDArray[np.float64]]

    @property
    def index_file(self) -> str:
        """Name of the file with the row index."""
        return f"text_{self.name}.csv"

    def feature_file(self, modality: str) -> str:
        """Return the name of the feature file of a modality."""
        return f"{modality}_{self.name}0.csv"


@dataclass(frozen=True)
class Annotations:
    """Transcripts and sentiments.

    Parameters
    ----------
    ids : list of str
        Utterance ids of ``transcripts.csv``.
    label : array of float64
        Labels of ``transcripts.csv``.
    opinion_ids : list of str
        Utterance ids of ``OpinionLevelSentiment.csv``, made of its columns 3 and 4.
    sentiment : array of float64
        Sentiments of ``OpinionLevelSentiment.csv``.
    """

    ids: list[str]
    label: NDArray[np.float64]
    opinion_ids: list[str]
    sentiment: NDArray[np.float64]


def read_part(part: str, problems: Problems) -> Part:
    """Read the feature files and the row index of one published part.

    Parameters
    ----------
    part : {"train", "test"}
        The part.
    problems : Problems
        Takes the mistakes; where there are any, the arrays are not to be used.

    Returns
    -------
    Part
    """
    features, labels = {}, {}
    for modality in MOSI_MODALITIES:
        name = f"{modality}_{part}0.csv"
        rows = read_rows(name, problems)
        last = len(rows[0]) - 1 if rows else 0
        values = numbers(name, rows, range(last + 1), problems)
        features[modality], labels[modality] = values[:, :-1], values[:, -1]
        zero_or_one(name, labels[modality], last, problems)
    name = f"text_{part}.csv"
    rows = read_rows(name, problems)
    copy = numbers(name, rows, range(len(rows[0]) if rows else 1), problems)
    return Part(part, index=copy[:, 0], text_copy=copy[:, 1:], features=features, labels=labels)


def read_annotations(problems: Problems) -> Annotations:
    """Read the transcripts and the sentiments.

    Parameters
    ----------
    problems : Problems
        Takes the mistakes; where there are any, the arrays are not to be used.

    Returns
    -------
    Annotations
    """
    transcripts = read_rows(TRANSCRIPTS, problems, width=4)
    label = numbers(TRANSCRIPTS, transcripts, [2, 3], problems)[:, 1]
    zero_or_one(TRANSCRIPTS, label, 3, problems)
    opinions = read_rows(SENTIMENT, problems, width=5)
    values = numbers(SENTIMENT, opinions, [0, 1, 3, 4], problems)
    return Annotations(
        ids=[row[0] for row in transcripts],
        label=label,
        opinion_ids=[
            f"{row[2]}_{int(number) if number.is_integer() else number}"
            for row, number in zip(opinions, values[:, 2].tolist(), strict=True)
        ],
        sentiment=values[:, 3],
    )
