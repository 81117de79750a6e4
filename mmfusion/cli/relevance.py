"""From a file to the relevance of its modalities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import typer
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmfusion.data.modality_data import ModalityData
from mmfusion.data.readers.read import read_source
from mmfusion.data.readers.source import Source
from mmfusion.errors import InputError
from mmfusion.estimators.base import FusionEstimator
from mmfusion.estimators.classifier import FusionClassifier
from mmfusion.estimators.regressor import FusionRegressor
from mmfusion.files import write_table
from mmfusion.plotting.style import save

MANY = 10
"""Different numbers from which on a target of numbers is taken for a regression."""
TASKS = ("auto", "classification", "regression")
COLUMNS = ("beta", "weight_share", "loss_rise", "covariance_share", "leakage_within")


@dataclass(frozen=True)
class Question:
    """A file, and what is asked of it: the arguments of the command."""

    data: Path
    target: str
    modalities: tuple[str, ...]
    groups: str | None
    ids: str | None
    task: str

    def read(self) -> Source:
        """Read the file."""
        return read_source(self.data, self.target, self._columns(), self.groups, self.ids)

    def _columns(self) -> dict[str, str | list[str]] | None:
        chosen: dict[str, str | list[str]] = {}
        for text in self.modalities:
            name, found, columns = text.partition("=")
            if not found or not name or not columns:
                raise InputError(
                    f"--modality {text!r}: expected NAME=COLUMNS, such as text='text_*' or text=a,b,c."
                )
            if name in chosen:
                raise InputError(
                    f"--modality {text!r}: {name!r} was given already, expected every name once."
                )
            chosen[name] = columns.split(",") if "," in columns else columns
        return chosen or None

    def is_regression(self, target: NDArray[Any]) -> bool:
        """Say whether the target is to be predicted as numbers.

        Raises
        ------
        InputError
            If the task is unknown.
        """
        if self.task not in TASKS:
            raise InputError(f"--task: {self.task!r} is unknown, expected one of {', '.join(TASKS)}.")
        if self.task != "auto":
            return self.task == "regression"
        return target.dtype.kind == "f" and len(np.unique(target)) > MANY


def modality_data(source: Source) -> ModalityData:
    """Make the estimators' data of what was read."""
    return ModalityData(source.arrays, lengths=source.lengths or None)


def answer(question: Question, choices: Mapping[str, Any], output: Path) -> pd.DataFrame:
    """Train, print the table, and write table and picture.

    Parameters
    ----------
    question : Question
    choices : mapping
        Parameters of the estimator.
    output : Path
        Folder.

    Returns
    -------
    DataFrame
        The relevance table.
    """
    source = question.read()
    regression = question.is_regression(source.target)
    model: FusionEstimator = FusionRegressor(**choices) if regression else FusionClassifier(**choices)
    model.fit(modality_data(source), source.target, groups=source.groups)
    table = model.relevance_
    measure = "loss_rise" if table["loss_rise"].notna().any() else "beta"
    typer.echo(printed(table))
    typer.echo(_quality(model))
    typer.echo(_verdict(table))
    write_table(output / "relevance.csv", table)
    figure = model.plot_relevance(measure).figure
    save(cast("Figure", figure), output / "relevance.png")
    typer.echo(f"written: {output / 'relevance.csv'}, {output / 'relevance.png'}")
    return table


def printed(table: pd.DataFrame) -> str:
    """Write the main columns of a relevance table for a terminal, intervals in brackets."""
    shown = pd.DataFrame({"subset": table["subset"]})
    for name in COLUMNS:
        if table[name].notna().any():
            numbers = table[[name, f"{name}_low", f"{name}_high"]].to_numpy(dtype=float)
            shown[name] = [_cell(*row) for row in numbers.tolist()]
    return shown.to_string(index=False)


def _cell(value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:.3f}" if np.isnan(low) else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _quality(model: FusionEstimator) -> str:
    """Say how good the prediction is that the table explains."""
    found, alone = model.penalties_[["loss_validation", "loss_constant"]].min().tolist()
    if np.isnan(found):
        return "Nothing was held out: how good the prediction is, and what helps it, is not known."
    return f"Held-out loss {found:.3f}; the best constant prediction has {alone:.3f}."


def _verdict(table: pd.DataFrame) -> str:
    """Name the subset without which the held-out loss rises most, if there is any."""
    if table["loss_rise"].isna().all():
        best = table.nlargest(1, "beta").iloc[0]
        return f"{best['subset']} has the largest weights (beta {best['beta']:.2f})."
    best = table.nlargest(1, "loss_rise").iloc[0]
    low = best["loss_rise"] if np.isnan(best["loss_rise_low"]) else best["loss_rise_low"]
    if low <= 0:
        return "No subset clearly lowers the held-out loss: nothing here is known to carry the prediction."
    return f"{best['subset']} helps most on held-out samples (loss rise without it {best['loss_rise']:.3f})."
