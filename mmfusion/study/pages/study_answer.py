"""The answer of the study in sentences, all of whose numbers come from its toy table."""

from __future__ import annotations

import pandas as pd

from mmfusion.study.names import NORM_NAMES, PLANTED, joined, order_norms, subset_name

RIGHT = 0.95
"""Mean relevance of the planted subset from which on a normalisation counts as right."""


def study_answer(toy_table: pd.DataFrame) -> list[str]:
    """Say which normalisations put the relevance where it was planted.

    Parameters
    ----------
    toy_table : DataFrame
        As `mmfusion.study.tables.toy_table.toy_table` gives it.

    Returns
    -------
    list of str
        A sentence per normalisation; none without datasets of a planted subset.

    Examples
    --------
    >>> cells = {"dataset": "XRel", "norm": "ibn", "subset": ["1", "2"], "mean": [1.0, 0.0]}
    >>> study_answer(pd.DataFrame(cells))
    ['IBN: the planted subset has at least 95 % of the relevance in 1 of 1 datasets.']
    """
    rows = toy_table[toy_table["subset"] == toy_table["dataset"].map(PLANTED)]
    return [_sentence(norm, rows[rows["norm"] == norm]) for norm in order_norms(rows["norm"])]


def _sentence(norm: str, rows: pd.DataFrame) -> str:
    right = rows["mean"] >= RIGHT
    name, share = NORM_NAMES.get(norm, norm), f"{100 * RIGHT:.0f} %"
    text = (
        f"{name}: the planted subset has at least {share} of the relevance in {int(right.sum())} of "
        f"{len(rows)} datasets"
    )
    if right.all():
        return f"{text}."
    others = [
        f"{subset_name(PLANTED[dataset])} of {dataset} {_has(mean)}"
        for dataset, mean in rows.loc[~right, ["dataset", "mean"]].itertuples(index=False)
    ]
    return f"{text} ({joined(others)})."


def _has(mean: float) -> str:
    return "has no defined relevance" if pd.isna(mean) else f"has {mean:.2f}"
