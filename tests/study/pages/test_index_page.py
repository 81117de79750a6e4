"""The page of a study: every part is there when it has content, with the numbers of the tables."""

from __future__ import annotations

import shutil
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmfusion.estimators.source_fit import TABLES as ANSWERED
from mmfusion.pages.picture import Picture, picture
from mmfusion.pages.rendering import TEMPLATES, templates_digest
from mmfusion.study.figures.figure_definitions import NOT_DRAWN
from mmfusion.study.pages.heat_map import heat_maps
from mmfusion.study.pages.index_page import (
    HEADS,
    WITHOUT_RUNS,
    AnswerText,
    TableFile,
    index_html,
    pictures_of,
    seconds_line,
    table_files,
)
from mmfusion.study.pages.overview import user_relevance_table
from mmfusion.study.pages.study_answer import study_answer
from mmfusion.study.tables.definitions import TABLES
from mmfusion.study.tables.toy_table import load_references, wide_toy_table

NO_SUMMARY = pd.DataFrame(columns=TABLES["summary"].names)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="100"><rect width="300" height="100"/></svg>'
)


@pytest.fixture
def toy() -> pd.DataFrame:
    """Two datasets under two normalisations: IBN is right in both, VBN in none."""
    rows = [
        ("XRel", "vbn", "1", 0.32, 0.30, 0.34, 1e-6),
        ("XRel", "vbn", "2", 0.0, 0.0, 0.0, np.nan),
        ("XRel", "vbn", "1+2", 0.68, 0.66, 0.70, 0.99),
        ("XRel", "ibn", "1", 1.0, 1.0, 1.0, 0.99),
        ("XRel", "ibn", "2", 0.0, 0.0, 0.0, np.nan),
        ("XRel", "ibn", "1+2", 0.0, 0.0, 0.0, np.nan),
        ("XOR", "vbn", "1+2", np.nan, np.nan, np.nan, np.nan),
        ("XOR", "ibn", "1+2", 0.96, 0.9, 1.0, np.nan),
    ]
    table = pd.DataFrame(rows, columns=["dataset", "norm", "subset", "mean", "low", "high", "poster"])
    return table.assign(n=10)


