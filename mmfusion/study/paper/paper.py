"""The files of an article about a study: one that LaTeX compiles, and the parts that it puts together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmfusion.study.paper.accuracy_table import CAPTION as ACCURACY
from mmfusion.study.paper.accuracy_table import accuracy_table
from mmfusion.study.paper.latex import TEXTS, escaped, latex_table
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
\input{methods}
\input{relevance}
\input{accuracy}
FIGURES
\end{document}
"""
FIGURE = r"""\begin{figure*}
\centering
\includegraphics[width=\textwidth]{STEM.pdf}
\caption{CAPTION}
\label{fig:STEM}
\end{figure*}
"""


def paper_texts(
    config: Any,
    provenance: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    captions: Mapping[str, str],
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

    Returns
    -------
    dict of str to str
        By name of the file, in the order of `TEXTS`.
    """
    figures = [
        FIGURE.replace("STEM", stem).replace("CAPTION", escaped(caption))
        for stem, caption in captions.items()
    ]
    accuracy = accuracy_table(tables["runs"])
    contents = (
        DOCUMENT.replace("FIGURES", "".join(figures)),
        methods(config, provenance, tables),
        latex_table(relevance_table(tables["toy_table"]), RELEVANCE, "tab:relevance", "lllr" + "r" * 7),
        latex_table(accuracy, ACCURACY, "tab:accuracy"),
    )
    return dict(zip(TEXTS, contents, strict=True))
