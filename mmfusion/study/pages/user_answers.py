"""The answers about the user's datasets: the words and files that the page of a study has for them."""

from __future__ import annotations

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
    "information.csv": "information of the coalitions (sets of modalities)",
}
"""What stands beside the text of the answer, as the page calls it."""
