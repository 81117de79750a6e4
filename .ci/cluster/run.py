"""The smoke study on a Slurm of three nodes: the same bytes as on one machine, also when a node fails.

``python .ci/cluster/run.py`` needs Slurm (Debian: ``slurm-wlm``), which ``--install`` installs, the extra
``slurm``, and the right to write ``/etc/slurm/slurm.conf``. It runs the study without Slurm, then with the
profile ``workflow/profiles/slurm``: as it is, with groups of jobs, and with a node that fails while a job
trains on it. All daemons that it starts are stopped in the end.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from toy_cluster import PROGRAMS, Nodes, missing_programs, toy_cluster

ROOT = Path(__file__).resolve().parents[2]
INSTALL = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "slurm-wlm"]
PROFILE = ["--workflow-profile", "workflow/profiles/slurm"]
# Nothing here takes long to appear: look for files and ended jobs more often than on a real cluster.
SOON = [
    *("--latency-wait", "10"),
    *("--slurm-init-seconds-before-status-checks", "1"),
    *("--seconds-between-status-checks", "2"),
]
# One core per group, since its jobs run in turn; three trainings or two evaluations to a group.
GROUPS = [
    *("--cores", "1"),
    *("--groups", "train=trained", "evaluate=evaluated"),
    *("--group-components", "trained=3", "evaluated=2"),
]
RUNS = {"slurm": [], "groups": GROUPS, "failure": []}
TRAINING = "results/logs/train"


def snakemake(folder: Path, config: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the study in a folder; its output goes to a file beside it."""
    command = [sys.executable, "-m", "snakemake", "--directory", str(folder), "--configfile", config]
    with folder.with_suffix(".log").open("wb") as log:
        return subprocess.Popen([*command, *arguments], cwd=ROOT, stdout=log, stderr=log)


def fail_while_training(nodes: Nodes, folder: Path, study: subprocess.Popen[bytes]) -> str:
    """Wait for the first training, let its node fail, and say what was lost."""
    while study.poll() is None:
        if any((folder / TRAINING).rglob("*.log")):
            for name in nodes.names:
                if nodes.jobs_on(name):
                    jobs = nodes.fail(name)
                    return f"node {name} failed with job {', '.join(jobs)}"
        time.sleep(0.2)
    return "the study ended before a node could fail"


def results(folder: Path) -> dict[str, bytes]:
    """Contents of all files of a study that do not say where and when it ran."""
    kinds = ("data", "train", "baselines", "evaluate", "eigen", "information", "tables", "figures", "answers")
    paths = [path for kind in kinds for path in sorted((folder / "results" / kind).rglob("*"))]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.is_file()}


def differences(folder: Path, expected: dict[str, bytes]) -> list[str]:
    """Names of files that one of two studies lacks, or that have other bytes."""
    found = results(folder)
    return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))


def run(name: str, nodes: Nodes, scratch: Path, config: str, expected: dict[str, bytes]) -> bool:
    """Run the study on the cluster, print what came out, and say whether it is what was expected."""
    folder, start = scratch / name, time.monotonic()
    study = snakemake(folder, config, *PROFILE, *SOON, *RUNS[name])
    note = fail_while_training(nodes, folder, study) if name == "failure" else ""
    status = study.wait()
    wrong = differences(folder, expected)
    submitted = (
        folder.with_suffix(".log").read_text(errors="replace").count("has been submitted with SLURM jobid")
    )
    words = f"{len(wrong)} of {len(expected)} files differ{': ' if wrong else ''}{', '.join(wrong[:5])}"
    seconds = time.monotonic() - start
    print(f"{name}: status {status}, {seconds:.0f} s, {submitted} jobs, {words}. {note}", flush=True)
    if status or wrong:
        print("\n".join(folder.with_suffix(".log").read_text(errors="replace").splitlines()[-40:]))
    return not (status or wrong or note.startswith("the study ended"))


def compare(names: list[str], config: str, scratch: Path) -> int:
    """Run the study locally and on a cluster; the exit status is 0 if all came out the same."""
    start = time.monotonic()
    if snakemake(scratch / "local", config, "--cores", "2").wait():
        print((scratch / "local.log").read_text(errors="replace"))
        return 1
    expected = results(scratch / "local")
    print(f"local: {time.monotonic() - start:.0f} s, {len(expected)} files", flush=True)
    same = True
    for name in names:
        with toy_cluster(scratch / f"nodes_{name}") as nodes:
            same &= run(name, nodes, scratch, config, expected)
    return int(not same)


def main() -> int:
    """Run the command."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "runs", nargs="*", default=list(RUNS), help=f"some of {', '.join(RUNS)}; default: all"
    )
    parser.add_argument("--config", default="config/smoke.yaml", help="configuration of the study")
    parser.add_argument("--install", action="store_true", help="install Debian's Slurm first")
    options = parser.parse_args()
    if unknown := set(options.runs) - set(RUNS):
        parser.error(f"there is no run {sorted(unknown)[0]}; write some of {', '.join(RUNS)}")
    if options.install and missing_programs():
        subprocess.run(INSTALL, check=True)
    if missing := missing_programs():
        parser.error(
            f"{', '.join(missing)} of {', '.join(PROGRAMS)} not found: install Slurm, or add --install"
        )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that daemons are stopped
    with TemporaryDirectory() as scratch:
        return compare(options.runs, options.config, Path(scratch))


if __name__ == "__main__":
    sys.exit(main())
