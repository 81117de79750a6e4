"""Relevance of every subset of views beside the poster's values, with uncertainties as LaTeX cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mmfusion.study.names import NORM_NAMES, PLANTED
from mmfusion.study.paper.latex import uncertain
from mmfusion.study.tables.toy_table import SUBSETS

SMALL = 1e-3
CAPTION = (
    "Relevance (beta) of every subset of views at p = 1: mean over seeds, and the distances to the ends of "
    "its 95 % bootstrap interval. Planted: the subset that carries the target by construction, where all of "
    "it belongs. Poster: what can be read on the poster that the question comes from, where it has "
    "the dataset."
)


def relevance_table(toy_table: pd.DataFrame) -> pd.DataFrame:
    """Return a row per dataset and normalisation, and one below it for the poster's values if there are any.

    Parameters
    ----------
    toy_table : DataFrame
        From `mmfusion.study.tables.toy_table.toy_table`.

    Returns
    -------
    DataFrame
        Columns dataset, planted, norm, seeds, and a subset each.
    """
    rows: list[dict[str, Any]] = []
    for (dataset, norm), group in toy_table.groupby(["dataset", "norm"], sort=False):
        cells = group.set_index("subset")
        new = not rows or rows[-1]["of"] != dataset
        names = [str(dataset), _short(PLANTED[str(dataset)])] if new else ["", ""]
        head = dict(zip(("of", "dataset", "planted"), (dataset, *names), strict=True))
        measured = dict.fromkeys(SUBSETS, "--") | {str(name): _cell(row) for name, row in cells.iterrows()}
        rows.append(
            {**head, "norm": NORM_NAMES.get(str(norm), norm), "seeds": str(cells["n"].max()), **measured}
        )
        if cells["poster"].notna().any():
            printed = cells["poster"].reindex(list(SUBSETS))
            blank = {"of": dataset, "dataset": "", "planted": "", "norm": "", "seeds": "poster"}
            rows.append({**blank, **{str(name): _published(value) for name, value in printed.items()}})
    table = pd.DataFrame(rows, columns=["of", "dataset", "planted", "norm", "seeds", *SUBSETS])
    return table.drop(columns="of").rename(columns=_short)


def _short(name: str) -> str:
    return name.replace("+", "")


def _cell(row: pd.Series[Any]) -> str:
    if row["mean"] < SMALL and not row["high"] >= SMALL:
        return "$<10^{-3}$"
    return uncertain(row["mean"], row["low"], row["high"])


def _published(value: float) -> str:
    if np.isnan(value):
        return "--"
    return f"$10^{{{round(np.log10(value))}}}$" if value < SMALL else f"${value:g}$"
