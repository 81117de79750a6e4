"""Scores and outcomes as text, and the Markdown page of results."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pandas as pd

from mmfusion.study.pages.overview import results_markdown, score_table, user_score_table
from mmfusion.study.tables.definitions import TABLES

Run = Callable[..., pd.DataFrame]


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
        assert f"\n- {facts['mosi']}\n- Seeds: 4, 1, 7.\n" in text
        assert "\n- Configuration digest 0123456789ab, commit f00d.\n" in text

    def test_bars_within_cells_are_no_columns(self, facts, planted, predictions) -> None:
        rows = self.sections(results_markdown(facts, "", predictions, planted))["Predictions"]
        assert rows[2] == "| XRel | ibn | a\\|b | beta < 0.5 | m | holds |"
        assert len(rows) == 5

    def test_says_where_a_table_is_empty(self, facts, planted, predictions) -> None:
        sections = self.sections(results_markdown(facts, "", predictions.iloc[:0], planted))
        assert sections["Test scores, CMU-MOSI"] == ["None in this study."]
        assert sections["Predictions"] == ["None in this study."]


def test_own_scores_are_those_of_the_tasks(fusion_run: Run, any_run: Run) -> None:
    regression = fusion_run(
        "gait", "ibn", 0, True, task="regression", r2_test=0.25, mae_test=2.0, loss_test=0.75
    )
    constant = any_run(
        "gait", "constant", None, task="regression", r2_test=-0.01, mae_test=2.5, loss_test=1.0
    )
    table = user_score_table(pd.concat([regression, constant], ignore_index=True))
    assert table.columns.to_list()[-3:] == ["R²", "MAE", "loss"]
    assert table.iloc[:, -3:].to_numpy().tolist() == [
        ["0.250", "2.000", "0.750"],
        ["-0.010", "2.500", "1.000"],
    ]
    both = pd.concat([regression, fusion_run("mine", "ibn", 0, True, accuracy_test=0.5, loss_test=0.5)])
    rows = user_score_table(both).set_index("dataset")[["accuracy", "R²", "MAE", "loss"]]
    assert rows.loc["gait"].to_list() == ["-", "0.250", "2.000", "0.750"]
    assert rows.loc["mine"].to_list() == ["0.500", "-", "-", "0.500"]


def test_the_scores_of_sentiment_are_the_published_ones(real: pd.DataFrame) -> None:
    columns = score_table(real.assign(r2_test=0.5), sentiment=True).columns
    assert not {"R²", "loss"} & set(columns)
