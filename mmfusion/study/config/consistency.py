"""Mistakes between the values of a configuration, each of which may be right alone.

The search is in the configuration as it was read, whatever else is wrong with it. It skips values of a wrong
type: `mmfusion.study.config.settings` finds those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mmfusion.study.config.dataset_settings import SYNTHETIC, USER, kind_of_entry
from mmfusion.study.config.numbers import in_quotes, number
from mmfusion.study.config.problems import Path, Problem, as_yaml, unknown_key
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS
from mmfusion.study.names import DATASET_NAMES, MOSI_TASKS

Group = Mapping[Any, Any]
FILES = ("mosi_text",)
"""Names of files beside those of datasets in the folders of data and their logs, in lower case."""


def problems_between(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Find repeats in lists, and values that do not fit together.

    Parameters
    ----------
    config : mapping
        As read from YAML.

    Yields
    ------
    Problem
    """
    datasets, experiments = _group(config.get("datasets")), _group(config.get("experiments"))
    yield from _repeats(("seeds",), config.get("seeds"))
    for name, experiment in experiments.items():
        for key in ("datasets", "norms", "p", "scales"):
            yield from _repeats(("experiments", name, key), _group(experiment).get(key))
    used = {name: _list(_group(experiment).get("datasets")) for name, experiment in experiments.items()}
    yield from _names_of_datasets(datasets)
    yield from _unknown_datasets(datasets, used)
    if isinstance(config.get("datasets"), Mapping):
        yield from _datasets_without_settings(datasets, used)
    yield from _nothing_to_train(_group(config.get("mosi")).get("mode"), used)
    yield from _lengths(_group(config.get("sequences")), _group(config.get("encoders")))


def _group(value: Any) -> Group:
    """Return a group of keys; empty where something else is written."""
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    """Return a list; empty where something else is written."""
    return value if isinstance(value, list) else []


def _repeats(path: Path, values: Any) -> Iterator[Problem]:
    groups: dict[Any, list[str]] = {}
    for value in _list(values):
        if type(value) in (int, float, str):
            groups.setdefault(_identity(path[-1], value), []).append(as_yaml(value))
    for equal in groups.values():
        if len(equal) > 1:
            text = f"{' and '.join(equal)} are equal, expected every value once; keep one of them."
            yield Problem(path, text)


def _identity(key: int | str, value: Any) -> Any:
    """Return what two equal entries share: for p and scales the number, however it is written."""
    if key not in ("p", "scales"):
        return value
    try:
        return number(in_quotes(value))
    except ValueError:
        return value


def _names_of_datasets(datasets: Group) -> Iterator[Problem]:
    """Find user datasets with a name of the project, and synthetic ones with another name."""
    taken = {name.casefold(): f"a dataset of the study ({name})" for name in DATASET_NAMES}
    taken |= dict.fromkeys(FILES, "a file of the study")
    for name, entry in datasets.items():
        kind = kind_of_entry(name, entry)
        if kind == USER and isinstance(name, str) and (owner := taken.get(name.casefold())):
            text = f"this name is taken by {owner}, expected one of your choice; rename it."
            yield Problem(("datasets", name), text)
        elif kind == USER and isinstance(name, str):
            taken[name.casefold()] = f"the dataset {name} (file systems may not tell upper from lower case)"
        if kind == SYNTHETIC and isinstance(name, str) and name not in PLANTED_DATASETS:
            yield Problem(("datasets", name), unknown_key(name, list(PLANTED_DATASETS)))


def _unknown_datasets(datasets: Group, used: Mapping[Any, list[Any]]) -> Iterator[Problem]:
    known = (*DATASET_NAMES, *(str(name) for name in datasets if name not in DATASET_NAMES))
    expected = f"expected {', '.join(map(repr, known))}; choose one, or add it to datasets."
    for experiment, listed in used.items():
        for index, name in enumerate(listed):
            if isinstance(name, str) and name and name not in known:
                text = f"{as_yaml(name)} is not valid, {expected}"
                yield Problem(("experiments", experiment, "datasets", index), text)


def _datasets_without_settings(datasets: Group, used: Mapping[Any, list[Any]]) -> Iterator[Problem]:
    for name in PLANTED_DATASETS:
        users = [str(experiment) for experiment, listed in used.items() if name in listed]
        if users and name not in datasets:
            yield Problem(
                ("datasets",),
                f"{name} is missing, expected its settings for {' and '.join(users)} of the experiments; "
                "add it with sizes and epochs.",
            )


def _nothing_to_train(mode: Any, used: Mapping[Any, list[Any]]) -> Iterator[Problem]:
    names = {name for listed in used.values() for name in listed if isinstance(name, str)}
    if (mode is False or mode == "off") and names and names <= set(MOSI_TASKS):
        text = "all datasets are CMU-MOSI, but mosi.mode is off, expected something to train; change one."
        yield Problem(("experiments",), text)


def _lengths(sequences: Group, encoders: Group) -> Iterator[Problem]:
    """Compare the motifs with each other, and them and the encoder's window with the length."""
    motifs, length = sequences.get("motifs"), sequences.get("length")
    given = length if type(length) is int and length >= 1 else None
    if isinstance(motifs, list) and len(motifs) == 2 and all(isinstance(m, list) and m for m in motifs):
        yield from _motifs(motifs, given)
    window = _group(encoders.get("symbols")).get("width")
    if given and type(window) is int and given < window:
        text = f"{window} is more than sequences.length ({given}), expected a window that fits; lower it."
        yield Problem(("encoders", "symbols", "width"), text)


def _motifs(motifs: list[list[Any]], length: int | None) -> Iterator[Problem]:
    first, second = map(len, motifs)
    if first != second:
        text = f"they have {first} and {second} symbols, expected one length; change one of them."
        yield Problem(("sequences", "motifs"), text)
    if motifs[0] == motifs[1]:
        text = "both are the same, expected two that tell the classes apart; change one of them."
        yield Problem(("sequences", "motifs"), text)
    if length is not None and length < (longest := max(first, second)):
        text = f"{length} is shorter than a motif ({longest} symbols), expected room for it; raise it."
        yield Problem(("sequences", "length"), text)
