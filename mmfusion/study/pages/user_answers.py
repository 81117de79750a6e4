"""The answers about the user's datasets, on the overview page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

ANSWERS_TEXT = (
    "By networks that are trained in folds over all samples, whatever the splits of the study: what is said "
    "about a sample comes from networks that have not seen it. Start here; the sections below compare "
    "normalisations and p on one test split."
)
FILES = {
    "information.png": "figure",
    "information.pdf": "figure as PDF",
    "relevance.csv": "relevance of the subsets",
    "modality_information.csv": "modalities: alone, needed, Shapley value",
    "synergy.csv": "synergy of the pairs",
    "information.csv": "information of the subsets",
}
"""What stands beside the text of the answer, as the page calls it."""


def answers_html(answers: Mapping[str, str]) -> list[str]:
    """Write the section of the answers; nothing without any.

    Parameters
    ----------
    answers : mapping of str to str
        By the name of a dataset: the answer in words and notes about it, apart by empty lines.

    Returns
    -------
    list of str
        HTML; links are relative to the folder of the results.
    """
    if not answers:
        return []
    parts = [f"<h2>Your own data: the answer</h2><p>{ANSWERS_TEXT}</p>"]
    for name, text in answers.items():
        paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.strip().split("\n\n"))
        links = ", ".join(
            f'<a href="answers/{escape(name)}/{file}">{word}</a>' for file, word in FILES.items()
        )
        parts.append(
            f"<h3>{escape(name)}</h3>{paragraphs}\n<p>In results/answers/{escape(name)}: {links}.</p>"
        )
    return parts
