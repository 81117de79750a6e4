"""The site builds without a warning, its links lead somewhere, and the reference has the public names."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mmfusion

ROOT = Path(__file__).parents[2]
INDEXES = {"search.html", "genindex.html", "py-modindex.html"}
"""Made by Sphinx; the theme has a search field in place of links to them."""
NAMES = [
    *(f"mmfusion.{name}" for name in mmfusion.__all__ if not name.startswith("_")),
    "mmfusion.FusionClassifier.contributions",
    "mmfusion.FusionClassifier.load",
    "mmfusion.FusionRegressor.relevance_",
    "mmfusion.FusionRegressor.plot_relevance",
    "mmfusion.data.readers.read_source",
    "mmfusion.encoders.ModuleEncoder",
    "mmfusion.errors.InputError",
]


def build(output: Path, *options: str) -> str:
    """Build the site, where warnings are errors; return what the command wrote to standard error."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", *options, "docs"]
    done = subprocess.run([*command, str(output)], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the site, without the outputs of the tutorial."""
    output = tmp_path_factory.mktemp("site")
    assert build(output, "-D", "nb_execution_mode=off") == ""
    return output


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, str]:
    """Text of every page of the reference by file name."""
    return {path.name: path.read_text(encoding="utf-8") for path in (site / "api").glob("*.html")}


@pytest.mark.parametrize("name", NAMES)
def test_public_names_are_documented(pages: dict[str, str], name: str) -> None:
    assert any(f'id="{name}"' in text for text in pages.values())


def test_docstrings_are_rendered(pages: dict[str, str]) -> None:
    estimators = pages["estimators.html"]
    assert "{parameters}" not in estimators  # the shared parts are filled in
    assert "reducibility_within" in estimators
    assert "Parameters" in estimators
    assert [name for name, text in pages.items() if "system-message" in text] == []


def test_every_page_is_reached_and_every_link_leads_to_a_file(site: Path) -> None:
    every = set(site.rglob("*.html")) - set((site / "_static").rglob("*"))
    reached = {site / "index.html"}
    for page in every:
        links = re.findall(r'<a [^>]*href="([^"#:]+)[^":]*"', page.read_text(encoding="utf-8"))
        targets = {(page.parent / link).resolve() for link in links}
        assert [target for target in targets if not target.exists()] == []
        reached |= targets
    assert {page.relative_to(site).as_posix() for page in every - reached} <= INDEXES
    assert {f"{page}.html" for page in ("ibn", "lp_norm", "architecture", "tutorial")} <= {
        page.name for page in every
    }


def test_the_site_needs_no_network_and_can_be_searched(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?:[^"]*"', text) == []
    assert "iterative" in (site / "searchindex.js").read_text(encoding="utf-8").lower()


@pytest.mark.long
def test_the_tutorial_is_shown_with_its_outputs(tmp_path: Path) -> None:
    build(tmp_path)  # standard error has what the kernel says of itself
    text = (tmp_path / "tutorial.html").read_text(encoding="utf-8")
    pictures = re.findall(r'<img [^>]*src="(_images/[^"]+\.png)"', text)
    assert len(pictures) == 3
    assert all((tmp_path / picture).stat().st_size > 0 for picture in pictures)
    assert "carry the prediction of these networks" in text
    assert text.count("<table") >= 8
    assert "output stderr" not in text
