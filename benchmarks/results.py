"""The results of all benchmarks as one tidy table, and how it is shown to people."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from measure import Spread

Row = dict[str, Any]

KEYS = ("part", "quantity", "case", "norm", "modalities", "order", "dim", "batch")
COLUMNS = (*KEYS, "value", "low", "high", "unit", "repetitions", "goal", "met", "note")
"""Columns of the CSV file; benchmarks/README.md says what they mean."""
ACROSS = {"study by rule": "quantity"}
"""Parts whose Markdown table has something else than the normalisations side by side."""


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
        A measurement with its quartiles, or a number that repetitions don't change.
    unit : str
        Such as ``x none`` for a ratio.
    goal : tuple of str and float, optional
        ``(">=", 4)`` or ``("<=", 4)``.
    **keys
        Other columns.

    Returns
    -------
    dict
        Values of `COLUMNS`, as far as there are any.
    """
    found = result if isinstance(result, Spread) else Spread(result, math.nan, math.nan, 1)
    values: Row = {"part": part, "quantity": quantity, "unit": unit, **found._asdict(), **keys}
    if goal is not None:
        sign, limit = goal
        values["goal"] = f"{sign} {limit:g}"
        values["met"] = found.value >= limit if sign == ">=" else found.value <= limit
    return values


def skipped(part: str, quantity: str, reason: str, **keys: Any) -> Row:
    """Make a row for what was not measured, and why."""
    return {"part": part, "quantity": quantity, "note": f"skipped: {reason}", **keys}


def tidy(rows: list[Row]) -> pd.DataFrame:
    """Put rows into the table that is written as CSV."""
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    whole = ["modalities", "order", "dim", "batch", "repetitions"]
    table[whole] = table[whole].astype("Int64")
    return table


def markdown(table: pd.DataFrame) -> str:
    """Show a tidy table as one Markdown table per part, its columns aligned so that it reads as text."""
    parts = [f"## {part}\n\n{_pipes(_wide(rows))}" for part, rows in table.groupby("part", sort=False)]
    return "\n\n".join(parts)


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """Put the normalisations, or what `ACROSS` says, side by side; leave empty columns out."""
    shown = rows.assign(result=[_result(r) for r in rows.to_dict("records")])
    shown = shown[[*KEYS[1:], "result", "unit", "repetitions", "goal", "note"]].astype(object)
    shown = shown.where(shown.notna(), "").astype(str)
    across = ACROSS.get(rows["part"].iloc[0], "norm")
    if len(set(shown[across])) > 1:
        keys = [name for name in shown if name not in (across, "result")]
        wide = shown.pivot_table(index=keys, columns=across, values="result", aggfunc="first", sort=False)
        names = [name or "result" for name in wide.columns]
        shown = wide.fillna("").set_axis(names, axis=1).reset_index()
        shown = shown[[*(k for k in keys if k in KEYS), *names, *(k for k in keys if k not in KEYS)]]
    return shown.loc[:, shown.ne("").any()]


def _result(values: Row) -> str:
    if pd.isna(values["value"]):
        return "-"
    text = number(values["value"])
    if pd.notna(values["low"]) and values["repetitions"] > 1:
        text += f" ({number(values['low'])} to {number(values['high'])})"
    return text + (", missed" if pd.notna(values["met"]) and not values["met"] else "")


def number(value: float) -> str:
    """Write a number with three digits, or whole where it has more."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _pipes(table: pd.DataFrame) -> str:
    lines = [list(table.columns), *table.to_numpy().tolist()]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    padded = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    ruled = [padded[0], ["-" * width for width in widths], *padded[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in ruled)
