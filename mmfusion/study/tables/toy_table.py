"""The toy table: relevance of every subset on the datasets with planted truth, beside published values.

The tidy table has one row per dataset, normalisation and subset. Its renderings have the poster's layout: a
row per dataset and normalisation, a column per subset, and below a measured row the values that can be read
on the poster.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from mmfusion.measures.intervals import summarise
from mmfusion.study.markdown import markdown_table
from mmfusion.study.names import NORM_NAMES, TOY_DATASETS, joined, order_norms, ordered

SUBSETS = ("1", "2", "3", "1+2", "1+3", "2+3", "1+2+3")
"""Subset labels in the order of the columns."""

LOST = "?"
"""Subset of a published value whose column cannot be read."""

_KEYS = ["dataset", "norm", "subset"]
_SMALL = 1e-3
_DASH = "-"
_CAPTION = "Relevance of every subset of views at p = 1"
_SPECIAL = re.compile(r"[&%$#_{}]")
_POWER = re.compile(r"(<?)\b1e-(\d+)")
_LATEX_STYLES: Any = [
    {"selector": "scriptsize", "props": ":{};"},
    {"selector": "setlength", "props": r":{\tabcolsep}{3pt};"},
]


def load_references() -> pd.DataFrame:
    """Read the published values that the package holds.

    Returns
    -------
    DataFrame
        Columns dataset, norm, subset (``?`` where the value's column cannot be read), value (float), source.

    Examples
    --------
    >>> references = load_references()
    >>> references.columns.tolist()
    ['dataset', 'norm', 'subset', 'value', 'source']
    """
    file = resources.files("mmfusion.study.tables") / "references.csv"
    with file.open(encoding="utf-8") as text:
        return pd.read_csv(text, dtype={"subset": str, "value": float}, keep_default_na=False)


def toy_table(subsets_table: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """Average relevance over seeds and put the published values beside it.

    Parameters
    ----------
    subsets_table : DataFrame
        One row per run and subset. Rows of XRel, XRelIrrXOR, XOR and Parity at p = 1 and scale 1 are used.
    references : DataFrame
        As from `load_references`.

    Returns
    -------
    DataFrame
        Columns dataset, norm, subset; mean of beta over seeds, low and high (95 % bootstrap interval, NaN for
        one seed), n (seeds with a beta); poster (published value, NaN where unknown). Empty if there are no
        such rows.

    Raises
    ------
    pandas.errors.MergeError
        If `references` has two values for one cell.
    """
    known = references[references["subset"] != LOST]
    published = known[[*_KEYS, "value"]].rename(columns={"value": "poster"})
    table = summarise(_study_rows(subsets_table), _KEYS, ["beta"]).astype({"n": int})
    table = table.merge(published, on=_KEYS, how="left", validate="one_to_one").drop(columns="measure")
    ranks = ordered(table["dataset"], TOY_DATASETS), order_norms(table["norm"]), SUBSETS
    rank = {name: index for names in ranks for index, name in enumerate(names)}
    return table.sort_values(_KEYS, key=lambda names: names.map(rank), ignore_index=True)


def wide_toy_table(table: pd.DataFrame, references: pd.DataFrame) -> pd.DataFrame:
    """Arrange the toy table as on the poster, cells as text.

    Parameters
    ----------
    table : DataFrame
        From `toy_table`.
    references : DataFrame
        As from `load_references`.

    Returns
    -------
    DataFrame
        Columns dataset, normalisation, source (``measured`` or ``poster``), seeds, then 1, 2, 3, 12, 13, 23,
        123. Cells such as ``0.99 [0.98, 1.00]``; a dash where the dataset has no such subset or the poster's
        value is unknown. A row ``poster`` follows every measured row of a dataset that the poster has.
    """
    published = set(references["dataset"])
    rows = []
    for (dataset, norm), group in table.groupby(["dataset", "norm"], sort=False):
        cells = group.set_index("subset")
        lines = [("measured", str(cells["n"].max()), cells.apply(_cell, axis=1))]
        if dataset in published:
            lines.append(("poster", _DASH, cells["poster"].map(_exact)))
        for source, seeds, texts in lines:
            texts = texts.reindex(SUBSETS, fill_value=_DASH)
            rows.append([dataset, NORM_NAMES.get(str(norm), norm), source, seeds, *texts])
    head = ["dataset", "normalisation", "source", "seeds"]
    return pd.DataFrame(rows, columns=[*head, *(subset.replace("+", "") for subset in SUBSETS)])


def toy_table_markdown(table: pd.DataFrame, references: pd.DataFrame) -> str:
    """Render the toy table as Markdown, with notes below it.

    Parameters
    ----------
    table, references
        See `wide_toy_table`.

    Returns
    -------
    str
        Ends with a line break.
    """
    notes = "\n".join(f"- {note}" for note in _notes(table, references))
    return f"{_CAPTION}.\n\n{markdown_table(wide_toy_table(table, references))}\n{notes}\n"


def toy_table_latex(table: pd.DataFrame, references: pd.DataFrame) -> str:
    """Render the toy table as a LaTeX float; needs the package booktabs.

    Parameters
    ----------
    table, references
        See `wide_toy_table`.

    Returns
    -------
    str
        Ends with a line break.
    """
    wide = wide_toy_table(table, references)
    notes = " ".join([f"{_CAPTION}.", *_notes(table, references)])
    caption = _SPECIAL.sub(r"\\\g<0>", notes)  # pandas escapes cells, not captions
    return (
        _names_once(wide)
        .style.hide(axis="index")
        .format(_latex_cell, escape="latex")
        .format(_rule_above(wide["dataset"].iloc[:1]), subset=["dataset"], escape="latex")
        .set_table_styles(_LATEX_STYLES)
        .to_latex(
            environment="table*",
            position_float="centering",
            caption=_powers_of_ten(caption),
            label="tab:toy",
            column_format="lll" + "r" * (len(wide.columns) - 3),
            hrules=True,
        )
    )


def _study_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of the toy datasets at p = 1 and scale 1; an empty table may lack columns."""
    if table.empty:
        return pd.DataFrame(columns=[*_KEYS, "beta"])
    plain = (table["p"].astype(str) == "1") & (table["scale"].astype(str) == "1")
    kept = table.loc[plain & table["dataset"].isin(TOY_DATASETS), [*_KEYS, "beta"]]
    return kept.astype(dict.fromkeys(_KEYS, str))


def _cell(row: pd.Series[Any]) -> str:
    """Write a mean with its interval, without an interval for one seed or where all is below 0.001."""
    if np.isnan(row["mean"]):
        return _DASH
    if row["n"] < 2 or row["high"] < _SMALL:
        return _rounded(row["mean"])
    return f"{_rounded(row['mean'])} [{_rounded(row['low'])}, {_rounded(row['high'])}]"


def _rounded(value: float) -> str:
    """Write a share with two decimals, three below 0.01, ``<1e-3`` below 0.001."""
    if value < _SMALL:
        return "<1e-3"
    return f"{value:.3f}" if value < 0.01 else f"{value:.2f}"


def _exact(value: float) -> str:
    """Write a published value with its own digits, a dash if unknown."""
    if np.isnan(value):
        return _DASH
    return f"{value:g}".replace("e-0", "e-")


def _notes(table: pd.DataFrame, references: pd.DataFrame) -> list[str]:
    """Write what cells and dashes mean, where published values come from and which have no column."""
    if table.empty:
        return [f"The study has no runs of {joined(TOY_DATASETS)} at p = 1; add them to its config."]
    notes = [
        "Cells: mean of beta over seeds, in brackets the 95 % bootstrap interval (none for one seed); "
        "<1e-3: the mean and, if there is one, the upper end of its interval are below 0.001; dash: the "
        "dataset has no such subset, or the poster's value is unknown."
    ]
    datasets = ordered(table["dataset"], TOY_DATASETS)
    new = [name for name in datasets if name not in set(references["dataset"])]
    if new:
        notes.append(f"Not on the poster: {joined(new)}.")
    here = references[references["dataset"].isin(datasets)]
    notes += [f"Poster: {source}." for source in dict.fromkeys(here["source"])]
    lost = here[here["subset"] == LOST]
    for (dataset, norm), rows in lost.groupby(["dataset", "norm"], sort=False):
        values = joined(_exact(value) for value in rows["value"])
        notes.append(
            f"Poster, {dataset}, {NORM_NAMES.get(str(norm), str(norm))}: {values} without readable column."
        )
    return notes


def _names_once(wide: pd.DataFrame) -> pd.DataFrame:
    """Blank the names of dataset and normalisation where the row above has the same."""
    return wide.assign(
        dataset=wide["dataset"].mask(wide.duplicated("dataset"), ""),
        normalisation=wide["normalisation"].mask(wide.duplicated(["dataset", "normalisation"]), ""),
    )


def _rule_above(first: pd.Series[str]) -> Callable[[object], str]:
    """Return a formatter that sets a rule above the first row of every dataset but the first."""
    return lambda name: f"\\midrule\n{name}" if name and name not in set(first) else str(name)


def _latex_cell(escaped: object) -> str:
    return "--" if escaped == _DASH else _powers_of_ten(str(escaped))


def _powers_of_ten(text: str) -> str:
    """Write ``1e-6`` and ``<1e-3`` as LaTeX powers."""
    return _POWER.sub(r"$\g<1>10^{-\g<2>}$", text)
