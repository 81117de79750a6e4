"""The command ``mmfusion`` and its subcommands."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmfusion.errors import InputError, MmfusionError
from mmfusion.fusion.norm_names import NORM_NAMES

if TYPE_CHECKING:
    from mmfusion.cli.request import DataRequest

EPILOG = (
    "Give a table's modalities as NAME=COLUMNS, where COLUMNS is a pattern such as 'text_*' or a list "
    "a,b,c. Arrays, pickles and csd files name their modalities themselves; NAME=KEY chooses some of them."
)
Data = Annotated[
    Path,
    typer.Argument(
        help="A CSV, Parquet, npz, safetensors or pkl file, or a folder of npy or csd files.",
        show_default=False,
    ),
]
TargetName = Annotated[
    str, typer.Option("--target", "-t", help="Column or array that is predicted.", show_default=False)
]
Modality = Annotated[
    list[str],
    typer.Option(
        "--modality", "-m", metavar="NAME=COLUMNS", help="One modality of a table; give it once for each."
    ),
]
Groups = Annotated[
    str | None,
    typer.Option(
        help="Column or array of groups, such as speakers: a group is never both trained and tested on."
    ),
]
Ids = Annotated[
    str | None, typer.Option(help="Column or array of names of the samples, which is not a feature.")
]
Task = Annotated[
    str,
    typer.Option(
        help="auto, classification or regression. auto: by the number of different values; the answer says "
        "which."
    ),
]
Symbols = Annotated[
    list[str],
    typer.Option(
        metavar="NAME",
        help="A modality that is a sequence of symbols; give it once for each. Not needed for strings that "
        "look like DNA or protein.",
    ),
]
Nonfinite = Annotated[
    str,
    typer.Option(
        help="NaN and infinity among the features: error, zero, or missing (the sample lacks the modality)."
    ),
]
Padding = Annotated[
    str | None, typer.Option(help="Where the padding of sequences with lengths is: front or behind.")
]
Threshold = Annotated[
    float | None, typer.Option(help="Makes two classes of a numeric target: whether it is at least this.")
]
Words = Annotated[str | None, typer.Option(help="csd folders: the modality whose intervals are the words.")]
MissingFrames = Annotated[
    str | None, typer.Option(help="csd folders: words without a frame of a modality: error or zero.")
]
LabelsWithoutWords = Annotated[
    str | None, typer.Option(help="csd folders: labels that no word overlaps: error or leave_out.")
]
MaxOrder = Annotated[
    int | None,
    typer.Option(
        help="Most modalities in a subset.  [default: all up to four modalities, else 2]", show_default=False
    ),
]

app = typer.Typer(
    name="mmfusion",
    help="Which of my modalities, or which combinations of them, carry the prediction?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mmfusion {version_of('mmfusion')}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that come before a command."""


