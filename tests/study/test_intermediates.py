"""Whatever a rule reads of another rule's results, any byte that changes in it is noticed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mmfusion.errors import DataError
from mmfusion.files import write_json, write_table, write_text
from mmfusion.study.intermediates import AGAIN, checked, load_table, load_text, write_checksum

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"
# Names and values that look like the checksum do not take its place.
TRAP = "sha256_of_file\x18@" + "0" * 64
TABLE = pd.DataFrame(
    {TRAP: [TRAP, "größe", None], "beta": [1 / 3, np.nan, 1e-300], "seed": pd.array([0, None, 2], "Int64")}
)


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A file of every format, and the checksums beside those that do not hold them."""
    folder = tmp_path_factory.mktemp("intermediates")
    write_table(folder / "table.parquet", TABLE)
    write_table(folder / "table.csv", TABLE)
    write_json(folder / "facts.json", {"seeds": [0, 1]})
    write_text(folder / "answer.txt", "Größe: text is named.\n")
    Image.fromarray(np.arange(48, dtype="uint8").reshape(4, 4, 3)).save(folder / "figure.png")
    for name in ("table.csv", "facts.json", "answer.txt"):
        write_checksum(folder / name)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def written(contents: dict[str, bytes], folder: Path) -> Path:
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


def test_what_was_written_is_read(contents: dict[str, bytes], tmp_path: Path) -> None:
    folder = written(contents, tmp_path)
    pd.testing.assert_frame_equal(load_table(folder / "table.parquet"), TABLE)
    assert load_table(folder / "table.csv", dtype={"seed": str})["seed"].tolist()[0] == "0"
    assert load_text(folder / "answer.txt") == "Größe: text is named.\n"
    assert checked(folder / "figure.png") == folder / "figure.png"
    command = ["sha256sum", "--check", "--strict", *(name for name in contents if name.endswith(".sha256"))]
    assert subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        *((name, name) for name in ("table.parquet", "table.csv", "facts.json", "answer.txt")),
        *((name, f"{name}.sha256") for name in ("table.csv", "facts.json", "answer.txt")),
    ],
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
def test_every_changed_byte_ends_in_a_sentence(
    contents: dict[str, bytes], name: str, changed: str, place: int, change: int, tmp_path: Path
) -> None:
    content = bytearray(contents[changed])
    content[place % len(content)] ^= change
    for file in {name, f"{name}.sha256"} & set(contents):
        (tmp_path / file).write_bytes(content if file == changed else contents[file])
    with pytest.raises(DataError, match=rf"{re.escape(name)}: the content does not fit .*; {AGAIN}\.$"):
        checked(tmp_path / name)


def test_bytes_and_lengths_all_over_a_table(contents: dict[str, bytes], tmp_path: Path) -> None:
    content, path = contents["table.parquet"], tmp_path / "table.parquet"
    places, lengths = range(0, len(content), 11), range(0, len(content), 101)
    damaged = [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in places]
    for bad in [*damaged, *(content[:length] for length in lengths), content + b"\0"]:
        path.write_bytes(bad)
        with pytest.raises(DataError, match=r"table\.parquet: the content does not fit"):
            load_table(path)


@pytest.mark.parametrize("name", ["table.csv", "facts.json", "answer.txt", "figure.png"])
def test_cut_files(contents: dict[str, bytes], name: str, tmp_path: Path) -> None:
    path = written(contents, tmp_path) / name
    for length in (0, 1, len(contents[name]) // 2):
        path.write_bytes(contents[name][:length])
        with pytest.raises(DataError, match=rf"{re.escape(name)}: .*; {AGAIN}\.$"):
            checked(path)


def test_a_picture_with_a_changed_pixel(contents: dict[str, bytes], tmp_path: Path) -> None:
    content = bytearray(contents["figure.png"])
    content[content.index(b"IDAT") + 8] ^= 1
    (tmp_path / "figure.png").write_bytes(content)
    with pytest.raises(DataError, match=r"figure\.png: the picture is damaged"):
        checked(tmp_path / "figure.png")


@pytest.mark.parametrize("name", ["table.parquet", "table.csv", "answer.txt.sha256"])
def test_missing_files(contents: dict[str, bytes], name: str, tmp_path: Path) -> None:
    (written(contents, tmp_path) / name).unlink()
    with pytest.raises(DataError, match=rf"{re.escape(name)}: cannot be read \(No such file"):
        checked(tmp_path / name.removesuffix(".sha256"))


def test_a_table_without_a_checksum(tmp_path: Path) -> None:
    TABLE.to_parquet(tmp_path / "table.parquet")
    with pytest.raises(DataError, match="does not fit its checksum"):
        load_table(tmp_path / "table.parquet")


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_scripts_read_by_it_alone(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert re.findall(r"read_(?:parquet|csv)|\bopen\(|Path\([^()]*\)\.read_", text) == []
