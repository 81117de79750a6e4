"""However a run is killed, the same command goes on, and the tables get the bytes of an undisturbed run.

``MMFUSION_KILLS=30 pytest -n0 -m long tests/workflow/test_interruptions.py`` kills more often than the 12
times that are the default, in rounds of six ways.
"""

from __future__ import annotations

import math
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from snakemake.cli import parse_args

from mmfusion.files import TEMPORARY
from mmfusion.study.interrupted_run import LOCKS
from mmfusion.study.logs import INTERRUPTED, UNFINISHED
from mmfusion.study.workflow import KILLED, NOT_BEGUN

ROOT = Path(__file__).parents[2]
SMALLEST = """
seeds: [0]
sequences: {length: 30}
datasets:
  XRelIrrXOR: {sizes: {train: 128, validation: 64, test: 64}, epochs: 2}
mosi: {mode: "off"}
information: {seeds: 0}
experiments:
  normalisations: {datasets: [XRelIrrXOR], norms: [dbn], p: ["1"]}
  scale_of_none:
  independent_views:
  sentiment:
  clean_text:
analysis: {resamples: 100}
"""
TARGETS = ("results/tables/runs.parquet", "results/tables/summary.parquet")
MADE = (
    "data/XRelIrrXOR/seed-0.safetensors",
    "train/XRelIrrXOR/dbn/batch-0/networks.safetensors",
    "baselines/XRelIrrXOR.parquet",
    "evaluate/XRelIrrXOR/batch-0/runs.parquet",
)
"""Results of which one is deleted before every kill, beside a table, so that there is something to do."""
UNWANTED = ("LockException", "IncompleteFilesException", "cannot be locked", "--unlock")
TRIES = 5
LATE = "SIGKILL of a job"
"""Comes before the job has ended its work, so that its log has a last line to check."""
Start = Callable[..., subprocess.Popen[str]]
Run = Callable[..., str]
pytestmark = [pytest.mark.workflow, pytest.mark.long]


def jobs_of(main: psutil.Process) -> list[psutil.Process]:
    """List the scripts that a run executes now."""
    return [child for child in main.children(recursive=True) if ".snakemake/scripts" in cmdline(child)]


def cmdline(process: psutil.Process) -> str:
    try:
        command = process.cmdline()
    except psutil.Error:
        return ""
    return command[-1] if command and "python" in command[0] else ""


def kill_all(main: psutil.Process, jobs: list[psutil.Process]) -> None:
    """What is left after the machine has stopped: no process had time for anything."""
    for process in [main, *jobs]:
        process.suspend()
    for process in [main, *jobs]:
        process.kill()


KINDS: dict[str, Callable[[psutil.Process, list[psutil.Process]], object]] = {
    "Ctrl-C": lambda main, jobs: os.killpg(main.pid, signal.SIGINT),
    "SIGTERM of the run": lambda main, jobs: main.terminate(),
    "SIGKILL of the run": lambda main, jobs: main.kill(),
    "SIGTERM of a job": lambda main, jobs: jobs[0].terminate(),
    "SIGKILL of a job": lambda main, jobs: jobs[0].kill(),
    "SIGKILL of all": kill_all,
}

ROUNDS = math.ceil(int(os.environ.get("MMFUSION_KILLS", "12")) / len(KINDS))
"""Tests that kill once in every way."""


def killed(process: subprocess.Popen[str], kind: str, pause: float) -> bool:
    """Wait for a job, and kill in one way; return whether there was one. No job may go on for long."""
    main = psutil.Process(process.pid)
    try:
        while process.poll() is None and not jobs_of(main):
            time.sleep(0.02)
        time.sleep(pause)
        jobs = jobs_of(main)
        if process.poll() is not None or not jobs:
            return False
        KINDS[kind](main, jobs)
    except psutil.NoSuchProcess:
        return False
    finally:
        output, errors = process.communicate(timeout=60)
        assert not [word for word in UNWANTED if word in output + errors], output + errors
    _, alive = psutil.wait_procs(jobs, timeout=15)
    assert not alive, f"{kind}: {alive} went on"
    return True


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "results/tables").iterdir()}


def last_lines(folder: Path) -> Iterator[str]:
    for path in (folder / "results/logs").rglob("*.log"):
        yield (path.read_text(encoding="utf-8").splitlines() or [""])[-1]


@pytest.fixture(scope="module")
def run(started: Start) -> Run:
    """Run the study in a folder to its end; return what it printed."""

    def run(folder: Path, *targets: str, status: int = 0) -> str:
        with started(folder, "--cores", "2", *(targets or TARGETS), config=SMALLEST) as process:
            output = "".join(process.communicate())
        assert process.returncode == status, output
        return output

    return run


@pytest.fixture(scope="module")
def undisturbed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the smallest study, complete."""
    folder = tmp_path_factory.mktemp("interruptions") / "undisturbed"
    run(folder)
    return folder


@pytest.fixture
def folder(undisturbed: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(undisturbed, tmp_path / "copy"))


def test_damage_is_noticed_and_mended(undisturbed: Path, folder: Path, run: Run) -> None:
    name = "results/evaluate/XRelIrrXOR/batch-0/runs.parquet"
    damaged, before = folder / name, (folder / name).stat()
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    os.utime(damaged, ns=(before.st_atime_ns, before.st_mtime_ns))  # as if a disk had damaged it
    shutil.rmtree(folder / "results/tables")
    assert f"Failed: {name}: the content does not fit its checksum" in run(folder, status=1)
    damaged.unlink()
    run(folder)
    assert tables(folder) == tables(undisturbed)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_kills(seed: int, undisturbed: Path, folder: Path, run: Run, started: Start) -> None:
    chance = random.Random(seed)
    for kind in KINDS:
        for _ in range(TRIES):  # a short job can be over before it is killed
            for name in (chance.choice(MADE), "tables/runs.parquet"):
                (folder / "results" / name).unlink(missing_ok=True)
            with started(folder, "--cores", "2", *TARGETS, config=SMALLEST) as process:
                if killed(process, kind, chance.uniform(0, 1 if kind == LATE else 2.5)):
                    break
        else:
            pytest.fail(f"{kind}: no job was there to be killed")
        if kind == LATE:
            assert {KILLED, NOT_BEGUN} & set(last_lines(folder))
    run(folder)
    assert "Nothing to be done" in run(folder)
    assert tables(folder) == tables(undisturbed)
    assert not list((folder / "results").rglob(f"{TEMPORARY}*"))
    assert not list((folder / LOCKS).glob("*"))
    assert not {INTERRUPTED, UNFINISHED, KILLED, NOT_BEGUN} & set(last_lines(folder))


def test_the_default_profile_is_used_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    _, args = parse_args([])
    assert args.rerun_incomplete
    assert args.cores >= 1
    _, args = parse_args(["--cores", "2"])
    assert (args.rerun_incomplete, args.cores) == (True, 2)
    other = tmp_path / "other/config.yaml"
    other.parent.mkdir()
    other.write_text("jobs: 3\n", encoding="utf-8")
    _, args = parse_args(["--workflow-profile", str(other.parent)])
    assert (args.rerun_incomplete, args.cores, args.jobs) == (False, None, 3)
