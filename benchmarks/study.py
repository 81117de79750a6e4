"""How well the study uses a machine: the time of its jobs, and the share of training in it.

Start-up is the time of a job outside its timed stage: starting Python, importing torch, reading data and
writing files. Only jobs of this run count.
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
from results import Row, row, skipped

ROOT = Path(__file__).resolve().parents[1]
GOAL = 0.8
PART, BY_RULE = "study", "study by rule"
LIMITS = re.compile(r"(--cores|-c|--jobs|-j|--profile)(=.*|\d+|all)?")
"""Arguments of snakemake that set the number of cores."""


class Run(NamedTuple):
    """One call of snakemake: start (s since the epoch), wall time (s), exit status, cores (None: unknown)."""

    start: float
    wall: float
    status: int
    cores: int | None


def study_report(arguments: list[str]) -> tuple[list[Row], int]:
    """Run the study and measure it.

    Parameters
    ----------
    arguments : list of str
        Of snakemake; ``--directory`` or ``-d`` is the folder of results/.

    Returns
    -------
    tuple of (list of row, int)
        The rows and the exit status of snakemake.
    """
    parser = ArgumentParser(allow_abbrev=False, add_help=False)
    parser.add_argument("--directory", "-d", default=".")
    directory = parser.parse_known_args(arguments)[0].directory
    run = run_snakemake(arguments)
    rows = report(Path(directory) / "results", run)
    if run.status:
        why = f"snakemake failed with status {run.status}; the rows are of the jobs that succeeded"
        rows.append(skipped(PART, "the rest", why))
    return rows, run.status


def run_snakemake(arguments: list[str]) -> Run:
    """Run snakemake, pass on its output, and read from it the number of cores."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    cores = None
    if not any(LIMITS.fullmatch(argument) for argument in arguments):
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        command += ["--cores", str(cores)]
    start, clock = time.time(), time.perf_counter()
    with subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr or ():
            sys.stderr.write(line)
            match = re.search(r"Provided cores: (\d+)", line)
            cores = int(match.group(1)) if match else cores
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
        last = pd.read_csv(path, sep="\t", na_values=["-", "NA"]).iloc[-1]
        rule = path.relative_to(benchmarks).with_suffix("").parts[0]
        jobs.append({"rule": rule, "s": float(last["s"]), "max_rss": float(last["max_rss"])})
    return pd.DataFrame(jobs, columns=["rule", "s", "max_rss"])


def seconds_inside(timings: Path, start: float) -> tuple[pd.Series[float], int, int]:
    """Add up the seconds inside the stages of a run, by stage, and count its tables and the older ones.

    It reads the tables from which ``seconds.csv`` is made, without those of earlier runs. A stage has its
    rule's name.
    """
    new, old = split_by_age(timings, ".parquet", start)
    tables = [pd.read_parquet(path) for path in new]
    stages = pd.concat(tables).groupby("stage")["seconds"].sum() if tables else pd.Series(dtype=float)
    return stages, len(new), len(old)


def report(results: Path, run: Run) -> list[Row]:
    """Report the time of the jobs of a run, rule by rule, and how well they used the cores."""
    jobs = job_table(results / "benchmarks", run.start)
    if jobs.empty:
        why = (
            "snakemake stopped before a job ended"
            if run.status
            else "all is up to date, or this was a dry run"
        )
        return [skipped(PART, "use of the cores", f"no job ran ({why})")]
    stages, new, old = seconds_inside(results / "timings", run.start)
    rows = [
        row(PART, "wall time", run.wall, "s"),
        row(PART, "jobs", len(jobs), "jobs"),
        row(PART, "jobs, summed", float(jobs["s"].sum()), "s"),
        row(PART, "start-up of jobs with a timed stage, summed", start_up(jobs, stages), "s"),
    ]
    rows.append(use_of_cores(stages, run))
    if old:
        why = f"{old} of {old + new} timings are older than this run"
        rows.append(skipped(PART, "the whole study", why))
    for rule, of_rule in jobs.groupby("rule", sort=False):
        rows += rule_rows(str(rule), of_rule, stages)
    return rows


def start_up(jobs: pd.DataFrame, stages: pd.Series[float]) -> float:
    """Return the seconds that jobs with a timed stage spend outside it."""
    timed = jobs[jobs["rule"].isin(stages.index)]
    return float(timed["s"].sum() - stages[stages.index.isin(timed["rule"])].sum())


def use_of_cores(stages: pd.Series[float], run: Run) -> Row:
    """Compare the seconds inside training with wall time x cores."""
    quantity = "training seconds / (wall time x cores)"
    if "train" not in stages:
        return skipped(PART, quantity, "no network was trained")
    if run.cores is None:
        return skipped(PART, quantity, "the number of cores is unknown")
    share = float(stages["train"]) / (run.wall * run.cores)
    return row(PART, quantity, share, "share", (">=", GOAL), case=f"{run.cores} cores")


def rule_rows(rule: str, jobs: pd.DataFrame, stages: pd.Series[float]) -> list[Row]:
    """Describe the jobs of one rule."""
    numbers = {"jobs": len(jobs), "jobs, s": float(jobs["s"].sum())}
    if rule in stages:
        numbers["inside the stage, s"] = float(stages[rule])
        numbers["start-up per job, s"] = start_up(jobs, stages) / len(jobs)
    if jobs["max_rss"].notna().any():
        numbers["largest memory, MB"] = float(jobs["max_rss"].max())
    return [row(BY_RULE, quantity, value, "", case=rule) for quantity, value in numbers.items()]
