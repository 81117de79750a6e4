"""Designs: draws are repeatable, and generated data are what their docstrings say."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from mmfusion.study.designs.design import CLASSES, TABLES, DataSet
from mmfusion.study.designs.hard import FLIPPED, HARD, flipped
from mmfusion.study.designs.nulls import NULLS
from mmfusion.study.designs.power import POWER

CASES = {case.name: case for case in (*NULLS, *POWER, *HARD)}
PLANTED = [case.name for case in (*POWER, *HARD)]


def drawn(name: str, n: int, seed: int = 0) -> DataSet:
    case = CASES[name]
    return case.draw(n, case.modalities, np.random.default_rng(seed))


def test_names_are_unique() -> None:
    assert len(CASES) == len(NULLS) + len(POWER) + len(HARD)


@pytest.mark.parametrize("name", CASES)
def test_draws_are_repeatable(name: str) -> None:
    first, again, other = drawn(name, 60), drawn(name, 60), drawn(name, 60, seed=1)
    assert list(first.X) == list("abcdef")[: CASES[name].modalities]
    for modality, values in first.X.items():
        assert len(values) == len(first) == 60
        assert values.shape[1] in (3, 4, 5, 6, 500)
        np.testing.assert_array_equal(values, again.X[modality])
    np.testing.assert_array_equal(first.y, again.y)
    assert not np.array_equal(first.y, other.y)
    assert (set(np.unique(first.y)) == {0, 1}) == (CASES[name].task == CLASSES)
    assert first.rows(np.array([3, 1])).y.tolist() == first.y[[3, 1]].tolist()


def test_nulls_have_as_many_modalities_as_asked_for() -> None:
    assert {len(case.draw(50, m, np.random.default_rng(0)).X) for case in NULLS for m in (2, 5)} == {2, 5}
    assert drawn("balanced", 101).y.sum() == 50
    assert drawn("skewed", 200).y.sum() == 20
    assert np.abs(drawn("cauchy", 2000).y).max() > 100
    assert drawn("lognormal", 2000).y.min() > 0


def squared_correlation(name: str) -> float:
    """Return n times the mean squared correlation of features and target, which is 1 without any relation."""
    found = []
    for seed in range(40):
        data = drawn(name, 200, seed)
        found += [np.corrcoef(values[:, 0], data.y)[0, 1] ** 2 * 200 for values in data.X.values()]
    return float(np.mean(found))


def test_nulls_are_nulls_and_groups_cannot_be_overlooked() -> None:
    for name in ("balanced", "skewed", "normal", "lognormal"):
        assert 0.7 < squared_correlation(name) < 1.35
    assert squared_correlation("grouped") > 3
    data = drawn("grouped", 2000)
    assert data.groups is not None
    within = pd.DataFrame({"x": data.X["a"][:, 0], "y": data.y}).groupby(data.groups).transform("mean")
    assert 0.85 < within["x"].var() / data.X["a"][:, 0].var() < 0.96
    assert 0.7 < within["y"].var() / data.y.var() < 0.92


def correlation(first: Any, second: Any) -> float:
    return float(np.corrcoef(first, second)[0, 1])


def product(data: DataSet, letters: str) -> Any:
    """Return the product of the first columns of some modalities."""
    return np.prod([data.X[letter][:, 0] for letter in letters], axis=0)


@pytest.mark.parametrize(
    ("name", "signals", "silent"),
    [
        ("one", "a", "b c ab bc"),
        ("pair", "ab", "a b c ac bc abc"),
        ("triple", "abc", "a b c ab ac bc"),
        ("copies", "a", "c bc"),
        ("redundant", "a b", "c ab ac bc"),
        ("correlated_classes", "a b", "c ab ac bc"),
        ("weak_beside_strong", "ab c", "a b ac bc abc"),
        ("flipped_40", "ab", "a b c ac bc abc"),
        ("four", "a bc", "b c d ab ac ad cd abc"),
        ("six", "a bc", "b c d e f ab ac de ef abc"),
    ],
)
def test_planted_truth_of_classes(name: str, signals: str, silent: str) -> None:
    data = drawn(name, 20_000)
    assert min(correlation(product(data, letters), data.y) for letters in signals.split()) > 0.08
    assert max(abs(correlation(product(data, letters), data.y)) for letters in silent.split()) < 0.04


def informative(data: DataSet) -> Any:
    """Return the sum of the columns of a that are clearly correlated with the target."""
    return sum(column for column in data.X["a"].T if correlation(column, data.y) > 0.3)


SCORES: dict[str, Callable[[DataSet], Any]] = {
    "one": lambda data: product(data, "a"),
    "pair": lambda data: product(data, "ab"),
    "triple": lambda data: product(data, "abc"),
    "copies": lambda data: product(data, "a") + product(data, "b"),
    "correlated": lambda data: product(data, "a") + product(data, "b"),
    "curved": lambda data: product(data, "a") ** 2,
    "beside_noise": informative,
    "inside_noise": informative,
    "redundant": lambda data: product(data, "a"),
    "correlated_classes": lambda data: product(data, "a") + product(data, "b"),
    "weak_beside_strong": lambda data: product(data, "ab") + 0.4 * product(data, "c"),
    **{f"flipped_{percent}": lambda data: product(data, "ab") for percent in FLIPPED},
    **{name: lambda data: product(data, "a") + product(data, "bc") for name in ("four", "five", "six")},
}
"""What a prediction would know without the noise, by case."""


def stated(name: str) -> float:
    """Read the best accuracy or R^2 from the docstring of a draw, or of the function that returned it."""
    if name.startswith("flipped"):
        texts = re.findall(r"0\.\d\d", (inspect.getdoc(flipped) or "").partition("accuracy")[2])
        return dict(zip(FLIPPED, map(float, texts), strict=True))[int(name.partition("_")[2])]
    found = re.search(r"(?:accuracy(?: is)?|R\^2) (0\.\d\d)", CASES[name].draw.__doc__ or "")
    assert found is not None
    return float(found[1])


@pytest.mark.parametrize("name", PLANTED)
def test_the_best_prediction_is_as_good_as_stated(name: str) -> None:
    data = drawn(name, 6000 if name.endswith("noise") else 60_000)
    score = SCORES[name](data)
    classes = CASES[name].task == CLASSES
    best = ((score > 0) == data.y).mean() if classes else correlation(score, data.y) ** 2
    assert best == pytest.approx(stated(name), abs=0.014 if name.endswith("noise") else 0.01)


@pytest.mark.parametrize("percent", FLIPPED)
def test_as_many_labels_are_wrong_as_stated(percent: int) -> None:
    n = 5000
    right, changed = drawn("pair", n), drawn(f"flipped_{percent}", n)
    for modality, values in right.X.items():
        np.testing.assert_array_equal(values, changed.X[modality])
    wrong = int((right.y != changed.y).sum())
    low, high = binom.interval(0.999, n, percent / 100) if percent else (0, 0)
    assert low <= wrong <= high


@pytest.mark.parametrize("name", PLANTED)
def test_truths_name_what_there_is(name: str) -> None:
    case = CASES[name]
    assert case.truth is not None
    assert tuple(case.truth) == TABLES
    modalities = set(drawn(name, 10).X)
    assert len(modalities) == case.modalities
    for table, answers in case.truth.items():
        parts = {part for answer in answers for text in answer for part in text.partition(":")[0].split("+")}
        assert parts <= modalities
        assert all(re.fullmatch(r".\+.:[+-]", text) for a in answers for text in a if table == "synergy")


def test_planted_truth_of_twins() -> None:
    copies, twins, curved = drawn("copies", 20_000), drawn("correlated", 20_000), drawn("curved", 20_000)
    assert correlation(copies.X["a"][:, 0], copies.X["b"][:, 0]) > 0.985
    for data in (twins, curved):
        assert correlation(data.X["a"][:, 0], data.X["b"][:, 0]) == pytest.approx(0.9, abs=0.01)
    first, second = twins.X["a"][:, 0], twins.X["b"][:, 0]
    both = np.linalg.lstsq(np.column_stack([first, second, first * second]), twins.y, rcond=None)[0]
    np.testing.assert_allclose(both, [1, 1, 0], atol=0.06)
    first, second = curved.X["a"][:, 0], curved.X["b"][:, 0]
    columns = np.column_stack([first**2, second**2, first * second, first, second])
    np.testing.assert_allclose(np.linalg.lstsq(columns, curved.y, rcond=None)[0], [1, 0, 0, 0, 0], atol=0.06)
    assert correlation(first * second, curved.y) > 0.8


def test_planted_truth_of_wide_modalities() -> None:
    beside, inside = drawn("beside_noise", 6000), drawn("inside_noise", 6000)
    assert [values.shape[1] for values in beside.X.values()] == [3, 500]
    assert min(correlation(column, beside.y) for column in beside.X["a"].T) > 0.3
    assert max(abs(correlation(column, beside.y)) for column in beside.X["b"].T) < 0.06
    strong = [abs(correlation(column, inside.y)) > 0.3 for column in inside.X["a"].T]
    assert (len(strong), sum(strong)) == (500, 3)
