"""Splits of CMU-MOSI, and counts of leaked videos and of repeated rows in a split.

Two conventions. ``published``: the train and test parts in which the features were published; there is no
validation part. ``standard``: the train, validation and test folds of the CMU-MultimodalSDK, by video. The
text and video features were learned with supervision on the published training part: they know the labels of
its videos, so that a video of that part is *leaked* wherever it is used for anything but training.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmfusion.errors import ConfigError, DataError
from mmfusion.study.data.mosi.mosi_join import MosiTables

SplitConvention = Literal["published", "standard"]
_SDK_FOLDS = {"train": "train", "validation": "valid", "test": "test"}


def standard_folds() -> dict[str, tuple[str, ...]]:
    """Return the standard folds of the CMU-MultimodalSDK.

    Returns
    -------
    dict of str to tuple of str
        Video ids of train, validation and test.

    Examples
    --------
    >>> {split: len(videos) for split, videos in standard_folds().items()}
    {'train': 52, 'validation': 10, 'test': 31}
    """
    text = (resources.files("mmfusion.study.data.mosi") / "mosi_folds.json").read_text(encoding="utf-8")
    folds = json.loads(text)
    return {split: tuple(folds[fold]) for split, fold in _SDK_FOLDS.items()}


def mosi_split_rows(tables: MosiTables, split: SplitConvention) -> dict[str, NDArray[np.intp]]:
    """Assign the utterances to splits.

    Parameters
    ----------
    tables : MosiTables
        All utterances.
    split : {"published", "standard"}
        The convention.

    Returns
    -------
    dict of str to array of int
        Row numbers per split, in rising order; ``standard`` has a validation split, ``published`` has none.

    Raises
    ------
    DataError
        If a video is in none of the standard folds, or a split is empty.
    ConfigError
        If `split` is neither of the two.
    """
    if split == "published":
        split_of = np.array(tables.published)
        names = ["train", "test"]
    elif split == "standard":
        split_of = np.array(_standard_split(tables))
        names = list(_SDK_FOLDS)
    else:
        raise ConfigError([f"the split of CMU-MOSI is {split!r}, expected published or standard."])
    rows = {name: np.flatnonzero(split_of == name) for name in names}
    for name in names:
        if not len(rows[name]):
            raise DataError(
                f"CMU-MOSI: no utterance is in the {name} part of the {split} split, expected at least one; "
                "use the other split."
            )
    return rows


def _standard_split(tables: MosiTables) -> list[str]:
    split_of = {video: split for split, videos in standard_folds().items() for video in videos}
    unknown = sorted({video for video in tables.videos if video not in split_of})
    if unknown:
        raise DataError(
            f"CMU-MOSI: {len(unknown)} video ids ({', '.join(unknown[:10])}) are in none of the standard "
            f"folds, expected only the {len(split_of)} videos of the CMU-MultimodalSDK; use the published "
            "split."
        )
    return [split_of[video] for video in tables.videos]


def leaked_videos(tables: MosiTables, rows: NDArray[np.intp]) -> int:
    """Count the videos among `rows` that are in the published training part.

    Parameters
    ----------
    tables : MosiTables
        All utterances.
    rows : array of int
        Rows of one split.

    Returns
    -------
    int
    """
    return len({tables.videos[row] for row in rows if tables.published[row] == "train"})


def repeated_rows(features: Mapping[str, NDArray[np.float64]], rows: NDArray[np.intp]) -> dict[str, int]:
    """Count the feature rows that repeat an earlier row of the split.

    Parameters
    ----------
    features : mapping of str to array of float64, shape (n, d_m)
        Raw features per modality.
    rows : array of int
        Rows of one split.

    Returns
    -------
    dict of str to int
        Count per modality.
    """
    return {
        modality: len(rows) - len(np.unique(values[rows], axis=0)) for modality, values in features.items()
    }
