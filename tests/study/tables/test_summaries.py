"""Tables over seeds, the words for outcomes, and pages that a browser reads."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import product

import numpy as np
import pandas as pd
import pytest

from mmfusion.measures.catalogue import MEASURES as CATALOGUE
from mmfusion.study.pages.overview import html_page, outcome_table, predictions_html
from mmfusion.study.tables.definitions import TABLES, check_table
from mmfusion.study.tables.summaries import scale_study_table, summary_table

MEASURES = [measure.name for measure in CATALOGUE]
VOID = {"meta", "br", "hr", "img", "link"}
Key = tuple[str, str, str, str]


class Page(HTMLParser):
    """Texts of cells, list items and titles of a page; every tag must be closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data


def table(*cells: Key, seeds: int = 4) -> pd.DataFrame:
    """Rows of ``subsets`` with random measures: cells (dataset, norm, p, scale) x seeds x two subsets."""
    rng = np.random.default_rng(0)
    rows = [
        {
            **dict(zip(("dataset", "norm", "p", "scale"), cell, strict=True)),
            "seed": seed,
            "subset": subset,
            "order": 1 + subset.count("+"),
            **{name: rng.normal() for name in (*MEASURES, "p_value", "p_adjusted")},
            "named": seed > 0 and subset == "2",
        }
        for cell, seed, subset in product(cells, range(seeds), ("2", "1+2"))
    ]
    return pd.DataFrame(rows, columns=TABLES["subsets"].names)


def predictions(**changes: str) -> pd.DataFrame:
    row = {"name": "a", "dataset": "XRel", "norm": "ibn", "statement": "s", "measured": "m", "threshold": "t"}
    rows = [{**row, "holds": holds, **changes} for holds in (True, False, None)]
    return pd.DataFrame(rows).astype({"holds": "boolean"})


class TestSummary:
    def test_fits_its_definition(self) -> None:
        result = summary_table(table(("XRel", "ibn", "1", "1")), resamples=50, seed=0)
        check_table("summary", result)
        assert result.columns.to_list() == TABLES["summary"].names
        assert result["measure"].to_list() == 2 * [*MEASURES, "named"]

    def test_summarises_all_measures_of_the_table(self) -> None:
        keys = ["dataset", "norm", "p", "scale", "seed", "subset", "order"]
        tests = ["p_value", "p_adjusted", "named"]
        assert TABLES["subsets"].names == [*keys, *MEASURES, *tests]

    def test_share_of_the_runs_that_name_a_subset(self) -> None:
        result = summary_table(table(("XRel", "ibn", "1", "1")), resamples=50, seed=0)
        named = result[result["measure"] == "named"].set_index("subset")
        assert named["mean"].to_dict() == {"2": 0.75, "1+2": 0.0}
        assert 0 <= named.loc["2", "low"] < 0.75 < named.loc["2", "high"] <= 1
        assert named["n"].to_list() == [4, 4]

    def test_mean_and_interval_are_over_the_seeds_of_a_cell(self) -> None:
        cells = [("XRel", "ibn", "1", "1"), ("XRel", "ibn", "1", "3"), ("XRel", "ibn", "4/3", "1")]
        given = table(*cells)
        result = summary_table(given, resamples=50, seed=0)
        assert len(result) == 3 * 2 * (len(MEASURES) + 1)
        rows = given[(given["p"] == "1") & (given["scale"] == "3") & (given["subset"] == "1+2")]
        keys = ["p", "scale", "subset", "measure"]
        found = result.set_index(keys).loc[("1", "3", "1+2", "loss_rise")]
        assert found["mean"] == pytest.approx(rows["loss_rise"].mean())
        assert found["n"] == 4
        assert (
            rows["loss_rise"].min() <= found["low"] < found["mean"] < found["high"] <= rows["loss_rise"].max()
        )

    def test_missing_values_are_not_counted(self) -> None:
        given = table(("XRel", "ibn", "1", "1"))
        given.loc[given["seed"] > 1, "reducibility_single"] = np.nan
        result = summary_table(given, resamples=50, seed=0).set_index("measure")
        assert set(result.loc["reducibility_single", "n"]) == {2}
        assert set(result.loc["beta", "n"]) == {4}

    def test_is_reproducible(self) -> None:
        given = table(("XRel", "ibn", "1", "1"))
        first, second, other = (summary_table(given, resamples=50, seed=seed) for seed in (1, 1, 2))
        pd.testing.assert_frame_equal(first, second, check_exact=True)
        assert not first["low"].equals(other["low"])
        assert first["mean"].equals(other["mean"])


