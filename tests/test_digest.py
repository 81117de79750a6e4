"""The digest of a stage's code changes with what the stage uses, and with nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmfusion import digest
from mmfusion.digest import code_digest

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


@pytest.mark.parametrize("module", ["mmfusion.nothing", "mmfusion", "numpy", "", "mmfusion.inner.known"])
def test_unknown_module(package: Path, module: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(module)}: no such module of mmfusion$"):
        code_digest("mmfusion.stage", module)


def test_of_this_package() -> None:
    digests = {
        code_digest(f"mmfusion.{name}") for name in ("training.cell", "data.sequences", "plotting.figures")
    }
    assert len(digests) == 3
    assert all(re.fullmatch("[0-9a-f]{16}", found) for found in digests)
    assert code_digest("mmfusion.training.cell") == code_digest("mmfusion.training.cell")


def test_all_imports_of_this_package_can_be_followed() -> None:
    """Relative imports and public names taken from the package itself would be missed."""
    for path in digest.PACKAGE.rglob("*.py"):
        if path.name != "__init__.py":
            assert not re.search(
                r"^\s*from (\.|mmfusion import (?!__version__))", path.read_text("utf-8"), re.MULTILINE
            )
