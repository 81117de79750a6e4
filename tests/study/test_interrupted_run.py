"""A run clears away what a killed one has left, and nothing while another is alive."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mmfusion.files import TEMPORARY
from mmfusion.study import interrupted_run
from mmfusion.study.interrupted_run import CLEARED, LOCKS, STATE
from mmfusion.study.parent_process import VARIABLE

RUN = """
import sys
from mmfusion.study.interrupted_run import LOCKS, begin_run, record_run
begin_run(main=True)
taken = any(LOCKS.glob("*.lock"))
if not taken:
    LOCKS.mkdir(parents=True, exist_ok=True)
    (LOCKS / "0.output.lock").touch()
if {recorded} and not taken:
    record_run(local={local})
print("locked" if taken else "runs", flush=True)
sys.stdin.read()
"""


@contextmanager
def run(
    folder: Path, local: bool = True, recorded: bool = True
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a run that locks its folder as Snakemake does, and kill it; yield whether it could begin."""
    command = [sys.executable, "-c", RUN.format(local=local, recorded=recorded)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
        process.kill()


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A file that was being written when its job was killed."""
    path = tmp_path / f"results/tables/{TEMPORARY}runs-abc.parquet"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


@pytest.mark.parametrize("recorded", [True, False])
def test_after_a_kill(tmp_path: Path, left: Path, recorded: bool) -> None:
    with run(tmp_path, recorded=recorded) as (said, _):
        assert said == "runs"
    assert (tmp_path / LOCKS / "0.output.lock").exists()
    with run(tmp_path) as (said, process):
        assert said == "runs"
        process.kill()
        assert process.stderr is not None
        assert process.stderr.read() == f"{CLEARED}\n"
    assert not left.exists()


def test_beside_a_run_that_is_alive(tmp_path: Path, left: Path) -> None:
    with run(tmp_path) as (first, _), run(tmp_path) as (second, _):
        assert (first, second) == ("runs", "locked")
        assert left.exists()


def test_after_a_run_whose_jobs_may_go_on(tmp_path: Path, left: Path) -> None:
    with run(tmp_path, local=False) as (said, _):
        assert said == "runs"
    with run(tmp_path) as (said, _):
        assert said == "locked"
    assert left.exists()
    (tmp_path / LOCKS / "0.output.lock").unlink()
    with run(tmp_path) as (said, _):
        assert said == "runs"
    with run(tmp_path) as (said, _):
        assert said == "runs"


@pytest.mark.parametrize("text", ["", "another machine: jobs of this machine\n"])
def test_of_unknown_origin(tmp_path: Path, left: Path, text: str) -> None:
    (tmp_path / LOCKS).mkdir(parents=True)
    (tmp_path / LOCKS / "0.output.lock").touch()
    (tmp_path / STATE).write_text(text, encoding="utf-8")
    for _ in range(2):
        with run(tmp_path) as (said, _):
            assert said == "locked"
    assert left.exists()


def test_jobs_of_snakemake_and_folders_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "")  # put back afterwards
    interrupted_run.begin_run(main=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".snakemake").touch()
    interrupted_run.begin_run(main=True)
    assert interrupted_run._held == []
