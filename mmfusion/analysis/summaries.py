"""Tables over seeds: the summary of all measures, the study of scales, and the predictions as a page."""

from __future__ import annotations

from html import escape

import pandas as pd

from mmfusion.analysis.statistics import summarise

CELL = ["dataset", "norm", "p", "scale", "subset"]
MEASURES = [
    "block_norm",
    "beta",
    "weight_share",
    "loss_rise",
    "variance_share",
    "covariance_share",
    "covariance_share_train",
    "leakage_single",
    "leakage_within",
]


def summary(subsets: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Return mean and 95 % bootstrap interval over seeds of every measure of every subset.

    Parameters
    ----------
    subsets : DataFrame
        As `mmfusion.analysis.columns` defines it.
    resamples : int
        Of the bootstrap.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        The table ``summary``.
    """
    return summarise(subsets, CELL, MEASURES, resamples=resamples, seed=seed)


def scale_study(subsets: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Return beta of ``none`` at p = 1 per scale of the encoder outputs.

    Parameters
    ----------
    subsets, resamples, seed
        See `summary`.

    Returns
    -------
    DataFrame
        The table ``scale_study``: datasets that were trained at more than one scale.
    """
    rows = subsets[(subsets["norm"] == "none") & (subsets["p"] == "1")]
    rows = rows[rows.groupby("dataset")["scale"].transform("nunique") > 1]
    keys = ["dataset", "norm", "p", "subset", "scale"]
    return summarise(rows, keys, ["beta"], resamples=resamples, seed=seed).drop(columns="measure")


def outcome(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions with readable headings and a word for every outcome."""
    words = predictions["holds"].map({True: "holds", False: "fails"}).astype(object)
    table = predictions.assign(outcome=words.where(predictions["holds"].notna(), "reported"))
    return table[["dataset", "norm", "statement", "threshold", "measured", "outcome"]]


def predictions_html(predictions: pd.DataFrame) -> str:
    """Write the predictions as a page that stands alone."""
    return page("Predictions and what was measured", outcome(predictions).to_html(index=False, border=0))


def page(title: str, body: str) -> str:
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
