"""Pages for a browser, each complete in one file."""

from __future__ import annotations

from html import escape

import pandas as pd


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
