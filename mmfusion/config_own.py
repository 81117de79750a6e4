"""The user's own datasets in a configuration.

They stand among the synthetic ones under ``datasets`` and are told apart by their key ``path``; the typed
settings hold them apart, as ``own``. An experiment that is empty is left out, so that a second configuration
file can switch off experiments of the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmfusion.config_errors import Problem

OWN = "own"


def own_apart(config: Mapping[str, Any]) -> dict[str, Any]:
    """Move the user's own datasets out of ``datasets``, and drop empty experiments.

    Parameters
    ----------
    config : mapping
        As read from YAML; whatever is wrong with it stays.

    Returns
    -------
    dict
        With the key ``own``. A key of that name in the configuration itself becomes an unknown one.
    """
    apart = {(f"{OWN} " if key == OWN else key): value for key, value in config.items()}
    datasets, experiments = apart.get("datasets"), apart.get("experiments")
    if isinstance(datasets, Mapping):
        own = {
            name: entry for name, entry in datasets.items() if isinstance(entry, Mapping) and "path" in entry
        }
        apart["datasets"] = {name: entry for name, entry in datasets.items() if name not in own}
        apart[OWN] = own
    if isinstance(experiments, Mapping):
        apart["experiments"] = {name: entry for name, entry in experiments.items() if entry is not None}
    return apart


def own_together(problem: Problem) -> Problem:
    """Write the path of a problem as it stands in the configuration."""
    first, *rest = problem.path or ("",)
    return problem._replace(path=("datasets", *rest)) if first == OWN else problem
