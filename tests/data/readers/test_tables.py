"""Tables: columns in their roles, numbers as they are, and sentences that name the cell."""

from __future__ import annotations

import decimal
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmfusion.data.readers import read_source
from mmfusion.data.readers.finish import Treatment
from mmfusion.errors import DataError

LARGEST = float(np.finfo(np.float32).max)
"""Larger numbers are refused."""
MODALITIES = {"text": "text_*", "audio": ["pitch", "energy"]}


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "name": [f"00{row}" for row in range(6)],
            "text_1": rng.normal(size=6),
            "text_2": rng.normal(size=6),
            "pitch": rng.normal(size=6),
            "energy": np.arange(6),
            "mood": ["good", "bad", "none", "good", "bad", "good"],
            "score": rng.normal(size=6),
            "video": ["07", "07", "7", "7", "8", "8"],
        }
    )


def write(folder: Path, table: pd.DataFrame, suffix: str = ".csv") -> Path:
    path = folder / f"table{suffix}"
    if suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path, index=False)
    return path


def error_of(path: Path, target: Any = "mood", modalities: Any = MODALITIES, **roles: Any) -> str:
    with pytest.raises(DataError) as caught:
        read_source(path, target, modalities, **roles)
    text = str(caught.value)
    assert text.startswith((str(path), "files"))
    assert "\n" not in text
    return text


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_roles(tmp_path: Path, suffix: str) -> None:
    table = frame()
    source = read_source(write(tmp_path, table, suffix), "mood", MODALITIES, groups="video", ids="name")
    assert source.modalities == ("text", "audio")
    np.testing.assert_array_equal(source.arrays["text"], table[["text_1", "text_2"]])
    np.testing.assert_array_equal(source.arrays["audio"], table[["pitch", "energy"]])
    assert source.target.tolist() == table["mood"].tolist()
    assert source.ids == tuple(table["name"])
    assert source.groups is not None
    assert source.groups.tolist() == table["video"].tolist()  # "07" is not 7
    assert (source.lengths, source.splits, len(source)) == ({}, {}, 6)


def test_several_numeric_targets(tmp_path: Path) -> None:
    table = frame()
    source = read_source(write(tmp_path, table), ["score", "energy"], {"text": "text_*"})
    np.testing.assert_array_equal(source.target, table[["score", "energy"]])
    assert "'mood' is text, expected numbers" in error_of(write(tmp_path, table), ["score", "mood"])


def test_float32_columns_of_parquet_stay_float32(tmp_path: Path) -> None:
    table = frame().astype({"text_1": np.float32, "text_2": np.float32})
    source = read_source(write(tmp_path, table, ".parquet"), "mood", MODALITIES)
    assert [source.arrays[name].dtype for name in ("text", "audio")] == [np.float32, np.float64]


def test_column_names_with_dots_are_no_paths(tmp_path: Path) -> None:
    table = pd.DataFrame({"audio": [1.0, 2.0], "audio.mean": [3.0, 4.0], "y": [0, 1]})
    source = read_source(write(tmp_path, table, ".parquet"), "y", {"a": ["audio"]})
    np.testing.assert_array_equal(source.arrays["a"], [[1.0], [2.0]])


