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


def copied(times: int) -> tuple[ModalityData, np.ndarray]:
    rows = np.arange(40 * times) % 40
    return ModalityData({name: values[rows] for name, values in NUMBERS.items()}), TARGET[rows]


def test_copies_are_counted() -> None:
    assert [repeated_rows(*copied(times)) for times in (1, 2, 5)] == [0, 40, 160]


def test_a_copy_has_all_modalities_and_the_target_in_common() -> None:
    data, target = copied(2)
    data.arrays["audio"][40:50] += 1e-9
    target[50:55] = 1 - target[50:55]
    assert repeated_rows(data, target) == 25


def test_missing_values_repeat_too() -> None:
    data, target = copied(2)
    data.arrays["text"][[3, 43]] = np.nan
    assert repeated_rows(data, target) == 40


def test_few_columns_of_whole_numbers_repeat_by_chance() -> None:
    drawn = RANDOM.integers(2, size=(200, 4)).astype(float)
    few, target = ModalityData({"a": drawn[:, :2], "b": drawn[:, 2:]}), np.zeros(200)
    assert repeated_rows(few, target) == 0
    letters = RANDOM.integers(4, size=(30, 25))
    assert repeated_rows(ModalityData({"dna": letters[np.arange(60) % 30]}), np.zeros(60)) == 30


def test_the_user_is_asked_from_one_in_twenty_on() -> None:
    data, target = copied(2)
    with pytest.warns(ChoiceWarning, match=r"^40 of 80 samples repeat an earlier one exactly.*one group"):
        ask_about_repeated_rows(data, target)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ask_about_repeated_rows(data[np.arange(41)], target[:41])
