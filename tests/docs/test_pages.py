"""The code on the pages runs and prints what stands below it, up to numbers, which are a machine's own."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mmfusion import block_norm_exponent

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```(python|text)\n(.*?)```", re.DOTALL)


def words(printed: str) -> list[str]:
    """Text with every number replaced, since the last digits depend on the processor."""
    return re.sub(r"-?\d+(\.\d+)?", "#", printed).split()


PAGES = [
    *(pytest.param(page, marks=pytest.mark.long) for page in ("reading_the_table.md", "faq.md")),
    "ibn.md",
]


@pytest.mark.parametrize("page", PAGES)
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


def test_the_exponents_on_the_page_are_those_of_the_code() -> None:
    text = (DOCS / "lp_norm.md").read_text(encoding="utf-8")
    head, *rows = re.findall(r"^\| (\w[^|]*) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert len(rows) == 5
    for p, *cells in rows:
        for convention, cell in zip(head[1:], cells, strict=True):
            expected = block_norm_exponent(float(Fraction(p)) if p != "inf" else math.inf, convention)
            assert float(cell) == pytest.approx(expected, abs=5e-4)
