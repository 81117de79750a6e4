"""The code on the pages runs and prints what stands below it, up to numbers, which are a machine's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```(python|text)\n(.*?)```", re.DOTALL)


def words(printed: str) -> list[str]:
    """Text with every number replaced, since the last digits depend on the processor."""
    return re.sub(r"-?\d+(\.\d+)?", "#", printed).split()


@pytest.mark.long
@pytest.mark.parametrize("page", ["reading_the_table.md", "faq.md"])
def test_code_prints_what_the_page_shows(
    page: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {}
    found = BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))
    assert any(kind == "text" for kind, _ in found)
    printed = ""
    for kind, text in found:
        if kind == "python":
            exec(compile(text, page, "exec"), namespace)
            printed = capsys.readouterr().out
        else:
            assert words(printed) == words(text)
