"""Tables of all jobs put together, in the order of the study, and written in all their forms."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mmfusion.files import write_table
from mmfusion.study.tables.definitions import TABLES, check_table


def collect(name: str, parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of one kind together, in the given order.

    Parameters
    ----------
    name : str
        A key of `mmfusion.study.tables.definitions.TABLES`.
    parts : iterable of DataFrame
        May be empty: the result then has all columns and no rows.

    Returns
    -------
    DataFrame

    Raises
    ------
    ValueError
        If the columns of a part are not those of the definition.
    """
    frames = [part for part in parts if len(part)]
    for frame in frames:
        check_table(name, frame)
    columns = TABLES[name].names
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def in_order(table: pd.DataFrame, cells: Iterable[dict[str, str]]) -> pd.DataFrame:
    """Sort the rows of a table by the order of their cells; the rows of a cell keep their order.

    Parameters
    ----------
    table : DataFrame
        With the columns that name a cell.
    cells : iterable of dict
        All cells of the study, each as column: value, in its order.

    Returns
    -------
    DataFrame
        Index from 0.
    """
    order = pd.MultiIndex.from_frame(pd.DataFrame(cells))
    rank = order.get_indexer(pd.MultiIndex.from_frame(table[list(order.names)]))
    return table.iloc[rank.argsort(kind="stable")].reset_index(drop=True)


def write_forms(table: pd.DataFrame, name: str, paths: Iterable[str | Path]) -> None:
    """Check a table against its definition and write it to every path (Parquet or CSV by suffix)."""
    check_table(name, table)
    for path in paths:
        write_table(path, table)
