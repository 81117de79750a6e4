"""Checking a configuration as a run does, without Snakemake: ``python -m mmfusion.study.check mine.yaml``.

Snakemake reads the file behind ``--configfile`` before any line of a Snakefile. If the file is missing or not
text it ends in a traceback, a pipe or some aliases keep it reading for ever, and the code in a file that asks
for it is run. Here such a file is refused in one sentence.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from snakemake.utils import update_config

from mmfusion.sentences import joined_names
from mmfusion.study.config.layers import read_layers
from mmfusion.study.plan import Study
from mmfusion.study.workflow import load_study

BASE = Path("config/config.yaml")
"""The study that a configuration file is laid over, in a checkout."""


def check_files(files: Sequence[Path], directory: Path = Path(), base: Path = BASE) -> Study:
    """Check configuration files, laid over each other and over the study's own.

    Parameters
    ----------
    files : sequence of Path
        As behind ``--configfile``.
    directory : Path, default the working directory
        As behind ``--directory``: relative paths of data count from there.
    base : Path
        The study's own configuration.

    Returns
    -------
    Study

    Raises
    ------
    SystemExit
        With all mistakes.
    """
    if not directory.is_dir():
        raise SystemExit(f"{directory}: there is no such folder, expected the one of the data; create it.")
    order = [path.absolute() for path in (base, *files)]
    layers, errors = read_layers(order)
    if len(layers) < len(order):
        raise SystemExit("\n".join(map(str, errors)))
    config: dict[str, Any] = {}
    for layer in layers:
        update_config(config, layer)
    with contextlib.chdir(directory):
        return load_study(config, [*order[1:], order[0]])


def print_check(
    files: Annotated[
        list[Path], typer.Argument(help="Configuration files, as behind --configfile.", readable=False)
    ],
    directory: Annotated[Path, typer.Option(help="Folder of the run, as behind --directory.")] = Path(),
) -> None:
    """Check configuration files as a run does, before Snakemake reads them."""
    study = check_files(files, directory)
    networks = len(study.cells) * len(study.config.seeds)
    folder = "" if directory == Path() else f" --directory {directory}"
    written = " ".join(map(str, files))
    typer.echo(
        f"The configuration is in order ({joined_names(study.datasets)}: {networks} networks in "
        f"{len(study.train_folders())} jobs); the values in your data are not read here: mmfusion check "
        f"reads them. Next: snakemake --cores all{folder} --configfile {written}"
    )


if __name__ == "__main__":
    typer.run(print_check)
