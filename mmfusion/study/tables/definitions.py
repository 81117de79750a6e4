"""The columns of every table of the study, defined once.

A column has the same name and meaning in all tables, unless a table says otherwise. `TABLES` is the
dictionary, `check_table` compares a table with it and `columns_page` writes it for people. Columns are given
below as (kind, range or unit, meaning); those of the measures of a subset come from their catalogue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd
from pandas.api import types

from mmfusion.fusion.norm_names import NORM_NAMES
from mmfusion.measures.catalogue import LABELS, MEASURES
from mmfusion.study.markdown import markdown_table
from mmfusion.study.tables.tested_columns import OF_MODALITIES, TESTED, p_value, tested_columns


class Column(NamedTuple):
    """Definition of a column: its name, kind of values, range or unit, and meaning."""

    name: str
    kind: str
    range: str
    meaning: str


@dataclass(frozen=True)
class TableDefinition:
    """Definition of a table.

    Parameters
    ----------
    name : str
        Name of the table and of its files.
    rows : str
        What one row is.
    columns : tuple of Column
        All columns, in order.
    """

    name: str
    rows: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return [column.name for column in self.columns]


_KINDS: dict[str, Callable[[Any], bool]] = {
    "text": types.is_string_dtype,
    "integer": types.is_integer_dtype,
    "number": types.is_float_dtype,
    "boolean": types.is_bool_dtype,
}

_SCORES = {
    "accuracy": ("[0, 1]", "share of samples whose class is predicted"),
    "f1": ("[0, 1]", "F1 of the positive class; with several classes the unweighted mean over classes"),
    "loss": ("≥ 0, nats or target variances", "mean loss without the penalty"),
    "acc2_zeros_positive": ("[0, 1]", "two-class accuracy; a sentiment of zero counts as positive"),
    "acc2_zeros_omitted": ("[0, 1]", "two-class accuracy; utterances with a sentiment of zero left out"),
    "acc2_zeros_negative": ("[0, 1]", "two-class accuracy; a sentiment of zero counts as negative"),
    "f1_weighted": ("[0, 1]", "F1 of both classes (zero is positive), weighted by their sizes"),
    "acc7": ("[0, 1]", "accuracy of the sentiment rounded to -3, ..., 3"),
    "mae": ("≥ 0, target's unit", "mean absolute error of a regression"),
    "pearson_r": ("[-1, 1]", "correlation of prediction and target; of the score and a known sentiment"),
    "r2": ("≤ 1", "R² of a regression: 1 - squared error over that of the split's own mean"),
}
_EVERYWHERE = ("accuracy", "f1", "loss")
_RUN_SCORES = [(name, split) for split in ("train", "validation", "test") for name in _EVERYWHERE] + [
    (name, split) for split in ("train", "test") for name in _SCORES if name not in _EVERYWHERE
]

_SPLIT = {"weights": "", "training samples": "", "held-out samples": "test: "}

_COLUMNS: dict[str, tuple[str, str, str]] = {
    "dataset": ("text", "name", "dataset of the run"),
    "task": ("text", "binary, multiclass, regression", "what the target is"),
    "model": ("text", "fusion, or a baseline such as linear or bayes_sequence", "network, baseline or bound"),
    "norm": ("text", ", ".join(NORM_NAMES), "normalisation of the fused features; - for baselines"),
    "p": ("text", "1 to inf, as 4/3", "p of the block norm; - for baselines"),
    "scale": ("text", "1/3, 1, 3", "factor on the encoders' outputs; - for baselines"),
    "seed": ("integer", "≥ 0", "seed of data and network; missing for what needs none"),
    "converged": ("boolean", "true, false", "whether the loss on the validation split is below 95 % of the "
                  "constant's; missing for baselines, and without that split"),
    **{f"{name}_{split}": ("number", _SCORES[name][0], f"{split}: {_SCORES[name][1]}")
       for name, split in _RUN_SCORES},
    "subset": ("text", "1+2", "modalities of the block, joined by +"),
    "order": ("integer", "≥ 1", "number of modalities in the subset"),
    **{measure.name: ("number", measure.range, _SPLIT[measure.needs] + measure.meaning)
       for measure in MEASURES},
    "epoch": ("integer", "≥ 1", "epoch of training"),
    "penalty": ("number", "≥ 0", "block-norm penalty of the objective, lambda included, after the epoch"),
    "eigenvalue": ("number", "≥ 0", "eigenvalue of the covariance of the block's features"),
    "auroc": ("number", "[0.5, 1]", "area under the ROC curve of the projection, larger of both directions"),
    "component": ("integer", "≥ 1", "rank of the eigenvalue, largest first"),
    "share": ("number", "[0, 1]", "eigenvalue over the sum of the subset's eigenvalues"),
    "sample": ("integer", "≥ 0", "row of the test split"),
    "label": ("integer", "0, 1", "class of the sample"),
    "projection": ("number", "feature units", "inner product of features and leading eigenvector"),
    "measure": ("text", "name of a column", "what is summarised"),
    "mean": ("number", "as the measure", "mean over runs"),
    "low": ("number", "as the measure", "lower end of the 95 % bootstrap interval; NaN below two runs"),
    "high": ("number", "as the measure", "upper end of the 95 % bootstrap interval; NaN below two runs"),
    "n": ("integer", "≥ 0", "number of runs with a value"),
    "stage": ("text", "name", "part of the run that was timed"),
    "seconds": ("number", "≥ 0, s", "wall-clock time"),
    "epochs": ("integer", "≥ 0", "epochs of training"),
    "samples": ("integer", "≥ 0", "samples of the training split"),
    "poster": ("number", "[0, 1]", "the value printed on the poster; NaN where it is not readable"),
    "name": ("text", "name", "short name of the prediction"),
    "statement": ("text", "sentence", "what was predicted"),
    "measured": ("text", "number or numbers", "what was measured"),
    "threshold": ("text", "comparison", "when the prediction holds"),
    "holds": ("boolean", "true, false", "whether it does"),
    "coalition": ("text", "1+2", "modalities that the networks were given, joined by +"),
    "size": ("integer", "≥ 1", "number of modalities in the coalition"),
    "loss": ("number", _SCORES["loss"][0], "test: mean loss of what the coalition predicts with"),
    "modality": ("text", "name", "the modality"),
    "pair": ("text", "1+2", "two modalities, joined by +"),
    "first": ("text", "name", "the first of the pair"),
    "second": ("text", "name", "the second of the pair"),
    **TESTED,
}  # fmt: skip

_KEYS = "dataset norm p scale seed"


def _table(name: str, rows: str, columns: str, **other: tuple[str, str, str]) -> TableDefinition:
    """Define a table by the names of its columns and those that mean something else in it."""
    return TableDefinition(
        name, rows, tuple(Column(key, *(other.get(key) or _COLUMNS[key])) for key in columns.split())
    )


_DEFINITIONS = (
    _table("runs", "one run of a network, a baseline or a bound; NaN where a score does not apply",
           f"dataset task model norm p scale seed converged {' '.join(map('_'.join, _RUN_SCORES))}"),
    _table("subsets", "one subset of one run",
           f"{_KEYS} subset order {' '.join(LABELS)} p_value p_adjusted named",
           p_value=p_value("one-sided p-value of a loss_rise that is at most zero")),
    _table("history", "one subset after one epoch of one run; losses and penalty repeat over the subsets",
           f"{_KEYS} epoch subset order block_norm weight_share loss_train penalty loss_validation",
           loss_train=("number", _SCORES["loss"][0], "mean over the epoch's batches, without the penalty"),
           loss_validation=("number", _SCORES["loss"][0], "mean after the epoch; NaN without that split")),
    _table("eigen", "one subset of one run: its block on the test split",
           f"{_KEYS} subset eigenvalue variance_share auroc p_value n",
           eigenvalue=("number", "≥ 0", "leading eigenvalue of the covariance of the block's features"),
           variance_share=("number", "[0, 1]", "share of the block's variance along the leading eigenvector"),
           p_value=("number", "[0, 1]", "two-sided p-value of auroc by Mann and Whitney's U"),
           n=("integer", "≥ 1", "number of samples")),
    _table("eigen_spectrum", "one eigenvalue of one subset of one run",
           f"{_KEYS} subset component eigenvalue share"),
    _table("eigen_projections", "one sample and subset of the first run",
           f"{_KEYS} subset sample label projection"),
    _table("summary", "one measure of one subset, over the seeds",
           "dataset norm p scale subset measure mean low high n",
           mean=("number", "as the measure", "mean over runs; of named, the share of runs that name it")),
    _table("information", "one coalition of modalities of one dataset and seed",
           f"{_KEYS} coalition size loss {tested_columns('information')} p_value p_adjusted named penalty",
           penalty=("number", "≥ 0", "lambda of the networks; infinite where the constant has the lower "
                    "validation loss")),
    _table("modality_information", "one modality of one dataset and seed",
           f"{_KEYS} modality {tested_columns(*OF_MODALITIES)}"),
    _table("synergy", "one pair of modalities of one dataset and seed; none with more than four modalities",
           f"{_KEYS} pair first second {tested_columns('synergy')} p_value p_adjusted named",
           p_value=p_value("two-sided p-value of a synergy of zero")),
    _table("seconds", "one timed stage of one run", f"{_KEYS} stage seconds epochs samples"),
    _table("toy_table", "one cell of the toy table: beta, over the seeds",
           "dataset norm subset mean low high n poster"),
    _table("predictions", "one prediction that the study tests",
           "name dataset norm statement measured threshold holds"),
    _table("scale_study", "beta of one subset at one scale of the encoders' outputs, over the seeds",
           "dataset norm p subset scale mean low high n"),
)  # fmt: skip

TABLES: dict[str, TableDefinition] = {definition.name: definition for definition in _DEFINITIONS}
"""Every table of the study by its name."""


def check_table(name: str, frame: pd.DataFrame) -> None:
    """Compare a table with its definition.

    Parameters
    ----------
    name : str
        A key of `TABLES`.
    frame : DataFrame
        The table. Kinds of values are compared where it has rows.

    Raises
    ------
    ValueError
        If columns are missing, extra or repeated, or values are of another kind.

    Examples
    --------
    >>> table = pd.DataFrame({"dataset": ["XOR"], "p": ["1"], "minutes": [2.0]})
    >>> check_table("seconds", table)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: table seconds: missing columns norm, scale, seed, ...; extra columns minutes.
    """
    table, given = TABLES[name], list(frame.columns)
    wrong = {
        "missing columns": [key for key in table.names if key not in given],
        "extra columns": [str(key) for key in dict.fromkeys(given) if key not in table.names],
        "columns given twice": [str(key) for key in dict.fromkeys(given) if given.count(key) > 1],
    }
    if len(frame) and not any(wrong.values()):
        wrong["columns of another kind"] = [
            f"{column.name} ({frame[column.name].dtype}, expected {column.kind})"
            for column in table.columns
            if not _KINDS[column.kind](frame[column.name])
        ]
    problems = [f"{what} {', '.join(names)}" for what, names in wrong.items() if names]
    if problems:
        raise ValueError(f"table {name}: {'; '.join(problems)}.")


def columns_page() -> str:
    """Write the dictionary of columns as a page.

    Returns
    -------
    str
        Markdown, one section with a table per entry of `TABLES`; ends with a line feed.
    """
    intro = (
        "# Columns of the tables\n\n"
        "Every table is tidy and written as Parquet and as CSV. NaN (empty in CSV) means: not defined here.\n"
        "A table without rows is about datasets that the study does not have, such as planted ones where\n"
        "the study is of your own data.\n"
    )
    return "\n".join([intro, *(_section(table) for table in TABLES.values())])


def _section(table: TableDefinition) -> str:
    columns = pd.DataFrame(table.columns, columns=["column", "values", "range or unit", "meaning"])
    columns["column"] = "`" + columns["column"] + "`"
    return f"## {table.name}\n\nOne row is {table.rows}.\n\n{markdown_table(columns)}"
