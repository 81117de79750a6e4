"""Rows of a tidy table that a figure draws, and the error where there are none."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from mmfusion.errors import MmfusionError
from mmfusion.study.figures.figure_definitions import REMEDY
from mmfusion.study.names import order_numbers


class MissingRowsError(MmfusionError, ValueError):
    """A table without the rows that a figure draws (also a `ValueError`).

    Parameters
    ----------
    table : str
        Name of the table.
    wanted : str
        The rows that were looked for.
    """

    def __init__(self, table: str, wanted: str) -> None:
        self.missing = f"table {table}: no row with {wanted}"
        super().__init__(f"{self.missing}; {REMEDY}.")


def select_rows(table: pd.DataFrame, name: str, **wanted: str | Iterable[str]) -> pd.DataFrame:
    """Pick the rows whose columns have the wanted values.

    Parameters
    ----------
    table : DataFrame
        A tidy table; an empty one may lack columns.
    name : str
        Its name, for the error.
    **wanted : str or iterable of str
        Per column, the value or the values to keep.

    Returns
    -------
    DataFrame
        At least one row, index from 0.

    Raises
    ------
    MissingRowsError
        If no row is left.

    Examples
    --------
    >>> table = pd.DataFrame({"norm": ["none", "ibn"], "beta": [0.2, 0.9]})
    >>> select_rows(table, "subsets", norm="ibn")["beta"].tolist()
    [0.9]
    """
    values = {column: [value] if isinstance(value, str) else list(value) for column, value in wanted.items()}
    picked = table
    if not table.empty:
        for column, kept in values.items():
            picked = picked[picked[column].astype(str).isin(kept)]
    if picked.empty:
        words = [f"{column} {' or '.join(kept)}" for column, kept in values.items()]
        raise MissingRowsError(name, ", ".join(words))
    return picked.reset_index(drop=True)


def one_p(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Keep one p: 1 if it occurs, else the smallest of the table.

    Parameters
    ----------
    table : DataFrame
        With a column ``p`` (text) and at least one row.

    Returns
    -------
    DataFrame
        The rows with this p.
    str
        This p.
    """
    powers = order_numbers(table["p"].astype(str))
    kept = "1" if "1" in powers else powers[0]
    return table[table["p"].astype(str) == kept].reset_index(drop=True), kept
