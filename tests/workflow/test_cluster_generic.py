"""The profile for other schedulers than Slurm, with three small commands in place of a scheduler."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

pytestmark = pytest.mark.workflow
Run = Callable[..., CompletedProcess[str]]
PROFILES = Path(__file__).parents[2] / "workflow/profiles"
COMMANDS = {
    # The job script is the last argument. The id of a job is that of its process; it outlives its parent.
    "qsub": """
        echo "$@" >> "$QUEUE/submitted"
        for script; do :; done
        setsid sh "$script" > /dev/null 2>&1 &
        echo $!
    """,
    "qstat": 'case $(ps -o stat= -p "$1") in ""|Z*) exit 1;; esac',
    "qdel": 'kill "$@"',
}
KILLED = 'sh -c "exit 0" & echo $!'
"""A scheduler that loses every job."""


def queue(folder: Path, monkeypatch: pytest.MonkeyPatch, commands: dict[str, str]) -> Path:
    """Put the commands on the path, and return the file that lists what was submitted."""
    folder.mkdir()
    for name, text in commands.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setenv("QUEUE", str(folder))
    return folder / "submitted"


ARGUMENTS = [
    *("--workflow-profile", str(PROFILES / "cluster-generic"), "--latency-wait", "2"),
    *("--seconds-between-status-checks", "1", "--max-status-checks-per-second", "10", "results/columns.md"),
]


def test_jobs_are_submitted_and_their_files_arrive(
    tmp_path: Path, snakemake: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted = queue(tmp_path / "queue", monkeypatch, COMMANDS)
    result = snakemake(tmp_path / "study", *ARGUMENTS)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "study/results/columns.md").is_file()
    (line,) = submitted.read_text(encoding="utf-8").splitlines()
    assert "-N mmfusion_columns -l select=1:ncpus=1:mem=1000mb -l walltime=00:" in line


def test_a_job_that_the_scheduler_kills_is_noticed(
    tmp_path: Path, snakemake: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(tmp_path / "queue", monkeypatch, {**COMMANDS, "qsub": KILLED})
    result = snakemake(tmp_path / "study", *ARGUMENTS)
    assert result.returncode == 1
    assert "results/columns.md" in result.stderr
    assert not (tmp_path / "study/results/columns.md").exists()


def test_both_cluster_profiles_give_a_rule_the_same_memory() -> None:
    slurm, other = (
        yaml.safe_load((PROFILES / name / "config.yaml").read_text(encoding="utf-8"))
        for name in ("slurm", "cluster-generic")
    )
    assert slurm["set-resources"] == other["set-resources"]
    assert other["default-resources"].items() <= slurm["default-resources"].items()
