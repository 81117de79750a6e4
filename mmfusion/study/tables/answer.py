"""The answer about a dataset of the user's: what networks say about samples that they have not seen.

It is the answer of the command ``mmfusion relevance`` about the same file: cross-fitted over all samples,
with the recipe of the estimators. The splits, epochs and normalisations of the study have no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from mmfusion.data.readers.read import read_source
from mmfusion.data.readers.source import Source
from mmfusion.data.task import Task, chosen_task
from mmfusion.errors import MmfusionError
from mmfusion.estimators.source_fit import FittedSource, fit_source
from mmfusion.measures.information import MOST_COMPLETE
from mmfusion.plotting.layout import add_heading, empty_panel
from mmfusion.plotting.style import figure_style
from mmfusion.study.data.reading import TASK_KEY, THRESHOLD_KEY, reading

SEED = 0
"""Of everything that is drawn; the default of the command."""
FOLDS = 5
_TESTED = ("", "_low", "_high")
_P = ("p_value", "p_adjusted", "named")
_QUANTITIES = ("alone", "needed", "shapley")
COLUMNS = {
    "information": ["coalition", "size", "loss", *(f"information{end}" for end in _TESTED), *_P, "penalty"],
    "modality_information": [
        "modality",
        *(
            column
            for name in _QUANTITIES
            for column in (*(name + end for end in _TESTED), *(f"{name}_{end}" for end in _P))
        ),
    ],
    "synergy": ["pair", "first", "second", *(f"synergy{end}" for end in _TESTED), *_P],
}
"""Columns of the tables that may not have been measured, see `mmfusion.FusionClassifier`."""


class UserAnswer(NamedTuple):
    """What is written about a dataset.

    Parameters
    ----------
    text : str
        The answer in words, and notes about it.
    tables : dict of str to DataFrame
        Tables of the estimator by name; without rows where nothing was measured.
    figure : Figure
        What the modalities say alone, and together.
    """

    text: str
    tables: dict[str, pd.DataFrame]
    figure: Figure


def user_answer(name: str, settings: Mapping[str, Any], progress: bool = False) -> UserAnswer:
    """Read a dataset of the user's, fit networks to it, and answer which modalities carry the prediction.

    Parameters
    ----------
    name : str
        Of the dataset.
    settings : mapping
        As `mmfusion.study.plan.Study.answer_settings` gives them.
    progress : bool, default False
        Whether to draw a progress bar.

    Returns
    -------
    UserAnswer
        Where the samples can't be cut into folds, of networks that have seen all of them, with the reason.

    Raises
    ------
    DataError
        If the file or a value in it cannot be used.
    """
    source = read_source(settings["path"], **reading(settings))
    where = f"{settings['path']}, target {settings['target']}"
    task = chosen_task(source.target, settings["task"], where, settings["threshold"])
    fitted = _fitted(source, task, settings, progress)
    tables = {
        table: pd.DataFrame(columns=COLUMNS[table]) if measured is None else measured
        for table, measured in fitted.tables.items()
    }
    figure = _figure(fitted, f"{name}: what predicts {settings['target']!r}?")
    return UserAnswer(fitted.text, tables, figure)


def _fitted(source: Source, task: Task, settings: Mapping[str, Any], progress: bool) -> FittedSource:
    """Fit in folds; in one fold that holds nothing out where that is not possible."""
    choices = {
        "max_order": None if settings["max_order"] == "all" else settings["max_order"],
        "device": settings["device"],
        "random_state": SEED,
        "information": None,
        "cv": FOLDS,
        "verbose": progress,
    }
    sentence = task.sentence(TASK_KEY, THRESHOLD_KEY)
    try:
        fitted = fit_source(source, task, sentence, choices)
    except MmfusionError as error:  # not a reason to stop a study, whose own splits may be possible
        fitted = fit_source(source, task, sentence, {**choices, "cv": None})
        return replace(fitted, notes=(f"nothing could be held out. {error}", *fitted.notes))
    if len(source.modalities) > MOST_COMPLETE:
        note = (
            f"with more than {MOST_COMPLETE} modalities, no networks are trained on fewer of them here; "
            "mmfusion relevance --information does it."
        )
        fitted = replace(fitted, notes=(*fitted.notes, note))
    return fitted


def _figure(fitted: FittedSource, title: str) -> Figure:
    """Draw what was measured, or say that nothing was."""
    if fitted.model.information_ is not None:
        return fitted.model.plot_information(title)
    with figure_style():
        figure = Figure(figsize=(8.6, 2.4), layout="constrained")
        ax = figure.add_subplot()
        ax.set_axis_off()
        empty_panel(ax, "Not measured; the answer in words says why.")
        add_heading(figure, title, "What the modalities say alone, and together.")
    return figure
