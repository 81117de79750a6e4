"""The user's own datasets in a configuration.

They stand among the synthetic ones under ``datasets`` and are told apart by their keys; the typed settings
hold them apart, as ``own``. An experiment that is empty is left out, so that a second configuration
file can switch off experiments of the first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from mmfusion.study.config.problems import Problem

OWN = "own"
OWN_KEYS = frozenset(
    ("path", "target", "task", "modalities", "groups", "ids", "held_out", "replace_infinite")
)
"""Keys that a synthetic dataset does not have."""


def own_apart(config: Mapping[str, Any], generated: Collection[str]) -> dict[str, Any]:
    """Move the user's own datasets out of ``datasets``, and drop empty experiments.

    Parameters
    ----------
    config : mapping
        As read from YAML; whatever is wrong with it stays.
    generated : collection of str
        Names of the synthetic datasets.

    Returns
    -------
    dict
        With the key ``own``. A key of that name in the configuration itself becomes an unknown one.
    """
    apart = {(f"{OWN} " if key == OWN else key): value for key, value in config.items()}
    datasets, experiments = apart.get("datasets"), apart.get("experiments")
    if isinstance(datasets, Mapping):
        own = {name: entry for name, entry in datasets.items() if _is_own(name, entry, generated)}
        apart["datasets"] = {name: entry for name, entry in datasets.items() if name not in own}
        apart[OWN] = own
    if isinstance(experiments, Mapping):
        apart["experiments"] = {name: entry for name, entry in experiments.items() if entry is not None}
    return apart


def _is_own(name: Any, entry: Any, generated: Collection[str]) -> bool:
    """Tell an entry by its keys; without any of them, by a name that is no synthetic one, nor like one."""
    keys = entry if isinstance(entry, Mapping) else {}
    if not OWN_KEYS.isdisjoint(keys):
        return True
    synthetic = "sizes" in keys or name in generated
    return isinstance(name, str) and not synthetic and not get_close_matches(name, generated, n=1)


def own_together(problem: Problem) -> Problem:
    """Write the path of a problem as it stands in the configuration."""
    first, *rest = problem.path or ("",)
    return problem._replace(path=("datasets", *rest)) if first == OWN else problem
