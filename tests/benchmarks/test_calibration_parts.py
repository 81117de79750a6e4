"""The calibration benchmark: generated data are what they are said to be, and rates are counted right."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from calibration.answers import verdict
from calibration.cases import CLASSES, DataSet
from calibration.faults import FOLDS, GROUPS_IGNORED, LEAKY_FOLDS, NO_FAULT, with_fault
from calibration.figure import overview
from calibration.fits import CASES, COLUMNS, SETTINGS, settings_digest
from calibration.nulls import NULLS
from calibration.plan import Cell, cells, jobs_of
from calibration.power import POWER
from calibration.rates import EXACT, TOGETHER, WRONG, means, rates


def drawn(name: str, n: int, seed: int = 0) -> DataSet:
    case = CASES[name]
    return case.draw(n, case.modalities, np.random.default_rng(seed))


@pytest.mark.parametrize("name", CASES)
def test_draws_are_repeatable(name: str) -> None:
    first, again, other = drawn(name, 60), drawn(name, 60), drawn(name, 60, seed=1)
    assert list(first.X) == list("abc")[: CASES[name].modalities]
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


@pytest.mark.parametrize(
    ("name", "signal", "silent", "accuracy"),
    [
        ("one", "a", "b c ab bc", 0.85),
        ("pair", "ab", "a b c ac bc abc", 0.83),
        ("triple", "abc", "a b c ab ac bc", 0.80),
        ("copies", "a", "c bc", 0.85),
    ],
)
def test_planted_truth_of_classes(name: str, signal: str, silent: str, accuracy: float) -> None:
    data = drawn(name, 20_000)

    def product(letters: str) -> Any:
        return np.prod([data.X[letter][:, 0] for letter in letters], axis=0)

    assert ((product(signal) > 0) == data.y).mean() == pytest.approx(accuracy, abs=0.012)
    assert max(abs(correlation(product(letters), data.y)) for letters in silent.split()) < 0.04


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


def test_a_changed_draw_changes_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: case.fingerprint for name, case in CASES.items()}
    assert len({settings_digest(name, SETTINGS) for name in CASES}) == len(CASES)
    monkeypatch.setattr("calibration.power.NOISE", 0.6)
    changed = {name for name, case in CASES.items() if replace(case).fingerprint != before[name]}
    assert changed == {"one", "copies", "curved", "beside_noise", "inside_noise"}
    assert settings_digest("pair", {**SETTINGS, "n_seeds": 2}) != settings_digest("pair", SETTINGS)
    assert settings_digest("pair", {**SETTINGS, "device": "cuda"}) == settings_digest("pair", SETTINGS)


def test_faults() -> None:
    data, rng = drawn("balanced", 53), np.random.default_rng(0)
    twice, parameters, given = with_fault(LEAKY_FOLDS, data, rng)
    folds = parameters["cv"]
    assert (len(folds), given, len(twice)) == (FOLDS, {}, 106)
    assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(53))
    for train, held_out in folds:
        assert not set(train) & set(held_out)
        assert set(held_out + 53) <= set(train)
        np.testing.assert_array_equal(twice.X["a"][held_out], twice.X["a"][held_out + 53])
    grouped = drawn("grouped", 50)
    assert with_fault(GROUPS_IGNORED, grouped, rng)[1:] == ({}, {})
    np.testing.assert_array_equal(with_fault(NO_FAULT, grouped, rng)[2]["groups"], grouped.groups)


@pytest.mark.parametrize(
    ("case", "named", "expected"),
    [
        ("one", "a", (True, True, False)),
        ("one", "a b", (False, True, True)),
        ("one", "", (False, False, False)),
        ("pair", "a b", (False, False, True)),
        ("copies", "b", (True, True, False)),
        ("copies", "a b", (True, True, False)),
        ("copies", "a a+b", (False, True, True)),
        ("copies", "", (False, False, False)),
        ("correlated", "a", (False, False, False)),
    ],
)
def test_verdicts(case: str, named: str, expected: tuple[bool, bool, bool]) -> None:
    truth = CASES[case].truth
    assert truth is not None
    assert verdict(frozenset(named.split()), truth["subsets"]) == expected


def fits(case: str, n: int, subsets: list[str], **columns: str) -> pd.DataFrame:
    """Return rows of a store."""
    base = dict.fromkeys(COLUMNS, "") | {"case": case, "n": str(n), "modalities": "3", "fault": "none"}
    base |= {"alone": "none", "needed": "none", "synergy": "none", "seconds": "2", **columns}
    return pd.DataFrame([{**base, "subsets": text, "number": str(k)} for k, text in enumerate(subsets)])


def test_rates_of_nulls() -> None:
    rows = pd.concat(
        [
            fits("balanced", 200, ["a"] * 7 + ["none"] * 43, synergy=""),
            fits("normal", 200, ["a b"] * 3 + ["none"] * 47),
            fits("normal", 200, [""], error="ValueError: told"),
        ],
        ignore_index=True,
    )
    table = rates(rows).set_index(["case", "table"])
    high, low = table.loc[("balanced", "subsets")], table.loc[("normal", "subsets")]
    assert (high["count"], high["data_sets"], low["count"], low["data_sets"]) == (7, 50, 3, 50)
    assert high["p_value"] == pytest.approx(binom.sf(6, 50, 0.05))
    assert (bool(high["met"]), bool(low["met"])) == (False, True)
    assert high["p_adjusted"] == pytest.approx(7 * high["p_value"])  # seven tables: no pairs in one case
    assert ("balanced", "synergy") not in table.index
    z, share = 1.959964, 0.14  # Wilson's formula
    middle, half = share + z**2 / 100, z * math.sqrt(share * 0.86 / 50 + z**2 / 1e4)
    bounds = [(middle - half) / (1 + z**2 / 50), (middle + half) / (1 + z**2 / 50)]
    np.testing.assert_allclose([high["low"], high["high"]], bounds, rtol=1e-5)


def test_rates_of_planted_truths() -> None:
    right = fits("copies", 400, ["a", "b", "a b", "a+b"], alone="a b", synergy="a+b:-")
    wrong = fits("copies", 400, ["a c"], alone="a b", synergy="a+b:+")
    table = rates(pd.concat([right, wrong], ignore_index=True)).set_index(["table", "measure"])
    assert table.loc[("subsets", EXACT), "count"] == 3
    assert table.loc[("subsets", WRONG), "count"] == 2
    assert table.loc[("synergy", EXACT), "rate"] == table.loc[(TOGETHER, EXACT), "rate"] == 0.8
    assert table.loc[(TOGETHER, EXACT), "goal"] == ">= 0.95"
    assert not table.loc[(TOGETHER, EXACT), "met"]
    scored = means(fits("beside_noise", 400, ["a", "a"], score="0.83")).iloc[0]
    assert (scored["data_sets"], scored["errors"], scored["seconds"], bool(scored["met"])) == (
        2,
        0,
        2.0,
        True,
    )


def test_plan() -> None:
    full = cells()
    assert {cell.case for cell in full} == set(CASES)
    assert sum(cell.data_sets for cell in full) == 6 * (200 + 4 * 50) + 6 * 2 * (50 + 25) + 2 * 4 * 25
    assert {(c.n, c.modalities) for c in full if c.case == "cauchy"} == {
        (200, 3),
        (100, 3),
        (400, 3),
        (200, 2),
        (200, 5),
    }
    assert cells(only=["pair"], data_sets=7, sizes=[400, 800]) == [Cell("pair", n, 3, 7) for n in (400, 800)]
    assert [cell.case for cell in cells(fault=GROUPS_IGNORED)] == ["grouped"]
    assert sum(cell.data_sets for cell in cells(quick=True)) == 15
    order = [(job.case, job.number) for job in jobs_of([Cell("one", 200, 3, 2), Cell("pair", 200, 3, 3)])]
    assert order == [("one", 0), ("pair", 0), ("one", 1), ("pair", 1), ("pair", 2)]


def test_the_figure_shows_every_table() -> None:
    rows = [fits(case.name, n, ["a", "none"]) for case in POWER for n in (200, 800)]
    rows += [fits(case.name, 200, ["a", "none"]) for case in NULLS[:3]]
    figure = overview(rates(pd.concat(rows, ignore_index=True)))
    axes = figure.axes
    assert [ax.get_title() for ax in axes[:8]] == [case.title for case in POWER]
    assert [len(ax.containers) for ax in axes] == [4] * 8 + [6] * 4
    empty = overview(rates(pd.concat(rows[:2], ignore_index=True)))
    assert [text.get_text() for text in empty.axes[-1].texts] == ["not measured"]
