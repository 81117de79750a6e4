"""The relevance of the modalities of a file: training, the printed table, and the files written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import typer

from mmfusion.cli.request import DataRequest, naming
from mmfusion.data.readers.source import Source
from mmfusion.data.task import Task
from mmfusion.errors import InputError, MmfusionError
from mmfusion.estimators.classifier import FusionClassifier
from mmfusion.estimators.estimator import FusionEstimator
from mmfusion.estimators.regressor import FusionRegressor
from mmfusion.files import write_json, write_table
from mmfusion.fusion.subsets import chosen_order
from mmfusion.notices import told
from mmfusion.plotting.style import save_figure
from mmfusion.plotting.subset_relevance import relevance_figure

COLUMNS = ("beta", "weight_share", "loss_rise", "covariance_share", "reducibility_within")
MOST_NAMED = 5
"""Subsets that the verdict names."""
SMALL = 0.1
"""Share of the largest rise of the loss below which a subset about which networks disagree is not named."""
FILES = ("relevance.csv", "relevance.png", "settings.json")


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
    if output.exists() and not output.is_dir():
        raise InputError(f"--output: {output} is a file, expected a folder; name another one.")
    source = request.read()
    task, regression = request.task_sentence(source), request.is_regression(source)
    if request.groups is not None and choices["validation_fraction"] is None:
        raise InputError(
            "--groups: nothing is held out (--held-out 0), so that groups have no effect; leave them out, "
            "or hold out a share."
        )
    new = _make_folder(output)
    model: FusionEstimator = FusionRegressor(**choices) if regression else FusionClassifier(**choices)
    data = source.modality_data()
    try:
        with told() as notes, naming(request.data, choices):
            model.fit(data, source.target, groups=source.groups if choices["validation_fraction"] else None)
    except MmfusionError:
        if new:
            output.rmdir()
        raise
    table = model.relevance_
    notes = [f"Note: {note}" for note in (*source.notes, *split_notes(source), *notes)]
    order = order_note(len(data.modalities), choices["max_order"])
    for line in (task, *notes, _table_text(table), order, _quality(model), _verdict(table)):
        if line:
            typer.echo(line)
    before = [name for name in FILES if (output / name).exists()]
    write_table(output / "relevance.csv", table)
    save_figure(
        relevance_figure(table, f"{request.data.name}: what predicts {request.target!r}?", _caption(model)),
        output / "relevance.png",
    )
    write_json(output / "settings.json", _settings(request, request.task_of(source), model, len(data)))
    replaced = " (those of an earlier run were replaced)" if before else ""
    typer.echo(f"written to {output}: {', '.join(FILES)}{replaced}")
    return table


def _make_folder(folder: Path) -> bool:
    """Make the output folder before anything is trained, and return whether it is new."""
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--output: {folder} cannot be made ({error}); name another folder.") from None
    return new


def split_notes(source: Source) -> list[str]:
    """Say that the splits of a file are not used here, if it has any."""
    if not source.splits:
        return []
    what = "samples" if source.groups is None else "groups"
    return [
        f"the splits of the file ({', '.join(source.splits)}) are not used here, {what} are held out at "
        "random; a study of your own data uses them."
    ]


def order_note(modalities: int, chosen: Any) -> str:
    """Say which subsets are scored, unless all are or the user has chosen them."""
    order = chosen_order("auto", modalities)
    if chosen != "auto" or order == modalities:
        return ""
    return (
        "With four or more modalities, only single modalities and pairs are scored: --max-order "
        f"{modalities} takes all {2**modalities - 1} subsets."
    )


def _table_text(table: pd.DataFrame) -> str:
    """Write the main columns of a relevance table for a terminal, intervals in brackets."""
    printed = pd.DataFrame({"subset": table["subset"]})
    for name in COLUMNS:
        if table[name].notna().any():
            numbers = table[[name, f"{name}_low", f"{name}_high"]].to_numpy(dtype=float)
            printed[name] = [_cell(*row) for row in numbers.tolist()]
    return printed.to_string(index=False)


def _cell(value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:z.3f}" if np.isnan(low) else f"{value:z.3f} [{low:z.3f}, {high:z.3f}]"


def _held_out(model: FusionEstimator) -> dict[str, float | None]:
    """Return loss, loss of the constant, and accuracy or R^2 on held-out samples, of the chosen lambda."""
    best = model.penalties_.sort_values("loss_validation", kind="stable").iloc[0]
    columns = {
        "loss_held_out": "loss_validation",
        "loss_constant": "loss_constant",
        "score_held_out": "score_validation",
    }
    return {name: None if np.isnan(best[column]) else float(best[column]) for name, column in columns.items()}


def _quality(model: FusionEstimator) -> str:
    """Say how good the prediction is that the table explains."""
    loss, constant_loss, score = _held_out(model).values()
    if loss is None:
        return "Nothing was held out: how good the prediction is, and what helps it, is not known."
    what = "accuracy" if isinstance(model, FusionClassifier) else "R2"
    return (
        f"Held-out loss {loss:.3f}; the best constant prediction has {constant_loss:.3f}. Held-out {what} "
        f"{score:.3f}."
    )


def _caption(model: FusionEstimator) -> str:
    """Say what was trained and what the bars are, below the title of the picture."""
    seeds = model.n_seeds
    intervals = " Whiskers: 95 % bootstrap intervals over the networks." if seeds > 1 else ""
    measured = (
        " Right: how much the loss on held-out samples rises where a subset's part is replaced by its mean; "
        "zero or less means that it does not help there."
        if model.relevance_["loss_rise"].notna().any()
        else ""
    )
    return (
        f"{seeds} network{'s' if seeds > 1 else ''}, norm = {model.norm}, p = {model.p:g}, lambda = "
        f"{model.penalty_:g}. {_quality(model)} Left: relevance beta, from the weights.{measured}{intervals}"
    )


def _settings(request: DataRequest, task: Task, model: FusionEstimator, samples: int) -> dict[str, Any]:
    """Return what the table and the picture were made of."""
    p = model.p if np.isfinite(model.p) else "inf"  # JSON has no infinity
    return {
        "mmfusion": version("mmfusion"),
        "data": str(request.data),
        "task": request.task,
        "task_used": task.word,
        "treatment": asdict(request.treatment),
        "only_csd": {name: choice for name, choice in request.only_csd.items() if choice is not None},
        "samples": samples,
        "target": request.target,
        "modalities": list(request.modalities) or list(model.modalities_),
        "groups": request.groups,
        "ids": request.ids,
        "estimator": type(model).__name__,
        "parameters": {**model.get_params(deep=False), "p": p, "verbose": False},
        "penalty": model.penalty_,
        **_held_out(model),
    }


def _verdict(table: pd.DataFrame) -> str:
    """Name the subsets without which the held-out loss rises, the largest rise first."""
    if table["loss_rise"].isna().all():
        best = table.nlargest(1, "beta").iloc[0]
        return f"{best['subset']} has the largest weights (beta {best['beta']:.2f})."
    low = table["loss_rise_low"].fillna(table["loss_rise"])
    clear = table[low > 0].nlargest(MOST_NAMED, "loss_rise")
    unsure = table[(low <= 0) & (table["loss_rise"] > max(0.0, SMALL * table["loss_rise"].max()))]
    if clear.empty:
        verdict = "No subset clearly lowers the held-out loss: nothing here is known to carry the prediction."
    else:
        named = [f"{row['subset']} ({row['loss_rise']:.3f})" for _, row in clear.iterrows()]
        verdict = f"The held-out loss rises without {', '.join(named)}."
    if len(unsure):
        names = ", ".join(unsure["subset"].head(MOST_NAMED))
        verdict += f" For {names} the networks disagree (the interval reaches zero): more --seeds would tell."
    return verdict
