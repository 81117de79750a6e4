"""Fits of a file that was read: the answer of shell and workflow, and mistakes with the name of the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmfusion import FusionClassifier
from mmfusion.data.readers.source import Source
from mmfusion.data.task import Task
from mmfusion.errors import DataError, InputError
from mmfusion.estimators.source_fit import TABLES, WIDTH, FittedSource, fit_source
from mmfusion.estimators.source_notes import split_notes

pytestmark = pytest.mark.usefixtures("quick_baseline")
QUICK = {"cv": 2, "epochs": 2, "penalty": 0.01, "information": None, "random_state": 0}
SENTENCE = "Task: one that was chosen for this test."


def source(modalities: int = 2, samples: int = 60, **others: Any) -> Source:
    rng = np.random.default_rng(0)
    arrays = {f"m{number}": rng.normal(size=(samples, 2)) for number in range(modalities)}
    target = (arrays["m0"][:, 0] > 0).astype(int)
    return Source(arrays, target, path=Path("folder/data.npz"), **others)


def fitted(read: Source, word: str = "classification", **choices: Any) -> FittedSource:
    return fit_source(read, Task(word, "a reason"), SENTENCE, {**QUICK, **choices})


def test_tables_and_sentences_are_those_of_the_estimator() -> None:
    read = source(groups=np.arange(60) // 3)
    found = fitted(read)
    model = FusionClassifier(**{**QUICK, "information": True})
    model.fit(read.arrays, read.target, groups=read.groups)
    assert list(found.tables) == list(TABLES)
    for name, table in found.tables.items():
        pd.testing.assert_frame_equal(table, getattr(model, f"{name}_"))
    headline, first, *others = (" ".join(part.split()) for part in found.words.split("\n\n"))
    assert headline == model.summary_.headline
    assert first.startswith(SENTENCE)
    assert "in 20 groups" in first
    assert tuple(others) == model.summary_.paragraphs[1:]
    assert found.text == f"{found.words}\n"


def test_a_regression_is_fitted_to_numbers() -> None:
    assert fitted(source(), "regression", information=False).model.predict(source().arrays).dtype == float


def test_information_is_measured_where_all_coalitions_are() -> None:
    assert len(fitted(source(4)).tables["information"]) == 15
    assert fitted(source(5)).tables["information"] is None
    assert fitted(source(), cv=None).tables["information"] is None


def test_splits_of_a_file_are_told_where_folds_are_drawn() -> None:
    splits = {"train": np.arange(40), "test": np.arange(40, 60)}
    read = source(splits=splits)
    (note,) = fitted(read, information=False).notes
    assert "the splits of the file (train, test) are not used for the answer" in note
    assert "at random over all samples." in note
    assert "over all samples, whole groups together." in split_notes(replace(read, groups=np.arange(60)))[0]
    assert not any("splits" in note for note in fitted(read, cv=None).notes)
    assert split_notes(source()) == []


def test_notes_stand_below_the_answer() -> None:
    found = fitted(source(groups=np.repeat([0, 1, 2], 20)), cv=5, information=False)
    answer, note = found.text.rsplit("\n\n", 1)
    assert answer == found.words
    assert " ".join(note.split()) == "Note: 5 folds: there are only 3 groups, so that 3 folds are used."
    assert max(map(len, found.text.splitlines())) <= WIDTH


def test_a_mistake_names_the_file_unless_a_parameter_is_wrong() -> None:
    with pytest.raises(
        DataError, match=r"^folder/data.npz: 2 folds: the number of samples of the rarest class"
    ):
        fitted(replace(source(), target=np.arange(60)))
    with pytest.raises(InputError, match=r"^epochs: 0, expected a whole number"):
        fitted(source(), epochs=0)
