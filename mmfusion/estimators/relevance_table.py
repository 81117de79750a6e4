"""The relevance table of an estimator: means over its networks, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmfusion.measures.catalogue import OF_HELD_OUT, OF_WEIGHTS
from mmfusion.measures.intervals import bootstrap_interval


def summarise_networks(tables: Sequence[pd.DataFrame], seed: int) -> pd.DataFrame:
    """Average the measures of every subset over networks.

    Parameters
    ----------
    tables : sequence of DataFrame
        Of every network, see `mmfusion.measures.subset_measures`; held-out measures may be absent.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DataFrame
        One row per subset: subset, order, and for every measure its mean, ``_low`` and ``_high``; NaN where
        it was not measured.
    """
    columns: dict[str, Any] = {name: tables[0][name] for name in ("subset", "order")}
    for measure in (*OF_WEIGHTS, *OF_HELD_OUT):
        values = np.stack(  # (networks, subsets)
            [table.reindex(columns=[measure]).to_numpy(dtype=float)[:, 0] for table in tables]
        )
        intervals = [bootstrap_interval(column, seed=seed) for column in values.T]
        columns[measure] = [interval.mean for interval in intervals]
        columns[f"{measure}_low"] = [interval.low for interval in intervals]
        columns[f"{measure}_high"] = [interval.high for interval in intervals]
    return pd.DataFrame(columns)
