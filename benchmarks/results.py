"""The results of all benchmarks as one tidy table, and its Markdown form."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from measure import Spread

Row = dict[str, Any]

KEYS = ("part", "quantity", "case", "norm", "modalities", "order", "dim", "batch")
COLUMNS = (*KEYS, "value", "low", "high", "unit", "repetitions", "goal", "met", "note")
"""Columns of the CSV file; benchmarks/README.md says what they mean."""
ACROSS = {"study by rule": "quantity", "recipe": "quantity"}
"""Parts whose Markdown table has one column per value of another key than the normalisation."""


def row(
    part: str,
    quantity: str,
    result: Spread | float,
    unit: str,
    goal: tuple[str, float] | None = None,
    **keys: Any,
) -> Row:
    """Make one row of the table.

    Parameters
    ----------
    part, quantity : str
        The part of the benchmarks, and what is measured.
    result : Spread or float
        A measurement with its quartiles, or a number that is the same in every repetition.
    unit : str
        Such as ``x none`` for a ratio.
    goal : tuple of str and float, optional
        ``(">=", 4)`` or ``("<=", 4)``.
    **keys
        Other columns.

    Returns
    -------
    dict
        By name of column; columns without a value are left out.
    """
    measured = result if isinstance(result, Spread) else Spread(result, math.nan, math.nan, 1)
    values: Row = {"part": part, "quantity": quantity, "unit": unit, **measured._asdict(), **keys}
    if goal is not None:
        sign, limit = goal
        values["goal"] = f"{sign} {limit:g}"
        values["met"] = measured.value >= limit if sign == ">=" else measured.value <= limit
    return values


def skipped(part: str, quantity: str, reason: str, **keys: Any) -> Row:
    """Make a row that says why something was not measured."""
    return {"part": part, "quantity": quantity, "note": f"skipped: {reason}", **keys}


def tidy(rows: list[Row]) -> pd.DataFrame:
    """Make the table that is written as CSV."""
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    whole = ["modalities", "order", "dim", "batch", "repetitions"]
    table[whole] = table[whole].astype("Int64")
    return table


def markdown(table: pd.DataFrame) -> str:
    """Write a tidy table as one Markdown table per part, with aligned columns, so that it reads as text."""
    parts = [
        f"## {part}\n\n{_wide(rows).to_markdown(index=False, disable_numparse=True)}"
        for part, rows in table.groupby("part", sort=False)
    ]
    return "\n\n".join(parts)


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """Give every normalisation, or every value of the key in `ACROSS`, a column; leave empty columns out."""
    texts = rows.assign(result=[_result(r) for r in rows.to_dict("records")])
    texts = texts[[*KEYS[1:], "result", "unit", "repetitions", "goal", "note"]].astype(object)
    texts = texts.where(texts.notna(), "").astype(str)
    across = ACROSS.get(rows["part"].iloc[0], "norm")
    if len(set(texts[across])) > 1:
        keys = [name for name in texts if name not in (across, "result")]
        wide = texts.pivot_table(index=keys, columns=across, values="result", aggfunc="first", sort=False)
        names = [name or "result" for name in wide.columns]
        texts = wide.fillna("").set_axis(names, axis=1).reset_index()
        texts = texts[[*(k for k in keys if k in KEYS), *names, *(k for k in keys if k not in KEYS)]]
    return texts.loc[:, texts.ne("").any()]


def _result(values: Row) -> str:
    if pd.isna(values["value"]):
        return "-"
    text = number(values["value"])
    if pd.notna(values["low"]) and values["repetitions"] > 1:
        text += f" ({number(values['low'])} to {number(values['high'])})"
    return text + (", missed" if pd.notna(values["met"]) and not values["met"] else "")


def number(value: float) -> str:
    """Write a number with three digits, and numbers of at least 1000 whole."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
