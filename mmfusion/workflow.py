"""The seam to the Snakefile: a checked configuration, or its mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmfusion.config_file import check_keys
from mmfusion.errors import MmfusionError
from mmfusion.plotting.figures import FIGURES
from mmfusion.study import Study


def load_study(config: Mapping[str, Any], files: Iterable[str | Path] = ()) -> Study:
    """Make the study of a configuration; a user's mistake stops the workflow with its sentences only.

    Parameters
    ----------
    config : mapping
        The configuration as Snakemake has read it.
    files : iterable of str or Path
        The YAML files it was read from: a key written twice in one of them is a mistake, of which Snakemake
        keeps the last silently.

    Returns
    -------
    Study

    Raises
    ------
    SystemExit
        With all mistakes of the configuration; Snakemake's own exceptions would print a traceback with them.
    """
    told: list[str] = []
    for path in files:
        try:
            check_keys(path)
        except MmfusionError as error:
            told.append(str(error))
    try:
        study = Study.from_mapping(config)
    except MmfusionError as error:
        told.append(str(error))
    if told:
        raise SystemExit("\n".join(told))
    return study


def figures_of(study: Study) -> list[str]:
    """List the figures of which some dataset is part of a study's configuration."""
    planned = {name for experiment in study.config.experiments.values() for name in experiment.datasets}
    return [
        name
        for name, definition in FIGURES.items()
        if (study.own if definition.requires is None else planned & set(definition.requires))
    ]
