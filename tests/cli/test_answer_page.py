"""The page of one answer: the words and numbers that the command prints, pictures, and what was read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from mmfusion.cli.app import app
from mmfusion.data.example import example_table


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory, one_strength: Callable[[], Any]) -> Path:
    """The folder of an answer about data whose names would be HTML."""
    folder = tmp_path_factory.mktemp("answer")
    table = folder / "speech <b>.csv"
    example_table(200).to_csv(table, index=False)
    modalities = ["-m", "text=text_*", "-m", "<i>audio</i>=audio_*"]
    quick = ["--epochs", "3", "--folds", "2", "--penalty", "0.01", "--output", str(folder / "out")]
    with one_strength():
        result = CliRunner().invoke(app, ["relevance", str(table), "-t", "agrees", *modalities, *quick])
    assert result.exit_code == 0, result.output
    (folder / "out/printed").write_text(result.stdout)
    return folder / "out"


def test_the_page_has_the_words_and_numbers_of_the_terminal(
    output: Path, parsed: Callable[[str], Any]
) -> None:
    page = parsed((output / "index.html").read_text("utf-8"))
    assert page.headings[0] == "speech <b>.csv: what predicts 'agrees'?"
    words = (output / "answer.txt").read_text().strip().split("\n\n")
    assert page.paragraphs[: len(words)] == [" ".join(part.split()) for part in words]
    printed = (output / "printed").read_text()
    subsets, by_modality, pairs, settings, tried = page.tables
    for table in (subsets, by_modality, pairs):
        for row in table[1:]:
            for cell in row:
                assert cell.strip() in printed
    assert [row[0] for row in subsets[1:]] == pd.read_csv(output / "relevance.csv")["subset"].tolist()
    assert "speech <b>.csv: 200 samples, 2 modalities" in page.items
    assert (
        "Task: classification (2 different numbers in 200 samples; --task regression changes it)."
        in page.items
    )
    known = json.loads((output / "settings.json").read_text())
    assert ["samples", str(known["samples"])] in settings
    assert ["parameters.norm", "ibn"] in settings
    losses = [row[2] for row in tried[1:]]
    assert losses == sorted(losses)
    assert losses == [f"{loss:.3f}" for loss in sorted(row["loss"] for row in known["candidates"])]
    assert tried[1][:2] == ["a hidden layer per vector", "0.01"]
    assert {name for name in page.links if not name.startswith("#")} == set(known["files"]) - {"index.html"}
    assert all((output / name).exists() for name in known["files"])


@pytest.mark.parametrize("width", [360, 1280])
def test_in_a_browser(
    output: Path, width: int, seen_in_browser: Callable[[Path, int], dict[str, Any]]
) -> None:
    assert seen_in_browser(output / "index.html", width) == {
        "errors": [],
        "pictures": 2,
        "pictures without size": 0,
        "wider by": 0,
        "dead anchors": [],
        "barriers": [],
    }
