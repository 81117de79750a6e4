"""LaTeX: escaped text, numbers with their uncertainty, and tables with the rules of booktabs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("paper.tex", "methods.tex", "answers.tex", "relevance.tex", "accuracy.tex")
"""Files of an article, the one that puts them together first."""
MOST_DECIMALS = 3
STYLES: Any = [
    {"selector": "footnotesize", "props": ":{};"},
    {"selector": "setlength", "props": r":{\tabcolsep}{3pt};"},
]
"""What Styler puts before the table: its size, and the space between its columns."""
_FIGURE = r"""\begin{figure*}
\centering
\includegraphics[width=\textwidth]{%STEM%.pdf}
\caption{%CAPTION%}
\label{fig:%STEM%}
\end{figure*}
"""
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "β": r"$\beta$",
    "λ": r"$\lambda$",
    "²": r"\textsuperscript{2}",
    "∞": r"$\infty$",
    "≥": r"$\ge$",
    "≤": r"$\le$",
    "\N{GREEK SMALL LETTER RHO}": r"$\rho$",
    "±": r"$\pm$",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def escaped(text: str) -> str:
    r"""Write text so that LaTeX prints it.

    Examples
    --------
    >>> escaped("95 % of x_1")
    '95 \\% of x\\_1'
    """
    return re.sub("|".join(map(re.escape, _SPECIAL)), lambda found: _SPECIAL[found[0]], text)


def decimals(low: float, high: float) -> int:
    """Return after how many decimals a number with an interval is cut: two digits of half its width are kept.

    Examples
    --------
    >>> decimals(0.81, 0.91), decimals(0.9991, 0.9999), decimals(10.0, 40.0)
    (3, 3, 0)
    """
    half = (high - low) / 2
    if not (half > 0 and math.isfinite(half)):
        return MOST_DECIMALS
    return min(max(1 - math.floor(math.log10(half)), 0), MOST_DECIMALS)


def uncertain(mean: float, low: float, high: float) -> str:
    r"""Write a number with the distances to the ends of its interval, as mathematics.

    Parameters
    ----------
    mean, low, high : float
        NaN ends: there is no interval.

    Returns
    -------
    str
        All parts with the same decimals, see `decimals`; a dash for NaN.

    Examples
    --------
    >>> uncertain(0.866, 0.81, 0.902)
    '$0.866^{+0.036}_{-0.056}$'
    >>> uncertain(0.5, float("nan"), float("nan")), uncertain(float("nan"), 0.0, 1.0)
    ('$0.500$', '--')
    """
    if math.isnan(mean):
        return "--"
    if math.isnan(low) or math.isnan(high):
        return f"${mean:.{MOST_DECIMALS}f}$"
    digits = decimals(low, high)
    up, down = max(high - mean, 0.0), max(mean - low, 0.0)
    return f"${mean:.{digits}f}^{{+{up:.{digits}f}}}_{{-{down:.{digits}f}}}$"


def bold(cell: str) -> str:
    """Write a cell of `uncertain` in bold."""
    return f"\\boldmath{cell}\\unboldmath" if cell.startswith("$") else f"\\textbf{{{cell}}}"


def figure(stem: str, caption: str) -> str:
    """Write a figure as a float over the whole width; it needs the package graphicx.

    Parameters
    ----------
    stem : str
        Of its PDF beside the file, and of its label.
    caption : str
        Text; escaped here.

    Returns
    -------
    str
    """
    return _FIGURE.replace("%STEM%", stem).replace("%CAPTION%", escaped(caption))


def latex_table(table: pd.DataFrame, caption: str, label: str, columns: str | None = None) -> str:
    r"""Write a table as a float over the whole width; it needs the package booktabs.

    Parameters
    ----------
    table : DataFrame
        Of cells that are LaTeX already; headings are escaped here, its index is left out.
    caption : str
        Text; escaped here.
    label : str
        For ``\ref``.
    columns : str, optional
        How columns are set. Default: the first two left, the others right.

    Returns
    -------
    str
    """
    headings: Any = {name: escaped(str(name)) for name in table.columns}
    count = len(table.columns)
    return (
        table.rename(columns=headings)
        .style.hide(axis="index")
        .set_table_styles(STYLES)
        .to_latex(
            environment="table*",
            position_float="centering",
            caption=escaped(caption),
            label=label,
            column_format=columns or "ll" + "r" * (count - 2),
            hrules=True,
        )
    )
