"""The command ``python benchmarks/run.py real_data``."""

from __future__ import annotations

import hashlib
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from results import number

from calibration.fits import Make, code_digest, estimator
from calibration.harness import each, run_jobs
from calibration.options import facts, parser_of
from calibration.prediction import COLUMNS, FOLDS, KEY, MEASURES, SETTINGS, Job, compare_job
from calibration.real_data import SOURCES
from calibration.store import Store
from mmfusion.files import write_table, write_text
from mmfusion.study.designs.design import CLASSES

REPETITIONS = 3
WORSE = 1.05
"""The goal: log-loss at most this times that of the linear model, and below it where there is interaction."""
LESS = 0.02
"""The same for numbers: R^2 at most this below that of the linear model."""
NOTE = (
    "Means over repetitions of out-of-fold predictions, ours beside the linear model's (logistic regression "
    "or ridge regression on the concatenated, standardised columns, its penalty tuned within the training "
    "samples). Calibration error: of the largest probability, ten bins of equal mass; few samples make it "
    "too large for both. Seconds: of one of our fits."
)


def main(arguments: list[str], output: Path, make: Make = estimator) -> int:
    """Run the command.

    Returns
    -------
    int
        0, or 1 where a fit raised or there is nothing to tell.
    """
    text = "Log-loss, calibration error and R^2 beside tuned linear models, by repeated cross-validation."
    parser = parser_of("real_data", text, SOURCES, output)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, help="of the folds (%(default)s)")
    options = parser.parse_args(arguments)
    settings = {**SETTINGS, **dict(options.settings)}
    store = Store(options.output / "real-data-fits.csv", COLUMNS, KEY)
    names = options.only or (["iris", "linear", "numbers"] if options.quick else list(SOURCES))
    repetitions = 0 if options.tables_only else 1 if options.quick else options.repetitions
    jobs = [Job(name, repetition) for repetition in range(repetitions) for name in names]
    key = {"settings": settings_digest(settings), "code": code_digest()}
    last = -1 if options.any_code else None  # the digest of the code is the last of the key
    done = {done[:last] for done in store.done()}
    jobs = [job for job in jobs if store.key_of({**job._asdict(), **key})[:last] not in done]
    work = partial(each, partial(compare_job, settings=settings, key=key, make=make))
    run_jobs(work, [[job] for job in jobs], store, options.processes)
    rows = store.rows()
    rows = rows[rows["settings"] == key["settings"]]
    rows = (
        rows.drop_duplicates(list(KEY[:-1]), keep="last")
        if options.any_code
        else rows[rows["code"] == key["code"]]
    )
    if rows.empty:
        print(f"{store.path}: no fit of these settings is there.", file=sys.stderr)
        return 1
    about = facts(options, settings, rows["code"].nunique())
    return report(rows, options.output, [*about, f"{FOLDS} folds, repeated"])


def settings_digest(settings: dict[str, Any]) -> str:
    """Digest the parameters of the estimator."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:8]


def report(rows: pd.DataFrame, folder: Path, about: list[str]) -> int:
    """Write the table and the page, and return the status of the command."""
    table = summary(rows)
    shown = as_text(table).to_markdown(index=False, disable_numparse=True)
    page = (
        "\n\n".join(["# Prediction", "".join(f"- {fact}\n" for fact in about).rstrip(), NOTE, str(shown)])
        + "\n"
    )
    print(page)
    write_table(folder / "real-data.csv", table)
    write_text(folder / "real-data.md", page)
    print(f"written to {folder}")
    failed = rows.loc[rows["error"] != "", "error"]
    if len(failed):
        print(f"{len(failed)} repetitions raised, such as: {failed.iloc[0]}", file=sys.stderr)
    return int(bool(len(failed)))


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per data set: means over repetitions, the ratio of log-losses, the goal.

    Parameters
    ----------
    rows : DataFrame
        Text, as `calibration.store.Store.rows` returns it.

    Returns
    -------
    DataFrame
        data_set, modalities, n, repetitions, the measures of both models, ratio, goal, met, seconds.
    """
    whole = rows[rows["error"] == ""]
    numbers = [name for name in COLUMNS if name.startswith(MEASURES)]
    values = whole.assign(**{name: pd.to_numeric(whole[name]) for name in ["n", *numbers, "seconds"]})
    table = values.groupby("data_set", sort=False)[["n", *numbers, "seconds"]].mean()
    table.insert(1, "repetitions", values.groupby("data_set").size())
    table = table.loc[[name for name in SOURCES if name in table.index]]
    table.insert(0, "modalities", [SOURCES[name].title for name in table.index])
    table["ratio"] = table["log_loss"] / table["log_loss_linear"]
    return with_goals(table).reset_index()


def with_goals(table: pd.DataFrame) -> pd.DataFrame:
    """Add the goal of every data set, and whether it is met; `table` is indexed by data set."""
    interaction = np.array([SOURCES[name].interaction for name in table.index])
    classes = np.array([SOURCES[name].task == CLASSES for name in table.index])
    most, less = np.where(interaction, 1.0, WORSE), np.where(interaction, 0.0, LESS)
    told = [
        (f"log-loss <= {factor:g} x", f"R^2 >= that - {share:g}")
        for factor, share in zip(most, less, strict=True)
    ]
    table["goal"] = [pair[0] if some else pair[1] for pair, some in zip(told, classes, strict=True)]
    table["met"] = np.where(classes, table["ratio"] <= most, table["r2"] >= table["r2_linear"] - less)
    return table


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Write ours and the linear model's measures side by side."""
    text = table[["data_set", "modalities"]].assign(
        n=table["n"].astype(int), repetitions=table["repetitions"]
    )
    for measure in MEASURES:
        ours, linear = table[measure], table[f"{measure}_linear"]
        text[measure] = [
            "-" if pd.isna(a) else f"{a:.3f} / {b:.3f}" for a, b in zip(ours, linear, strict=True)
        ]
    text["goal"] = table["goal"] + ["" if met else ", missed" for met in table["met"]]
    text["seconds"] = [number(value) for value in table["seconds"]]
    return text
