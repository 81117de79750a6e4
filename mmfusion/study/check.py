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

from mmfusion.errors import MmfusionError
from mmfusion.notices import told
from mmfusion.sentences import joined_names
from mmfusion.study.config.layers import read_layers
from mmfusion.study.data.user_dataset import user_dataset
from mmfusion.study.data.user_summary import user_summary
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
    if not base.is_file():
        raise SystemExit(
            f"{base}: there is no such file in {Path.cwd()}, expected the configuration of the study; run "
            "this in the checkout that holds it."
        )
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


def read_data(study: Study, directory: Path = Path()) -> list[str]:
    """Read the user's datasets as the rule `user_dataset` does, and write nothing.

    Parameters
    ----------
    study : Study
        From `check_files`.
    directory : Path, default the working directory
        As for `check_files`.

    Returns
    -------
    list of str
        A description of each dataset. The example that the workflow draws is left out while it is not there.

    Raises
    ------
    SystemExit
        With a sentence for each dataset whose values cannot be used.
    """
    described, mistakes = [], []
    with contextlib.chdir(directory):
        for name, settings in study.user.items():
            if not Path(settings.path).exists():
                continue
            try:
                with told():  # the description repeats the choices
                    dataset = user_dataset(name, study.user_settings(name))
            except MmfusionError as error:
                mistakes.append(f"datasets.{name}: {error}")
            else:
                described.append(user_summary(dataset, settings.max_order))
    if mistakes:
        raise SystemExit("\n".join(mistakes))
    return described


def print_check(
    files: Annotated[
        list[Path], typer.Argument(help="Configuration files, as behind --configfile.", readable=False)
    ],
    directory: Annotated[Path, typer.Option(help="Folder of the run, as behind --directory.")] = Path(),
) -> None:
    """Check configuration files as a run does, before Snakemake reads them, and read your data."""
    study = check_files(files, directory)
    for description in read_data(study, directory):
        typer.echo(f"{description}\n")
    networks = len(study.cells) * len(study.config.seeds)
    folder = "" if directory == Path() else f" --directory {directory}"
    written = " ".join(map(str, files))
    typer.echo(
        f"The configuration is in order ({joined_names(study.datasets)}: {networks} networks in "
        f"{len(study.train_folders())} jobs). Next: snakemake --cores all{folder} --configfile {written}"
    )


if __name__ == "__main__":
    typer.run(print_check)
