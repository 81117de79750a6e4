"""Texts in Markdown as a page: headings in its contents, tables that scroll, pictures inside, escaped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmfusion.pages.picture import picture
from mmfusion.study.pages.markdown_page import markdown_page

ROOT = Path(__file__).parents[3]
TEXTS = [
    "# One & two\n\nWords <b>not bold</b>.\n\n![Peers](figures/evidence_peers.png)\n\n"
    "## Part\n\n| a | b |\n|---|---|\n| 1 | x<y |\n",
    "# Three\n\n![Lost](figures/nowhere.png)\n\n| c |\n|---|\n| 2 |\n",
]


def test_headings_tables_and_pictures(parsed: Callable[[str], Any]) -> None:
    text = markdown_page("All of it", TEXTS, {"evidence_peers.png": "data:image/png;base64,AAAA"})
    page = parsed(text.replace(" />", ">"))
    assert page.headings == ["All of it", "One & two", "Part", "Three"]
    assert page.tables == [[["a", "b"], ["1", "x<y"]], [["c"], ["2"]]]
    assert [(image["alt"], image["src"]) for image in page.images] == [
        ("Peers", "data:image/png;base64,AAAA")
    ]
    assert "Words <b>not bold</b>." in page.paragraphs
    assert page.links[1:] == ["#part-0-one-two", "#part-1-three"]


def test_the_published_texts_in_a_browser(
    tmp_path: Path, seen_in_browser: Callable[[Path, int], dict[str, Any]]
) -> None:
    texts = [(ROOT / f"docs/{name}.md").read_text("utf-8") for name in ("peers", "calibration/calibration")]
    uris = {"evidence_peers.png": picture(ROOT / "docs/figures/evidence_peers.png", "", "").uri}
    page = tmp_path / "page.html"
    page.write_text(markdown_page("Evidence", texts, uris), "utf-8")
    assert seen_in_browser(page, 360) == {
        "errors": [],
        "pictures": 1,
        "pictures without size": 0,
        "wider by": 0,
        "dead anchors": [],
        "barriers": [],
    }
