"""What planning costs: Snakemake's graph of jobs for 2,000 cells, as few jobs and as one job per seed."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from results import Row, row

PART = "dag"
ROOT = Path(__file__).resolve().parents[2]
SECONDS, GIB = 60.0, 2.0
"""Goals of a graph of 2,000 cells."""
CONFIG = """\
seeds: {seeds}
seeds_per_job: {per_job}
mosi: {{mode: "off"}}
experiments:
  normalisations:
    datasets: [XRel, XRelIrrXOR, XOR, Parity]
    norms: [none, bn, vbn, dbn, ibn]
    p: {p}
    scales: ["1"]
  scale_of_none: {{datasets: [XRel], norms: [none], p: ["1"], scales: ["1"]}}
  independent_views: {{datasets: [XRel], norms: [none], p: ["1"], scales: ["1"]}}
"""


def measure(quick: bool) -> list[Row]:
    """Plan studies of 20 cells and of 2,000, the latter also as 2,000 training jobs."""
    cases = {"20 cells": (1, 1, "all")}
    if not quick:
        cases |= {"2,000 cells": (100, 1, "all"), "2,000 cells, 100 seeds, a job each": (100, 100, 1)}
    return [found for case, sizes in cases.items() for found in plan(case, *sizes)]


def plan(case: str, p: int, seeds: int, per_job: int | str) -> list[Row]:
    """Measure a dry run of a study with so many values of p and seeds."""
    with TemporaryDirectory() as scratch:
        config = Path(scratch, "study.yaml")
        exponents = [str(value) for value in range(1, p + 1)]
        text = CONFIG.format(p=exponents, seeds=list(range(seeds)), per_job=per_job)
        config.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--dry-run", "--quiet", "rules"]
        command += ["--directory", str(Path(scratch, "study")), "--configfile", str(config)]
        start, before = time.perf_counter(), psutil.Process().cpu_times()
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            output, peak = watched(process)
        seconds, after = time.perf_counter() - start, psutil.Process().cpu_times()
    total = re.search(r"^total +(\d+)$", output, re.MULTILINE)
    if process.returncode or total is None:
        raise RuntimeError(f"the dry run failed with status {process.returncode}")
    jobs = int(total[1])
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    return [
        row(PART, "jobs", jobs, "jobs", case=case),
        row(PART, "planning", seconds, "s", ("<=", SECONDS), case=case),
        row(PART, "processor time of planning", busy, "s", case=case),
        row(PART, "peak memory of planning", peak, "GiB", ("<=", GIB), case=case),
    ]


def watched(process: subprocess.Popen[str]) -> tuple[str, float]:
    """Wait for a process; return what it printed and its largest resident memory in GiB."""
    peak, handle = 0, psutil.Process(process.pid)
    while True:
        try:
            output = process.communicate(timeout=0.05)[0]
            return output, peak / 2**30
        except subprocess.TimeoutExpired:
            peak = max(peak, handle.memory_info().rss)
