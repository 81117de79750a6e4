"""The toy table as a heat map: what a template needs to draw a cell per normalisation and subset."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmfusion.study.data.planted_datasets import PLANTED_DATASETS
from mmfusion.study.names import NORM_NAMES, PLANTED, order_norms, order_subsets, subset_name


@dataclass(frozen=True)
class HeatCell:
    """One cell.

    Parameters
    ----------
    share : float
        Mean of beta, in [0, 1]; 0 where it is not defined.
    low, high : float
        Its interval; equal where there is none.
    poster : float or None
        The published value.
    text : str
        The number in the cell.
    words : str
        All numbers in a sentence, for the pointer and for screen readers.
    planted : bool
        Whether the subset carries the target.
    """

    share: float
    low: float
    high: float
    poster: float | None
    text: str
    words: str
    planted: bool


@dataclass(frozen=True)
class HeatMap:
    """The cells of one dataset.

    Parameters
    ----------
    dataset, statement, planted : str
        Name, how it is drawn, and the subset that carries the target.
    subsets : list of str
        Heads of the columns.
    rows : list of (str, list of HeatCell)
        By normalisation.
    """

    dataset: str
    statement: str
    planted: str
    subsets: list[str]
    rows: list[tuple[str, list[HeatCell]]]


def heat_maps(toy_table: pd.DataFrame) -> list[HeatMap]:
    """Arrange the toy table for the page.

    Parameters
    ----------
    toy_table : DataFrame
        As `mmfusion.study.tables.toy_table.toy_table` gives it.

    Returns
    -------
    list of HeatMap
        One per dataset, in the order of the table.
    """
    return [_heat_map(str(dataset), rows) for dataset, rows in toy_table.groupby("dataset", sort=False)]


def _heat_map(dataset: str, table: pd.DataFrame) -> HeatMap:
    subsets, planted = order_subsets(table["subset"]), PLANTED[dataset]
    rows = []
    for norm in order_norms(table["norm"]):
        cells = {str(row["subset"]): row for row in table[table["norm"] == norm].to_dict("records")}
        name = NORM_NAMES.get(norm, norm)
        rows.append((name, [_cell(name, subset, cells[subset], planted) for subset in subsets]))
    names = [subset_name(subset) for subset in subsets]
    return HeatMap(dataset, PLANTED_DATASETS[dataset].statement, subset_name(planted), names, rows)


def _cell(norm: str, subset: str, row: Mapping[Hashable, Any], planted: str) -> HeatCell:
    mean, low, high, poster = (float(row[name]) for name in ("mean", "low", "high", "poster"))
    if np.isnan(mean):
        text, words = "-", "not defined"
    else:
        text, words = f"{mean:.2f}", f"mean {mean:.3f} over {int(row['n'])} seeds"
    if not np.isnan(low):
        words += f", 95 % interval {low:.3f} to {high:.3f}"
    if not np.isnan(poster):
        words += f"; poster {poster:g}"
    share = 0.0 if np.isnan(mean) else mean
    ends = (share, share) if np.isnan(low) else (low, high)
    known = None if np.isnan(poster) else poster
    sentence = f"{norm}, {subset_name(subset)}: {words}"
    return HeatCell(share, *ends, known, text, sentence, subset == planted)
