"""The one page of a study: question, answer, what was planted and found, scores, and how it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
from pyarrow.parquet import ParquetFile

from mmfusion.pages.picture import Picture, picture
from mmfusion.pages.rendering import render
from mmfusion.study.figures.figure_definitions import NOT_DRAWN
from mmfusion.study.names import DATASET_NAMES
from mmfusion.study.pages.heat_map import heat_maps
from mmfusion.study.pages.overview import (
    USER_RELEVANCE_TEXT,
    USER_SCORES_TEXT,
    origin_lines,
    outcome_table,
    score_table,
    user_relevance_table,
    user_score_table,
)
from mmfusion.study.pages.study_answer import study_answer
from mmfusion.study.pages.user_answers import ANSWERS_TEXT, FILES

ANSWER_PICTURE = "planted_weight"
"""The figure that stands beside the answer."""
HEADS = {
    "own": "Your own data",
    "planted": "What was planted, and what was found",
    "figures": "Figures",
    "predictions": "Predictions and what was measured",
    "scores": "Test scores, planted truth",
    "mosi": "Test scores, CMU-MOSI",
    "beside": "Other methods, calibration, more evidence",
    "limits": "Limits",
    "origin": "How it was made",
}
"""Headings of the sections by their anchor, in the order of the page."""
WITHOUT_RUNS = "The study has no runs for this figure; the picture says how to get them."


def pictures_of(paths: Sequence[str], texts: Mapping[str, Sequence[str]]) -> list[Picture]:
    """Read the figures of a study (SVG), with their titles and captions by name."""
    pictures = []
    for path in map(Path, paths):
        title, caption = texts[path.stem]
        empty = f"<!-- {NOT_DRAWN}" in path.read_text(encoding="utf-8")  # text is drawn as paths beside it
        pictures.append(picture(path, title, WITHOUT_RUNS if empty else caption))
    return pictures


@dataclass(frozen=True)
class AnswerText:
    """The answer about a dataset of the user's.

    Parameters
    ----------
    name : str
        Of the dataset.
    text : str
        As the command prints it, paragraphs apart by empty lines.
    picture : Picture or None
        What the modalities say alone and together.
    """

    name: str
    text: str
    picture: Picture | None = None

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs of the text."""
        return self.text.strip().split("\n\n")

    @property
    def links(self) -> list[tuple[str, str]]:
        """Files beside the text, and what they are."""
        return list(FILES.items())


def answers_of(paths: Sequence[str]) -> list[AnswerText]:
    """Read the answers about the user's datasets, each with the picture beside it."""
    answers = []
    for path in map(Path, paths):
        caption = "What the modalities say alone, what is lost without them, and what pairs say together."
        beside = picture(path.with_name("information.png"), "Predictive information", caption)
        answers.append(AnswerText(path.parent.name, path.read_text(encoding="utf-8"), beside))
    return answers


@dataclass(frozen=True)
class TableFile:
    """A table of the study, as CSV and Parquet in the folder ``tables`` beside the page.

    Parameters
    ----------
    name : str
    rows : int
    digest : str
        SHA-256 of the Parquet file.
    """

    name: str
    rows: int
    digest: str


def table_files(paths: Sequence[str]) -> list[TableFile]:
    """Count the rows of Parquet files, and digest them."""
    return [
        TableFile(
            Path(path).stem,
            ParquetFile(path).metadata.num_rows,
            hashlib.sha256(Path(path).read_bytes()).hexdigest(),
        )
        for path in paths
    ]


def index_html(
    provenance: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    pictures: Sequence[Picture] = (),
    files: Sequence[TableFile] = (),
    notes: Sequence[str] = (),
    answers: Sequence[AnswerText] = (),
) -> str:
    """Write the page of a study; sections without any content are left out.

    Parameters
    ----------
    provenance : mapping
        As `mmfusion.study.provenance.provenance` gives it.
    tables : mapping of str to DataFrame
        ``runs``, ``summary``, ``predictions``, ``toy_table`` and ``seconds`` as
        `mmfusion.study.tables.definitions` defines them, and ``toy_table_wide``.
    pictures : sequence of Picture
        The figures, in their order.
    files : sequence of TableFile
    notes : sequence of str
        Summaries of the datasets that were read from files, facts apart by an empty line.
    answers : sequence of AnswerText
        By dataset of the user's.

    Returns
    -------
    str
        HTML, complete in itself but for links to files beside it.
    """
    runs, toy_table = tables["runs"], tables["toy_table"]
    studied = runs[runs["dataset"].isin(DATASET_NAMES)]
    parts: dict[str, Sequence[Any] | pd.DataFrame | None] = {
        "maps": heat_maps(toy_table),
        "predictions": _filled(outcome_table(tables["predictions"])),
        "scores": _filled(score_table(studied, sentiment=False)),
        "mosi": _filled(score_table(studied, sentiment=True)),
        "shown": [one for one in pictures if one.stem != ANSWER_PICTURE],
        "answers": list(answers),
    }
    absent = {name for name, part in parts.items() if part is None or len(part) == 0}
    without = {"own": "answers", "planted": "maps", "figures": "shown"}
    heads = {name: head for name, head in HEADS.items() if without.get(name, name) not in absent}
    return render(
        "study.html",
        title="Which modalities carry the prediction?",
        contents=[("answer", "Question and answer"), *heads.items()],
        heads=SimpleNamespace(**HEADS),
        seeds=len(provenance["seeds"]),
        answer=study_answer(toy_table),
        pictures=pictures,
        toy_table=tables["toy_table_wide"],
        own_relevance=user_relevance_table(tables["summary"]),
        own_scores=user_score_table(runs),
        answers_text=ANSWERS_TEXT,
        relevance_text=USER_RELEVANCE_TEXT,
        scores_text=USER_SCORES_TEXT,
        notes=[fact for note in notes for fact in note.split("\n\n")],
        facts=[*origin_lines(provenance), seconds_line(tables["seconds"])],
        files=files,
        **parts,
    )


def _filled(table: pd.DataFrame) -> pd.DataFrame | None:
    """Return a table, or None if it has no row."""
    return table if len(table) else None


def seconds_line(seconds: pd.DataFrame) -> str:
    """Write how long the timed stages took, all runs together.

    Parameters
    ----------
    seconds : DataFrame
        The table ``seconds``.

    Returns
    -------
    str
    """
    totals = seconds.groupby("stage", sort=False)["seconds"].sum()
    return (
        "Seconds, summed over all runs: "
        + ", ".join(f"{name} {value:.0f}" for name, value in totals.items())
        + "."
    )
