"""Runs of the calibration benchmark, with a small stand-in for the estimator: resumed, repeated, told."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from calibration import command, runs
from calibration.answers import answer_of
from calibration.batches import batches_of, fit_batch
from calibration.command import FITS
from calibration.faults import GROUPS_IGNORED, LEAKY_FOLDS
from calibration.fits import COLUMNS, KEY, SETTINGS, Job, fit_job
from calibration.harness import results
from calibration.plan import Cell, jobs_of
from calibration.store import Store
from run import main as run_main


def tables(
    subsets: str = "", alone: str = "", needed: str = "", synergy: float = 0.0, pairs: bool = True
) -> dict[str, pd.DataFrame]:
    """Return the tables of an estimator that names these, and a+b if there is a synergy."""
    labels = ["a", "b", "c", "a+b", "a+c", "b+c", "a+b+c"]
    names = ["a", "b", "c"]
    pair = pd.DataFrame(
        {"pair": labels[3:6], "synergy": [synergy, 0.5, -0.5], "named": [synergy != 0, False, False]}
    )
    single = pd.DataFrame({"modality": names})
    single["alone_named"] = [name in alone.split() for name in names]
    single["needed_named"] = [name in needed.split() for name in names]
    return {
        "relevance_": pd.DataFrame(
            {"subset": labels, "named": [label in subsets.split() for label in labels]}
        ),
        "modality_information_": single,
        "synergy_": pair if pairs else pair.iloc[:0],
        "information_": pd.DataFrame({"size": [1, 2, 3], "information": [0.1, 0.2, 0.3]}),
    }


class StandIn:
    """Names the subset a in a share of its fits, and always where it is given folds."""

    rate = 0.0
    fits = 0
    interrupt_at = math.inf
    error = ""

    def __init__(self, task: str, parameters: dict[str, Any]) -> None:
        self.parameters = parameters

    def fit(self, X: dict[str, Any], y: Any, groups: Any = None) -> Self:
        StandIn.fits += 1
        if StandIn.fits == StandIn.interrupt_at:
            raise KeyboardInterrupt
        if StandIn.error:
            raise ValueError(StandIn.error)
        chance = np.random.default_rng(self.parameters["random_state"]).random()
        self.__dict__ |= tables("a" if "cv" in self.parameters or chance < StandIn.rate else "")
        return self

    def score(self, X: Any, y: Any) -> float:
        return 0.5 + 0.01 * len(X) + 1e-5 * len(y)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("rate", 0.0), ("fits", 0), ("interrupt_at", math.inf), ("error", "")):
        monkeypatch.setattr(StandIn, name, value)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / FITS, COLUMNS, KEY)


def test_answers_are_read() -> None:
    model = StandIn("classes", {})
    model.__dict__ |= tables("a+b a", alone="a c", needed="", synergy=-0.2)
    expected = {"subsets": "a a+b", "alone": "a c", "needed": "none", "synergy": "a+b:-", "explained": 0.3}
    assert answer_of(model) == expected
    model.__dict__ |= tables("a", synergy=0.2)
    assert answer_of(model)["synergy"] == "a+b:+"
    model.__dict__ |= tables("a", pairs=False)
    model.relevance_ = model.relevance_.astype({"named": object}).replace({"named": {False: np.nan}})  # type: ignore[has-type]  # set above
    assert (answer_of(model)["subsets"], answer_of(model)["synergy"]) == ("a", "")


def test_store_survives_an_interruption(tmp_path: Path) -> None:
    path = tmp_path / "new" / "rows.csv"
    store = Store(path, ("job", "text", "error"), ("job",))
    store.append({"job": 1, "text": "several\nlines, one comma", "error": ""})
    store.append({"job": 2, "text": math.nan, "error": "ValueError"})
    with path.open("a") as file:
        file.write("3,half")
    again = Store(path, ("job", "text", "error"), ("job",))
    assert again.rows().to_numpy().tolist() == [
        ["1", "several lines, one comma", ""],
        ["2", "", "ValueError"],
    ]
    assert again.done() == {("1",)}
    again.append({"job": 2, "error": None})
    assert again.done() == {("1",), ("2",)}
    with pytest.raises(ValueError, match=r"rows\.csv: the file has other columns, expected job,error; move"):
        Store(path, ("job", "error"), ("job",))


def run(store: Store, number: int, settings: dict[str, Any] = SETTINGS, any_code: bool = False) -> int:
    """Run jobs, and return how many fits that took."""
    before = StandIn.fits
    jobs = jobs_of([Cell("balanced", 40, 3, number)])
    runs.fit_missing(jobs, store, settings, processes=1, any_code=any_code, make=StandIn)
    return StandIn.fits - before


def test_an_interrupted_run_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    StandIn.interrupt_at = 4
    with pytest.raises(KeyboardInterrupt):
        run(store, 6)
    assert len(store.rows()) == 3
    assert run(store, 6) == 3
    assert run(store, 6) == 0
    assert run(store, 8) == 2
    assert run(store, 8, {**SETTINGS, "n_seeds": 2}) == 8
    monkeypatch.setattr(runs, "code_digest", lambda: "other code")
    assert run(store, 8, any_code=True) == 0
    assert len(runs.current_fits(store, SETTINGS)) == 0
    assert len(runs.current_fits(store, SETTINGS, any_code=True)) == 8
    assert run(store, 8) == 8


def test_an_error_is_told_and_tried_again(store: Store) -> None:
    StandIn.error = "this\nfails"
    assert run(store, 2) == 2
    assert set(store.rows()["error"]) == {"ValueError: this fails"}
    StandIn.error = ""
    assert run(store, 2) == 2
    assert set(store.rows()["error"]) == {""}


def test_fits_share_their_data_and_differ_in_seeds() -> None:
    job = Job("one", 50, 3, 4)
    row, again = (fit_job(job, SETTINGS, "code", StandIn) for _ in range(2))
    assert {**row, "seconds": 0} == {**again, "seconds": 0}
    assert set(row) | {"error"} == set(COLUMNS)
    assert row["score"] == pytest.approx(0.5 + 0.03 + 1e-5 * 2000)  # three modalities, 2000 fresh samples
    assert math.isnan(fit_job(Job("normal", 50, 3, 4), SETTINGS, "code", StandIn)["score"])


def test_rate_of_one_cell(store: Store) -> None:
    StandIn.rate = 0.3
    table = runs.rate("skewed", 50, 2, 60, store, processes=1, make=StandIn).set_index("table")
    assert 9 <= table.loc["subsets", "count"] <= 29
    assert table.loc["needed", "count"] == 0
    fewer = runs.rate("skewed", 50, 2, 10, store, processes=1, make=StandIn)
    assert (StandIn.fits, fewer["data_sets"].tolist()) == (60, [10] * 4)


def test_batches_are_of_one_cell_and_all_cells_grow_alike() -> None:
    jobs = jobs_of([Cell("balanced", 40, 3, 5), Cell("normal", 40, 3, 2), Cell("normal", 40, 2, 3)])
    batches = batches_of(jobs, 2)
    assert [[(job.case, job.modalities, job.number) for job in batch] for batch in batches] == [
        [("balanced", 3, 0), ("balanced", 3, 1)],
        [("normal", 3, 0), ("normal", 3, 1)],
        [("normal", 2, 0), ("normal", 2, 1)],
        [("balanced", 3, 2), ("balanced", 3, 3)],
        [("normal", 2, 2)],
        [("balanced", 3, 4)],
    ]
    assert batches_of(jobs, 1) == [[job] for job in jobs]


LINEAR: dict[str, Any] = {
    **SETTINGS,
    "epochs": 3,
    "cv": 2,
    "encoders": {m: {"kind": "linear"} for m in "abc"},
}
MEASURED = ("seconds", "explained", "score")


@pytest.mark.usefixtures("no_linear_baseline")
def test_a_batch_finds_what_its_jobs_find_alone() -> None:
    jobs = [Job("one", 60, 3, number) for number in range(2)]
    together = fit_batch(jobs, LINEAR, "code")
    for row, job in zip(together, jobs, strict=True):
        alone = fit_job(job, LINEAR, "code")
        assert set(row) == set(alone)
        assert {**row, **dict.fromkeys(MEASURED)} == {**alone, **dict.fromkeys(MEASURED)}
        assert row["explained"] == pytest.approx(alone["explained"], rel=1e-3)
        assert row["score"] == pytest.approx(alone["score"], abs=2e-3)


def test_where_a_job_of_a_batch_is_refused_each_runs_alone() -> None:
    jobs = [Job("balanced", 60, 3, number) for number in range(2)]
    rows = fit_batch(jobs, {**LINEAR, "p": 0.5}, "code")
    assert [row["number"] for row in rows] == [0, 1]
    assert all(row["error"].startswith("InputError: p") for row in rows)


def test_several_processes() -> None:
    jobs = [[("job", number)] for number in range(5)]
    assert sorted(row["job"] for row in results(dict, jobs, 2)) == [0, 1, 2, 3, 4]


def calibrate(folder: Path, *words: str) -> int:
    return command.main([*words, "--processes", "1"], folder, make=StandIn)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate(tmp_path, "--quick") == 0
    assert calibrate(tmp_path, "--tables-only") == 0
    assert StandIn.fits == 15
    text = (tmp_path / "calibration.md").read_text()
    assert "0 / 3 (1)" in text
    assert "Rates above 5 %, adjusted by Holm: 0 of 12." in text
    assert text in capsys.readouterr().out
    assert {"calibration.csv", "calibration-means.csv", "calibration.png"} <= {
        p.name for p in tmp_path.iterdir()
    }
    StandIn.rate = 1.0
    assert (
        calibrate(tmp_path, "--only", "normal", "--n", "100", "--data-sets", "9", "--set", "n_seeds=2") == 1
    )
    assert "Holm: 1 of 4: normal, n = 100, M = 3: subsets." in (tmp_path / "calibration.md").read_text()
    StandIn.error = "told"
    assert calibrate(tmp_path, "--only", "one", "--n", "200", "--data-sets", "1", "--set", "n_seeds=3") == 1
    assert "1 fits raised, such as: ValueError: told" in capsys.readouterr().err


def test_the_command_under_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate(tmp_path, "--fault", LEAKY_FOLDS, "--data-sets", "3") == 0
    assert calibrate(tmp_path, "--fault", GROUPS_IGNORED, "--data-sets", "3") == 1
    assert "the fault groups_ignored does not show in: grouped" in capsys.readouterr().err
    assert (tmp_path / "calibration-leaky_folds.md").exists()


def test_other_words_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(["calibration", "--tables-only", "--output", str(tmp_path)]) == 1
    for words, said in ((["--only", "nothing"], "invalid choice"), (["--set", "3"], "'3' is not a setting")):
        with pytest.raises(SystemExit):
            calibrate(tmp_path, *words)
        assert said in capsys.readouterr().err