@app.command("relevance", epilog=EPILOG)
def _relevance(
    data: Data,
    target: TargetName,
    modality: Modality = [],  # noqa: B006 (typer copies it)
    groups: Groups = None,
    ids: Ids = None,
    task: Task = "auto",
    symbols: Symbols = [],  # noqa: B006 (as above)
    nonfinite: Nonfinite = "error",
    padding: Padding = None,
    threshold: Threshold = None,
    words: Words = None,
    missing_frames: MissingFrames = None,
    labels_without_words: LabelsWithoutWords = None,
    norm: Annotated[str, typer.Option(help=f"Normalisation, one of {', '.join(NORM_NAMES)}.")] = "ibn",
    p: Annotated[
        float, typer.Option(help="Norm of the relevance scores, from 1 (few subsets) to inf.")
    ] = 1.0,
    penalty: Annotated[
        list[float],
        typer.Option(
            help="lambda; give it several times, and the held-out samples choose one.  [default: a path]",
            show_default=False,
        ),
    ] = [],  # noqa: B006 (as above)
    max_order: MaxOrder = None,
    seeds: Annotated[int, typer.Option(min=1, help="Networks per fold; their scores are averaged.")] = 1,
    folds: Annotated[
        int,
        typer.Option(
            min=0, help="Folds: each is predicted by networks that have not seen it. 0: nothing is held out."
        ),
    ] = 5,
    information: Annotated[
        bool | None,
        typer.Option(
            help="Whether networks are trained with fewer modalities, too: what does each say alone, and is "
            "it needed?  [default: up to four modalities]",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the data.  [default: by the number of samples]")
    ] = None,
    random_state: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Seed of everything that is drawn.")
    ] = 0,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for tables, pictures, answer and settings.")
    ] = Path("relevance"),
) -> None:
    """Train networks, print which modalities and combinations carry the prediction, write tables, pictures.

    Every sample is predicted by networks that have not seen it. The tables say how much the loss rises
    without a subset of modalities in these networks (loss_rise), what every modality says alone, whether it
    is needed beside the others, and which pairs say more together. Last comes the answer in words, in
    one sentence first.
    """
    from mmfusion.cli.relevance_command import run_relevance

    request = _request(
        (data, target, tuple(modality), groups, ids, task),
        (tuple(symbols), nonfinite, padding, threshold),
        (words, missing_frames, labels_without_words),
    )
    choices = {
        "norm": norm,
        "p": p,
        "penalty": "auto" if not penalty else penalty if len(penalty) > 1 else penalty[0],
        "max_order": "auto" if max_order is None else max_order,
        "n_seeds": seeds,
        "cv": folds or None,
        "information": information,
        "epochs": epochs,
        "random_state": random_state,
        "verbose": sys.stderr.isatty(),
    }
    run_relevance(request, choices, output)


@app.command("check", epilog=EPILOG)
def _check(
    data: Data,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", "-t", help="Column or array that is predicted. Without it, the contents are listed."
        ),
    ] = None,
    modality: Modality = [],  # noqa: B006 (typer copies it)
    groups: Groups = None,
    ids: Ids = None,
    task: Task = "auto",
    symbols: Symbols = [],  # noqa: B006 (as above)
    nonfinite: Nonfinite = "error",
    padding: Padding = None,
    threshold: Threshold = None,
    words: Words = None,
    missing_frames: MissingFrames = None,
    labels_without_words: LabelsWithoutWords = None,
) -> None:
    """Read and check a file, and say what would be done with it; without a target, list what is in it."""
    from mmfusion.cli.check_command import describe_data
    from mmfusion.cli.contents import list_contents

    csd = (words, missing_frames, labels_without_words)
    if target is not None:
        treatment = (tuple(symbols), nonfinite, padding, threshold)
        roles = (data, target, tuple(modality), groups, ids, task)
        typer.echo(describe_data(_request(roles, treatment, csd)))
        return
    others = (modality, groups, ids, symbols, padding, threshold, *csd, nonfinite != "error", task != "auto")
    if any(others):
        raise InputError("--modality, --groups and the other options need --target; name the target.")
    typer.echo(list_contents(data))


def _request(roles: Any, treatment: Any, only_csd: Any) -> DataRequest:
    """Put the options that both commands share together; torch and the readers are imported on first use."""
    from mmfusion.cli.request import DataRequest
    from mmfusion.data.readers.finish import Treatment

    names = ("words", "missing_frames", "labels_without_words")
    data, target, modalities, groups, ids, task = roles
    return DataRequest(
        data,
        target,
        modalities,
        groups,
        ids,
        task,
        Treatment(*treatment),
        dict(zip(names, only_csd, strict=True)),
    )


@app.command("init")
def _init(
    file: Annotated[Path, typer.Argument(help="The configuration to write.")] = Path("mine.yaml"),
) -> None:
    """Write a commented configuration of a study of your own data, for you to edit."""
    from mmfusion.cli.init_command import write_template

    write_template(file)
    typer.echo(
        f"{file} written. Edit it, then run in a checkout of mmfusion, where the Snakefile is: "
        f"snakemake --cores all --directory mine --configfile {file.resolve()}"
    )


def main() -> None:
    """Run the command; a user's mistake ends in one sentence, without a traceback."""
    try:
        app()
    except MmfusionError as error:
        typer.echo(f"mmfusion: {error}", err=True)
        sys.exit(1)
