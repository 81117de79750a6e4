"""What is locked: one version with and without hashes, every file by its SHA-256, every licence on a page."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HASHED = sorted((ROOT / "requirements").glob("*.txt"))
OTHER_SYSTEMS = {"appnope", "colorama", "pyreadline3", "pywin32-ctypes"}
"""Needed on Windows or macOS only: constraints.txt was made on Linux."""
NOT_IN_CONSTRAINTS = re.compile(r"setuptools$|triton$|nvidia-|cuda-")
"""What torch of the index needs on Linux, in versions that its metadata name, and what builds packages."""


def versions(path: Path) -> dict[str, str]:
    """Locked versions of a file, by normalised name."""
    found = re.findall(r"^([\w.-]+)==([\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


LOCKED = versions(ROOT / "constraints.txt")


@pytest.mark.parametrize("path", HASHED, ids=lambda path: path.stem)
def test_versions_with_hashes_are_those_without(path: Path) -> None:
    found = {name: version for name, version in versions(path).items() if not NOT_IN_CONSTRAINTS.match(name)}
    assert {name: LOCKED.get(name) for name in found if name not in OTHER_SYSTEMS} == {
        name: version for name, version in found.items() if name not in OTHER_SYSTEMS
    }


@pytest.mark.parametrize("path", HASHED, ids=lambda path: path.stem)
def test_every_file_has_a_hash_and_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(versions(path)) > 0
    for entry in entries:
        head, *hashes = entry.replace("\\\n", "\n").split("\n    ")
        assert re.match(r"[\w.-]+==[\w.]+( ; .*)?\s*$", head)
        assert hashes
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}\s*", line) for line in hashes)
    assert "://" not in text


def test_what_the_second_command_installs_has_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    needed = {re.split(r"[^\w-]", text)[0] for text in texts}
    assert {"torch", "pytest"} <= needed
    assert needed - {name for path in HASHED for name in versions(path)} == set()


def test_the_page_of_licences_has_every_locked_package() -> None:
    page = (ROOT / "docs/licences.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w.-]+) \| (\d[\w.]*) \| (.+) \|$", page, re.MULTILINE)
    listed = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version, _ in rows}
    assert listed == LOCKED | {name: version for path in HASHED for name, version in versions(path).items()}
