"""One computational sequence: per video, features in intervals of time.

A ``.csd`` file is HDF5: one root group, named after the sequence, with ``data/<video>/features`` (frames, d)
and ``data/<video>/intervals`` (frames, 2), in seconds. Links and storage outside the file are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from numpy.typing import NDArray

from mmfusion.data.readers.file_kind import check_exists
from mmfusion.data.readers.reading_memory import check_memory, hdf5_bytes, unreadable
from mmfusion.errors import DataError
from mmfusion.sentences import joined_names


class Frames(NamedTuple):
    """Frames of one video: features (frames, d) and intervals (frames, 2) in seconds."""

    features: NDArray[Any]
    intervals: NDArray[np.float64]


def read_sequence(path: str | Path) -> Mapping[str, Frames]:
    """Read a computational sequence.

    Parameters
    ----------
    path : str or Path
        A ``.csd`` file.

    Returns
    -------
    mapping of str to Frames
        Per video, in the order of their names; features are floats, or float64 of whole numbers.

    Raises
    ------
    DataError
        If the file is missing, not a computational sequence, too large, or its values are not numbers.
    """
    file = Path(path)
    with _opened(file) as data:
        check_memory(file, hdf5_bytes(file))
        videos = {video: _frames(file, _member(file, data, video, h5py.Group)) for video in sorted(data)}
    widths = {frames.features.shape[1] for frames in videos.values()}
    if len(widths) != 1:
        raise DataError(
            f"{file}: the videos have {sorted(widths)} features per frame, expected one number for all "
            "videos and at least one video; take an intact file."
        )
    return videos


class SequenceSize(NamedTuple):
    """How many videos a computational sequence has, and how many features a frame."""

    videos: int
    width: int


def sequence_size(path: str | Path) -> SequenceSize:
    """Count the videos and features of a computational sequence; no features are read.

    Parameters
    ----------
    path : str or Path
        A ``.csd`` file.

    Returns
    -------
    SequenceSize
        The width is that of the first video; 0 if there is none.

    Raises
    ------
    DataError
        If the file is missing or not a computational sequence.
    """
    file = Path(path)
    with _opened(file) as data:
        for video in data:
            features = _member(file, _member(file, data, video, h5py.Group), "features", h5py.Dataset)
            return SequenceSize(len(data), features.shape[1] if features.ndim > 1 else 1)
    return SequenceSize(0, 0)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """Open the group of the videos."""
    check_exists(file)
    if file.is_dir() or not h5py.is_hdf5(file):
        raise DataError(f"{file}: this is not an HDF5 file, expected a computational sequence (.csd).")
    try:
        with h5py.File(file, "r") as root:
            if len(root) != 1:
                raise DataError(
                    f"{file}: there are {len(root)} groups ({joined_names(root)}), expected one, named "
                    "after the sequence; take an intact file."
                )
            yield _member(file, _member(file, root, next(iter(root)), h5py.Group), "data", h5py.Group)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise unreadable(file, error) from None


def _member(path: Path, group: Any, name: str, kind: type[Any]) -> Any:
    """Return a member that the file itself stores."""
    where = f"{path}: {group.name.rstrip('/')}/{name}"
    try:
        link = group.id.links.get_info(name.encode()).type  # opens nothing, unlike group[name]
    except (KeyError, RuntimeError):
        raise DataError(f"{where} is missing, expected the layout of a computational sequence.") from None
    if link != h5py.h5l.TYPE_HARD:
        raise DataError(f"{where} is a link, which is not followed; take a file that holds its data itself.")
    member = group[name]
    if not isinstance(member, kind):
        raise DataError(f"{where} is a {type(member).__name__.lower()}, expected a {kind.__name__.lower()}.")
    if isinstance(member, h5py.Dataset) and (member.is_virtual or member.external):
        raise DataError(f"{where} is stored in another file, which is not opened; take a complete file.")
    return member


def _frames(path: Path, video: Any) -> Frames:
    features = _member(path, video, "features", h5py.Dataset)
    intervals = _member(path, video, "intervals", h5py.Dataset)
    for dataset in (features, intervals):
        if dataset.dtype.kind not in "fiu":
            raise DataError(
                f"{path}: {dataset.name} is of type {dataset.dtype}, expected numbers; take a file of "
                "features (for words, their vectors), or leave this one out of the modalities."
            )
    if features.ndim != 2 or intervals.shape != (len(features), 2):
        raise DataError(
            f"{path}: {video.name} has features {features.shape} and intervals {intervals.shape}, expected "
            "(frames, d) and (frames, 2)."
        )
    kind = features.dtype.newbyteorder("=") if features.dtype.kind == "f" else np.dtype(np.float64)
    times = intervals[()].astype(np.float64)
    if not np.isfinite(times).all() or (times[:, 1] < times[:, 0]).any():
        raise DataError(
            f"{path}: {video.name}/intervals has times that are not intervals, expected start <= end."
        )
    return Frames(features[()].astype(kind, copy=False), times)
