"""The digest of a stage's code changes with what the stage uses, and with nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mmfusion.study import digests as digest
from mmfusion.study.digests import script_digests

FILES = {
    "__init__.py": "VERSION = 1\n",
    "stage.py": "import numpy\n\nfrom mmfusion.middle import function\n",
    "middle.py": "def function():\n    from mmfusion.inner import parts\n\n    return parts\n",
    "inner/__init__.py": "",
    "inner/parts.py": 'import mmfusion.leaf\n\nTABLE = "known.csv"\nFOLDS = "folds.json"\n',
    "inner/known.csv": "a,b\n1,2\n",
    "inner/folds.json": "{}\n",
    "inner/unknown.csv": "a,b\n",
    "inner/notes.txt": "known.csv\n",
    "leaf.py": "from mmfusion.stage import something  # a circle\n",
    "unrelated.py": "from mmfusion.stage import function\n",
    "known.csv": "in another folder than the module that names it\n",
}


def code_digest(*modules: str) -> str:
    """Digest of a script that imports the modules."""
    with TemporaryDirectory() as folder:
        Path(folder, "script.py").write_text("".join(f"import {module}\n" for module in modules))
        return script_digests(folder)["script"]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of our name whose files a test may change."""
    folder = tmp_path / "mmfusion"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.setattr(digest, "PACKAGE", folder)
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "stage.py",
        "middle.py",
        "inner/__init__.py",
        "inner/parts.py",
        "leaf.py",
        "inner/known.csv",
        "inner/folds.json",
    ],
)
def test_changes_with_what_is_used(package: Path, name: str) -> None:
    before = code_digest("mmfusion.stage")
    with (package / name).open("a") as file:
        file.write("\n# changed\n")
    assert code_digest("mmfusion.stage") != before


@pytest.mark.parametrize(
    "name", ["__init__.py", "unrelated.py", "inner/unknown.csv", "inner/notes.txt", "known.csv"]
)
def test_does_not_change_with_anything_else(package: Path, name: str) -> None:
    before = code_digest("mmfusion.stage")
    with (package / name).open("a") as file:
        file.write("\n# changed\n")
    (package / "new.py").write_text("from mmfusion.stage import function\n")
    assert code_digest("mmfusion.stage") == before


def test_names_of_files_count(package: Path) -> None:
    before = code_digest("mmfusion.stage")
    (package / "middle.py").rename(package / "centre.py")
    (package / "stage.py").write_text(FILES["stage.py"].replace("middle", "centre"))
    assert code_digest("mmfusion.stage") != before


def test_several_modules_in_any_order(package: Path) -> None:
    both = code_digest("mmfusion.leaf", "mmfusion.unrelated")
    assert both == code_digest("mmfusion.unrelated", "mmfusion.leaf")
    assert both != code_digest("mmfusion.leaf")
    assert code_digest("mmfusion.inner.parts") == code_digest("mmfusion.leaf")  # each reaches the other


@pytest.mark.parametrize("module", ["mmfusion.nothing", "mmfusion", "numpy", "mmfusion.inner.known"])
def test_what_is_no_module_of_this_package_does_not_count(package: Path, module: str) -> None:
    assert code_digest("mmfusion.stage", module) == code_digest("mmfusion.stage")


def test_of_this_package() -> None:
    digests = {
        code_digest(f"mmfusion.{name}")
        for name in ("study.training.job", "study.data.planted", "study.figures.registry")
    }
    assert len(digests) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", found) for found in digests)
    assert code_digest("mmfusion.study.training.cell_training") == code_digest(
        "mmfusion.study.training.cell_training"
    )


def test_all_imports_of_this_package_can_be_followed() -> None:
    """Relative imports and public names taken from the package itself would be missed."""
    for path in digest.PACKAGE.rglob("*.py"):
        if path.name != "__init__.py":
            assert not re.search(
                r"^\s*from (\.|mmfusion import (?!__version__))", path.read_text("utf-8"), re.MULTILINE
            )


SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real package, in a place where a test may change it."""
    folder = tmp_path / "mmfusion"
    shutil.copytree(digest.PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(digest, "PACKAGE", folder)
    return folder


@pytest.mark.parametrize(
    ("module", "scripts"),
    [
        ("study/tables/predictions.py", {"summaries"}),
        ("study/tables/toy_table.py", {"summaries"}),
        ("study/tables/references.csv", {"summaries"}),
        ("measures/reducibility.py", {"evaluate"}),
        ("study/baselines/linear.py", {"baselines"}),
        ("training/loop.py", {"train", "evaluate", "eigen"}),
        ("encoders.py", {"train", "evaluate", "eigen"}),
        ("study/config/settings.py", {"provenance"}),
        ("study/figures/eigen_projection.py", {"figure"}),
        ("study/data/mosi/mosi_folds.json", {"mosi_dataset"}),
    ],
)
def test_a_change_runs_the_scripts_that_use_it(copy: Path, module: str, scripts: set[str]) -> None:
    before = script_digests(SCRIPTS)
    with (copy / module).open("a") as file:
        file.write("\n# changed\n")
    after = script_digests(SCRIPTS)
    assert {name for name in before if before[name] != after[name]} == scripts


def test_every_script_uses_the_package() -> None:
    assert set(script_digests(SCRIPTS)) == {path.stem for path in SCRIPTS.glob("*.py")}
    assert code_digest() not in script_digests(SCRIPTS).values()
