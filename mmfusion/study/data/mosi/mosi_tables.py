"""CMU-MOSI as one table: features, labels and sentiments joined by utterance id, and checked.

Words used here. A *published part* is the train or the test half of the feature files. The *row index*,
column 1 of ``text_train.csv`` and ``text_test.csv``, counts the rows of ``transcripts.csv`` from 0 and
thereby names the utterance of every feature row; the rows of all feature files of a part are in the same
order. An *utterance id* is ``<video id>_<utterance number>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmfusion.study.data.mosi.mosi_cells import Problems
from mmfusion.study.data.mosi.mosi_checks import (
    check_index,
    check_labels,
    check_sizes,
    check_text,
    check_transcripts,
    check_videos,
)
from mmfusion.study.data.mosi.mosi_files import MOSI_MODALITIES, PUBLISHED_PARTS
from mmfusion.study.data.mosi.mosi_parts import Annotations, Part, read_annotations, read_part


@dataclass(frozen=True)
class MosiTables:
    """All utterances of CMU-MOSI, the published training part first, each part in the order of its files.

    Parameters
    ----------
    ids : tuple of str
        Utterance ids, n of them, all distinct.
    videos : tuple of str
        Video id of every utterance.
    published : tuple of str
        Published part of every utterance, ``train`` or ``test``.
    features : mapping of str to array of float64, shape (n, d_m)
        Raw features of the modalities text, audio and video, in that order.
    label : array of int64, shape (n,)
        1 where the sentiment is at least 0, else 0.
    sentiment : array of float64, shape (n,)
        Mean sentiment of the annotators, in [-3, 3].
    transcript_row : array of int64, shape (n,)
        Row of the utterance in ``transcripts.csv``, counted from 0.
    """

    ids: tuple[str, ...]
    videos: tuple[str, ...]
    published: tuple[str, ...]
    features: Mapping[str, NDArray[np.float64]]
    label: NDArray[np.int64]
    sentiment: NDArray[np.float64]
    transcript_row: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


def read_mosi(directory: str | Path) -> MosiTables:
    """Read, join and check the CMU-MOSI files.

    Checked are: every file is there, whole and rectangular; numbers are finite; the files of a part have
    equally many rows, the parts equally many columns; labels are 0 or 1, agree between the modalities and are
    1 exactly where the sentiment is at least 0; sentiments lie in [-3, 3]; row indices name every transcript
    once; utterance ids are unique and the same in transcripts and sentiments; no video is in both parts; the
    two copies of the text features agree.

    Parameters
    ----------
    directory : str or Path
        Folder with all of `MOSI_FILES`.

    Returns
    -------
    MosiTables

    Raises
    ------
    DataError
        If any check fails; it lists the mistakes of the whole folder, files first, contradictions between
        intact files second.
    """
    problems = Problems(Path(directory))
    parts = [read_part(part, problems) for part in PUBLISHED_PARTS]
    annotations = read_annotations(problems)
    problems.raise_any()
    check_sizes(parts, problems)
    problems.raise_any()
    sentiment = check_transcripts(annotations, problems)
    check_index(parts, annotations, problems)
    check_text(parts, problems)
    check_videos(parts, annotations, problems)
    check_labels(parts, annotations, sentiment, problems)
    problems.raise_any()
    return _join(parts, annotations, sentiment)


def _join(parts: list[Part], annotations: Annotations, sentiment: NDArray[np.float64]) -> MosiTables:
    index = np.concatenate([part.index for part in parts]).astype(np.int64)
    ids = tuple(annotations.ids[row] for row in index)
    return MosiTables(
        ids=ids,
        videos=tuple(name.rpartition("_")[0] for name in ids),
        published=tuple(part.name for part in parts for _ in part.index),
        features={
            modality: np.concatenate([part.features[modality] for part in parts])
            for modality in MOSI_MODALITIES
        },
        label=annotations.label[index].astype(np.int64),
        sentiment=sentiment[index],
        transcript_row=index,
    )
