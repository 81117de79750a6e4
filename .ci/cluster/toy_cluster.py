"""A Slurm of several nodes on this machine: a controller and node daemons on loopback, without accounts.

Every node is a ``slurmd`` with a port and a folder of its own. Slurm's commands find it by
``/etc/slurm/slurm.conf``, which must not exist before and is removed at the end. Nothing is protected from
other users of the machine: it is for tests.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

SYSTEM_CONFIG = Path("/etc/slurm/slurm.conf")
PORT = 17000
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "srun", "scontrol")
CONFIG = """\
ClusterName=toy
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
AuthInfo=cred_expire=10
CredType=cred/none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
MpiDefault=none
ReturnToService=2
SwitchType=switch/none
SlurmdTimeout=10
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MinJobAge=3600
DefMemPerCPU=1000
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory=4000\n"


class Nodes:
    """The daemons of a running cluster.

    Parameters
    ----------
    folder : Path
        Of its configuration, logs and process ids.
    names : list of str
        The nodes.
    """

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.folder = folder
        self.names = names

    def states(self) -> dict[str, str]:
        """State of every node, as ``sinfo`` says it; empty while the controller does not answer."""
        answer = subprocess.run(["sinfo", "-h", "-N", "-o", "%N %T"], capture_output=True, text=True)
        return dict(line.split() for line in answer.stdout.splitlines())

    def jobs_on(self, name: str) -> list[str]:
        """Numbers of the jobs that run on a node."""
        command = ["squeue", "-h", "-t", "running", "-w", name, "-o", "%A"]
        return subprocess.run(command, capture_output=True, text=True).stdout.split()

    def fail(self, name: str) -> list[str]:
        """Let a node fail, as by a power cut: kill its daemon and all processes of its jobs.

        Returns
        -------
        list of str
            Numbers of the jobs that ran there.
        """
        jobs = self.jobs_on(name)
        kill(int((self.folder / f"{name}.pid").read_text()), signal.SIGKILL)
        for process in processes_of(jobs):
            kill(process, signal.SIGKILL)
        return jobs


def kill(process: int, signal_number: int) -> None:
    """Send a signal to a process, if it still runs."""
    with suppress(ProcessLookupError):
        os.kill(process, signal_number)


def processes_of(jobs: list[str]) -> list[int]:
    """Process ids of Slurm jobs: what they started, and the ``slurmstepd`` that watch it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            title = " ".join(process.cmdline())
            if process.environ().get("SLURM_JOB_ID") in jobs or any(
                title.startswith(f"slurmstepd: [{job}.") for job in jobs
            ):
                found.append(process.pid)
    return found


def missing_programs() -> list[str]:
    """Programs of Slurm that this machine lacks."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def write_config(folder: Path, names: list[str]) -> None:
    """Write the configuration, and the folders that it names."""
    host = socket.gethostname().partition(".")[0]
    text = CONFIG.format(folder=folder, user=getpass.getuser(), host=host, port=PORT)
    text += "".join(
        NODE.format(name=name, host=host, port=PORT + 1 + index) for index, name in enumerate(names)
    )
    for part in ("state", *(f"spool/{name}" for name in names)):
        (folder / part).mkdir(parents=True)
    (folder / "slurm.conf").write_text(text, encoding="utf-8")


def wait_until_idle(nodes: Nodes, seconds: float = 60) -> None:
    """Wait until all nodes can take jobs.

    Raises
    ------
    TimeoutError
        If they cannot after `seconds`.
    """
    end = time.monotonic() + seconds
    while nodes.states() != dict.fromkeys(nodes.names, "idle"):
        if time.monotonic() > end:
            raise TimeoutError(
                f"the nodes are {nodes.states()} after {seconds:.0f} s; see {nodes.folder}/*.log"
            )
        time.sleep(1)


def cancel(nodes: Nodes, seconds: float = 30) -> None:
    """Cancel all jobs, and kill what is left of them after some time."""
    jobs = [job for name in nodes.names for job in nodes.jobs_on(name)]
    subprocess.run(["scancel", "--user", getpass.getuser()], capture_output=True)
    end = time.monotonic() + seconds
    while processes_of(jobs) and time.monotonic() < end:
        time.sleep(1)
    for process in processes_of(jobs):
        kill(process, signal.SIGKILL)


def stop(folder: Path) -> None:
    """Stop all daemons of a cluster, the controller first, and wait for their ends."""
    running = []
    for path in sorted(folder.glob("*.pid"), key=lambda path: path.stem != "slurmctld"):
        with suppress(psutil.Error, ValueError):
            process = psutil.Process(int(path.read_text()))
            if process.name() in ("slurmctld", "slurmd"):  # the id of a killed one may be another's by now
                process.terminate()
                running.append(process)
    for process in psutil.wait_procs(running, timeout=10)[1]:
        process.kill()


@contextmanager
def toy_cluster(folder: Path, count: int = 3) -> Iterator[Nodes]:
    """Start a cluster, and stop all of it in the end.

    Parameters
    ----------
    folder : Path
        An empty folder for its files.
    count : int
        How many nodes of one core.

    Raises
    ------
    FileExistsError
        If this machine has a Slurm of its own.
    """
    names = [f"n{index + 1}" for index in range(count)]
    write_config(folder, names)
    SYSTEM_CONFIG.parent.mkdir(parents=True, exist_ok=True)
    SYSTEM_CONFIG.symlink_to(folder / "slurm.conf")
    nodes = Nodes(folder, names)
    try:
        subprocess.run(["slurmctld"], check=True)
        for name in names:
            subprocess.run(["slurmd", "-N", name], check=True)
        wait_until_idle(nodes)
        yield nodes
    finally:
        cancel(nodes)
        stop(folder)
        SYSTEM_CONFIG.unlink()
