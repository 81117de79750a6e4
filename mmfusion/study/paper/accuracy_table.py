"""Test accuracy under every normalisation, the best in bold where no other one does as well."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmfusion.measures.intervals import bootstrap_interval
from mmfusion.measures.paired_differences import mean_and_test
from mmfusion.study.names import NORM_NAMES, TOY_DATASETS, order_norms, ordered
from mmfusion.study.paper.latex import bold, uncertain

LEVEL = 0.05
LIMITS = {"Linear": "linear", "Bayes": "bayes_sequence"}
"""Models that the networks are compared with, by heading."""
CAPTION = (
    "Test accuracy at p = 1: mean over seeds, and the distances to the ends of its 95 % bootstrap interval. "
    "Bold: above every other normalisation in a t-test of the differences seed by seed (two-sided p below "
    "0.05 for each); nothing is bold where no normalisation is. Linear: ridge regression on all views. "
    "Bayes: the best that any method can reach from the sequences."
)


def accuracy_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracies on the datasets with one planted subset as LaTeX cells.

    Parameters
    ----------
    runs : DataFrame
        The table ``runs``.

    Returns
    -------
    DataFrame
        Columns dataset, seeds, the normalisations, linear and Bayes.
    """
    plain = runs[runs["dataset"].isin(TOY_DATASETS)]
    cells = plain[(plain["model"] == "fusion") & (plain["p"].astype(str) == "1") & (plain["scale"] == "1")]
    norms = order_norms(cells["norm"])
    rows = []
    for dataset in ordered(cells["dataset"], TOY_DATASETS):
        of_dataset = cells[cells["dataset"] == dataset]
        by_norm = of_dataset.pivot_table(index="seed", columns="norm", values="accuracy_test")
        best = best_norm(by_norm)
        texts = {}
        for norm in norms:
            values = by_norm[norm] if norm in by_norm else pd.Series(dtype=float)
            text = uncertain(*bootstrap_interval(values))
            texts[NORM_NAMES.get(norm, norm)] = bold(text) if norm == best else text
        floors = plain[plain["dataset"] == dataset].groupby("model")["accuracy_test"].mean()
        limits = {head: f"{floors.get(model, np.nan):.3f}" for head, model in LIMITS.items()}
        rows.append({"dataset": dataset, "seeds": str(len(by_norm)), **texts, **limits})
    head = ["dataset", "seeds", *(NORM_NAMES.get(norm, norm) for norm in norms), *LIMITS]
    return pd.DataFrame(rows, columns=head).replace("nan", "--")


def best_norm(by_norm: pd.DataFrame) -> str | None:
    """Return the normalisation that is better than each other one, or None.

    Parameters
    ----------
    by_norm : DataFrame
        A row per seed, a column per normalisation.

    Returns
    -------
    str or None
        None, too, with one normalisation or one seed.
    """
    if by_norm.shape[1] < 2 or len(by_norm) < 2:
        return None
    best = str(by_norm.mean().idxmax())
    for other in by_norm.columns.drop(best):
        difference = mean_and_test((by_norm[best] - by_norm[other]).dropna().to_numpy())
        if not (difference.mean > 0 and difference.p_two_sided < LEVEL):
            return None
    return best
