"""What a wheel holds beside the modules: the template of `mmfusion init`, as a file and not as a link."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_wheel_holds_the_template_of_a_configuration(tmp_path: Path) -> None:
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "mmfusion", source / "mmfusion", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "."]
    command += ["--quiet", "--disable-pip-version-check", "--wheel-dir", str(tmp_path)]
    subprocess.run(command, check=True, cwd=source, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        template = archive.read("mmfusion/cli/mine.yaml").decode()
    assert template == (ROOT / "config/mine.yaml").read_text(encoding="utf-8")
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "mmfusion").rglob("*.py")}
    assert modules <= names
    assert "mmfusion/py.typed" in names


def test_the_checkout_has_one_source_of_the_template() -> None:
    assert (ROOT / "config/mine.yaml").resolve() == ROOT / "mmfusion/cli/mine.yaml"
