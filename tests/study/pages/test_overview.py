"""The page and the Markdown that say what was run and what came out."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmfusion.estimators.source_fit import TABLES as ANSWERED
from mmfusion.study.pages.overview import (
    overview_html,
    results_markdown,
    score_table,
    user_relevance_table,
    user_score_table,
)
from mmfusion.study.tables.definitions import TABLES

VOID = {"meta"}
WITHOUT = "CMU-MOSI is not part of this study: no files were found in <here> (mosi.mode: auto)."
WITH = "CMU-MOSI is part of this study."
NO_SUMMARY = pd.DataFrame(columns=TABLES["summary"].names)


class Page(HTMLParser):
    """Rows of tables, list items and headings of a page; every tag must be closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.paragraphs: list[str] = []
        self.items: list[str] = []
        self.headings: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag == "li":
            self.items.append("")
        elif tag in ("h1", "h2", "h3"):
            self.headings.append("")
        elif tag == "p":
            self.paragraphs.append("")
        elif tag == "a":
            self.links += [target or "" for name, target in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        tag = self.open[-1] if self.open else ""
        if tag in ("td", "th"):
            self.tables[-1][-1][-1] += data
        elif tag == "li":
            self.items[-1] += data
        elif tag in ("h1", "h2", "h3"):
            self.headings[-1] += data
        elif tag == "p":
            self.paragraphs[-1] += data


def run(
    dataset: str, model: str, seed: int | None, converged: bool | None = None, **other: Any
) -> pd.DataFrame:
    """One row of the table ``runs``."""
    row = {name: [np.nan] for name in TABLES["runs"].names}
    keys = {"task": "binary", "norm": "-", "p": "-", "scale": "-"}
    row |= {name: [value] for name, value in {"dataset": dataset, "model": model, **keys, **other}.items()}
    frame = pd.DataFrame(row)
    return frame.assign(
        seed=pd.array([seed], dtype="Int64"), converged=pd.array([converged], dtype="boolean")
    )


def fusion(dataset: str, norm: str, seed: int, converged: bool, **other: Any) -> pd.DataFrame:
    cell = {"norm": norm, "p": "4/3", "scale": "1", **other}
    return run(dataset, "fusion", seed, converged, **cell)


@pytest.fixture
def planted() -> pd.DataFrame:
    parts = [
        fusion("XOR", "vbn", 0, True, accuracy_test=0.5),
        fusion("XOR", "vbn", 1, False, accuracy_test=0.75),
        fusion("XOR", "vbn", 1, True, accuracy_test=0.0, scale="3"),
        fusion("XOR", "ibn", 0, False, accuracy_test=0.9),
        fusion("XRel", "ibn", 0, True, accuracy_test=0.25),
        run("XOR", "constant", 0, accuracy_test=0.4),
        run("XOR", "constant", 1, accuracy_test=0.6),
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def real() -> pd.DataFrame:
    known = {"accuracy_test": 0.3, "acc2_zeros_positive_test": 0.7, "f1_weighted_test": 0.5}
    parts = [
        fusion("MOSIReal", "ibn", 0, True, mae_test=1.0, **known),
        fusion("MOSIReal", "ibn", 1, True, mae_test=1.5, **known),
        run("MOSIReal", "linear", None, mae_test=0.75, acc2_zeros_positive_test=0.75),
        fusion("MOSIBinary", "ibn", 0, False, **known),
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def facts() -> dict[str, Any]:
    return {
        "versions": {"mmfusion": "0.1.0", "torch": "2.13.0", "seaborn": None},
        "python": "3.11.9",
        "platform": "Linux",
        "processor": "Some <fast> & good one",
        "cores": 2,
        "config_digest": "0123456789ab",
        "commit": "f00d",
        "seeds": [4, 1, 7],
        "mosi": WITHOUT,
    }


@pytest.fixture
def toy() -> pd.DataFrame:
    return pd.DataFrame({"dataset": ["XRel"], "normalisation": ["IBN"], "1": ["<1e-3"], "2": ["-"]})


@pytest.fixture
def predictions() -> pd.DataFrame:
    row = {"name": "a", "dataset": "XRel", "norm": "ibn", "statement": "a|b", "measured": "m"}
    rows = [{**row, "threshold": "beta < 0.5", "holds": holds} for holds in (True, False, None)]
    return pd.DataFrame(rows).astype({"holds": "boolean"})


class TestScores:
    def test_of_planted_truth(self, planted: pd.DataFrame, real: pd.DataFrame) -> None:
        table = score_table(pd.concat([planted, real], ignore_index=True), sentiment=False)
        assert table.columns.to_list() == ["dataset", "model", "norm", "p", "runs", "converged", "accuracy"]
        assert table.to_numpy().tolist() == [
            ["XOR", "fusion", "vbn", "4/3", 2, "1", "0.625"],
            ["XOR", "fusion", "ibn", "4/3", 1, "0", "0.900"],
            ["XRel", "fusion", "ibn", "4/3", 1, "1", "0.250"],
            ["XOR", "constant", "-", "-", 2, "-", "0.500"],
        ]

    def test_of_sentiment(self, planted: pd.DataFrame, real: pd.DataFrame) -> None:
        table = score_table(pd.concat([planted, real], ignore_index=True), sentiment=True)
        rows = table.set_index(["dataset", "model"])
        assert len(rows) == 3
        assert rows.loc[("MOSIReal", "fusion"), "MAE"] == "1.250"
        assert rows.loc[("MOSIReal", "linear"), "Acc-2 (zeros positive)"] == "0.750"
        assert rows.loc[("MOSIReal", "fusion"), ["runs", "converged"]].to_list() == [2, "2"]

    def test_a_dash_where_nothing_applies(self, real: pd.DataFrame) -> None:
        rows = score_table(real, sentiment=True).set_index(["dataset", "model"])
        assert rows.loc[("MOSIReal", "linear"), "accuracy"] == "-"
        assert rows.loc[("MOSIReal", "linear"), "converged"] == "-"
        assert rows.loc[("MOSIBinary", "fusion"), "MAE"] == "-"
        assert (rows["Acc-7"] == "-").all()
        assert not rows.isna().any().any()

    def test_without_such_datasets(self, planted: pd.DataFrame, real: pd.DataFrame) -> None:
        assert score_table(planted, sentiment=True).empty
        assert score_table(real, sentiment=False).empty
        assert score_table(pd.DataFrame(columns=TABLES["runs"].names), sentiment=False).empty


class TestPage:
    def test_without_real_data(self, facts, planted, toy, predictions) -> None:
        shown = Page(overview_html(facts, planted, toy, predictions, [], NO_SUMMARY))
        assert shown.items[0] == WITHOUT
        assert shown.headings == ["The study", "Toy table", "Predictions", "Test scores, planted truth"]
        assert len(shown.tables) == 3
        assert shown.tables[0] == [toy.columns.to_list(), *toy.to_numpy().tolist()]
        assert [row[-1] for row in shown.tables[1]] == ["outcome", "holds", "fails", "reported"]
        assert shown.tables[2][1] == ["XOR", "fusion", "vbn", "4/3", "2", "1", "0.625"]

    def test_with_real_data(self, facts, planted, real, toy, predictions) -> None:
        runs = pd.concat([planted, real], ignore_index=True)
        notes = ["MOSIReal: 12 utterances <b>\nand 2 columns\n", "MOSIBinary: the same"]
        shown = Page(overview_html({**facts, "mosi": WITH}, runs, toy, predictions, notes, NO_SUMMARY))
        assert shown.items[0] == WITH
        assert shown.items[-2:] == notes
        assert shown.headings[-1] == "Test scores, CMU-MOSI"
        datasets = [{row[0] for row in table[1:]} for table in shown.tables[2:]]
        assert datasets == [{"XOR", "XRel"}, {"MOSIReal", "MOSIBinary"}]

    def test_facts(self, facts, planted, toy, predictions) -> None:
        items = Page(overview_html(facts, planted, toy, predictions, [], NO_SUMMARY)).items[1:]
        assert items == [
            "Seeds: 4, 1, 7.",
            "Configuration digest 0123456789ab, commit f00d.",
            "Python 3.11.9 on Some <fast> & good one, 2 cores.",
            "mmfusion 0.1.0, torch 2.13.0, seaborn not installed.",
        ]

    def test_outside_a_checkout(self, facts, planted, toy, predictions) -> None:
        items = Page(
            overview_html({**facts, "commit": None}, planted, toy, predictions, [], NO_SUMMARY)
        ).items
        assert "Configuration digest 0123456789ab, commit unknown (not a checkout)." in items

    def test_is_the_same_for_the_same_tables(self, facts, planted, toy, predictions) -> None:
        first, second = (
            overview_html(facts, planted.copy(), toy, predictions, [], NO_SUMMARY) for _ in range(2)
        )
        assert first == second


class TestMarkdown:
    def sections(self, text: str) -> dict[str, list[str]]:
        """Lines of every section by its heading."""
        parts = text.split("\n## ")
        return {part.split("\n", 1)[0]: part.strip().split("\n")[2:] for part in parts[1:]}

    def test_sections_and_tables(self, facts, planted, real, predictions) -> None:
        runs = pd.concat([planted, real], ignore_index=True)
        text = results_markdown(facts, "| toy |\n|---|\n| 1 |\n", predictions, runs)
        sections = self.sections(text)
        assert list(sections) == [
            "Toy table",
            "Predictions",
            "Test scores, planted truth",
            "Test scores, CMU-MOSI",
        ]
        assert sections["Toy table"] == ["| toy |", "|---|", "| 1 |"]
        header, rule, row = sections["Test scores, planted truth"][:3]
        assert re.fullmatch(r"\|(-+\|){7}", rule)
        assert [header, row] == [
            "| dataset | model | norm | p | runs | converged | accuracy |",
            "| XOR | fusion | vbn | 4/3 | 2 | 1 | 0.625 |",
        ]
        assert text.startswith("# Results of the study\n")
        assert text.endswith("|\n")

    def test_origin(self, facts, planted, predictions) -> None:
        before = date.today()
        text = results_markdown(facts, "", predictions, planted)
        assert any(f"Copied on {day.isoformat()} " in text for day in (before, date.today()))
        assert f"\n- {WITHOUT}\n- Seeds: 4, 1, 7.\n" in text
        assert "\n- Configuration digest 0123456789ab, commit f00d.\n" in text

    def test_bars_within_cells_are_no_columns(self, facts, planted, predictions) -> None:
        rows = self.sections(results_markdown(facts, "", predictions, planted))["Predictions"]
        assert rows[2] == "| XRel | ibn | a\\|b | beta < 0.5 | m | holds |"
        assert len(rows) == 5

    def test_says_where_a_table_is_empty(self, facts, planted, predictions) -> None:
        sections = self.sections(results_markdown(facts, "", predictions.iloc[:0], planted))
        assert sections["Test scores, CMU-MOSI"] == ["None in this study."]
        assert sections["Predictions"] == ["None in this study."]


def test_own_scores_are_those_of_the_tasks() -> None:
    regression = fusion("gait", "ibn", 0, True, task="regression", r2_test=0.25, mae_test=2.0, loss_test=0.75)
    constant = run("gait", "constant", None, task="regression", r2_test=-0.01, mae_test=2.5, loss_test=1.0)
    table = user_score_table(pd.concat([regression, constant], ignore_index=True))
    assert table.columns.to_list()[-3:] == ["R²", "MAE", "loss"]
    assert table.iloc[:, -3:].to_numpy().tolist() == [
        ["0.250", "2.000", "0.750"],
        ["-0.010", "2.500", "1.000"],
    ]
    both = pd.concat([regression, fusion("mine", "ibn", 0, True, accuracy_test=0.5, loss_test=0.5)])
    rows = user_score_table(both).set_index("dataset")[["accuracy", "R²", "MAE", "loss"]]
    assert rows.loc["gait"].to_list() == ["-", "0.250", "2.000", "0.750"]
    assert rows.loc["mine"].to_list() == ["0.500", "-", "-", "0.500"]


def test_the_scores_of_sentiment_are_the_published_ones(real: pd.DataFrame) -> None:
    columns = score_table(real.assign(r2_test=0.5), sentiment=True).columns
    assert not {"R²", "loss"} & set(columns)


def test_own_data_have_their_relevance_and_scores_on_the_page(facts, toy, predictions) -> None:
    runs = fusion("mine", "ibn", 0, True, accuracy_test=0.75, loss_test=0.5)
    keys = {"dataset": "mine", "norm": "ibn", "p": "1", "scale": "1"}
    measures = ("beta", "loss_rise", "covariance_share", "reducibility_within")
    summary = pd.DataFrame(
        [
            {**keys, "subset": subset, "measure": measure, "mean": place + 0.5, "low": 0.25, "high": np.nan}
            for subset in ("a", "a+b")
            for place, measure in enumerate(measures)
        ]
    )
    shown = Page(overview_html(facts, runs, toy.iloc[:0], predictions.iloc[:0], ["mine: 5 samples"], summary))
    assert shown.headings == ["The study", "Your own data: relevance", "Your own data: test scores"]
    assert "mine: 5 samples" in shown.items
    relevance, scores = shown.tables
    assert relevance[1][:5] == ["mine", "ibn", "1", "a", "0.500 [0.250, nan]"]
    assert relevance[2][3:6] == ["a+b", "0.500 [0.250, nan]", "1.500 [0.250, nan]"]
    assert scores[1][-2:] == ["0.750", "0.500"]
    assert user_relevance_table(NO_SUMMARY).empty


def test_the_answers_stand_before_the_relevance_and_link_to_their_files(
    facts, planted, toy, predictions
) -> None:
    texts = {"gait": "Task: regression.\nMore <b>\n\nNote: one\n", "mine": "Task: classification.\n"}
    runs = pd.concat([planted, fusion("mine", "ibn", 0, True, accuracy_test=0.75, loss_test=0.5)])
    arguments = (facts, runs, toy.iloc[:0], predictions.iloc[:0], [], NO_SUMMARY)
    shown = Page(overview_html(*arguments, texts))
    assert shown.headings[1:] == [
        "Test scores, planted truth",
        "Your own data: the answer",
        "gait",
        "mine",
        "Your own data: test scores",
    ]
    assert "Task: regression.\nMore <b>" in shown.paragraphs
    assert "Note: one" in shown.paragraphs
    files = {*(f"{name}.csv" for name in ANSWERED), "information.png", "information.pdf"}
    assert set(shown.links) == {f"answers/{name}/{file}" for name in texts for file in files}
    assert Page(overview_html(*arguments)).links == []
