"""CMU-MOSI: 2199 spoken opinions from 93 videos, as text, audio and video features with a sentiment.

Corpus: A. Zadeh, R. Zellers, E. Pincus, L.-P. Morency, *MOSI: Multimodal Corpus of Sentiment Intensity and
Subjectivity Analysis in Online Opinion Videos*, arXiv 1606.06259, 2016. Utterance features and their split:
S. Poria, E. Cambria, D. Hazarika, N. Majumder, A. Zadeh, L.-P. Morency, *Context-Dependent Sentiment Analysis
in User-Generated Videos*, ACL 2017. The text and video features were learned with supervision on the labels
of the published training part: only the published test part is clean, and nothing may be chosen on any other
video. A video of the training part is *leaked* wherever it is used for anything but training. The datasets
with *clean text* leave these two out: they have embedded transcripts and audio, which know no labels.

`find_mosi` finds the files, `read_mosi` compares their bytes and joins them, `with_clean_text` exchanges the
text, `mosi_dataset` makes a `MultimodalDataset`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.standardisation import standardise
from mmfusion.study.data.dataset import GROUP, MultimodalDataset, Split
from mmfusion.study.data.mosi.mosi_join import PUBLISHED_PARTS, MosiTables
from mmfusion.study.data.mosi.sentence_encoder import ENCODER
from mmfusion.study.names import MOSI_CLEAN, MOSI_DATASETS, MOSI_TASKS

MosiTask = Literal["binary", "regression"]
SplitConvention = Literal["published", "standard"]
SOURCE = {
    "corpus": "CMU-MOSI, Zadeh et al., arXiv 1606.06259 (2016)",
    "features": "utterance-level features of Poria et al., ACL 2017",
    "sentiment": "mean sentiment of the annotators, OpinionLevelSentiment.csv",
    "licence": "none stated by the repositories that publish the files",
}


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
    names = {"train": "train", "validation": "valid", "test": "test"}
    return {split: tuple(folds[name]) for split, name in names.items()}


def mosi_dataset(
    tables: MosiTables, task: MosiTask, split: SplitConvention = "published"
) -> MultimodalDataset:
    """Make a dataset: splits, standardised features, target.

    Parameters
    ----------
    tables : MosiTables
        All utterances, as `read_mosi` gives them.
    task : {"binary", "regression"}
        Target: the 0/1 label (int64; datasets ``MOSIBinary`` and ``MOSICleanBinary``), or the sentiment in
        [-3, 3] (float64; ``MOSIReal`` and ``MOSICleanReal``).
    split : {"published", "standard"}, default "published"
        Train and test as published with the features, without a validation split; or the train, validation
        and test folds of the CMU-MultimodalSDK, by video.

    Returns
    -------
    MultimodalDataset
        Modalities text, audio and, if not clean, video: float32, standardised with training statistics;
        latents sentiment, label, transcript_row (row of ``transcripts.csv``, counted from 0) and group
        (number of the video); ids are utterance ids. Its parameters: ``source``; ``split``; ``videos`` and
        ``repeated_rows`` per split; ``constant_columns`` per modality, counted from 0, which are 0 in all
        splits; ``leaked_test_videos`` and ``leaked_validation_videos``, the number of videos whose labels
        the features know.
    """
    rows = _rows(tables, split)
    features, constant = {}, {}
    for modality, values in tables.features.items():
        features[modality], constant[modality] = standardise(values, rows["train"])
    parameters: dict[str, Any] = {
        "source": {**SOURCE, "text": ENCODER} if tables.clean else SOURCE,
        "split": split,
        "videos": {name: len({tables.videos[row] for row in chosen}) for name, chosen in rows.items()},
        "repeated_rows": {
            name: {
                modality: len(chosen) - len(np.unique(values[chosen], axis=0))
                for modality, values in tables.features.items()
            }
            for name, chosen in rows.items()
        },
        "constant_columns": constant,
    }
    for name in ("validation", "test"):
        known = {tables.videos[row] for row in rows.get(name, ()) if tables.published[row] == "train"}
        parameters[f"leaked_{name}_videos"] = 0 if tables.clean else len(known)
    latents = {name: getattr(tables, name) for name in ("sentiment", "label", "transcript_row")}
    latents[GROUP] = np.unique(tables.videos, return_inverse=True)[1].astype(np.int64)
    samples = Split(features, latents["label" if task == "binary" else "sentiment"], latents, tables.ids)
    splits = {name: samples[chosen] for name, chosen in rows.items()}
    [name] = [name for name in (MOSI_CLEAN if tables.clean else MOSI_DATASETS) if MOSI_TASKS[name] == task]
    return MultimodalDataset(name, task, tuple(features), splits, parameters=parameters)


def _rows(tables: MosiTables, split: SplitConvention) -> dict[str, NDArray[np.intp]]:
    """Return the rows of every split, in rising order; ``published`` has no validation split."""
    if split == "published":
        names, split_of = PUBLISHED_PARTS, tables.published
    else:
        folds = standard_folds()
        fold_of = {video: name for name, videos in folds.items() for video in videos}
        names, split_of = tuple(folds), tuple(fold_of[video] for video in tables.videos)
    return {name: np.flatnonzero(np.array(split_of) == name) for name in names}


def leakage_notice(dataset: MultimodalDataset) -> str | None:
    """Report how many held-out videos of a CMU-MOSI dataset are not clean.

    Parameters
    ----------
    dataset : MultimodalDataset
        Made by `mosi_dataset`.

    Returns
    -------
    str or None
        One sentence for the user; None if all held-out videos are clean, as in the published split.
    """
    leaks = [
        f"{dataset.parameters[f'leaked_{name}_videos']} of {dataset.parameters['videos'][name]} {name} videos"
        for name in ("validation", "test")
        if dataset.parameters[f"leaked_{name}_videos"]
    ]
    if not leaks:
        return None
    return (
        f"{dataset.name}, {dataset.parameters['split']} split: {' and '.join(leaks)} are in the published "
        "training part, on whose labels the text and video features were learned, so that held-out figures "
        "are too favourable; only the published test part is clean."
    )


def mosi_summary(dataset: MultimodalDataset) -> str:
    """Describe a CMU-MOSI dataset in one line: split, sizes, constant columns, repeated rows.

    Parameters
    ----------
    dataset
        See `leakage_notice`.

    Returns
    -------
    str
    """
    facts = dataset.parameters
    sizes = [
        f"{name} {len(part)} utterances of {facts['videos'][name]} videos"
        for name, part in dataset.splits.items()
    ]
    constant = [
        f"{modality} {len(columns)}" for modality, columns in facts["constant_columns"].items() if columns
    ]
    repeated = [
        f"{name} {modality} {count}"
        for name, counts in facts["repeated_rows"].items()
        for modality, count in counts.items()
        if count
    ]
    return (
        f"{dataset.name} ({facts['split']} split): {', '.join(sizes)}; constant training columns, set to 0: "
        f"{', '.join(constant) or 'none'}; repeated feature rows: {', '.join(repeated) or 'none'}."
    )
