"""The page of one answer: the words, the pictures, the tables, and what they were made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mmfusion.cli.output_folder import INFORMATION, MOTIFS, RELEVANCE
from mmfusion.cli.printed_tables import NAMED, information_cells, meanings, subset_cells
from mmfusion.estimators.source_fit import FittedSource
from mmfusion.pages.picture import Picture
from mmfusion.pages.rendering import render

SECTIONS = {
    "answer": "Answer",
    "pictures": "Pictures",
    "tables": "Tables",
    "data": "What was read",
    "settings": "Settings and files",
}
"""Headings by their anchor, in the order of the page."""
PICTURES = {
    INFORMATION: (
        "What the modalities say alone and together",
        "What every modality says alone against what is lost without it, what pairs say together, and what "
        "every coalition of modalities says.",
    ),
    RELEVANCE: (
        "Relevance of the subsets",
        "Relevance beta from the weights, and how much the loss of samples that were not seen rises without "
        "a subset.",
    ),
    MOTIFS: ("Motifs", "What the filter that drives most looks for, in every network."),
}
"""Title and description of every picture, in the order of the page; the picture has its own heading, too."""
NETWORKS = {
    "vector": "a hidden layer per vector",
    "linear": "linear encoders of vectors",
    "additive": "linear encoders, no products: a linear model",
    "": "the constant",
}
"""The kinds of networks that are tried, by their names in `penalties_`."""


def answer_html(
    fitted: FittedSource,
    title: str,
    facts: Sequence[str],
    pictures: Sequence[Picture],
    settings: Mapping[str, Any],
    files: Sequence[str],
) -> str:
    """Write the page of an answer.

    Parameters
    ----------
    fitted : FittedSource
    title : str
        The question, with the name of the data.
    facts : sequence of str
        What was read, and choices that were made for the user, one sentence each.
    pictures : sequence of Picture
    settings : mapping
        As ``settings.json`` has them.
    files : sequence of str
        Names of the files beside the page that it links to.

    Returns
    -------
    str
        HTML, complete in itself but for links to files beside it.
    """
    subsets, information = subset_cells(fitted.model.relevance_), information_cells(fitted.model)
    return render(
        "answer.html",
        title=title,
        contents=list(SECTIONS.items()),
        heads=SECTIONS,
        headline=fitted.answer.headline,
        paragraphs=fitted.answer.paragraphs,
        pictures=pictures,
        subsets=subsets,
        information=information,
        meanings=[meanings(table) for table in (subsets, *information)],
        named=NAMED,
        facts=facts,
        settings=dict(_rows({name: value for name, value in settings.items() if name != "candidates"})),
        candidates=_candidates(settings["candidates"]),
        files=[Path(name).name for name in files],
    )


def _candidates(tried: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Write the networks that were tried, the best first."""
    table = pd.DataFrame(tried).sort_values("loss", kind="stable")
    return pd.DataFrame(
        {
            "networks": table["encoder"].map(NETWORKS).fillna("encoders as given"),
            "lambda": [f"{value:g}" if isinstance(value, float) else "" for value in table["penalty"]],
            "loss": table["loss"].map("{:.3f}".format, na_action="ignore").fillna("-"),
            "score": table["score"].map("{:.3f}".format, na_action="ignore").fillna("-"),
        }
    )


def _rows(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Write settings as names and values; those within a mapping with its name before theirs."""
    rows: list[tuple[str, str]] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            rows += [(f"{name}.{inner}", text) for inner, text in _rows(value)]
        else:
            rows.append((name, value if isinstance(value, str) else json.dumps(value, default=str)))
    return rows
