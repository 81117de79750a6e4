"""Rates of false alarms and of exact answers, with intervals and tests."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from scipy.stats import binomtest

from calibration.fits import CASES
from mmfusion.measures.paired_differences import holm
from mmfusion.measures.proportions import wilson_interval
from mmfusion.study.designs.design import TABLES, Case
from mmfusion.study.designs.verdict import as_names, verdict

LEVEL = 0.05
"""The rate of false alarms that is allowed, and the level of the test whether it is exceeded."""
NAMED, EXACT, FOUND, WRONG = "anything named", "exact", "all found", "anything wrong"
TOGETHER = "alone, needed, synergy"
"""All three tables of information are exact."""
CELL = ["case", "n", "modalities"]
COLUMNS = [
    *("kind", *CELL, "fault", "table", "measure", "count", "data_sets", "rate", "low", "high"),
    *("p_value", "p_adjusted", "goal", "met"),
]
GOALS: dict[tuple[str, str, str], Mapping[int, float]] = {
    ("one", "subsets", EXACT): {400: 0.90, 800: 0.95},
    ("pair", "subsets", EXACT): {400: 0.90, 800: 0.95},
    ("correlated", "subsets", EXACT): {400: 0.85, 800: 0.85},
    ("copies", TOGETHER, EXACT): {400: 0.95, 800: 0.95},
    ("beside_noise", "subsets", FOUND): {400: 0.90},
    ("beside_noise", "subsets", WRONG): {400: 0.0},
}
"""Smallest rate, or largest of something wrong, by (case, table, measure) and size."""
SCORES = {("beside_noise", 400): 0.82}
"""Smallest mean accuracy, by case and size."""


def rate_row(hits: Iterable[bool], **keys: Any) -> dict[str, Any]:
    """Return count, rate and its interval, see `mmfusion.measures.proportions.wilson_interval`."""
    flags = list(hits)
    rate = wilson_interval(sum(flags), len(flags))
    return {
        **keys,
        "count": sum(flags),
        "data_sets": len(flags),
        "rate": rate.mean,
        "low": rate.low,
        "high": rate.high,
    }


def rates(fits: pd.DataFrame) -> pd.DataFrame:
    """Summarise fits.

    Parameters
    ----------
    fits : DataFrame
        Text, as `calibration.store.Store.rows` returns it; rows with an error are left out.

    Returns
    -------
    DataFrame
        With `COLUMNS`. Nulls: the rate at which a table names anything, and the p-value of the binomial test
        that it is at most 5 %, also adjusted by Holm over all rows of nulls. Cases with a truth: exact
        answers, those that hold all of the truth, and those that hold something else.
    """
    rows: list[dict[str, Any]] = []
    whole = fits[fits["error"] == ""]
    for (name, n, modalities, fault), some in whole.groupby([*CELL, "fault"], sort=False):
        case = CASES[str(name)]
        keys = {"case": name, "n": int(str(n)), "modalities": int(str(modalities)), "fault": fault}
        rows += _null_rows(some, keys) if case.truth is None else _power_rows(some, case, keys)
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    null = table["kind"] == "null"
    table["p_adjusted"] = math.nan
    table.loc[null, "p_adjusted"] = holm(table.loc[null, "p_value"].to_numpy(float))
    return _sorted(table)


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    """Put rows in the order of the cases, and then of the sizes."""
    order = {name: place for place, name in enumerate(CASES)}
    place = table.assign(case=table["case"].map(order)).sort_values(CELL, kind="stable").index
    return table.loc[place].reset_index(drop=True)


def _null_rows(some: pd.DataFrame, keys: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for table in TABLES:
        measured = some.loc[some[table] != "", table]
        if len(measured):
            row = rate_row([bool(as_names(text)) for text in measured], **keys)
            p_value = float(binomtest(row["count"], row["data_sets"], LEVEL, "greater").pvalue)
            row |= {"kind": "null", "table": table, "measure": NAMED, "p_value": p_value}
            rows.append(row | {"goal": f"<= {LEVEL:g}", "met": p_value >= LEVEL})
    return rows


def _power_rows(some: pd.DataFrame, case: Case, keys: Mapping[str, Any]) -> list[dict[str, Any]]:
    assert case.truth is not None
    rows: list[dict[str, Any]] = []
    verdicts = {
        table: [verdict(as_names(text), case.truth[table]) for text in some[table] if text]
        for table in TABLES
    }
    for table, told in verdicts.items():
        for measure, place in ((EXACT, 0), (FOUND, 1), (WRONG, 2)):
            rows.append(_power_row([answer[place] for answer in told], case, table, measure, keys))
    three = [verdicts[table] for table in TABLES[1:]]
    if len({len(told) for told in three}) == 1:
        exact = [all(answer.exact for answer in answers) for answers in zip(*three, strict=True)]
        rows.append(_power_row(exact, case, TOGETHER, EXACT, keys))
    return rows


def _power_row(
    hits: Sequence[bool], case: Case, table: str, measure: str, keys: Mapping[str, Any]
) -> dict[str, Any]:
    row = rate_row(hits, kind="power", table=table, measure=measure, **keys)
    goal = GOALS.get((case.name, table, measure), {}).get(keys["n"])
    if goal is not None:
        sign = "<=" if measure == WRONG else ">="
        row["goal"] = f"{sign} {goal:g}"
        row["met"] = row["rate"] <= goal if measure == WRONG else row["rate"] >= goal
    return row


def means(fits: pd.DataFrame) -> pd.DataFrame:
    """Return the mean explained loss and score, and the seconds per fit, of every cell.

    Parameters
    ----------
    fits : DataFrame
        As of `rates`.

    Returns
    -------
    DataFrame
        case, n, modalities, fault, data_sets, errors, explained, score, score_sd, seconds (median), goal of
        the score, met.
    """
    numbers = ["explained", "score", "seconds"]
    table = fits.assign(failed=fits["error"] != "")
    table[numbers] = table[numbers].apply(pd.to_numeric, errors="coerce")
    table[["n", "modalities"]] = table[["n", "modalities"]].astype(int)
    cells = _sorted(
        table.groupby([*CELL, "fault"], sort=False)
        .agg(
            data_sets=("failed", lambda failed: int((~failed).sum())),
            errors=("failed", "sum"),
            explained=("explained", "mean"),
            score=("score", "mean"),
            score_sd=("score", "std"),
            seconds=("seconds", "median"),
        )
        .reset_index()
    )
    cells["goal"] = [
        SCORES.get((name, n), math.nan) for name, n in zip(cells["case"], cells["n"], strict=True)
    ]
    cells["met"] = (cells["score"] >= cells["goal"]).where(cells["goal"].notna())
    return cells
