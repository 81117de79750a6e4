"""The README says what is true: its code runs, its files exist, its table is the one of docs/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mmfusion.study.tables.definitions import columns_page

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("quick_baseline")
@pytest.mark.parametrize("source", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_code_runs(
    source: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(source, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "networks use text" in printed or "beta" in printed


def test_links_lead_somewhere() -> None:
    targets = [t for t in re.findall(r"\]\(([^)]+)\)", README) if not t.startswith("http")]
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


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
    results = README.partition("<!-- results -->")[2].partition("<!-- /results -->")[0]
    rows = [line for line in results.splitlines() if line.startswith("|")]
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
