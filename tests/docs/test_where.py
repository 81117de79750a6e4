"""The page that says where what is: fourteen answers, files that exist, and no more files than promised."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/where.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (Where .+?\?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
PATHS = sorted(set(re.findall(r"`([\w.]+/[\w./]+)`", PAGE)))
GENERATED = {"results/columns.md"}
MOST_FILES = {
    "a normalisation": 4,
    "an encoder": 4,
    "a synthetic dataset": 4,
    "a baseline": 3,
    "a figure": 3,
    "a measure of a subset": 4,
}


def test_there_are_fourteen_answers() -> None:
    assert len(SECTIONS) == PAGE.count("\n## ") == 14


@pytest.mark.parametrize("path", sorted(set(PATHS) - GENERATED))
def test_paths_exist(path: str) -> None:
    """Of a file that is to be created, the folder exists."""
    created = path.endswith("NAME.py")
    assert (ROOT / path).parent.is_dir() if created else (ROOT / path).exists()


@pytest.mark.parametrize(("what", "most"), MOST_FILES.items())
def test_adding_touches_few_files(what: str, most: int) -> None:
    steps = re.findall(r"^\d+\. `([^`]+)`", SECTIONS[f"Where do I add {what}?"], re.MULTILINE)
    assert 0 < len(steps) <= most
    assert any(step.startswith("tests/") for step in steps)


def test_every_step_names_a_file() -> None:
    for text in SECTIONS.values():
        steps = re.findall(r"^\d+\. .*", text, re.MULTILINE)
        assert len(steps) >= 3
        assert all(re.match(r"\d+\. `[\w./]+`: ", step) for step in steps)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([A-Z][A-Z_]{3,})`", PAGE)) - {"NAME"}))
def test_lists_exist(name: str) -> None:
    """The lists that the page names are defined in one of the files that it names."""
    modules = [ROOT / path for path in PATHS if path.endswith(".py") and "NAME" not in path]
    assert any(re.search(rf"^{name}\b.*=", file.read_text("utf-8"), re.MULTILINE) for file in modules)
