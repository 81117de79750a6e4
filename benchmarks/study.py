"""How well the study uses a machine, and what a training step costs.

``python benchmarks/study.py [arguments of snakemake]`` runs the study, on all cores unless said otherwise,
and prints what its jobs took. ``python benchmarks/study.py --step`` compares a training step of every
normalisation with that of ``none``. Seconds depend on the machine; nothing asserts them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import NamedTuple

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
GOAL = 0.7
LIMITS = re.compile(r"(--cores|-c|--jobs|-j|--profile)(=.*|\d+|all)?")
"""Arguments of snakemake that say how many cores it may use."""


class Run(NamedTuple):
    """One call of snakemake: start (s since the epoch), wall time (s), exit status, cores (None: unknown)."""

    start: float
    wall: float
    status: int
    cores: int | None


def run_snakemake(arguments: list[str]) -> Run:
    """Run snakemake, pass on what it says, and read from that how many cores it was given."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    cores = None
    if not any(LIMITS.fullmatch(argument) for argument in arguments):
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        command += ["--cores", str(cores)]
    start, clock = time.time(), time.perf_counter()
    with subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr or ():
            sys.stderr.write(line)
            found = re.search(r"Provided cores: (\d+)", line)
            cores = int(found.group(1)) if found else cores
    return Run(start, time.perf_counter() - clock, process.returncode, cores)


def split_by_age(folder: Path, suffix: str, start: float) -> tuple[list[Path], list[Path]]:
    """List the files of a suffix below a folder: those written from `start` on, and the older ones."""
    new: list[Path] = []
    old: list[Path] = []
    for path in sorted(folder.rglob(f"*{suffix}")):
        (new if path.stat().st_mtime >= start else old).append(path)
    return new, old


def job_table(benchmarks: Path, start: float) -> pd.DataFrame:
    """Read the benchmarks of the jobs of a run: rule (folder of its benchmarks), s, max_rss in MB."""
    jobs = []
    for path in split_by_age(benchmarks, ".tsv", start)[0]:
        row = pd.read_csv(path, sep="\t", na_values=["-", "NA"]).iloc[-1]
        rule = path.relative_to(benchmarks).with_suffix("").parts[0]
        jobs.append({"rule": rule, "s": float(row["s"]), "max_rss": float(row["max_rss"])})
    return pd.DataFrame(jobs, columns=["rule", "s", "max_rss"])


def report(results: Path, run: Run) -> list[str]:
    """Say what the jobs of a run took, rule by rule, and how well they used the cores."""
    jobs = job_table(results / "benchmarks", run.start)
    if jobs.empty:
        why = "it ended before a job did" if run.status else "all is up to date, or this was a dry run"
        return [f"No job was run ({why}): there is no use of the cores to measure."]
    lines = [f"jobs: {len(jobs)}, wall time: {run.wall:.1f} s, cores: {run.cores or 'unknown'}"]
    lines.append(f"  {'rule':<14}{'jobs':>6}{'seconds':>10}{'largest max_rss':>18}")
    for rule, rows in jobs.groupby("rule", sort=False):
        memory = f"{rows['max_rss'].max():.0f} MB" if rows["max_rss"].notna().any() else "too short"
        lines.append(f"  {rule:<14}{len(rows):>6}{rows['s'].sum():>10.1f}{memory:>18}")
    return lines + use_of_cores(results / "timings", run)


def use_of_cores(timings: Path, run: Run) -> list[str]:
    """Compare the seconds inside training with what the cores offered.

    Read are the tables that ``seconds.csv`` is made of, as far as this run has written them: its other rows
    belong to earlier runs.
    """
    new, old = split_by_age(timings, ".parquet", run.start)
    tables = [pd.read_parquet(path) for path in new]
    stages = pd.concat(tables).groupby("stage")["seconds"].sum() if tables else pd.Series(dtype=float)
    lines = [f"seconds inside stage {stage}: {seconds:.1f}" for stage, seconds in stages.items()]
    if "train" not in stages:
        return [*lines, "No network was trained: the use of the cores is not meaningful."]
    if run.cores is None:
        return [*lines, "The number of cores is unknown: their use is not meaningful."]
    share = stages["train"] / (run.wall * run.cores)
    lines.append(f"training seconds / (wall x cores): {share:.1%} (goal for the whole study: {GOAL:.0%})")
    if old:
        lines.append(f"{len(old)} of {len(old) + len(new)} timings are older: this was not the whole study.")
    return lines


def main() -> int:
    """Run the command."""
    parser = ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--step", action="store_true", help="compare training steps, without the study")
    parser.add_argument("--directory", "-d", default=".", help="folder of results/, as in snakemake")
    options, arguments = parser.parse_known_args()
    if options.step:
        from training_step import step_report  # beside this file; torch is not needed for the study

        print("\n".join(step_report()))
        return 0
    run = run_snakemake(["--directory", options.directory, *arguments])
    if run.status:
        print(f"snakemake failed with status {run.status}; measured are the jobs that ended well.")
    print("\n".join(report(Path(options.directory) / "results", run)))
    return run.status


if __name__ == "__main__":
    sys.exit(main())
