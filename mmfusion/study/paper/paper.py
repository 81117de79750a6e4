"""The files of an article about a study: one that LaTeX compiles, and the parts that it puts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from mmfusion.study.paper.accuracy_table import CAPTION as ACCURACY
from mmfusion.study.paper.accuracy_table import accuracy_table
from mmfusion.study.paper.answer_section import NOTHING, answer_sections
from mmfusion.study.paper.latex import TEXTS, figure, latex_table
from mmfusion.study.paper.methods import methods
from mmfusion.study.paper.relevance_table import CAPTION as RELEVANCE
from mmfusion.study.paper.relevance_table import relevance_table

DOCUMENT = r"""\documentclass[twocolumn]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern}
\usepackage[margin=2cm]{geometry}
\usepackage{booktabs}
\usepackage{graphicx}
\title{Relevance of modalities: methods and results of the study}
\author{}
\date{}
\begin{document}
\maketitle
%INPUTS%
%FIGURES%
%SOURCES%
\end{document}
"""
SOURCES = r"""\begin{thebibliography}{9}
\bibitem{poster} A. Ledent, W. Mustafa, P. Mehta, R. Vandermeulen, M. Kloft. \emph{Interpretability in
Multimodal Deep Learning}. Poster, TU Kaiserslautern, undated.
\bibitem{kloft} M. Kloft, U. Brefeld, S. Sonnenburg, A. Zien. \emph{lp-Norm Multiple Kernel Learning}.
Journal of Machine Learning Research 12:953--997, 2011.
\end{thebibliography}"""


def paper_texts(
    config: Any,
    provenance: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    captions: Mapping[str, str],
    read: Sequence[str] = (),
    answers: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Write the LaTeX files.

    Parameters
    ----------
    config : StudyConfig
    provenance : mapping
    tables : mapping of str to DataFrame
        ``runs``, ``toy_table`` and ``predictions``.
    captions : mapping of str to str
        Captions of the figures, by the stem of the PDF beside the files.
    read : sequence of str
        What was read from files, as ``results/data`` has it.
    answers : mapping of str to str
        Answers in words about the user's datasets by name, each with a PDF beside the files, see
        `mmfusion.study.paper.answer_section.picture_name`.

    Returns
    -------
    dict of str to str
        By name of the file, in the order of `TEXTS`.
    """
    figures = [figure(stem, caption) for stem, caption in captions.items()]
    accuracy, relevance = accuracy_table(tables["runs"]), relevance_table(tables["toy_table"])
    contents = {
        "methods.tex": methods(config, provenance, tables, read),
        "answers.tex": answer_sections(answers or {}),
        "relevance.tex": _table(relevance, RELEVANCE, "tab:relevance", "lllr" + "r" * 7),
        "accuracy.tex": _table(accuracy, ACCURACY, "tab:accuracy", None),
    }
    inputs = [f"\\input{{{Path(name).stem}}}" for name, text in contents.items() if text != NOTHING]
    parts = {"INPUTS": "\n".join(inputs), "FIGURES": "".join(figures), "SOURCES": SOURCES}
    document = DOCUMENT
    for field, text in parts.items():
        document = document.replace(f"%{field}%", text)  # a text has no bare %
    return {name: {"paper.tex": document, **contents}[name] for name in TEXTS}


def _table(table: pd.DataFrame, caption: str, label: str, columns: str | None) -> str:
    return NOTHING if table.empty else latex_table(table, caption, label, columns)
