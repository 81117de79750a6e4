"""The rates as a page: one table of nulls, one of planted truths, one of cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from results import number

from calibration.rates import EXACT, FOUND, LEVEL, TOGETHER, WRONG
from mmfusion.study.designs.design import TABLES

CELL = ["case", "n", "modalities"]


def page(rates: pd.DataFrame, means: pd.DataFrame, facts: list[str]) -> str:
    """Write the page.

    Parameters
    ----------
    rates, means : DataFrame
        Of `calibration.rates`.
    facts : list of str
        What was run, where.

    Returns
    -------
    str
        Markdown.
    """
    parts = ["# Calibration", "".join(f"- {fact}\n" for fact in facts).rstrip()]
    null, power = rates[rates["kind"] == "null"], rates[rates["kind"] == "power"]
    if len(null):
        parts += ["## Nulls: how often anything is named", NULL_NOTE, _aligned(null_table(null))]
    if len(power):
        parts += [
            "## Planted truths: how often the answer is exact",
            POWER_NOTE,
            _aligned(power_table(power)),
        ]
    parts += ["## Prediction and cost", MEANS_NOTE, _aligned(means_table(means)), *verdicts(rates)]
    return "\n\n".join(parts) + "\n"


NULL_NOTE = (
    "Count of data sets in which a table names anything, of all data sets, and in brackets the p-value of "
    "the binomial test that the rate is at most 5 %; marked where it is below 0.05."
)
POWER_NOTE = (
    "Share of exact answers with Wilson's 95 % interval. Of subsets also whether all of the truth is named "
    "(all found) and whether something else is (anything wrong). Marked where a goal is missed."
)
MEANS_NOTE = (
    "Explained loss in nats for classes and as a share of the variance for numbers; score: accuracy or R^2 "
    "on fresh samples, mean (standard deviation); seconds: median of a fit, or of its share in a shared fit."
)


def null_table(null: pd.DataFrame) -> pd.DataFrame:
    """Return one row per cell and one column per table."""
    texts = null.assign(
        result=[
            f"{row.count_} / {row.data_sets} ({row.p_value:.2g}{'' if row.met else ', above 5 %'})"
            for row in null.rename(columns={"count": "count_"}).itertuples()
        ]
    )
    return _wide(texts, "table", list(TABLES))


def power_table(power: pd.DataFrame) -> pd.DataFrame:
    """Return one row per cell: exact answers of every table, and what else subsets named."""
    names = {(table, EXACT): table for table in (*TABLES, TOGETHER)}
    names |= {("subsets", FOUND): FOUND, ("subsets", WRONG): WRONG}
    chosen = [names.get((str(row["table"]), str(row["measure"])), "") for row in power.to_dict("records")]
    texts = power.assign(column=chosen, result=[_rate(row) for row in power.to_dict("records")])
    return _wide(texts[texts["column"] != ""], "column", ["subsets", FOUND, WRONG, *TABLES[1:], TOGETHER])


def _rate(row: Mapping[Any, Any]) -> str:
    text = f"{row['rate']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
    return text + (f", goal {row['goal']} missed" if pd.notna(row["met"]) and not row["met"] else "")


def _wide(texts: pd.DataFrame, across: str, columns: list[str]) -> pd.DataFrame:
    wide = texts.pivot_table(index=CELL, columns=across, values="result", aggfunc="first", sort=False)
    return wide.reindex(columns=columns).fillna("-").reset_index()


def means_table(means: pd.DataFrame) -> pd.DataFrame:
    """Return the means as text."""
    score = ["-" if pd.isna(row["score"]) else _score(row) for row in means.to_dict("records")]
    return means[[*CELL, "data_sets", "errors"]].assign(
        explained=[f"{value:.4f}" for value in means["explained"]],
        score=score,
        seconds=[number(value) for value in means["seconds"]],
    )


def _score(row: Mapping[Any, Any]) -> str:
    missed = pd.notna(row["goal"]) and not row["met"]
    return f"{row['score']:.3f} ({row['score_sd']:.3f})" + (
        f", goal {row['goal']:g} missed" if missed else ""
    )


def _aligned(table: pd.DataFrame) -> str:
    return str(table.to_markdown(index=False, disable_numparse=True))


def verdicts(rates: pd.DataFrame) -> list[str]:
    """Say what the rates say: one sentence on the nulls, one on the goals of planted truths."""
    null, said = rates[rates["kind"] == "null"], []
    if len(null):
        above = null[null["p_adjusted"] < LEVEL]
        cells = [f"{row.case}, n = {row.n}, M = {row.modalities}: {row.table}" for row in above.itertuples()]
        which = f": {'; '.join(cells)}." if cells else "."
        said.append(f"Rates above 5 %, adjusted by Holm: {len(above)} of {len(null)}{which}")
    goals = rates.loc[(rates["kind"] == "power") & rates["goal"].notna(), "met"]
    if len(goals):
        said.append(f"Goals of planted truths that are met: {int(goals.astype(bool).sum())} of {len(goals)}.")
    return said


def undetected(rates: pd.DataFrame) -> list[str]:
    """Return the nulls in which subsets are not named significantly more often than in 5 %."""
    null = rates[(rates["kind"] == "null") & (rates["table"] == "subsets")]
    shown = set(null.loc[null["p_value"] < LEVEL, "case"])
    return [name for name in dict.fromkeys(null["case"]) if name not in shown]
