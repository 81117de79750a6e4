"""The seam to the Snakefile: a checked configuration or its mistakes, and the sentences of failed jobs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from snakemake.utils import update_config

from mmfusion.errors import MmfusionError
from mmfusion.files import write_text
from mmfusion.study.config.layers import read_layers
from mmfusion.study.config.settings import load_config
from mmfusion.study.figures.figure_definitions import FIGURES
from mmfusion.study.logs import UNFINISHED
from mmfusion.study.plan import Study

KILLED = "The job was killed, for example because memory ran out, or it crashed: run the same command again."
NOT_BEGUN = "The job ended before it began its work: it was killed, or Snakemake's lines say why it failed."
_FAILED = re.compile(r"^ *log: (.+) \(check log file\(s\) for error details\)$", re.MULTILINE)


def whole_config(
    config: Mapping[str, Any], files: Sequence[str | Path], base: str | Path
) -> tuple[Mapping[str, Any], Sequence[str | Path]]:
    """Lay settings over the study's own if Snakemake has not: in a module it reads no configuration file.

    Parameters
    ----------
    config : mapping
        As Snakemake has it.
    files : sequence of str or Path
        The YAML files that it has read.
    base : str or Path
        The study's own configuration.

    Returns
    -------
    tuple of (mapping, sequence of str or Path)
        The whole configuration, and the files that it was read from.
    """
    if any(Path(path).resolve() == Path(base).resolve() for path in files):
        return config, files
    whole: dict[str, Any] = {}
    for layer in (*read_layers([base])[0], config):  # if it cannot be read, load_study says so
        update_config(whole, layer)
    return whole, [base]


def load_study(config: Mapping[str, Any], files: Sequence[str | Path] = ()) -> Study:
    """Make the study of a configuration; a user's mistake stops the workflow with its sentences only.

    Parameters
    ----------
    config : mapping
        The configuration as Snakemake has read it.
    files : sequence of str or Path
        The YAML files it was read from, as Snakemake lists them: those of the command line in their order,
        and last the one that they are laid over. A key written twice in one of them is a mistake, of which
        Snakemake silently keeps the last; a name that is nearly one of the files below is another.

    Returns
    -------
    Study

    Raises
    ------
    SystemExit
        With all mistakes of the configuration; Snakemake's exceptions would print a traceback too.
    """
    lowest = files[-1:]
    order = [*lowest, *(path for path in files if path not in lowest)]
    layers, errors = read_layers(order)
    messages = [str(error) for error in errors]
    if len(layers) == len(
        order
    ):  # a file that our reader refuses may hold more than a check can walk through
        try:
            study = Study(load_config(config))
        except MmfusionError as error:
            messages.append(str(error))
    if messages:
        raise SystemExit("\n".join(messages))
    return study


def figures_of(study: Study) -> list[str]:
    """List the figures that show at least one dataset of a study's configuration."""
    return [
        name
        for name, definition in FIGURES.items()
        if (study.user if definition.requires is None else study.named & set(definition.requires))
    ]


def where_to_look(results: str | Path = "results") -> str:
    """Say which file of a study to open first, and where its article is.

    Parameters
    ----------
    results : str or Path, default "results"

    Returns
    -------
    str
        With whole paths, since a study may run in another folder than the command; empty if there is
        neither.

    Examples
    --------
    >>> where_to_look("no/such/folder")
    ''
    """
    sentences = {"index.html": "Open {} in a browser first.", "paper/paper.tex": "The article is {}."}
    found = {name: path for name in sentences if (path := Path(results, name)).is_file()}
    return " ".join(sentences[name].format(path.resolve()) for name, path in found.items())


def time_needed(benchmarks: Iterable[str | Path | None], cores: int | None) -> str:
    """Say how long the jobs of a run took when they ran last in this folder.

    Parameters
    ----------
    benchmarks : iterable of str, Path or None
        Snakemake's benchmark files of all jobs; those of a job that has not run here do not exist.
    cores : int or None
        Over which the jobs are spread; None: it is not known over how many.

    Returns
    -------
    str
        One sentence; empty if none of them has run here.
    """
    paths = [Path(path) for path in benchmarks if path is not None]
    measured = [seconds for path in paths if (seconds := _seconds(path)) is not None]
    if not measured:
        return ""
    spread = f", about {_minutes(sum(measured) / cores)} on {cores} cores" if cores and cores > 1 else ""
    return (
        f"{len(measured)} of the {len(paths)} jobs have run here before and took {_minutes(sum(measured))} "
        f"together{spread}."
    )


def _seconds(benchmark: Path) -> float | None:
    """Read the wall time of a job; None without a file that holds it."""
    row = next(csv.DictReader(_text(benchmark).splitlines(), delimiter="\t"), {})
    try:
        return float(row["s"])
    except (KeyError, TypeError, ValueError):
        return None


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def failed_job_messages(logs: str | Path | Iterable[str | Path]) -> str:
    """Collect the last line of every failed job's log, which is the sentence about a user's mistake.

    A job that was killed could not say so: its log gets this line here.

    Parameters
    ----------
    logs : str, Path or iterable of them
        Snakemake's logs of the run (how many depends on its version), which name those of failed jobs,
        relative to the working directory.

    Returns
    -------
    str
        One line per failed job.
    """
    several = [logs] if isinstance(logs, str | Path) else logs
    paths = [path for log in several for path in _FAILED.findall(_text(Path(log)))]
    return "\n".join(f"Failed: {_last_line(Path(path))} (log: {path})" for path in dict.fromkeys(paths))


def _last_line(log: Path) -> str:
    """Return the last line of a failed job's log; one that the job could not finish is finished here."""
    text = _text(log).rstrip()
    if text and not text.endswith(UNFINISHED):
        return text.splitlines()[-1]
    last = KILLED if text else NOT_BEGUN
    write_text(log, f"{text.removesuffix(UNFINISHED)}{last}\n")
    return last


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
