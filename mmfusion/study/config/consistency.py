"""Mistakes of a configuration that lie between its values, not in one of them.

They are looked for in the configuration as it was read, whatever else is wrong with it. A value of a wrong
type is passed over here: `mmfusion.study.config.settings` finds it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mmfusion.study.config.numbers import in_quotes, number
from mmfusion.study.config.problems import Path, Problem, shown


def problems_between(
    config: Mapping[str, Any], generated: Collection[str], real: Collection[str]
) -> Iterator[Problem]:
    """Find repeats in lists, and values that do not fit together.

    Parameters
    ----------
    config : mapping
        As read from YAML.
    generated : collection of str
        Names of the datasets that need settings.
    real : collection of str
        Names of the datasets of CMU-MOSI.

    Yields
    ------
    Problem
    """
    found = config.get("experiments")
    experiments = found if isinstance(found, Mapping) else {}
    yield from _repeats(("seeds",), config.get("seeds"))
    for name, experiment in experiments.items():
        for key in ("datasets", "norms", "p", "scales"):
            yield from _repeats(("experiments", name, key), _value(experiment, key))
    yield from _taken_names(config, [*generated, *real])
    yield from _unknown_datasets(config, experiments, [*generated, *real])
    yield from _datasets_without_settings(config, experiments, generated)
    yield from _nothing_to_train(config, experiments, real)
    yield from _sequences(config)


def _value(config: Any, *path: str) -> Any:
    for key in path:
        config = config.get(key) if isinstance(config, Mapping) else None
    return config


def _names(experiment: Any) -> list[str]:
    """Return the datasets of an experiment that are written as text."""
    names = _value(experiment, "datasets")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _repeats(path: Path, values: Any) -> Iterator[Problem]:
    groups: dict[Any, list[str]] = {}
    for value in values if isinstance(values, list) else ():
        if type(value) in (int, float, str):
            groups.setdefault(_identity(path[-1], value), []).append(shown(value))
    for equal in groups.values():
        if len(equal) > 1:
            yield Problem(
                path, f"{' and '.join(equal)} are equal, expected every value once; keep one of them."
            )


def _identity(key: int | str, value: Any) -> Any:
    """Return what two equal entries share: for p and scales the number, however it is written."""
    if key not in ("p", "scales"):
        return value
    try:
        return number(in_quotes(value))
    except ValueError:
        return value


def _taken_names(config: Mapping[str, Any], taken: Collection[str]) -> Iterator[Problem]:
    settings = config.get("datasets")
    for name, entry in settings.items() if isinstance(settings, Mapping) else ():
        if name in taken and isinstance(entry, Mapping) and "path" in entry:
            text = "this name is taken by a dataset of the study, expected a name of your own; rename it."
            yield Problem(("datasets", name), text)


def _unknown_datasets(
    config: Mapping[str, Any], experiments: Mapping[str, Any], known: Collection[str]
) -> Iterator[Problem]:
    settings = config.get("datasets")
    own = [str(name) for name in settings if name not in known] if isinstance(settings, Mapping) else []
    for name, experiment in experiments.items():
        listed = _value(experiment, "datasets")
        for place, dataset in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(dataset, str) and dataset and dataset not in (*known, *own):
                choices = ", ".join(repr(choice) for choice in (*known, *own))
                text = (
                    f"{shown(dataset)} is not valid, expected {choices}; choose one, or add it to datasets."
                )
                yield Problem(("experiments", name, "datasets", place), text)


def _datasets_without_settings(
    config: Mapping[str, Any], experiments: Mapping[str, Any], generated: Collection[str]
) -> Iterator[Problem]:
    settings = config.get("datasets")
    if not isinstance(settings, Mapping):
        return
    for dataset in generated:
        users = [str(name) for name, experiment in experiments.items() if dataset in _names(experiment)]
        if users and dataset not in settings:
            yield Problem(
                ("datasets",),
                f"{dataset} is missing, expected its settings for {' and '.join(users)} of the experiments; "
                "add it with sizes and epochs.",
            )


def _nothing_to_train(
    config: Mapping[str, Any], experiments: Mapping[str, Any], real: Collection[str]
) -> Iterator[Problem]:
    mode = _value(config, "mosi", "mode")
    names = [name for experiment in experiments.values() for name in _names(experiment)]
    if (mode is False or mode == "off") and names and set(names) <= set(real):
        text = "all datasets are CMU-MOSI, but mosi.mode is off, expected something to train; change one."
        yield Problem(("experiments",), text)


def _sequences(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Compare the motifs with each other, and them and the encoder's window with the length."""
    motifs, length = _value(config, "sequences", "motifs"), _value(config, "sequences", "length")
    if not (isinstance(motifs, list) and len(motifs) == 2 and all(isinstance(m, list) and m for m in motifs)):
        motifs = []
    widths = [len(motif) for motif in motifs]
    if len(set(widths)) > 1:
        text = f"they have {widths[0]} and {widths[1]} symbols, expected one length; change one of them."
        yield Problem(("sequences", "motifs"), text)
    if motifs and motifs[0] == motifs[1]:
        text = "both are the same, expected two that tell the classes apart; change one of them."
        yield Problem(("sequences", "motifs"), text)
    if type(length) is not int or length < 1:
        return
    if widths and length < max(widths):
        text = f"{length} is shorter than a motif ({max(widths)} symbols), expected room for it; raise it."
        yield Problem(("sequences", "length"), text)
    window = _value(config, "encoders", "symbols", "width")
    if type(window) is int and length < window:
        text = f"{window} is more than sequences.length ({length}), expected a window that fits; lower it."
        yield Problem(("encoders", "symbols", "width"), text)
