"""The join of CMU-MOSI: features, labels and sentiments of every utterance in one order.

Words used here. A *published part* is the train or the test part of the feature files. The *row index*,
column 1 of ``text_train.csv`` and ``text_test.csv``, counts the rows of ``transcripts.csv`` from 0 and
thereby names the utterance of every feature row; the rows of all feature files of a part are in the same
order. An *utterance id* is ``<video id>_<utterance number>``.

Reading first compares the bytes of the files with their SHA-256. What holds for those bytes (every row joins,
ids are unique, labels agree with sentiments, no video is in both parts) is therefore not checked again here:
tests on the published files check it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.study.data.mosi.mosi_files import REGISTRY, check_mosi_bytes

MOSI_MODALITIES = ("text", "audio", "video")
PUBLISHED_PARTS: tuple[str, ...] = ("train", "test")


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
        Raw features of the modalities text, audio and video, in that order; without video if clean.
    label : array of int64, shape (n,)
        1 where the sentiment is at least 0, else 0.
    sentiment : array of float64, shape (n,)
        Mean sentiment of the annotators, in [-3, 3].
    transcript_row : array of int64, shape (n,)
        Row of the utterance in ``transcripts.csv``, counted from 0.
    clean : bool, default False
        Whether no feature knows labels, see `with_clean_text`.
    """

    ids: tuple[str, ...]
    videos: tuple[str, ...]
    published: tuple[str, ...]
    features: Mapping[str, NDArray[np.float64]]
    label: NDArray[np.int64]
    sentiment: NDArray[np.float64]
    transcript_row: NDArray[np.int64]
    clean: bool = False


def read_mosi(directory: str | Path, *, registry: str | Path = REGISTRY) -> MosiTables:
    """Compare the CMU-MOSI files with their SHA-256, then read and join them.

    Parameters
    ----------
    directory, registry
        See `check_mosi_bytes`.

    Returns
    -------
    MosiTables

    Raises
    ------
    DataError
        See `check_mosi_bytes`.
    """
    folder = Path(directory)
    check_mosi_bytes(folder, registry)
    index = {part: _cells(folder / f"text_{part}.csv")[0].to_numpy(np.int64) for part in PUBLISHED_PARTS}
    row = np.concatenate(list(index.values()))
    transcripts = read_transcripts(folder).iloc[row]
    opinions = _cells(folder / "OpinionLevelSentiment.csv", ["start", "end", "video", "number", "sentiment"])
    sentiment = opinions["sentiment"].set_axis(opinions["video"] + "_" + opinions["number"])
    return MosiTables(
        ids=tuple(transcripts["id"]),
        videos=tuple(name.rpartition("_")[0] for name in transcripts["id"]),
        published=tuple(part for part, rows in index.items() for _ in rows),
        features={modality: _features(folder, modality) for modality in MOSI_MODALITIES},
        label=transcripts["label"].to_numpy(np.int64),
        sentiment=sentiment.loc[transcripts["id"]].to_numpy(np.float64),
        transcript_row=row,
    )


def with_clean_text(tables: MosiTables, text: pd.DataFrame) -> MosiTables:
    """Put embedded transcripts in the place of the features that know labels, text and video.

    Parameters
    ----------
    tables : MosiTables
        As `read_mosi` gives them.
    text : DataFrame
        As `mmfusion.study.data.mosi.clean_text.clean_text` gives it.

    Returns
    -------
    MosiTables
        With the modalities text and audio.
    """
    rows = text.set_index("id").loc[list(tables.ids)].to_numpy(np.float64)
    return replace(tables, features={"text": rows, "audio": tables.features["audio"]}, clean=True)


def read_transcripts(folder: Path) -> pd.DataFrame:
    """Read the transcripts as text (id, words, speaker, label); their bytes are not compared."""
    return _cells(folder / "transcripts.csv", ["id", "words", "speaker", "label"])


def _features(folder: Path, modality: str) -> NDArray[np.float64]:
    """Read the features of all utterances, shape (n, d_m), without the labels in the last column.

    Rows are contiguous in memory: the last bits of means and standard deviations depend on that order.
    """
    cells = pd.concat([_cells(folder / f"{modality}_{part}0.csv") for part in PUBLISHED_PARTS])
    return cells.iloc[:, :-1].to_numpy().astype(np.float64, order="C")


def _cells(path: Path, names: list[str] | None = None) -> pd.DataFrame:
    """Read the cells of a CSV file without a header as text, which NumPy turns into the nearest numbers."""
    return pd.read_csv(path, header=None, names=names, dtype=object, na_filter=False)