@pytest.fixture
def tables(planted: pd.DataFrame, toy: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """All tables that the page reads."""
    return {
        "runs": planted,
        "summary": NO_SUMMARY,
        "predictions": predictions,
        "toy_table": toy,
        "toy_table_wide": wide_toy_table(toy, load_references()),
        "seconds": pd.DataFrame({"stage": ["train", "data", "train"], "seconds": [2.0, 1.0, 3.4]}),
    }


@pytest.fixture
def drawn(tmp_path: Path) -> Picture:
    """A picture of a rectangle."""
    path = tmp_path / "planted_weight.svg"
    path.write_text(SVG, encoding="utf-8")
    return picture(path, "The <title>", "A caption.")


def test_every_section_has_its_entry_in_the_contents(
    facts: dict[str, Any], tables: dict[str, pd.DataFrame], parsed: Callable[[str], Any]
) -> None:
    text = index_html(facts, tables)
    shown = parsed(text)
    anchors = [link[1:] for link in shown.links if link.startswith("#")]
    assert anchors == ["content", "answer", "planted", "predictions", "scores", "beside", "limits", "origin"]
    assert all(f'id="{anchor}"' in text for anchor in anchors)
    assert [head for head in shown.headings if head in HEADS.values()] == [
        HEADS[name] for name in anchors[2:]
    ]


def test_the_tables_are_on_the_page(
    facts: dict[str, Any], tables: dict[str, pd.DataFrame], parsed: Callable[[str], Any]
) -> None:
    shown = parsed(index_html(facts, tables))
    wide = tables["toy_table_wide"]
    assert [wide.columns.to_list(), *wide.astype(str).to_numpy().tolist()] in shown.tables
    outcomes = next(table for table in shown.tables if table[0][-1] == "outcome")
    assert [row[-1] for row in outcomes] == ["outcome", "holds", "fails", "reported"]
    scores = next(table for table in shown.tables if table[0][-1] == "accuracy")
    assert scores[1] == ["XOR", "fusion", "vbn", "4/3", "2", "1", "0.625"]


def test_the_heat_map_has_every_number(
    facts: dict[str, Any], tables: dict[str, pd.DataFrame], parsed: Callable[[str], Any]
) -> None:
    shown = parsed(index_html(facts, tables))
    assert len(shown.cells) == 8
    assert "VBN, {1,2}: mean 0.680 over 10 seeds, 95 % interval 0.660 to 0.700; poster 0.99" in shown.cells
    assert "VBN, {1,2}: not defined" in shown.cells
    xrel, xor = heat_maps(tables["toy_table"])
    assert (xrel.planted, xor.planted) == ("{1}", "{1,2}")
    assert [[cell.planted for cell in cells] for _, cells in xrel.rows] == [[True, False, False]] * 2
    assert [cell.poster for cell in xrel.rows[0][1]] == [1e-6, None, 0.99]


def test_a_changed_number_changes_the_page(facts: dict[str, Any], tables: dict[str, pd.DataFrame]) -> None:
    text = index_html(facts, tables)
    assert text == index_html(facts, tables)
    wrong = tables["toy_table"].replace({"mean": {0.68: 0.58}})
    other = index_html(facts, {**tables, "toy_table": wrong})
    assert "mean 0.680" in text
    assert "mean 0.680" not in other


def test_the_answer_counts_where_a_normalisation_is_right(toy: pd.DataFrame) -> None:
    assert study_answer(toy) == [
        "VBN: the planted subset has at least 95 % of the relevance in 0 of 2 datasets ({1} of XRel has 0.32 "
        "and {1,2} of XOR has no defined relevance).",
        "IBN: the planted subset has at least 95 % of the relevance in 2 of 2 datasets.",
    ]
    assert study_answer(toy.iloc[:0]) == []


def test_facts(facts: dict[str, Any], tables: dict[str, pd.DataFrame], parsed: Callable[[str], Any]) -> None:
    items = parsed(index_html(facts, tables)).items
    assert [
        item for item in items if item.startswith(("CMU", "Seeds:", "Config", "Python", "mmf", "Sec"))
    ] == [
        facts["mosi"],
        "Seeds: 4, 1, 7.",
        "Configuration digest 0123456789ab, commit f00d.",
        "Python 3.11.9 on Some <fast> & good one, 2 cores.",
        "mmfusion 0.1.0, torch 2.13.0, seaborn not installed.",
        "Seconds, summed over all runs: train 5, data 1.",
    ]
    assert seconds_line(tables["seconds"]) in items
    items = parsed(index_html({**facts, "commit": None}, tables)).items
    assert "Configuration digest 0123456789ab, commit unknown (not a checkout)." in items


def test_pictures_and_files(
    facts: dict[str, Any], tables: dict[str, pd.DataFrame], drawn: Picture, parsed: Callable[[str], Any]
) -> None:
    other = replace(drawn, stem="figure1", title="Figure 1: other")
    files = [TableFile("runs", 7, "ab12")]
    text = index_html(facts, tables, [drawn, other], files)
    shown = parsed(text)
    assert [image["alt"] for image in shown.images] == [
        "The <title>. A caption.",
        "Figure 1: other. A caption.",
    ]
    assert b64decode(shown.images[0]["src"].partition("base64,")[2]).decode() == SVG
    assert shown.headings.index("Figures") + 1 == shown.headings.index("Figure 1: other")
    assert {"tables/runs.csv", "tables/runs.parquet", "columns.md"} <= set(shown.links)
    assert shown.tables[-1][1][:2] == ["runs", "7"]
    assert "<code>ab12</code>" in text


def test_files_are_counted_and_digested(tmp_path: Path) -> None:
    path = tmp_path / "runs.parquet"
    pd.DataFrame({"a": [1, 2, 3]}).to_parquet(path)
    (first,) = table_files([str(path)])
    assert (first.name, first.rows, len(first.digest)) == ("runs", 3, 64)
    pd.DataFrame({"a": [1, 2, 4]}).to_parquet(path)
    assert table_files([str(path)])[0].digest != first.digest


def test_real_data_have_their_scores(
    facts: dict[str, Any],
    tables: dict[str, pd.DataFrame],
    planted: pd.DataFrame,
    real: pd.DataFrame,
    parsed: Callable[[str], Any],
) -> None:
    runs = pd.concat([planted, real], ignore_index=True)
    shown = parsed(index_html(facts, {**tables, "runs": runs}))
    assert HEADS["mosi"] in shown.headings
    scores = [table for table in shown.tables if "converged" in table[0]]
    assert [{row[0] for row in table[1:]} for table in scores] == [
        {"XOR", "XRel"},
        {"MOSIReal", "MOSIBinary"},
    ]


@pytest.fixture
def own(tables: dict[str, pd.DataFrame], fusion_run: Callable[..., pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables of a study of the user's own data alone."""
    runs = fusion_run("mine", "ibn", 0, True, accuracy_test=0.75, loss_test=0.5)
    keys = {"dataset": "mine", "norm": "ibn", "p": "1", "scale": "1"}
    measures = ("beta", "loss_rise", "covariance_share", "reducibility_within")
    summary = pd.DataFrame(
        [
            {**keys, "subset": subset, "measure": measure, "mean": place + 0.5, "low": 0.25, "high": np.nan}
            for subset in ("a", "a+b")
            for place, measure in enumerate(measures)
        ]
    )
    empty = {name: tables[name].iloc[:0] for name in ("predictions", "toy_table", "toy_table_wide")}
    return {**tables, **empty, "runs": runs, "summary": summary}


def test_own_data_come_first(
    facts: dict[str, Any], own: dict[str, pd.DataFrame], drawn: Picture, parsed: Callable[[str], Any]
) -> None:
    texts = {"gait": "Task: regression.\nMore <b>\n\nNote: one\n", "mine": "Task: classification.\n"}
    answers = [AnswerText(name, text, drawn) for name, text in texts.items()]
    shown = parsed(index_html(facts, own, notes=["mine: 5 samples\n\nNote <two>"], answers=answers))
    assert shown.headings[:2] == ["Which modalities carry the prediction?", HEADS["own"]]
    assert not {HEADS[name] for name in ("planted", "predictions", "scores", "mosi")} & set(shown.headings)
    assert {"mine: 5 samples", "Note <two>"} <= set(shown.items)
    assert {"Task: regression.\nMore <b>", "Note: one"} <= set(shown.paragraphs)
    files = {*(f"{name}.csv" for name in ANSWERED), "information.png", "information.pdf"}
    links = {link for link in shown.links if link.startswith("answers/")}
    assert links == {f"answers/{name}/{file}" for name in texts for file in files}
    assert len(shown.images) == 2
    relevance = next(table for table in shown.tables if table[0][3] == "subset")
    assert relevance[1][:5] == ["mine", "ibn", "1", "a", "0.500 [0.250, nan]"]
    assert relevance[2][3:6] == ["a+b", "0.500 [0.250, nan]", "1.500 [0.250, nan]"]
    scores = next(table for table in shown.tables if "converged" in table[0])
    assert scores[1][-2:] == ["0.750", "0.500"]
    assert user_relevance_table(NO_SUMMARY).empty


def test_a_changed_template_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = templates_digest()
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    monkeypatch.setattr("mmfusion.pages.rendering.TEMPLATES", tmp_path / "templates")
    assert templates_digest() == before
    with (tmp_path / "templates/style.css").open("a") as file:
        file.write("p { margin: 0 }\n")
    assert templates_digest() != before


def test_a_figure_without_runs_says_so(tmp_path: Path) -> None:
    texts = dict.fromkeys(("full", "empty"), ("A title", "Mean over 2 seeds."))
    (tmp_path / "full.svg").write_text(SVG, "utf-8")
    (tmp_path / "empty.svg").write_text(SVG.replace("<rect", f"<!-- {NOT_DRAWN}no row --><rect"), "utf-8")
    pictures = pictures_of([str(tmp_path / f"{stem}.svg") for stem in texts], texts)
    assert [one.caption for one in pictures] == ["Mean over 2 seeds.", WITHOUT_RUNS]


@pytest.mark.parametrize("width", [360, 1280])
def test_in_a_browser(
    facts: dict[str, Any],
    tables: dict[str, pd.DataFrame],
    drawn: Picture,
    tmp_path: Path,
    width: int,
    seen_in_browser: Callable[[Path, int], dict[str, Any]],
) -> None:
    subsets = ("1", "2", "3", "1+2", "1+3", "2+3", "1+2+3")  # too many for a phone
    row = {"dataset": "Parity", "norm": "ibn", "mean": 0.14, "low": 0.1, "high": 0.2, "n": 10}
    wide = pd.DataFrame([{**row, "subset": subset} for subset in subsets])
    tables["toy_table"] = pd.concat([tables["toy_table"], wide.assign(poster=np.nan)], ignore_index=True)
    figures = [drawn, replace(drawn, stem="figure1")]  # 300 pixels
    text = index_html(facts, tables, figures, [TableFile("runs", 7, "ab" * 32)], ["mine: 5 samples"])
    page = tmp_path / "page.html"
    page.write_text(text, "utf-8")
    assert seen_in_browser(page, width) == {
        "errors": [],
        "pictures": 2,
        "pictures without size": 0,
        "wider by": 0,
        "dead anchors": [],
        "barriers": [],
    }
