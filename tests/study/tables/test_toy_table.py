import numpy as np
import pandas as pd
import pytest

from mmfusion.measures.intervals import bootstrap_interval
from mmfusion.study.names import TOY_DATASETS, joined
from mmfusion.study.tables.definitions import TABLES
from mmfusion.study.tables.toy_table import (
    LOST,
    SUBSETS,
    load_references,
    toy_table,
    toy_table_latex,
    toy_table_markdown,
    wide_toy_table,
)

POSTER = pd.DataFrame(
    [
        ("XRel", "ibn", "1", 0.99, "a_b & c"),
        ("XRel", "ibn", "2", 1e-6, "a_b & c"),
        ("XRel", "vbn", LOST, 1e-5, "a_b & c"),
    ],
    columns=["dataset", "norm", "subset", "value", "source"],
)


def rows(dataset: str, norm: str, subset: str, betas: list[float], p: str = "1", scale: str = "1"):
    keys = {"dataset": dataset, "norm": norm, "subset": subset, "p": p, "scale": scale}
    return [{**keys, "seed": seed, "beta": beta} for seed, beta in enumerate(betas)]


@pytest.fixture
def study() -> pd.DataFrame:
    return pd.DataFrame(
        [
            *rows("XOR", "ibn", "1+2", [1.0]),
            *rows("XRel", "ibn", "1+2", [0.004, 0.004]),
            *rows("XRel", "ibn", "1", [0.9, 1.0, np.nan]),
            *rows("XRel", "ibn", "2", [0.0, 1e-5]),
            *rows("XRel", "vbn", "1", [np.nan, np.nan]),
            *rows("XRel", "ibn", "1", [0.1], p="2"),
            *rows("XRel", "none", "1", [0.1], scale="3"),
            *rows("MOSIReal", "ibn", "text", [0.1]),
        ]
    )


def test_means_and_poster_by_hand(study):
    table = toy_table(study, POSTER)
    assert table.columns.tolist() == TABLES["toy_table"].names
    keys = list(table[["dataset", "norm", "subset"]].itertuples(index=False, name=None))
    assert keys == [
        ("XRel", "vbn", "1"),
        *(("XRel", "ibn", s) for s in ("1", "2", "1+2")),
        ("XOR", "ibn", "1+2"),
    ]
    assert table["n"].tolist() == [0, 2, 2, 2, 1]
    np.testing.assert_allclose(table["mean"], [np.nan, 0.95, 5e-6, 0.004, 1.0])
    np.testing.assert_allclose(table["poster"], [np.nan, 0.99, 1e-6, np.nan, np.nan])
    low, high = bootstrap_interval([0.9, 1.0])[1:]
    assert table.loc[1, ["low", "high"]].tolist() == [low, high]
    assert table.loc[4, ["low", "high"]].isna().all()


def test_wide_cells(study):
    wide = wide_toy_table(toy_table(study, POSTER), POSTER)
    assert wide.columns.tolist() == [
        "dataset",
        "normalisation",
        "source",
        "seeds",
        "1",
        "2",
        "3",
        "12",
        "13",
        "23",
        "123",
    ]
    assert wide.to_numpy().tolist() == [
        ["XRel", "VBN", "measured", "0", *"-------"],
        ["XRel", "VBN", "poster", "-", *"-------"],
        [
            "XRel",
            "IBN",
            "measured",
            "2",
            "0.95 [0.90, 1.00]",
            "<1e-3",
            "-",
            "0.004 [0.004, 0.004]",
            "-",
            "-",
            "-",
        ],
        ["XRel", "IBN", "poster", "-", "0.99", "1e-6", *"-----"],
        ["XOR", "IBN", "measured", "1", "-", "-", "-", "1.00", "-", "-", "-"],
    ]


def test_interval_is_shown_when_only_its_lower_part_is_small():
    wide = wide_toy_table(
        toy_table(pd.DataFrame(rows("XOR", "ibn", "1", [0.0, 0.0, 0.0, 0.002])), POSTER), POSTER
    )
    assert wide["1"].tolist() == ["<1e-3 [<1e-3, 0.002]"]


def test_markdown_has_a_line_per_row_and_says_what_is_lost(study):
    text = toy_table_markdown(toy_table(study, POSTER), POSTER)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 5
    assert {line.count("|") for line in lines} == {12}
    assert "| XRel | IBN | poster | - | 0.99 | 1e-6 | - | - | - | - | - |" in lines
    assert "- Poster, XRel, VBN: 1e-5 without readable column." in text
    assert "- Not on the poster: XOR." in text
    assert "- Poster: a_b & c." in text
    assert text.endswith("\n")


def test_latex_escapes_and_writes_powers(study):
    text = toy_table_latex(toy_table(study, POSTER), POSTER)
    assert r"Poster: a\_b \& c." in text
    assert r"95 \% bootstrap" in text
    assert r" & IBN & measured & 2 & 0.95 [0.90, 1.00] & $<10^{-3}$ & --" in text
    assert r" &  & poster & -- & 0.99 & $10^{-6}$ & -- & -- & -- & -- & -- \\" in text
    assert "VBN: $10^{-5}$ without readable column" in text
    assert "<1e" not in text
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")]
    lines = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert {line.count("&") for line in lines} == {10}
    assert body.count(r"\midrule") == 2
    for name in ("table*", "tabular"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") == 1


def test_latex_keeps_small_ends_of_intervals():
    text = toy_table_latex(
        toy_table(pd.DataFrame(rows("XOR", "ibn", "1", [0.0, 0.0, 0.0, 0.002])), POSTER), POSTER
    )
    assert "$<10^{-3}$ [$<10^{-3}$, 0.002]" in text


@pytest.mark.parametrize("table", [pd.DataFrame(), pd.DataFrame(rows("MOSIReal", "ibn", "text", [1.0]))])
def test_study_without_toy_runs(table):
    empty = toy_table(table, POSTER)
    assert empty.columns.tolist() == TABLES["toy_table"].names
    assert empty.empty
    assert wide_toy_table(empty, POSTER).empty
    for text in (toy_table_markdown(empty, POSTER), toy_table_latex(empty, POSTER)):
        assert f"The study has no runs of {joined(TOY_DATASETS)} at p = 1" in text


def test_one_cell_has_one_reference(study):
    with pytest.raises(pd.errors.MergeError, match="not unique in right"):
        toy_table(study, pd.concat([POSTER, POSTER.iloc[:1]]))


def test_references_are_complete_and_unique():
    references = load_references()
    assert references["value"].between(0, 1).all()
    assert set(references["subset"]) <= {*SUBSETS, LOST}
    assert references["source"].str.len().min() > 0
    known = references[references["subset"] != LOST]
    assert not known.duplicated(["dataset", "norm", "subset"]).any()
    sums = known.groupby(["dataset", "norm"])["value"].sum()  # relevance at p = 1 sums to one
    np.testing.assert_allclose(sums, 1.0, atol=0.011)


def test_references_of_the_package_name_their_source(study):
    references = load_references()
    assert "Ledent" in toy_table_markdown(toy_table(study, references), references)
