"""What a release holds: modules, the template of `mmfusion init` as a file, the workflow, metadata."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from mmfusion import __version__

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the wheel and the source distribution, built from what git would have."""
    source, output = tmp_path_factory.mktemp("source") / "mmfusion", tmp_path_factory.mktemp("release")
    ignored = shutil.ignore_patterns(
        "__pycache__", "*.egg-info", ".*", "results", "resources", "build", "dist"
    )
    shutil.copytree(ROOT, source, ignore=ignored, symlinks=True)
    shutil.copy(ROOT / ".snakemake-workflow-catalog.yml", source)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(output), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    return output


def test_a_wheel_holds_the_modules_and_the_template_of_a_configuration(release: Path) -> None:
    (wheel,) = release.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        template = archive.read("mmfusion/cli/mine.yaml").decode()
    assert template == (ROOT / "config/mine.yaml").read_text(encoding="utf-8")
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "mmfusion").rglob("*.py")}
    assert modules <= names
    assert "mmfusion/py.typed" in names
    templates = {path.name for path in (ROOT / "mmfusion/pages/templates").iterdir()}
    assert {f"mmfusion/pages/templates/{name}" for name in templates} <= names
    assert not [name for name in names if name.startswith(("tests", "benchmarks", "workflow"))]


def test_the_source_has_the_workflow_and_the_tests(release: Path) -> None:
    (source,) = release.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"Snakefile", "workflow/Snakefile", "config/config.yaml", "tests/conftest.py", "constraints.txt"}
    assert wanted | {"CITATION.cff", "CHANGELOG.md", "docs/index.md", "profiles/default/config.yaml"} <= names


def test_the_index_would_take_it_and_versions_agree(release: Path) -> None:
    files = [str(path) for path in release.iterdir()]
    assert len(files) == 2
    subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *files], check=True, capture_output=True
    )
    assert all(f"mmfusion-{__version__}" in name for name in files)
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == __version__
    assert f"## {__version__} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_checkout_has_one_source_of_the_template() -> None:
    assert (ROOT / "config/mine.yaml").resolve() == ROOT / "mmfusion/cli/mine.yaml"
