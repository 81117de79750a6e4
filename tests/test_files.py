"""Files are written whole or not at all, and the same content gives the same bytes."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmfusion.errors import InputError
from mmfusion.files import replacing, write_bytes, write_json, write_table, write_text


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": ["XOR", "größe, mit Komma", None],
            "seed": pd.array([0, None, 2], dtype="Int64"),
            "beta": [1 / 3, np.nan, 1e-300],
            "converged": pd.array([True, None, False], dtype="boolean"),
        },
        index=[7, 7, 9],
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_renamed_when_complete(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "file.txt"
    with replacing(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.suffix == ".txt"
        temporary.write_text("first")
        assert not target.exists()
    assert target.read_text() == "first"
    assert names(target.parent) == ["file.txt"]
    assert target.stat().st_mode & 0o777 == 0o644


def test_what_a_link_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far/file.txt", tmp_path / "link.txt"
    link.symlink_to(target)
    for text in ("first", "second"):  # first a link to nothing
        write_text(link, text)
        assert link.is_symlink()
        assert target.read_text() == text
    assert names(tmp_path / "far") == ["file.txt"]


def test_folders_pipes_and_devices_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    for name, kind in (("folder", "a folder"), ("pipe", "a pipe"), ("link", "a device")):
        with pytest.raises(InputError, match=f"{name} is {kind}, expected a file or a new name"):
            write_text(tmp_path / name, "text")
    assert names(tmp_path) == ["folder", "link", "pipe"]


def interrupted(path: Path, error: type[BaseException]) -> None:
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_of_a_failure(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        interrupted(tmp_path / "file.txt", error)
    assert names(tmp_path) == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_keeps_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    write_text(tmp_path / "file.txt", "old")
    with pytest.raises(error):
        interrupted(tmp_path / "file.txt", error)
    assert (tmp_path / "file.txt").read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


def test_text_bytes_and_json(tmp_path: Path) -> None:
    write_text(tmp_path / "text", "größe\r\n")
    write_bytes(tmp_path / "bytes", "größe\r\n".encode())
    assert (tmp_path / "text").read_bytes() == (tmp_path / "bytes").read_bytes()
    write_json(tmp_path / "one.json", {"b": [1.5, None], "a": "ö"})
    write_json(tmp_path / "two.json", {"a": "ö", "b": [1.5, None]})
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert (tmp_path / "one.json").read_text().endswith("}\n")
    assert json.loads((tmp_path / "one.json").read_text()) == {"a": "ö", "b": [1.5, None]}


def test_json_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_json(tmp_path / "file.json", {"a": {1, 2}})
    assert names(tmp_path) == []


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_tables_are_the_same_bytes(tmp_path: Path, table: pd.DataFrame, suffix: str) -> None:
    write_table(tmp_path / f"one{suffix}", table)
    write_table(tmp_path / f"two{suffix}", table.copy().set_index(pd.RangeIndex(3)))
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()
    assert names(tmp_path) == [f"one{suffix}", f"two{suffix}"]


def test_parquet_keeps_values_and_kinds(tmp_path: Path, table: pd.DataFrame) -> None:
    write_table(tmp_path / "table.parquet", table)
    loaded = pd.read_parquet(tmp_path / "table.parquet")
    pd.testing.assert_frame_equal(loaded, table.reset_index(drop=True))


def test_csv_keeps_all_digits(tmp_path: Path, table: pd.DataFrame) -> None:
    write_table(tmp_path / "table.csv", table)
    assert b"\r" not in (tmp_path / "table.csv").read_bytes()
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["beta"] and float(row["beta"]) for row in rows] == [1 / 3, "", 1e-300]
    assert [row["dataset"] for row in rows] == ["XOR", "größe, mit Komma", ""]


@pytest.mark.parametrize("name", ["table.xlsx", "table", "table.parquet.txt"])
def test_unknown_table_suffix(tmp_path: Path, table: pd.DataFrame, name: str) -> None:
    with pytest.raises(ValueError, match=r"unknown table suffix, expected \.parquet or \.csv"):
        write_table(tmp_path / name, table)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "write", [lambda path, table: write_table(path, table), lambda path, _: write_text(path, "x")]
)
def test_over_an_old_file(
    tmp_path: Path, table: pd.DataFrame, write: Callable[[Path, pd.DataFrame], None]
) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old and longer than what follows" * 100)
    write(path, table)
    assert "old" not in path.read_text()
