"""The calibration benchmark: its digests, deliberate mistakes and plan, and rates that are counted right."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from inspect import getfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from calibration.faults import FOLDS, GROUPS_IGNORED, LEAKY_FOLDS, NO_FAULT, with_fault
from calibration.figure import overview
from calibration.fits import CASES, COLUMNS, SETTINGS, settings_digest
from calibration.plan import Cell, cells, jobs_of
from calibration.rates import EXACT, TOGETHER, WRONG, means, rates

from mmfusion.study.designs.design import DataSet
from mmfusion.study.designs.nulls import NULLS
from mmfusion.study.designs.power import POWER
from mmfusion.study.digests import modules_of


def drawn(name: str, n: int, seed: int = 0) -> DataSet:
    case = CASES[name]
    return case.draw(n, case.modalities, np.random.default_rng(seed))


def test_a_changed_draw_changes_its_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: case.fingerprint for name, case in CASES.items()}
    assert len({settings_digest(name, SETTINGS) for name in CASES}) == len(CASES)
    monkeypatch.setattr("mmfusion.study.designs.power.NOISE", 0.6)
    changed = {name for name, case in CASES.items() if replace(case).fingerprint != before[name]}
    assert changed == {"one", "copies", "curved", "beside_noise", "inside_noise"}
    assert settings_digest("pair", {**SETTINGS, "n_seeds": 2}) != settings_digest("pair", SETTINGS)
    assert settings_digest("pair", {**SETTINGS, "device": "cuda"}) == settings_digest("pair", SETTINGS)


def test_the_digest_of_the_code_covers_the_designs() -> None:
    used = {path.stem for path in modules_of(getfile(settings_digest))}
    assert {"design", "nulls", "power"} <= used


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
