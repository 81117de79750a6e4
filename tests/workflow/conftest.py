"""A study of a few cells, run once by Snakemake, that the tests of the workflow look at.

Workers of pytest-xdist share its folder, so that only one Snakemake runs in a folder at a time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
TINY = """
seeds: [0, 1]
sequences: {length: 30}
datasets:
  ConditionallyIndependent: {sizes: {train: 128, validation: 64, test: 64}, epochs: 1}
  XRelIrrXOR: {sizes: {train: 128, validation: 64, test: 64}, epochs: 2}
  speech:
    path: resources/example/speech.csv
    target: agrees
    task: classification
    modalities: {text: "text_*", sound: [audio_0, audio_1]}
    groups: speaker
    epochs: 2
mosi: {mode: "off", epochs: 1}
experiments:
  normalisations: {datasets: [XRelIrrXOR], norms: [ibn], p: ["4/3", "1"]}
  scale_of_none: {datasets: [XRelIrrXOR], scales: ["3"]}
  independent_views: {norms: [vbn], p: ["inf"]}
  mine: {datasets: [speech], norms: [dbn], p: ["1"], scales: ["1"]}
analysis: {resamples: 100}
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


def start(folder: Path, *arguments: str, config: str, **variables: str) -> subprocess.Popen[str]:
    """Start Snakemake in a folder and a process group of its own, as a terminal does."""
    path = folder.with_suffix(".yaml")
    path.write_text(config, encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--directory", str(folder), "--snakefile"]
    command += [str(ROOT / "Snakefile"), "--configfile", str(path), "--nocolor", *arguments]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MMFUSION_")}
    environment |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **variables}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, env=environment, start_new_session=True
    )


@pytest.fixture(scope="session")
def snakemake() -> Run:
    """Run Snakemake in a folder with configuration files on top of the default."""

    def run(
        folder: Path, *arguments: str, config: str = TINY, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        with (
            FileLock(folder.with_suffix(".lock")),
            start(folder, *arguments, config=config, **variables) as process,
        ):
            output, errors = process.communicate()
            return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    return run


@pytest.fixture(scope="session")
def started() -> Callable[..., subprocess.Popen[str]]:
    """Start Snakemake as `snakemake` does, and leave the rest to the test."""
    return start


@pytest.fixture(scope="session")
def tiny() -> str:
    """The configuration of the tiny study."""
    return TINY


@pytest.fixture(scope="session")
def study(snakemake: Run, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Folder of the tiny study, complete: the second worker that asks finds nothing to be done."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "study" / "all"
    folder.parent.mkdir(exist_ok=True)
    result = snakemake(folder, "--cores", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder
