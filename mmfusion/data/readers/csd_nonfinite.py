"""Frames that are NaN or infinite: an error, zero in their place, or a missing modality.

Only frames that some sample uses count; what lies outside of all labels changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.readers.csd_file import Frames
from mmfusion.data.readers.csd_frames import Steps
from mmfusion.data.readers.csd_labels import LabelledWords
from mmfusion.errors import DataError
from mmfusion.sentences import joined_names

Places = Mapping[str, NDArray[np.intp]]
"""Frame and column, (places, 2), of the NaN and infinite features of every video that has any."""


def treat_nonfinite(
    where: str,
    sequence: Mapping[str, Frames],
    samples: Sequence[LabelledWords],
    steps: list[Steps],
    nonfinite: Literal["error", "zero", "missing"],
) -> tuple[list[Steps], tuple[str, ...]]:
    """Treat features that are NaN or infinite, in the frames that samples use.

    Parameters
    ----------
    where : str
        File and modality, in sentences.
    sequence : mapping of str to Frames
        The modality; zeros are put into its arrays if this is asked for.
    samples : sequence of LabelledWords
    steps : list of Steps
        Their frames.
    nonfinite : {"error", "zero", "missing"}
        As in `mmfusion.data.readers.read_csd`.

    Returns
    -------
    list of Steps
        Without words where the modality is missing.
    tuple of str
        A sentence about what was done; empty where all features are finite.

    Raises
    ------
    DataError
        With the place of the first such feature and their number, if `nonfinite` is "error".
    """
    places = _places(sequence, samples, steps)
    if not places:
        return steps, ()
    hit = [_uses(places.get(sample.entry), words) for sample, words in zip(samples, steps, strict=True)]
    names = [sample.name for sample, is_hit in zip(samples, hit, strict=True) if is_hit]
    if nonfinite == "error":
        raise _error(where, sequence, places, f"{len(names)} of {len(samples)} samples")
    if nonfinite == "missing":
        return [[] if is_hit else words for words, is_hit in zip(steps, hit, strict=True)], (
            f"{where} was taken as missing in {len(names)} of {len(samples)} samples with NaN or infinite "
            f"features ({joined_names(names)}).",
        )
    for video, indices in places.items():
        sequence[video].features[indices[:, 0], indices[:, 1]] = 0
    return steps, (
        f"{where}: 0 was put in the place of NaN or infinity before averaging, in {_counts(places)} "
        f"({joined_names(places)}).",
    )


def _places(
    sequence: Mapping[str, Frames], samples: Sequence[LabelledWords], steps: Sequence[Steps]
) -> dict[str, NDArray[np.intp]]:
    """Find the features that are NaN or infinite in frames of words."""
    used: dict[str, list[NDArray[np.intp]]] = {}
    for sample, words in zip(samples, steps, strict=True):
        used.setdefault(sample.entry, []).extend(words)
    places = {}
    for video, rows in used.items():
        if not rows or np.isfinite(sequence[video].features).all():
            continue
        frames = np.unique(np.concatenate(rows))
        indices = np.argwhere(~np.isfinite(sequence[video].features[frames]))
        if len(indices):
            places[video] = np.column_stack([frames[indices[:, 0]], indices[:, 1]])
    return places


def _uses(places: NDArray[np.intp] | None, words: Steps) -> bool:
    """Return whether a sample uses a frame with such a feature."""
    return places is not None and any(np.isin(rows, places[:, 0]).any() for rows in words)


def _counts(places: Places) -> str:
    count = sum(map(len, places.values()))
    return f"{count} place{'s' * (count > 1)} of {len(places)} video{'s' * (len(places) > 1)}"


def _error(where: str, sequence: Mapping[str, Frames], places: Places, hit: str) -> DataError:
    video, ((frame, column), *_) = next(iter(places.items()))
    value = sequence[video].features[frame, column]
    name = "NaN" if np.isnan(value) else f"{'-' * bool(value < 0)}infinity"
    return DataError(
        f"{where}, video {video!r}, frame {frame} (counted from 0), column {column}: the value is {name} "
        f"(NaN or infinity in {_counts(places)}), expected a finite number; give nonfinite='zero' to put 0 "
        f"there before averaging, or nonfinite='missing' to take the modality as missing in {hit}, and say "
        "so where you report results."
    )
