"""What was run and what came out: scores and outcomes as text, for the page and for the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any

import pandas as pd

from mmfusion.measures.catalogue import LABELS
from mmfusion.study.markdown import markdown_table
from mmfusion.study.names import DATASET_NAMES

SCORES = {
    "accuracy_test": "accuracy",
    "loss_test": "loss",
    "acc2_zeros_positive_test": "Acc-2 (zeros positive)",
    "acc2_zeros_omitted_test": "Acc-2 (zeros left out)",
    "acc2_zeros_negative_test": "Acc-2 (zeros negative)",
    "f1_weighted_test": "weighted F1",
    "acc7_test": "Acc-7",
    "mae_test": "MAE",
    "pearson_r_test": "Pearson r",
    "r2_test": "R²",
}
USER_SCORES_TEXT = (
    "Means over seeds. Converged: networks whose loss on the validation split is clearly below that of the "
    "constant predictor. Where they are not, or stay below the linear baseline, train for more epochs or on "
    "more samples before you read any relevance."
)
NOT_OF_SENTIMENT = ("loss_test", "r2_test")
"""Scores that the table of CMU-MOSI leaves out, as publications on it do."""
USER_SCORES = ("accuracy_test", "r2_test", "mae_test", "loss_test")

USER_MEASURES = ("beta", "loss_rise", "covariance_share", "reducibility_within")
USER_RELEVANCE_TEXT = (
    "Mean over seeds and 95 % bootstrap interval. Trust what is measured on the test split before beta, "
    "which is read off the weights, and IBN before the other normalisations."
)


def outcome_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions with readable headings and a word for every outcome."""
    words = predictions["holds"].map({True: "holds", False: "fails"}).astype(object)
    table = predictions.assign(outcome=words.where(predictions["holds"].notna(), "reported"))
    return table[["dataset", "norm", "statement", "threshold", "measured", "outcome"]]


def predictions_html(predictions: pd.DataFrame) -> str:
    """Write the predictions as a complete page."""
    return html_page(
        "Predictions and what was measured", outcome_table(predictions).to_html(index=False, border=0)
    )


def html_page(title: str, body: str) -> str:
    """Wrap a body in a minimal page.

    Parameters
    ----------
    title : str
        Text.
    body : str
        HTML.

    Returns
    -------
    str
    """
    style = (
        "body{font-family:sans-serif;margin:2em;max-width:100em;color:#222;background:#fff}"
        "table{border-collapse:collapse;margin:1em 0}"
        "th,td{border-bottom:1px solid #ccc;padding:.3em .7em;text-align:left;font-size:.9em}"
    )
    title = escape(title)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{style}</style></head>\n<body><h1>{title}</h1>\n{body}\n</body></html>\n"
    )


def score_table(runs: pd.DataFrame, sentiment: bool) -> pd.DataFrame:
    """Return mean test scores per dataset, model, norm and p, as text.

    Parameters
    ----------
    runs : DataFrame
        As `mmfusion.study.tables.definitions` defines it.
    sentiment : bool
        Whether to return the datasets with a known sentiment, or the others.

    Returns
    -------
    DataFrame
        Columns dataset, model, norm, p, runs, converged and the scores that apply; a dash where none does.
    """
    known = runs.groupby("dataset")["acc2_zeros_positive_test"].transform("count") > 0
    scores = [name for name in SCORES if name not in NOT_OF_SENTIMENT] if sentiment else ["accuracy_test"]
    return _mean_scores(runs[known == sentiment], scores)


def user_score_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return mean test scores of the user's datasets, as `score_table`, without scores that none has."""
    users = runs[~runs["dataset"].isin(DATASET_NAMES)]
    return _mean_scores(users, [name for name in USER_SCORES if users[name].notna().any()])


def _mean_scores(runs: pd.DataFrame, scores: list[str]) -> pd.DataFrame:
    groups = runs[runs["scale"].isin(["1", "-"])].groupby(["dataset", "model", "norm", "p"], sort=False)
    table = groups[scores].mean().map(lambda x: "-" if pd.isna(x) else f"{x:.3f}")
    table.insert(0, "runs", groups.size())
    converged = groups["converged"].sum().astype(int).astype(str)
    table.insert(1, "converged", converged.where(groups["converged"].count() > 0, "-"))
    return table.reset_index().rename(columns=SCORES)


def user_relevance_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the relevance of every subset in the user's own data, as text.

    Parameters
    ----------
    summary : DataFrame
        As `mmfusion.study.tables.definitions` defines it.

    Returns
    -------
    DataFrame
        Columns dataset, norm, p, subset and one per measure: mean and interval over seeds; empty without any.
    """
    keys = ["dataset", "norm", "p", "subset"]
    users = summary[~summary["dataset"].isin(DATASET_NAMES) & (summary["scale"] == "1")]
    table = users[keys].drop_duplicates().reset_index(drop=True)
    for measure in USER_MEASURES:  # the rows of each are in the order of the keys
        rows = users[users["measure"] == measure]
        numbers = rows[["mean", "low", "high"]].to_numpy(dtype=float).tolist()
        table[LABELS[measure]] = [with_interval(*row) for row in numbers]
    return table


def with_interval(mean: float, low: float, high: float) -> str:
    """Write a number with its interval, if it has one; a dash for NaN."""
    if pd.isna(mean):
        return "-"
    return f"{mean:.3f}" if pd.isna(low) else f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def results_markdown(
    provenance: Mapping[str, Any], toy_table: str, predictions: pd.DataFrame, runs: pd.DataFrame
) -> str:
    """Write the results page of the documentation, with its origin.

    Parameters
    ----------
    provenance, predictions, runs
        See `mmfusion.study.pages.index_page.index_html`.
    toy_table : str
        The toy table in Markdown.

    Returns
    -------
    str
    """
    facts = "\n".join(f"- {line}" for line in origin_lines(provenance))
    parts = [
        f"# Results of the study\n\nCopied on {date.today().isoformat()} by `snakemake docs`.\n\n{facts}\n",
        f"## Toy table\n\n{toy_table}",
        _section("Predictions", outcome_table(predictions)),
        _section("Test scores, planted truth", score_table(runs, sentiment=False)),
        _section("Test scores, CMU-MOSI", score_table(runs, sentiment=True)),
    ]
    return "\n".join(parts)


def origin_lines(provenance: Mapping[str, Any]) -> list[str]:
    """Write where a study comes from, a sentence per fact."""
    versions = [f"{name} {number or 'not installed'}" for name, number in provenance["versions"].items()]
    commit = provenance["commit"] or "unknown (not a checkout)"
    return [
        str(provenance["mosi"]),
        f"Seeds: {', '.join(map(str, provenance['seeds']))}.",
        f"Configuration digest {provenance['config_digest']}, commit {commit}.",
        f"Python {provenance['python']} on {provenance['processor']}, {provenance['cores']} cores.",
        f"{', '.join(versions)}.",
    ]


def _section(title: str, table: pd.DataFrame) -> str:
    body = "None in this study.\n" if table.empty else markdown_table(table)
    return f"## {title}\n\n{body}"
