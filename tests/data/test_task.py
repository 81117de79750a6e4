"""One rule for the task, and targets of every type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from mmfusion.data.plain_target import plain_values
from mmfusion.data.task import chosen_task, infer_task, is_one_hot
from mmfusion.errors import InputError

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("target", "word", "reason"),
    [
        (RNG.integers(20, 80, 300), "regression", "60 different whole numbers in 300 samples, many"),
        (RNG.integers(0, 10, 300), "classification", "10 different whole numbers in 300 samples, few"),
        (RNG.integers(0, 10, 30), "regression", "different whole numbers in 30 samples, many"),
        (np.array([0.0, 1.0] * 20), "classification", "2 different numbers in 40 samples"),
        (np.array([-1, 1] * 20), "classification", "2 different numbers in 40 samples"),
        (np.array([0.2, 0.8] * 20), "classification", "2 different numbers in 40 samples"),
        (np.arange(40) / 3, "regression", "numbers with fractions"),
        (np.array(["yes", "no"] * 20), "classification", "2 different texts"),
        (np.array([True, False] * 20), "classification", "2 different truth values"),
        (np.eye(3)[RNG.integers(0, 3, 30)], "classification", "3 columns of zeros and ones"),
        (RNG.normal(size=(30, 2)), "regression", "2 columns of numbers"),
        (RNG.normal(size=(30, 1)), "regression", "numbers with fractions"),
    ],
)
def test_tasks(target: Any, word: str, reason: str) -> None:
    task = infer_task(target)
    assert task.word == word
    assert reason in task.reason
    assert chosen_task(target, "auto", "y") == task


def test_the_sentence_says_what_changes_the_task() -> None:
    sentences = {
        name: infer_task(target).sentence("--task", "--threshold")
        for name, target in {
            "ages": np.arange(50),
            "classes": np.array([0, 1] * 9),
            "fractions": np.arange(9) / 2,
            "text": np.array(["a", "b"]),
        }.items()
    }
    assert sentences["ages"].endswith("many; --task classification changes it).")
    assert sentences["classes"].endswith("; --task regression changes it).")
    assert sentences["fractions"].endswith("; --threshold NUMBER makes two classes of it).")
    assert sentences["text"] == "Task: classification (2 different texts)."


def test_a_chosen_task() -> None:
    assert chosen_task(np.arange(50), "classification", "y").word == "classification"
    assert chosen_task(np.array([0, 1]), "regression", "y").reason.startswith("as chosen; 2 different")
    for target, chosen, message in (
        (np.array(["a", "b"]), "regression", "f.csv: the target is text, expected numbers for a regression"),
        (np.arange(9) / 2, "classification", "the target has fractions, .* or give a threshold"),
        (
            np.arange(9),
            "ranking",
            "the task 'ranking' is unknown, expected one of auto, classification, regression",
        ),
    ):
        with pytest.raises(InputError, match=message):
            chosen_task(target, chosen, "f.csv")


def test_one_hot() -> None:
    assert is_one_hot(np.eye(4)[[0, 2, 2]])
    assert not is_one_hot(np.array([[1.0], [0.0]]))
    assert not is_one_hot(np.array([[1, 1], [0, 1]]))
    assert not is_one_hot(np.array([[0, 0], [0, 1]]))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], [1, 2, 3]),
        (pd.Series([1, 2, 3], dtype="Int64"), [1, 2, 3]),
        (pd.Series([1, 2, 3], dtype="int64[pyarrow]"), [1, 2, 3]),
        (pd.Series([1.5, 2.0, 3.0], dtype="Float64"), [1.5, 2.0, 3.0]),
        (pd.Series([True, False, True], dtype="boolean"), [True, False, True]),
        (pd.array([True, False], dtype="boolean"), [True, False]),
        (["b", "a"], ["b", "a"]),
        (pd.Series(["b", "a"], dtype="string"), ["b", "a"]),
        (pd.Series(["b", "a"], dtype="category"), ["b", "a"]),
        (pd.Categorical([3, 1, 3]), [3, 1, 3]),
        (pd.Index(["b", "a"]), ["b", "a"]),
        (torch.tensor([1.0, 2.0], requires_grad=True), [1.0, 2.0]),
        (np.array([1, 2], dtype=object), [1, 2]),
        (pd.DataFrame({"a": [1, 2], "b": [3, 4]}), [[1, 3], [2, 4]]),
    ],
    ids=lambda values: type(values).__name__,
)
def test_targets_of_every_type(values: Any, expected: Any) -> None:
    found = plain_values("y", values)
    assert found.tolist() == expected
    assert found.dtype.kind != "O" or isinstance(expected[0], str)


@pytest.mark.parametrize(
    "values",
    [
        [1, None, 3],
        ["a", None, "b"],
        ["a", float("nan"), "b"],
        np.array(["a", None, "b"], dtype=object),
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series(["a", None, "b"], dtype="category"),
        pd.Series([1.0, np.nan, 2.0]),
        [1, pd.NA, 2],
    ],
    ids=lambda values: type(values).__name__,
)
def test_a_missing_value_names_its_row(values: Any) -> None:
    with pytest.raises(
        InputError, match=r"groups, row 1 \(counted from 0\): the value is missing, expected one for"
    ):
        plain_values("groups", values)


def test_a_missing_value_names_its_sample() -> None:
    with pytest.raises(InputError, match=r"y, row 1 \(counted from 0; sample 'p2'\): the value is missing"):
        plain_values("y", pd.Series([1.0, None], index=["p1", "p2"]))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "y is None, expected a value for each sample"),
        ("mood", r"y is the text 'mood', .* such as y=X\['mood'\]"),
        ([[1, 2], [3]], "y has rows of different lengths"),
    ],
)
def test_what_is_no_target(values: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plain_values("y", values)