@pytest.mark.parametrize("modalities", [None, {}, ["text"]])
def test_modalities_are_not_guessed(tmp_path: Path, modalities: Any) -> None:
    text = error_of(write(tmp_path, frame()), modalities=modalities)
    assert "not guessed" in text
    assert "as a list of names or one pattern such as 'audio_*'" in text
    assert "name, text_1, text_2, pitch" in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"target": "modd"}, "there is no column 'modd'; did you mean 'mood'?"),
        ({"groups": "vidio"}, "there is no column 'vidio'; did you mean 'video'?"),
        (
            {"modalities": {"a": ["pich"]}},
            "modalities['a']: there is no column 'pich'; did you mean 'pitch'?",
        ),
        ({"modalities": {"a": "pitc"}}, "did you mean 'pitch'?"),
        ({"modalities": {"a": "visual_*"}}, "no column fits the pattern 'visual_*'"),
        ({"modalities": {"a": []}}, "there are no columns"),
        ({"modalities": {"a+b": ["pitch"]}}, "'a+b' cannot name a modality"),
        ({"modalities": {"a": ["pitch", "mood"]}}, "'mood' is in the target and in modality 'a'"),
        ({"modalities": {"a": "*"}}, "as it would leak"),
        ({"groups": "pitch"}, "'pitch' is in groups and in modality 'audio'"),
        ({"ids": "mood"}, "'mood' is in the target and in ids"),
        (
            {"modalities": {"a": ["pitch"], "b": ["energy", "pitch"]}},
            "'pitch' is in modality 'a' and in modality 'b'",
        ),
    ],
)
def test_wrong_columns(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    assert sentence in error_of(write(tmp_path, frame()), **change)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_text_among_numbers_names_the_cell(tmp_path: Path, suffix: str) -> None:
    table = frame().astype({"pitch": object, "energy": object})
    table.loc[4, "energy"] = "1_000"
    table["energy"] = table["energy"].astype(str)
    if suffix == ".csv":
        table.loc[2, "pitch"] = "loud"
        assert (
            "modality 'audio', row 2 (counted from 0), column 'pitch': the value is 'loud', expected a number"
            in error_of(write(tmp_path, table))
        )
        table.loc[2, "pitch"] = 0.5
        assert "row 4 (counted from 0), column 'energy': the value is '1_000'" in error_of(
            write(tmp_path, table)
        )
    else:
        table["pitch"] = table["pitch"].astype(float)
        assert "row 4 (counted from 0), column 'energy': the value is '1_000', expected a number" in error_of(
            write(tmp_path, table, suffix)
        )


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("row", [0, 3, 5])
def test_one_text_among_numbers_names_its_row(tmp_path: Path, suffix: str, row: int) -> None:
    table = frame()
    table["pitch"] = table["pitch"].astype(str)
    table.loc[row, "pitch"] = "n/a"
    table.loc[(row + 1) % 6, "pitch"] = None
    text = error_of(write(tmp_path, table, suffix))
    assert f"row {row} (counted from 0), column 'pitch': the value is 'n/a', expected a number" in text


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_column_of_text_is_told_as_a_whole(tmp_path: Path, suffix: str) -> None:
    text = error_of(write(tmp_path, frame(), suffix), "score", {"a": ["pitch", "mood"]})
    assert "modality 'a', column 'mood': it holds text (its first value is 'good' in row 0" in text
    assert "take it out, replace it by numbers" in text
    treatment = Treatment(("mood",))
    text = error_of(write(tmp_path, frame(), suffix), "score", {"b": ["mood"]}, treatment=treatment)
    assert "symbols: there is no modality 'mood'" in text


def test_numbers_as_text_and_dates_of_parquet(tmp_path: Path) -> None:
    table = frame().assign(pitch="0.5", energy=pd.Timestamp("2020-01-01"))
    path = write(tmp_path, table, ".parquet")
    assert read_source(path, "mood", {"a": ["pitch"]}).arrays["a"].tolist() == [[0.5]] * 6
    text = error_of(path, modalities={"a": ["energy"]})
    assert "column 'energy': the values are datetime64" in text
    assert "dates for instance to days since the first one" in text


def test_infinity_and_nan_name_row_column_and_count(tmp_path: Path) -> None:
    table = frame()
    table.loc[3, "text_2"] = np.inf
    table.loc[5, "text_1"] = np.nan
    text = error_of(write(tmp_path, table))
    assert "modality 'text', row 3 (counted from 0), column 'text_2': the value is inf" in text
    assert "(NaN or infinity in 2 places)" in text


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_row_without_any_number_is_a_missing_modality(tmp_path: Path, suffix: str) -> None:
    table = frame()
    table.loc[1, ["text_1", "text_2"]] = np.nan
    source = read_source(write(tmp_path, table, suffix), "mood", MODALITIES)
    assert np.isnan(source.arrays["text"]).all(axis=1).tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("column", ["score", "mood"])
def test_missing_target_names_the_row(tmp_path: Path, suffix: str, column: str) -> None:
    table = frame()
    table.loc[[2, 4], column] = np.nan if column == "score" else None
    text = error_of(write(tmp_path, table, suffix), column)
    assert f"the target {column!r}, row 2 (counted from 0): the value is missing" in text
    assert "(in 2 rows altogether), expected one for each sample" in text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (["yes"] * 6, "has only one class ('yes' in all 6 samples)"),
        ([1] * 6, "has only one class (1 in all 6 samples)"),
        ([1.5] * 6, "is constant (1.5 in all 6 samples)"),
    ],
)
def test_target_that_does_not_vary(tmp_path: Path, values: list[Any], sentence: str) -> None:
    assert sentence in error_of(write(tmp_path, frame().assign(mood=values)))


