"""The page that says what was run and what came out, and its Markdown for the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Any

import pandas as pd

from mmfusion.pages import outcome, page

ACCURACY = {
    "accuracy_test": "accuracy",
    "acc2_zeros_positive_test": "Acc-2 (zeros positive)",
    "acc2_zeros_omitted_test": "Acc-2 (zeros left out)",
    "acc2_zeros_negative_test": "Acc-2 (zeros negative)",
    "f1_weighted_test": "weighted F1",
    "acc7_test": "Acc-7",
    "mae_test": "MAE",
    "pearson_r_test": "Pearson r",
}


def score_table(runs: pd.DataFrame, sentiment: bool) -> pd.DataFrame:
    """Return mean test scores per dataset, model, norm and p, as text.

    Parameters
    ----------
    runs : DataFrame
        As `mmfusion.analysis.columns` defines it.
    sentiment : bool
        Whether to return the datasets with a known sentiment, or the others.

    Returns
    -------
    DataFrame
        Columns dataset, model, norm, p, runs, converged and the scores that apply; a dash where none does.
    """
    known = runs.groupby("dataset")["acc2_zeros_positive_test"].transform("count") > 0
    chosen = runs[(known == sentiment) & runs["scale"].isin(["1", "-"])]
    scores = list(ACCURACY) if sentiment else ["accuracy_test"]
    groups = chosen.groupby(["dataset", "model", "norm", "p"], sort=False)
    table = groups[scores].mean().map(lambda x: "-" if pd.isna(x) else f"{x:.3f}")
    table.insert(0, "runs", groups.size())
    converged = groups["converged"].sum().astype(int).astype(str)
    table.insert(1, "converged", converged.where(groups["converged"].count() > 0, "-"))
    return table.reset_index().rename(columns=ACCURACY)


def overview_html(
    provenance: Mapping[str, Any],
    runs: pd.DataFrame,
    toy_table: pd.DataFrame,
    predictions: pd.DataFrame,
    mosi: Sequence[str],
) -> str:
    """Write the overview page of a study.

    Parameters
    ----------
    provenance : mapping
        As `mmfusion.provenance.provenance` gives it.
    runs, predictions : DataFrame
        As `mmfusion.analysis.columns` defines them.
    toy_table : DataFrame
        The wide toy table.
    mosi : sequence of str
        Summaries of the CMU-MOSI datasets; empty without them.

    Returns
    -------
    str
        HTML, complete in itself.
    """
    facts = "".join(f"<li>{escape(line)}</li>" for line in [*_facts(provenance), *mosi])
    parts = [
        f"<ul>{facts}</ul>",
        "<h2>Toy table</h2><p>Mean beta over seeds with its 95 % bootstrap interval; p = 1.</p>",
        toy_table.to_html(index=False, border=0),
        "<h2>Predictions</h2>",
        outcome(predictions).to_html(index=False, border=0),
        "<h2>Test scores, planted truth</h2><p>Means over seeds.</p>",
        score_table(runs, sentiment=False).to_html(index=False, border=0),
    ]
    if mosi:
        parts.append("<h2>Test scores, CMU-MOSI</h2><p>Means over seeds.</p>")
        parts.append(score_table(runs, sentiment=True).to_html(index=False, border=0))
    return page("The study", "\n".join(parts))


def results_markdown(
    provenance: Mapping[str, Any], toy_table: str, predictions: pd.DataFrame, runs: pd.DataFrame
) -> str:
    """Write the results page of the documentation, with its origin.

    Parameters
    ----------
    provenance, predictions, runs
        See `overview_html`.
    toy_table : str
        The toy table in Markdown.

    Returns
    -------
    str
    """
    facts = "\n".join(f"- {line}" for line in _facts(provenance))
    return "\n".join(
        [
            "# Results of the study\n",
            f"Copied on {date.today().isoformat()} by `snakemake docs`.\n\n{facts}\n",
            f"## Toy table\n\n{toy_table}",
            f"## Predictions\n\n{_markdown(outcome(predictions))}",
            f"## Test scores, planted truth\n\n{_markdown(score_table(runs, sentiment=False))}",
            f"## Test scores, CMU-MOSI\n\n{_markdown(score_table(runs, sentiment=True))}",
        ]
    )


def _facts(provenance: Mapping[str, Any]) -> list[str]:
    versions = ", ".join(
        f"{name} {number or 'not installed'}" for name, number in provenance["versions"].items()
    )
    commit = provenance["commit"] or "unknown (not a checkout)"
    return [
        str(provenance["mosi"]),
        f"Seeds: {', '.join(map(str, provenance['seeds']))}.",
        f"Configuration digest {provenance['config_digest']}, commit {commit}.",
        f"Python {provenance['python']} on {provenance['processor']}, {provenance['cores']} cores.",
        f"{versions}.",
    ]


def _markdown(table: pd.DataFrame) -> str:
    """Write a table of text as Markdown."""
    if table.empty:
        return "None in this study.\n"
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += [
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in table.to_numpy()
    ]
    return "\n".join(lines) + "\n"
