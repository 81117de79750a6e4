"""The README and the pages behind it say what is true: their code runs, their files and numbers exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmfusion.study.tables.definitions import columns_page

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FINDINGS, OWN_DATA = ROOT / "docs/findings.md", ROOT / "docs/own_data.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXAMPLES = [pytest.param(source, id="readme") for source in CODE.findall(README)] + [
    pytest.param(source, id="own data", marks=pytest.mark.long)
    for source in CODE.findall(OWN_DATA.read_text(encoding="utf-8"))
]


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.usefixtures("quick_baseline")
@pytest.mark.parametrize("source", EXAMPLES)
def test_code_runs(
    source: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(source, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "networks use text" in printed or "beta" in printed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    dead = []
    for target in targets:
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        if target.startswith("http"):
            continue
        if not there.exists() or (anchor and anchor not in anchors(there)):
            dead.append(target)
    assert dead == []


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_both_commands_use_the_locked_versions() -> None:
    commands = re.findall(r"<!-- command \d -->\s*```bash\n(.*?)```", README, re.DOTALL)
    assert len(commands) == 2
    for command in commands:
        assert "pip install -c constraints.txt" in command


def test_tests_that_the_second_command_leaves_out_are_run_by_one_that_is_named() -> None:
    (left_out,) = re.findall(r'&& pytest (.*) -m "not (\w+)"', README)
    command = "pytest {} -m {}".format(*left_out)
    assert f"`{command}`" in README
    assert command in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()


def test_tables_are_those_of_the_documentation() -> None:
    text = README + FINDINGS.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    pages = [
        (ROOT / "docs" / name).read_text(encoding="utf-8")
        for name in ("results.md", "evidence.md", "peers.md")
    ]
    documented = "\n".join(pages).splitlines()
    assert len(rows) > 20
    assert [row for row in rows if row not in documented] == []


def test_every_locked_version_is_public() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    locked = [line for line in lines if not line.startswith("#")]
    assert "torch==2.13.0" in locked
    assert [line for line in locked if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line)] == []


def test_dictionary_of_columns_is_the_current_one() -> None:
    assert (ROOT / "docs/columns.md").read_text(encoding="utf-8") == columns_page()