def test_constant_output_among_several(tmp_path: Path) -> None:
    table = frame().assign(flat=2.0)
    assert "output 1, is constant (2.0 in all 6" in error_of(write(tmp_path, table), ["score", "flat"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("pitch,pitch,mood\n1,2,a\n", "the column name 'pitch' occurs 2 times"),
        ("pitch;mood\n1;a\n", "separated by ';', expected ','"),
        ("pitch,mood\n1,a\n2,b,3\n", "not a readable .csv"),
        ("pitch,mood\n1,a,9\n2,b,9\n", "not a readable .csv"),
        ("pitch,mood\n1,a\n2\n", "not a readable .csv"),
        ("pitch,mood\n", "there are no samples"),
        ("", "the file is empty"),
    ],
)
def test_damaged_csv(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(content)
    assert sentence in error_of(path, modalities={"a": ["pitch"]})


def test_byte_order_mark_and_line_breaks_in_quotes(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('pitch,mood\n1,"a\nb"\n2,c\n', encoding="utf-8-sig")
    assert read_source(path, "mood", {"a": ["pitch"]}).target.tolist() == ["a\nb", "c"]


def test_other_bytes_than_their_ending_says(tmp_path: Path) -> None:
    for suffix in (".csv", ".parquet"):
        path = tmp_path / f"noise{suffix}"
        path.write_bytes(b"\x93\xff\x00noise")
        assert re.search(r"not a readable \.(csv|parquet) \(.+\); write it again", error_of(path))


@given(
    st.lists(st.tuples(*[st.floats(-LARGEST, LARGEST)] * 2), min_size=2, max_size=8),
    st.sampled_from([".csv", ".parquet"]),
)
def test_numbers_come_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float]], suffix: str
) -> None:
    table = pd.DataFrame(rows, columns=["a", "b"]).assign(y=[str(row % 2) + "x" for row in range(len(rows))])
    source = read_source(write(tmp_path_factory.mktemp("law"), table, suffix), "y", {"m": ["b", "a"]})
    np.testing.assert_array_equal(source.arrays["m"], table[["b", "a"]].to_numpy())


@pytest.mark.parametrize("word", ["NA", "NaN", "nan", ""])
def test_a_word_for_nothing_is_no_class(tmp_path: Path, word: str) -> None:
    """R writes NA, and pandas reads it as missing; a feature is missing there, too."""
    table = frame().assign(mood=["good", "bad", word, "good", "bad", "good"])
    text = error_of(write(tmp_path, table))
    assert "the target 'mood', row 2 (counted from 0): the value is missing" in text


def test_decimals_are_numbers_and_dates_are_not(tmp_path: Path) -> None:
    ratings = [decimal.Decimal(value) / 2 for value in range(6)]
    table = frame().assign(score=ratings, pitch=pd.date_range("2020-01-01", periods=6))
    path = write(tmp_path, table, ".parquet")
    source = read_source(path, "score", {"text": "text_*"})
    assert source.target.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert source.task.word == "regression"
    assert "the target 'pitch' is a column of timestamp" in error_of(path, "pitch", {"text": "text_*"})


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_truth_values_are_features(tmp_path: Path, suffix: str) -> None:
    table = frame().assign(pitch=[True, False] * 3)
    source = read_source(write(tmp_path, table, suffix), "mood", {"audio": ["pitch", "energy"]})
    assert source.arrays["audio"][:, 0].tolist() == [1.0, 0.0] * 3


def test_vectors_in_a_column_of_parquet(tmp_path: Path) -> None:
    vectors = [list(map(float, range(row, row + 4))) for row in range(6)]
    table = frame().assign(pitch=vectors)
    source = read_source(write(tmp_path, table, ".parquet"), "mood", {"embedding": "pitch"})
    assert source.arrays["embedding"].tolist() == vectors


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_unused_columns_that_repeat_are_told(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"mood": rng.permutation(np.arange(40) % 2), "a_1": rng.normal(size=40)})
    table["speaker"] = [f"s{number}" for number in np.arange(40) % 8]
    table["visit"] = np.arange(40) % 5
    table["name"] = [f"n{number}" for number in range(40)]  # all different
    table["sex"] = table["mood"]  # too few different ones
    table["b_1"] = np.round(table["a_1"], 1)  # numbers, no labels
    path = write(tmp_path, table, suffix)
    (note,) = read_source(path, "mood", {"a": "a_*"}).notes
    assert (
        "are not used repeat their values: speaker (8 different values), visit (5 different values)" in note
    )
    assert read_source(path, "mood", {"a": "a_*"}, groups="visit").notes == ()
    (note,) = read_source(path, "mood", {"a": "a_*", "v": ["visit"]}).notes
    assert "a column that is not used repeats its values: speaker (8 different values). If samples" in note
