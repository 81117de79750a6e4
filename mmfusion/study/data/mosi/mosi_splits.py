"""Splits of CMU-MOSI.

Two conventions. ``published``: the train and test parts in which the features were published; there is no
validation part. ``standard``: the train, validation and test folds of the CMU-MultimodalSDK, by video. The
text and video features were learned with supervision on the published training part: they know the labels of
its videos, so that a video of that part is *leaked* wherever it is used for anything but training.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmfusion.study.data.mosi.mosi_join import PUBLISHED_PARTS, MosiTables

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
    folds = json.loads(Path(__file__).with_name("mosi_folds.json").read_text(encoding="utf-8"))
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
    """
    if split == "published":
        names, split_of = PUBLISHED_PARTS, tables.published
    else:
        folds = standard_folds()
        fold_of = {video: name for name, videos in folds.items() for video in videos}
        names, split_of = tuple(folds), tuple(fold_of[video] for video in tables.videos)
    return {name: np.flatnonzero(np.array(split_of) == name) for name in names}
