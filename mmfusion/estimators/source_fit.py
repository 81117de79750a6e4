"""From a file that was read to a fitted estimator and its answer in words: the same in shell and workflow."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from mmfusion.data.readers.source import Source
from mmfusion.data.task import REGRESSION, Task
from mmfusion.estimators.classifier import FusionClassifier
from mmfusion.estimators.estimator import FusionEstimator
from mmfusion.estimators.regressor import FusionRegressor
from mmfusion.estimators.source_notes import naming, split_notes
from mmfusion.estimators.summary import Answer
from mmfusion.measures.information import MOST_COMPLETE
from mmfusion.notices import told

TABLES = ("relevance", "information", "modality_information", "synergy")
"""The tables of an answer: attributes of an estimator, with ``_`` behind, and stems of their files."""
WIDTH = 100
"""Columns of a terminal that the answer is wrapped to."""


@dataclass(frozen=True)
class FittedSource:
    """An estimator that was fitted to a file, and what it says.

    Parameters
    ----------
    model : FusionEstimator
    answer : Answer
        In words, beginning with the task and how it was inferred.
    notes : tuple of str
        Choices that were made for the user while fitting, one sentence each; those of reading are in the
        source.
    """

    model: FusionEstimator
    answer: Answer
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        """The answer, wrapped for a terminal: in one sentence, then its paragraphs, apart by empty lines."""
        return "\n\n".join(map(_wrapped, str(self.answer).split("\n\n")))

    @property
    def text(self) -> str:
        """The answer and the notes about it, wrapped, apart by empty lines."""
        notes = [_wrapped(f"Note: {note}") for note in self.notes]
        return "\n\n".join([self.words, *notes]) + "\n"

    @property
    def tables(self) -> dict[str, pd.DataFrame | None]:
        """The tables by their names, None for those that were not measured."""
        return {name: getattr(self.model, f"{name}_") for name in TABLES}


def fit_source(source: Source, task: Task, task_sentence: str, choices: Mapping[str, Any]) -> FittedSource:
    """Fit the estimator of a task to samples that were read from a file.

    Parameters
    ----------
    source : Source
    task : Task
    task_sentence : str
        The task and how it was inferred; begins the answer.
    choices : mapping
        Parameters of the estimator, with folds as a number or None. ``information`` None measures it where
        all coalitions are, up to `MOST_COMPLETE` modalities, and something is held out.

    Returns
    -------
    FittedSource

    Raises
    ------
    MmfusionError
        If a parameter is unknown, or the samples cannot be fitted or cut into folds; with the name of the
        file where the samples are the reason.
    """
    data = source.modality_data()
    if choices["information"] is None:
        few = len(data.modalities) <= MOST_COMPLETE
        choices = {**choices, "information": choices["cv"] is not None and few}
    kind = FusionRegressor if task.word == REGRESSION else FusionClassifier
    model: FusionEstimator = kind(**choices)
    with told() as notes, naming(source.path, choices):
        model.fit(data, source.target, groups=source.groups)
    answer = replace(model.summary_, task_sentence=task_sentence)
    return FittedSource(model, answer, (*(split_notes(source) if choices["cv"] else ()), *notes))


def _wrapped(text: str) -> str:
    """Break lines between words only, so that names of files and modalities stay whole."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