class TestScaleStudy:
    def test_has_datasets_with_several_scales_only(self) -> None:
        cells = [
            ("XRel", "none", "1", "1/3"),
            ("XRel", "none", "1", "1"),
            ("XRel", "none", "4/3", "1"),
            ("XOR", "none", "1", "1"),
            ("XOR", "none", "4/3", "3"),
            ("Parity", "ibn", "1", "1"),
            ("Parity", "ibn", "1", "3"),
        ]
        result = scale_study_table(table(*cells), resamples=50, seed=0)
        check_table("scale_study", result)
        assert result.columns.to_list() == TABLES["scale_study"].names
        assert set(zip(result["dataset"], result["norm"], result["p"], strict=True)) == {
            ("XRel", "none", "1")
        }
        assert list(zip(result["scale"], result["subset"], strict=True)) == [
            ("1/3", "2"),
            ("1/3", "1+2"),
            ("1", "2"),
            ("1", "1+2"),
        ]

    def test_numbers_are_of_beta(self) -> None:
        given = table(("XRel", "none", "1", "1"), ("XRel", "none", "1", "3"))
        result = scale_study_table(given, resamples=50, seed=0).set_index(["scale", "subset"])
        for key, rows in given.groupby(["scale", "subset"]):
            assert result.loc[key, "mean"] == pytest.approx(rows["beta"].mean())
            assert result.loc[key, "n"] == 4

    @pytest.mark.parametrize("cells", [[("XRel", "none", "1", "1")], []])
    def test_may_be_empty(self, cells: list[Key]) -> None:
        result = scale_study_table(table(*cells), resamples=50, seed=0)
        check_table("scale_study", result)
        assert result.empty


class TestOutcome:
    def test_words(self) -> None:
        result = outcome_table(predictions())
        assert result["outcome"].to_list() == ["holds", "fails", "reported"]
        assert "holds" not in result.columns
        assert outcome_table(predictions().iloc[[2]])["outcome"].to_list() == ["reported"]
        assert outcome_table(predictions().iloc[:0]).empty

    def test_words_survive_a_file(self, tmp_path) -> None:
        predictions().to_parquet(tmp_path / "predictions.parquet")
        result = outcome_table(pd.read_parquet(tmp_path / "predictions.parquet"))
        assert result["outcome"].to_list() == ["holds", "fails", "reported"]


class TestPages:
    def test_predictions_stand_whole_in_a_page(self) -> None:
        long = "beta " + ", ".join(f"p = {number}: 0.{number}" for number in range(100))
        shown = Page(predictions_html(predictions(measured=long)))
        assert shown.texts["h1"] == shown.texts["title"] == ["Predictions and what was measured"]
        assert shown.texts["th"] == ["dataset", "norm", "statement", "threshold", "measured", "outcome"]
        assert shown.texts["td"][4::6] == 3 * [long]
        assert shown.texts["td"][5::6] == ["holds", "fails", "reported"]

    def test_all_rows_are_shown(self) -> None:
        shown = Page(predictions_html(pd.concat(40 * [predictions()])))
        assert len(shown.texts["td"]) == 120 * 6

    def test_signs_of_html_are_text(self) -> None:
        text = predictions_html(predictions(threshold="beta < 0.5 & <b>p > 1</b>"))
        assert "<b>" not in text
        assert Page(text).texts["td"][3] == "beta < 0.5 & <b>p > 1</b>"

    def test_title_is_text_and_body_is_not(self) -> None:
        shown = Page(html_page("p < 2 & <i>more</i>", "<p>body</p>"))
        assert shown.texts["title"] == shown.texts["h1"] == ["p < 2 & <i>more</i>"]
        assert shown.texts["p"] == ["body"]

    def test_needs_no_other_file(self) -> None:
        text = predictions_html(predictions())
        assert text.startswith("<!DOCTYPE html>")
        assert not any(word in text for word in ("http", "src=", "<script", "@import", "url("))
