"""The dictionary of columns: complete, consistent, readable, and enforced."""

import numpy as np
import pandas as pd
import pytest

from mmfusion.measures.heldout import heldout_relevance
from mmfusion.measures.intervals import summarise
from mmfusion.measures.reducibility import reducibility
from mmfusion.study.tables.definitions import TABLES, check_table, columns_page

EXAMPLES = {
    "text": pd.Series(["a", "b"]),
    "integer": pd.Series([1, None], dtype="Int64"),
    "number": pd.Series([0.5, np.nan]),
    "boolean": pd.Series([True, None], dtype="boolean"),
}


def example(name):
    return pd.DataFrame({column.name: EXAMPLES[column.kind] for column in TABLES[name].columns})


@pytest.mark.parametrize("name", TABLES)
def test_definitions_are_complete(name):
    table = TABLES[name]
    assert table.name == name
    assert table.rows
    assert len(set(table.names)) == len(table.names)
    for column in table.columns:
        assert column.kind in EXAMPLES
        assert column.range
        assert column.meaning
        assert "|" not in "".join(column)


def test_tables_of_fusion_runs_share_their_keys():
    keys = ["dataset", "norm", "p", "scale", "seed"]
    of_coalitions = ("information", "modality_information", "synergy")
    of_runs = ("subsets", "history", "eigen", "eigen_spectrum", "eigen_projections", "seconds")
    for name in (*of_runs, *of_coalitions):
        assert TABLES[name].names[:5] == keys
    assert set(keys) < set(TABLES["runs"].names)


def test_a_name_has_one_kind_everywhere():
    kinds = {(column.name, column.kind) for table in TABLES.values() for column in table.columns}
    assert len(kinds) == len({name for name, _ in kinds})


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_files_pass(name, suffix, tmp_path):
    table, path = example(name), tmp_path / f"table.{suffix}"
    check_table(name, table)
    if suffix == "parquet":
        table.to_parquet(path, index=False)
        check_table(name, pd.read_parquet(path))
    else:
        table.to_csv(path, index=False)
        assert pd.read_csv(path).columns.tolist() == TABLES[name].names


@pytest.mark.parametrize("name", TABLES)
def test_empty_tables_pass(name):
    check_table(name, pd.DataFrame(columns=TABLES[name].names))


def test_missing_and_extra_columns_are_listed():
    table = example("summary").drop(columns=["low", "p"]).assign(median=1.0, q=2.0)
    with pytest.raises(
        ValueError, match=r"^table summary: missing columns p, low; extra columns median, q\.$"
    ):
        check_table("summary", table)


def test_columns_given_twice_are_listed():
    table = example("seconds")
    with pytest.raises(ValueError, match="columns given twice stage"):
        check_table("seconds", pd.concat([table, table[["stage"]]], axis=1))


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("seed", [0.0, np.nan], r"seed \(float64, expected integer\)"),
        ("p", [1.0, 2.0], r"p \(float64, expected text\)"),
        ("converged", [1.0, 0.0], r"converged \(float64, expected boolean\)"),
        ("loss_test", ["0.5", "-"], "loss_test .*expected number"),
    ],
)
def test_other_kinds_are_listed(column, values, message):
    with pytest.raises(ValueError, match=message):
        check_table("runs", example("runs").assign(**{column: values}))


def test_analysis_gives_columns_of_the_dictionary():
    parts = {("1",): np.arange(8.0)[:, None], ("1", "2"): np.ones((8, 1))}
    features = {"1": np.arange(8.0)[:, None], "2": np.ones((8, 1))}
    means = {subset: np.zeros(1) for subset in parts}
    shares = heldout_relevance(parts, np.zeros(1), means, np.arange(8) % 2, "binary")
    names = TABLES["subsets"].names
    assert set(shares.columns) <= set(names)
    assert set(reducibility(parts, features, 0).columns) <= set(names)
    keys = TABLES["summary"].names[:5]
    table = shares.assign(dataset="XOR", norm="ibn", p="1", scale="1")
    check_table("summary", summarise(table, keys, ["loss_rise", "covariance_share"]))


def test_page_lists_every_column_of_every_table():
    page = columns_page()
    assert page == columns_page()
    assert page.endswith("|\n")
    sections = page.split("\n## ")
    assert sections[0].startswith("# Columns of the tables\n")
    for section, (name, table) in zip(sections[1:], TABLES.items(), strict=True):
        lines = section.splitlines()
        rows = [line for line in lines if line.startswith("| `")]
        assert lines[0] == name
        assert [row.split("`")[1] for row in rows] == table.names
        assert {row.count("|") for row in rows} == {5}
