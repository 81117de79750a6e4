"""Keys of named arrays in their roles: modalities, lengths, target, groups and names of the samples.

Only the keys are read, so that a wrong name is reported before any array is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from mmfusion.data.location import Location
from mmfusion.data.readers.reader_checks import check_name
from mmfusion.data.roles import assign_roles
from mmfusion.errors import DataError

LENGTHS = ("_lengths", ".lengths")
"""Endings of the keys of lengths, behind the key of their modality."""
CLOSE = 0.75
"""Smallest ratio of `difflib` at which a key is taken for a misspelt one."""


class Keys(NamedTuple):
    """Keys in their roles; `modalities` and `lengths` by modality, `others` by target, groups and ids.

    `named` says whether the user has named the modalities, or all keys without another role are modalities.
    """

    modalities: dict[str, str]
    lengths: dict[str, str]
    others: dict[str, str]
    named: bool

    @property
    def everything(self) -> list[str]:
        """All keys that are read."""
        return list(dict.fromkeys([*self.modalities.values(), *self.lengths.values(), *self.others.values()]))


def choose_keys(
    path: Path,
    store: Collection[str],
    target: str | Sequence[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None,
    groups: str | None,
    ids: str | None,
) -> Keys:
    """Find the arrays of a file or folder among its keys, `store`; see `mmfusion.data.readers.read_source`.

    Raises
    ------
    DataError
        If a key is unknown or in two roles, or looks like lengths without belonging to a modality.
    """
    if not isinstance(target, str):
        raise DataError(
            f"{path}: target is {target!r}, expected one key; store several outputs as one array (samples, "
            "outputs)."
        )
    others = {role: key for role, key in (("target", target), ("groups", groups), ("ids", ids)) if key}
    keys = _modality_keys(path, store, modalities, set(others.values()))
    roles = {role.replace("target", "the target"): [key] for role, key in others.items()}
    assign_roles(store, {name: [key] for name, key in keys.items()}, roles, Location(path), "key")
    if not keys:
        raise DataError(
            f"{path}: there is no array beside {', '.join(others.values())}, expected at least one modality; "
            "add its array."
        )
    if modalities is None:
        _check_no_lengths(path, keys)
    return Keys(keys, _length_keys(path, store, keys), others, modalities is not None)


def _check_no_lengths(path: Path, keys: Mapping[str, str]) -> None:
    """Refuse a key that is a modality only by default, and lengths by its ending."""
    for key in keys:
        ending = next((ending for ending in LENGTHS if key.endswith(ending)), "")
        if ending:
            raise DataError(
                f"{path}: {key!r} would be the lengths of {key.removesuffix(ending)!r}, which is not there; "
                f"{similar_lengths(key, [name for name in keys if name != key])} all modalities if it is one "
                "of them, or take it out."
            )


def similar_lengths(key: str, sequences: Iterable[str]) -> str:
    """Begin the remedy for a key that is not the lengths of a modality, but may be meant to be.

    Examples
    --------
    >>> similar_lengths("gait_length", ["gait"]), similar_lengths("patient", ["gait"])
    ("did you mean 'gait_lengths'? If not, name", 'name')
    """
    names = [f"{name}{ending}" for name in sequences for ending in LENGTHS]
    close = get_close_matches(key, names, n=1, cutoff=CLOSE)
    return f"did you mean {close[0]!r}? If not, name" if close else "name"


def _modality_keys(
    path: Path,
    store: Collection[str],
    modalities: Mapping[str, str | Sequence[str]] | Sequence[str] | None,
    taken: Collection[str],
) -> dict[str, str]:
    """Return the key of every modality; by default, the keys that are neither taken nor lengths."""
    if modalities is None:
        lengths = {f"{key}{ending}" for key in store for ending in LENGTHS}
        return {key: key for key in store if key not in taken and key not in lengths}
    given = [modalities] if isinstance(modalities, str) else modalities
    chosen = {}
    for name in given:
        key = given[name] if isinstance(given, Mapping) else name
        check_name(path, name)
        if not isinstance(key, str):
            raise DataError(
                f"{path}: modalities[{name!r}] is {key!r}, expected one key; join the arrays before they are "
                "saved."
            )
        chosen[name] = key
    return chosen


def _length_keys(path: Path, store: Collection[str], keys: Mapping[str, str]) -> dict[str, str]:
    lengths = {}
    for name, key in keys.items():
        matches = [f"{key}{ending}" for ending in LENGTHS if f"{key}{ending}" in store]
        if len(matches) > 1:
            raise DataError(
                f"{path}: {' and '.join(matches)} both hold lengths of {name!r}; remove one of them."
            )
        if matches:
            lengths[name] = matches[0]
    return lengths
