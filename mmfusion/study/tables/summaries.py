"""Tables over seeds: the summary of all measures and the study of scales."""

from __future__ import annotations

import pandas as pd

from mmfusion.measures.catalogue import LABELS
from mmfusion.measures.intervals import summarise


def summary_table(subsets: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Return mean and 95 % bootstrap interval over seeds of every measure of every subset.

    The last measure is ``named``, whose mean is the share of the runs in which the subset is named.

    Parameters
    ----------
    subsets : DataFrame
        As `mmfusion.study.tables.definitions` defines it.
    resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        The table ``summary``.
    """
    keys = ["dataset", "norm", "p", "scale", "subset"]
    return summarise(subsets, keys, [*LABELS, "named"], resamples=resamples, seed=seed)


def scale_study_table(subsets: pd.DataFrame, resamples: int, seed: int) -> pd.DataFrame:
    """Return beta of ``none`` at p = 1 per scale of the encoder outputs.

    Parameters
    ----------
    subsets, resamples, seed
        See `summary_table`.

    Returns
    -------
    DataFrame
        The table ``scale_study``: datasets that were trained at more than one scale.
    """
    rows = subsets[(subsets["norm"] == "none") & (subsets["p"] == "1")]
    rows = rows[rows.groupby("dataset")["scale"].transform("nunique") > 1]
    keys = ["dataset", "norm", "p", "subset", "scale"]
    return summarise(rows, keys, ["beta"], resamples=resamples, seed=seed).drop(columns="measure")
