"""Markdown tables as the study's pages and documentation have them."""

from __future__ import annotations

import pandas as pd


def markdown_table(table: pd.DataFrame) -> str:
    r"""Write a table as Markdown, a line per row.

    Cells are not padded to a common width, so that a longer cell leaves the other rows as they are.

    Parameters
    ----------
    table : DataFrame
        Its index is left out.

    Returns
    -------
    str
        Ends with a line feed. Bars within cells are escaped.

    Examples
    --------
    >>> print(markdown_table(pd.DataFrame({"subset": ["1+2"], "beta": ["1e-6"], "note": ["a|b"]})), end="")
    | subset | beta | note |
    |----------|--------|--------|
    | 1+2 | 1e-6 | a\|b |
    """
    cells = table.astype(str).replace(r"\|", r"\\|", regex=True)
    return cells.to_markdown(index=False, disable_numparse=True, stralign=None) + "\n"
