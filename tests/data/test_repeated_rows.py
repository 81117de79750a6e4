"""Repeated samples: copies are counted, chance repetitions of whole numbers are not, groups help."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from mmfusion.data.modality_data import ModalityData
from mmfusion.data.repeated_rows import ask_about_repeated_rows, repeated_rows
from mmfusion.notices import ChoiceWarning

RANDOM = np.random.default_rng(0)
NUMBERS = {"text": RANDOM.normal(size=(40, 3)), "audio": RANDOM.normal(size=(40, 2))}
TARGET = np.arange(40) % 2


def copied(times: int) -> tuple[ModalityData, np.ndarray, np.ndarray]:
    rows = np.arange(40 * times) % 40
    data = ModalityData({name: values[rows] for name, values in NUMBERS.items()})
    return data, TARGET[rows], np.arange(len(rows))


def count(arrays: dict[str, np.ndarray], target: np.ndarray | None = None) -> int:
    data = ModalityData(arrays)
    return repeated_rows(data, np.zeros(len(data)) if target is None else target, np.arange(len(data)))


def test_copies_are_counted() -> None:
    assert [repeated_rows(*copied(times)) for times in (1, 2, 5)] == [0, 40, 160]


def test_a_copy_has_all_modalities_and_the_target_in_common() -> None:
    data, target, rows = copied(2)
    data.arrays["audio"][40:50] += 1e-9
    target[50:55] = 1 - target[50:55]
    assert repeated_rows(data, target, rows) == 25


def test_missing_values_and_signs_of_zero_repeat_too() -> None:
    data, target, rows = copied(2)
    data.arrays["text"][[3, 43]] = np.nan
    data.arrays["audio"][5], data.arrays["audio"][45] = 0.0, -0.0
    assert repeated_rows(data, target, rows) == 40


def test_samples_without_weight_do_not_count() -> None:
    data, target, rows = copied(2)
    assert repeated_rows(data, target, rows[:50]) == 10


@pytest.mark.parametrize(
    "columns",
    [
        RANDOM.integers(2, size=(200, 4)),
        RANDOM.integers(5, size=(400, 4)) / 4,
        np.round(36.8 + 0.5 * RANDOM.normal(size=(400, 2)), 1),
        np.round(RANDOM.normal(size=(400, 1)) * 2) / 2,
        np.eye(25)[RANDOM.integers(25, size=400)],
    ],
    ids=["coins", "questionnaire", "one decimal", "halves", "one-hot"],
)
def test_repetitions_by_chance_are_none(columns: np.ndarray) -> None:
    assert len(np.unique(columns, axis=0)) < 0.9 * len(columns)
    assert count({"a": columns.astype(float)}) == 0


@pytest.mark.parametrize(
    "columns",
    [
        RANDOM.integers(10**9, size=(100, 10)),
        RANDOM.integers(1000, size=(100, 19)),
        RANDOM.integers(4, size=(100, 16)),
    ],
    ids=["counts", "small counts", "letters"],
)
def test_copies_of_whole_numbers_are_counted(columns: np.ndarray) -> None:
    assert count({"a": np.concatenate([columns, columns]).astype(float)}) == 100


def test_the_user_is_asked_from_one_in_twenty_on() -> None:
    data, target, rows = copied(2)
    with pytest.warns(ChoiceWarning, match=r"^40 of 80 samples repeat an earlier one exactly.*one group"):
        ask_about_repeated_rows(data, target, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ask_about_repeated_rows(data, target, rows[:41])
