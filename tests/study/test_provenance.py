"""Provenance is complete, JSON, and honest about changed files."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from mmfusion.files import write_json
from mmfusion.study import provenance as module
from mmfusion.study.config.settings import load_config
from mmfusion.study.plan import Study
from mmfusion.study.provenance import PACKAGES, provenance

CONFIG = Path(__file__).parents[2] / "config/config.yaml"
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CMU-MOSI, and with no checkout around the temporary folder."""
    for name in [name for name in os.environ if name.startswith(("MMFUSION_", "GIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(tmp_path)


def study(**changes: Any) -> Study:
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    return Study(load_config({**config, **changes}))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit of two files."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("Snakefile", "README.md"):
        (folder / name).write_text("one\n")
    git(folder, "init", "--quiet")
    git(folder, "add", "Snakefile", "README.md")
    git(folder, "commit", "--quiet", "--message", "one")
    return folder


def git(folder: Path, *arguments: str) -> str:
    names = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    command = ["git", "-C", str(folder), *names, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_is_json_and_complete(tmp_path: Path) -> None:
    facts = provenance(study(), tmp_path)
    write_json(tmp_path / "provenance.json", facts)
    assert json.loads((tmp_path / "provenance.json").read_text(encoding="utf-8")) == facts
    keys = {
        "versions",
        "python",
        "platform",
        "processor",
        "cores",
        "config_digest",
        "commit",
        "seeds",
        "mosi",
    }
    assert set(facts) == keys
    assert all(facts[key] for key in keys - {"commit", "processor"})
    assert isinstance(facts["processor"], str)


def test_versions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "PACKAGES", (*PACKAGES, "no-such-package"))
    versions = provenance(study(), tmp_path)["versions"]
    assert versions.pop("no-such-package") is None
    assert versions == {name: importlib.metadata.version(name) for name in PACKAGES}


def test_versions_are_of_what_the_study_computes_with() -> None:
    assert {"mmfusion", "torch", "numpy", "pandas", "scipy", "scikit-learn", "snakemake"} <= set(PACKAGES)


def test_configuration(tmp_path: Path) -> None:
    one, same, other = (provenance(study(seeds=seeds), tmp_path) for seeds in ([4, 1], [4, 1], [4, 2]))
    assert one["seeds"] == [4, 1]
    assert one["config_digest"] == same["config_digest"] == study(seeds=[4, 1]).config_digest
    assert one["config_digest"] != other["config_digest"]
    assert one["mosi"] == study().mosi_status


class TestCommit:
    @needs_git
    def test_of_a_clean_checkout(self, checkout: Path) -> None:
        commit = provenance(study(), checkout)["commit"]
        assert commit == git(checkout, "rev-parse", "HEAD")
        assert re.fullmatch(r"[0-9a-f]{40,64}", commit)

    @needs_git
    def test_new_files_do_not_change_it(self, checkout: Path) -> None:
        (checkout / "results.txt").write_text("new\n")
        assert provenance(study(), checkout)["commit"] == git(checkout, "rev-parse", "HEAD")

    @needs_git
    def test_changed_documentation_does_not_change_it(self, checkout: Path) -> None:
        (checkout / "README.md").write_text("two\n")
        assert provenance(study(), checkout)["commit"] == git(checkout, "rev-parse", "HEAD")

    @needs_git
    @pytest.mark.parametrize("staged", [False, True])
    def test_of_changed_files(self, checkout: Path, staged: bool) -> None:
        (checkout / "Snakefile").write_text("two\n")
        if staged:
            git(checkout, "add", "Snakefile")
        assert (
            provenance(study(), str(checkout))["commit"] == f"{git(checkout, 'rev-parse', 'HEAD')}-modified"
        )

    @needs_git
    def test_without_a_commit(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "--quiet")
        assert provenance(study(), tmp_path)["commit"] is None

    def test_outside_a_checkout(self, tmp_path: Path) -> None:
        assert provenance(study(), tmp_path)["commit"] is None
        assert provenance(study(), tmp_path / "no folder")["commit"] is None

    def test_without_git(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert provenance(study(), tmp_path)["commit"] is None
