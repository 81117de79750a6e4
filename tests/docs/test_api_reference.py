"""The API reference builds from the docstrings without a warning, and has the public names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mmfusion

ROOT = Path(__file__).parents[2]
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


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Text of every page of the reference by file name, after a build in which warnings are errors."""
    output = tmp_path_factory.mktemp("reference")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs/api"]
    done = subprocess.run([*command, str(output)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return {path.name: path.read_text(encoding="utf-8") for path in output.glob("*.html")}


@pytest.mark.parametrize("name", NAMES)
def test_public_names_are_documented(pages: dict[str, str], name: str) -> None:
    assert any(f'id="{name}"' in text for text in pages.values())


def test_docstrings_are_rendered(pages: dict[str, str]) -> None:
    estimators = pages["estimators.html"]
    assert "{parameters}" not in estimators  # the shared parts are filled in
    assert "reducibility_within" in estimators
    assert "Parameters" in estimators
    assert [name for name, text in pages.items() if "system-message" in text] == []
