"""Configuration files laid over each other, as Snakemake lays a ``--configfile`` over ``config.yaml``.

A *layer* is the content of one file. A name that only a later layer has makes a new dataset or experiment;
if it is nearly one of the names below it, it is more likely that name misspelt, and what was meant to change
or to switch off something would leave it as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mmfusion.errors import ConfigError
from mmfusion.study.config.dataset_settings import SYNTHETIC, kind_of_entry
from mmfusion.study.config.problems import Problem, sentences
from mmfusion.study.config.settings import NO_SETTINGS
from mmfusion.study.config.yaml_file import read_yaml

Layer = Mapping[Any, Any]

TEMPLATES = "__use_yte__"
"""The key that makes Snakemake run the Python code in a configuration file."""
SIMILAR = 0.8
"""Similarity of two names, of `difflib`, from which one is taken for the other misspelt."""


def read_layers(files: Sequence[str | Path]) -> tuple[list[Layer], list[ConfigError]]:
    """Read configuration files.

    Parameters
    ----------
    files : sequence of str or Path
        The lowest layer first.

    Returns
    -------
    tuple of (list of mapping, list of ConfigError)
        The layers that could be read, and the mistakes of every file that has some: that it cannot be read,
        keys written twice, templates that run code, and names that are nearly those of the files below.
    """
    layers: list[Layer] = []
    errors = []
    for path in files:
        try:
            content, mistakes = read_yaml(path)
            if not isinstance(content, Mapping):
                raise ConfigError([NO_SETTINGS], str(path))
        except ConfigError as error:
            errors.append(error)
            continue
        mistakes += sentences([*_templates(content), *_misspelt(content, layers)], content)
        if mistakes:
            errors.append(ConfigError(mistakes, str(path)))
        layers.append(content)
    return layers, errors


def _templates(layer: Layer) -> Iterator[Problem]:
    if TEMPLATES in layer:
        text = "this key makes a file a program that is run, expected settings only; remove it."
        yield Problem((TEMPLATES,), text)


def _misspelt(layer: Layer, below: Sequence[Layer]) -> Iterator[Problem]:
    """Find new names that are nearly names of the layers below, and empty entries that switch off nothing."""
    for kind in ("datasets", "experiments"):
        entries = layer.get(kind)
        if not isinstance(entries, Mapping):
            continue
        known = [str(name) for other in below if isinstance(other.get(kind), Mapping) for name in other[kind]]
        for name, entry in entries.items() if known else ():
            if not isinstance(name, str) or name in known:
                continue
            if kind == "datasets" and kind_of_entry(name, entry) == SYNTHETIC:
                continue  # an unknown name of those is a mistake in any file
            meant = _nearly(name, [other for other in known if other not in entries])
            guess = f" (did you mean {meant!r}?)" if meant else ""
            if entry is None and kind == "experiments":
                text = f"an empty experiment leaves out one of this name, but there is none{guess}, expected"
                expected = ", ".join(dict.fromkeys(known))
                yield Problem((kind, name), f"{text} one of {expected}; correct the name.")
            elif meant:
                text = f"this is nearly a name of the {kind} that this file is laid over{guess}, expected"
                yield Problem((kind, name), f"{text} that, or one that differs more; correct or rename it.")


def _nearly(name: str, known: Sequence[str]) -> str:
    """Return the name that another one is likely to be misspelt for; empty if it is a new one."""
    plain = {_plain(other): other for other in known}
    if _plain(name) in plain:
        return plain[_plain(name)]
    (close,) = get_close_matches(_plain(name), plain, n=1, cutoff=SIMILAR) or [""]
    numbered = re.sub(r"\d", "", close) == re.sub(r"\d", "", _plain(name))
    return "" if numbered or not close else plain[close]


def _plain(name: str) -> str:
    """Return a name without what the eye skips."""
    return re.sub("[_-]", "", name.casefold())
