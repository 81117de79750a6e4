"""The files of the target ``full``, read for the pages that show them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from mmfusion.study.intermediates import load_table, load_text

Answers = dict[str, tuple[str, pd.DataFrame, pd.DataFrame]]


def read_evidence(
    answers: Sequence[str], motifs: str, lp_family: str, sensitivity: str
) -> tuple[Answers, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read what `mmfusion.study.pages.evidence.evidence_markdown` writes about.

    Parameters
    ----------
    answers : sequence of str
        Paths of the answers about CMU-MOSI; scores and grid lie beside each.
    motifs, lp_family, sensitivity : str
        Paths of the tables.

    Returns
    -------
    tuple of (dict, DataFrame, DataFrame, DataFrame)
        By dataset: the answer in words, its scores on the test part, and its grid; then the tables.
    """
    found = {
        Path(path).parent.name: (
            load_text(path),
            load_table(Path(path).with_name("test_scores.csv")),
            load_table(Path(path).with_name("grid.csv"), dtype={"p": str}, keep_default_na=False),
        )
        for path in answers
    }
    return (
        found,
        load_table(motifs, dtype={"modality": str}),
        load_table(lp_family, dtype={"p": str}),
        load_table(sensitivity, dtype={"value": str}),
    )


def published_texts(paths: Sequence[str]) -> list[str]:
    """Read pages of the documentation, which no rule of this study has written and which have no checksum."""
    return [Path(path).read_text(encoding="utf-8") for path in paths]
