"""The dictionary pickles in which CMU-MOSI and CMU-MOSEI are distributed, and others of their form.

Keys ``train``, ``valid`` (or ``validation``, ``val``, ``dev``) and ``test``; in each, arrays with one entry
per sample: modalities such as ``text``, ``audio`` and ``vision``, targets, and the names of the samples in
``id``. The
*aligned* form has one step per word in all modalities and ``labels`` (n, 1, 1), (n, 1) or (n,). The
*unaligned* form has its lengths per modality, ``audio_lengths`` and ``vision_lengths``, and
``regression_labels`` and ``classification_labels``. Aligned files have no lengths: their sequences are
padded with zeros, mostly in front, and the zeros are kept.

The published aligned CMU-MOSI has minus infinity among its audio features (logarithms of zero).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.data.location import Location
from mmfusion.data.part import SYMBOLS, Part
from mmfusion.data.readers.array_files import LENGTHS, modality_keys, modality_part
from mmfusion.data.readers.columns import in_roles
from mmfusion.data.readers.pickled_names import sample_names
from mmfusion.data.readers.source import Source, source_of
from mmfusion.data.readers.unpickle import load_arrays
from mmfusion.errors import DataError
from mmfusion.sentences import joined_names, similar, value_name

SPLITS = {
    "train": "train",
    "valid": "validation",
    "validation": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
"""Splits by their keys."""
MODALITIES = {"text": "text", "audio": "audio", "video": "vision"}
"""Keys of the modalities that are read by default, as far as a file has them."""
IDS = "id"
Parts = Mapping[str, Mapping[str, Any]]


def read_dictionary_pickle(
    path: str | Path,
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None = None,
    groups: str | None = None,
    ids: str | None = None,
    symbols: Collection[str] = (),
) -> Source:
    """Read a dictionary pickle, such as the aligned and unaligned ones of CMU-MOSI and CMU-MOSEI.

    Parameters
    ----------
    path : str or Path
        The pickle; nothing in it is run.
    target, modalities, groups, ids, symbols
        Keys in the dictionaries of the splits, and modalities that are symbols, see `mmfusion.read`.

    Returns
    -------
    Source
        The rows of ``train``, ``validation`` and ``test`` in this order; unchecked, see
        `mmfusion.data.readers.finish`. Groups are by default the videos, where the names of the samples
        contain them: columns of names, or text before ``[`` or ``$_$``.

    Raises
    ------
    DataError
        If the file is not such a pickle, lacks a key, or contradicts itself.
    """
    parts = _parts(path)
    keys = _keys(path, parts, target, modalities, groups, ids)
    counts = _counts(path, parts, next(iter(keys.values())))
    location = Location(path)
    arrays = {name: _joined(location, parts, key, counts, name in symbols) for name, key in keys.items()}
    given = []
    for name, key in keys.items():
        for ending in LENGTHS:
            if any(f"{key}{ending}" in part for part in parts.values()):
                given.append(name)
                arrays[name] = replace(arrays[name], lengths=_column(path, parts, f"{key}{ending}", counts))
    labels = _target(path, parts, str(target), counts)
    names, videos = sample_names(path, parts, ids or IDS, counts)
    own = None if groups is None else _labels(path, parts, groups, counts)
    groups_of = videos if own is None else own
    return source_of(arrays, labels, given, ids=names, groups=groups_of, splits=_rows(counts))


def pickle_roles(
    path: str | Path,
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None = None,
    groups: str | None = None,
    ids: str | None = None,
) -> list[str]:
    """Check the keys of a pickle, and return the names of its modalities.

    Raises
    ------
    DataError
        See `read_dictionary_pickle`.
    """
    return list(_keys(path, _parts(path), target, modalities, groups, ids))


def list_pickle(path: str | Path) -> dict[str, dict[str, str]]:
    """Describe the entries of every split, by split and key."""
    return {
        split: {
            str(key): f"{values.shape} of {values.dtype}"
            if isinstance(values, np.ndarray)
            else type(values).__name__
            for key, values in part.items()
        }
        for split, part in _parts(path).items()
    }


def _parts(path: str | Path) -> dict[str, Mapping[str, Any]]:
    """Return the dictionaries of the splits under their names in the file, in the order of `SPLITS`."""
    content = load_arrays(path)
    if not isinstance(content, dict) or not {"train", "test"} <= content.keys():
        what = joined_names(map(str, content)) if isinstance(content, dict) else f"a {type(content).__name__}"
        raise DataError(
            f"{path}: the pickle holds {what}, expected a dictionary with the keys train, valid and test; "
            "take the pickle of all the data."
        )
    unknown = [key for key in content if key not in SPLITS]
    if unknown:
        raise DataError(
            f"{path}: {unknown[0]!r} is not a split, expected {', '.join(SPLITS)}; rename it, or take it out."
        )
    parts = {split: content[split] for split in SPLITS if split in content}
    middle = [split for split in parts if SPLITS[split] == "validation"]
    if len(middle) > 1:
        raise DataError(
            f"{path}: {' and '.join(middle)} are both validation splits, expected one; join them."
        )
    for split, part in parts.items():
        if not isinstance(part, dict):
            raise DataError(
                f"{path}: {split!r} holds a {type(part).__name__}, expected a dictionary with keys such as "
                "text, audio, vision and labels."
            )
    return parts


def _keys(
    path: str | Path,
    parts: Parts,
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None,
    groups: str | None,
    ids: str | None,
) -> dict[str, str]:
    """Return the key of every modality, after a check of all keys."""
    if not isinstance(target, str):
        raise DataError(f"{path}: target is {target!r}, expected one key.")
    common = [key for key in next(iter(parts.values())) if all(key in part for part in parts.values())]
    for part in parts.values():
        for key in (target, *(key for key in (groups, ids) if key)):
            if key not in part:
                raise DataError(f"{path}: there is no key {key!r} in all splits; {similar(key, common)}")
    if modalities is None:
        known = {key for part in parts.values() for key in part}
        keys = {name: key for name, key in MODALITIES.items() if key in known}
        if not keys:
            raise DataError(
                f"{path}: there is none of the keys {', '.join(MODALITIES.values())}, only "
                f"{joined_names(map(str, common))}; name the keys of the modalities."
            )
        for key in keys.values():
            lacking = [split for split, part in parts.items() if key not in part]
            if lacking:
                raise DataError(
                    f"{path}: {lacking[0]!r} has no {key!r}, which other splits have; complete the file."
                )
    else:
        keys = modality_keys(path, common, modalities, ())
        if not keys:
            raise DataError(
                f"{path}: modalities is empty, expected at least one; leave it out, or name some."
            )
    in_roles(Path(path), common, [target], {name: [keys[name]] for name in keys}, groups, ids, "key")
    return keys


def _counts(path: str | Path, parts: Parts, key: str) -> dict[str, int]:
    """Return the number of samples of every split."""
    counts = {}
    for split, part in parts.items():
        values = part[key]
        if not _is_listed(values) or not len(values):
            raise DataError(
                f"{path}: {key!r} of {split!r} is {value_name(values)}, expected an entry for each of its "
                "samples, at least one."
            )
        counts[split] = len(values)
    return counts


def _is_listed(values: Any) -> bool:
    """Whether values have one entry per sample."""
    return isinstance(values, list | tuple) or (isinstance(values, np.ndarray) and values.ndim > 0)


def _check_count(path: str | Path, split: str, key: str, values: Any, counts: Mapping[str, int]) -> None:
    if not _is_listed(values) or len(values) != counts[split]:
        size = f"{len(values)} entries" if _is_listed(values) else "no entries"
        raise DataError(
            f"{path}: {split!r} has {counts[split]} samples, but {size} in {key!r}, expected one for each "
            "sample; write the file again."
        )


def _joined(location: Location, parts: Parts, key: str, counts: Mapping[str, int], symbols: bool) -> Part:
    """Join a modality over the splits, a copy."""
    path = str(location.path)
    values = [part[key] for part in parts.values()]
    for split, one in zip(parts, values, strict=True):
        _check_count(path, split, key, one, counts)
    if any(isinstance(one, list | tuple) or one.dtype.kind in "OUS" for one in values):
        return modality_part(location, key, [sample for one in values for sample in one], symbols)
    formed = [modality_part(location, key, one, symbols).array for one in values]
    if len({one.shape[1:] for one in formed}) > 1:
        shapes = ", ".join(f"{split} {one.shape}" for split, one in zip(parts, formed, strict=True))
        raise DataError(
            f"{path}: {key!r} has the shapes {shapes}, expected the same steps and columns in all splits; "
            "pad the splits alike."
        )
    return Part(np.concatenate(formed), kind=SYMBOLS if symbols else None)


def _column(path: str | Path, parts: Parts, key: str, counts: Mapping[str, int]) -> NDArray[Any]:
    """Join one value (or row) per sample over the splits."""
    columns = []
    for split, part in parts.items():
        if key not in part:
            raise DataError(f"{path}: {split!r} has no {key!r}, which other splits have; complete the file.")
        _check_count(path, split, key, part[key], counts)
        try:
            columns.append(_plain(np.asarray(part[key])))
        except (ValueError, MemoryError):
            raise DataError(
                f"{path}: {key!r} of {split!r} has rows of different lengths, or a long text, expected "
                "numbers; write the file again."
            ) from None
    if len({column.shape[1:] for column in columns}) > 1:
        raise DataError(f"{path}: {key!r} has {[column.shape for column in columns]}, expected equal widths.")
    return np.concatenate(columns)


def _plain(values: NDArray[Any]) -> NDArray[Any]:
    """Return objects that are text or missing as text, empty where it is missing."""
    if values.dtype.kind != "O" or not all(value is None or isinstance(value, str) for value in values.flat):
        return values
    return np.where(values == None, "", values).astype(str)  # noqa: E711 (elementwise)


def _target(path: str | Path, parts: Parts, key: str, counts: Mapping[str, int]) -> NDArray[Any]:
    """Return the target, (n,) or (n, outputs)."""
    values = _column(path, parts, key, counts)
    if values.ndim > 3 or values.dtype.kind not in "biufU":
        raise DataError(
            f"{path}: {key!r} is an array {values.shape} of {values.dtype}, expected numbers (samples, "
            "outputs, 1), (samples, outputs) or (samples,), or text (samples,)."
        )
    return values


def _labels(path: str | Path, parts: Parts, key: str, counts: Mapping[str, int]) -> NDArray[Any]:
    values = _column(path, parts, key, counts)
    labels = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if labels.ndim != 1 or labels.dtype.kind not in "biufU":
        raise DataError(
            f"{path}: {key!r} is an array {values.shape} of {values.dtype}, expected one text or number for "
            "each sample."
        )
    return labels


def _rows(counts: Mapping[str, int]) -> dict[str, NDArray[np.intp]]:
    """Return the rows of every split."""
    ends = np.cumsum(list(counts.values()))
    total = np.arange(ends[-1], dtype=np.intp)
    return {SPLITS[split]: rows for split, rows in zip(counts, np.split(total, ends[:-1]), strict=True)}
