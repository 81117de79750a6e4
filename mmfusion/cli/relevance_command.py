"""The relevance of the modalities of a file: training, the printed table, and the files written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import typer

from mmfusion.cli.answer_page import PICTURES, answer_html
from mmfusion.cli.order_note import order_note
from mmfusion.cli.output_folder import (
    ANSWER,
    INFORMATION,
    MOTIFS,
    MOTIFS_TABLE,
    PAGE,
    RELEVANCE,
    SETTINGS,
    check_output,
    filling,
)
from mmfusion.cli.printed_tables import NAMED, information_cells, subset_cells
from mmfusion.cli.request import DataRequest
from mmfusion.data.check_values import check_values
from mmfusion.data.description import modality_lines, one_line_each, sample_lines
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.readers.source import Source
from mmfusion.data.task import Task
from mmfusion.errors import InputError
from mmfusion.estimators.estimator import FusionEstimator
from mmfusion.estimators.regressor import FusionRegressor
from mmfusion.estimators.source_fit import FittedSource, fit_source
from mmfusion.files import write_json, write_table, write_text
from mmfusion.pages.picture import Picture, picture_of
from mmfusion.plotting.sequence_logos import has_logos, motifs_figure
from mmfusion.plotting.style import save_figure
from mmfusion.plotting.subset_relevance import relevance_figure


def run_relevance(request: DataRequest, choices: Mapping[str, Any], output: Path) -> pd.DataFrame:
    """Train, print the table, and write table, picture and settings.

    Parameters
    ----------
    request : DataRequest
    choices : mapping
        Parameters of the estimator.
    output : Path
        Folder. Files of an earlier run in it are replaced, and the last line printed says so.

    Returns
    -------
    DataFrame
        The relevance table.

    Raises
    ------
    MmfusionError
        If an argument, the file or a value in it cannot be used.
    """
    check_output(output, request.data)
    if choices["cv"] == 1:
        raise InputError("--folds: 1, expected at least 2, or 0 to hold nothing out.")
    source = request.read()
    task = request.task_sentence(source)
    if request.groups is not None and choices["cv"] is None:
        raise InputError(
            "--groups: nothing is held out (--folds 0), so that groups have no effect; leave them out, or "
            "use folds."
        )
    with filling(output) as (folder, done):
        fitted = fit_source(source, request.task_of(source), task, choices)
        settings = _settings(request, request.task_of(source), fitted.model, len(source))
        fitted, motifs = _motifs(fitted, source.modality_data())
        title = f"{request.data.name}: what predicts {request.target!r}?"
        pictures = _write(folder, fitted, motifs, title)
        notes = [f"Note: {note}" for note in (*source.notes, *fitted.notes)]
        more = order_note(len(source.modalities), choices["max_order"])
        facts = [*_facts(request, source), task, *notes, *filter(None, [more])]
        files = [*sorted(path.name for path in folder.iterdir()), SETTINGS]
        write_text(folder / PAGE, answer_html(fitted, title, facts, pictures, settings, files))
        write_json(folder / SETTINGS, {**settings, "files": sorted([*files, PAGE])})
    texts = [subset_cells(fitted.model.relevance_).to_string(index=False), more]
    texts += [*_information_texts(fitted), *_motif_texts(motifs)]
    for line in (task, *notes, *filter(None, texts), f"\n{fitted.words}\n"):
        typer.echo(line)
    replaced = " (those of an earlier run were replaced)" if done.replaced else ""
    typer.echo(f"written to {output}: {', '.join(done.written)}{replaced}")
    return fitted.model.relevance_


def _facts(request: DataRequest, source: Source) -> list[str]:
    """Say what was read, as the command ``check`` does."""
    data = source.modality_data()
    described = modality_lines(source, check_values(data, data.kinds, all_occur=True))
    size = f"{request.data.name}: {len(source)} samples, {len(source.modalities)} modalities"
    return [size, *one_line_each(described), *sample_lines(source)]


def _write(folder: Path, fitted: FittedSource, motifs: pd.DataFrame, title: str) -> list[Picture]:
    """Write tables, pictures and the answer; return the pictures for the page."""
    model = fitted.model
    for name, table in fitted.tables.items():
        if table is not None and len(table):
            write_table(folder / f"{name}.csv", table)
    figures = {RELEVANCE: relevance_figure(model.relevance_, title, _caption(model))}
    if model.information_ is not None:
        figures[INFORMATION] = model.plot_information(title)
    if len(motifs):
        write_table(folder / MOTIFS_TABLE, motifs)
        if has_logos(motifs):
            figures[MOTIFS] = motifs_figure(motifs, title)
    write_text(folder / ANSWER, f"{fitted.words}\n")
    for name, figure in figures.items():
        save_figure(figure, folder / name)
    return [
        picture_of(figures[name], Path(name).stem, *PICTURES[name]) for name in PICTURES if name in figures
    ]


def _information_texts(fitted: FittedSource) -> list[str]:
    """Write what modalities and pairs say; nothing where it was not measured."""
    texts = [f"\n{table.to_string(index=False)}" for table in information_cells(fitted.model)]
    return [*texts, NAMED] if texts else []


def _motifs(fitted: FittedSource, data: ModalityData) -> tuple[FittedSource, pd.DataFrame]:
    """List motifs, or note why there are none."""
    try:
        motifs = fitted.model.motifs(data)
    except InputError as error:  # not a reason to lose the answer
        note = f"motifs were not counted. {error}"
        return replace(fitted, notes=(*fitted.notes, note)), pd.DataFrame(columns=["rank"])
    if len(motifs) and not has_logos(motifs):
        note = f"{MOTIFS} is not drawn: a logo needs one printable character per symbol."
        fitted = replace(fitted, notes=(*fitted.notes, note))
    return fitted, motifs


def _motif_texts(motifs: pd.DataFrame) -> list[str]:
    """Write the motif of the filter that drives most, network by network."""
    texts = []
    first = motifs[motifs["rank"] == 1]
    for (subset, modality), rows in first.groupby(["subset", "modality"], sort=False):
        short = rows["consensus"].str.len().max() == 1
        found = [
            ("" if short else " ").join(letters)
            for _, letters in rows.groupby("network", sort=False)["consensus"]
        ]
        texts.append(f"\nmotifs of {modality} that drive {subset}, one per network: {', '.join(found)}")
    return texts


def _caption(model: FusionEstimator) -> str:
    """Say what was trained and what the bars are, below the title of the picture."""
    count = len(model.ensemble_.networks)
    constant = np.isinf(model.penalty_)
    unit = "share of the target's variance" if isinstance(model, FusionRegressor) else "nats"
    measured = (
        f" {'Bars' if constant else 'Right'}: how much the loss of samples that were not seen rises ({unit}) "
        f"where a subset's part is replaced by its mean, with the 95 % interval over {model.summary_.units}; "
        "pale bars are not named: it is not shown that they help."
        if model.relevance_["loss_rise"].notna().any()
        else ""
    )
    spread = " Whiskers: one standard deviation over the networks." if count > 1 else ""
    weights = (
        "infinite: no network predicted clearly better than the constant, and all weights are zero."
        if constant
        else f"{model.penalty_:g}. Left: relevance beta, from the weights.{spread}"
    )
    return (
        f"{count} network{'s' if count > 1 else ''}, norm = {model.norm}, p = {model.p:g}, lambda = "
        f"{weights}{measured}"
    )


def _settings(request: DataRequest, task: Task, model: FusionEstimator, samples: int) -> dict[str, Any]:
    """Return what the table and the picture were made of."""
    treatment = asdict(request.treatment)  # how cells were read; the estimator's own setting had no effect
    parameters = {
        name: value for name, value in model.get_params(deep=False).items() if name not in treatment
    }
    return {
        "mmfusion": version("mmfusion"),
        "data": str(request.data),
        "task": request.task,
        "task_used": task.word,
        "treatment": treatment,
        "only_csd": {name: choice for name, choice in request.only_csd.items() if choice is not None},
        "samples": samples,
        "target": request.target,
        "modalities": list(request.modalities) or list(model.modalities_),
        "groups": request.groups,
        "ids": request.ids,
        "estimator": type(model).__name__,
        "parameters": {**parameters, "p": _number(model.p), "verbose": False},
        "penalty": _number(model.penalty_),
        "candidates": [
            {name: value if name == "encoder" else _number(value) for name, value in row.items()}
            for row in model.penalties_.drop(columns="loss_constant").to_dict("records")
        ],
        "loss": _number(model.summary_.loss),
        "loss_constant": _number(model.summary_.loss_constant),
        "loss_linear": _number(model.summary_.loss_linear),
        "score": _number(model.summary_.score),
    }


def _number(value: float) -> float | str | None:
    """Return what JSON can hold: None for NaN, text for infinity."""
    return None if np.isnan(value) else value if np.isfinite(value) else "inf"
