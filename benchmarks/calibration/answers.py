"""What a fitted estimator names, and how much it explains."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from mmfusion.study.designs.verdict import as_text


def answer_of(model: Any) -> dict[str, Any]:
    """Read the tables of a fitted estimator.

    Parameters
    ----------
    model : FusionClassifier or FusionRegressor
        Fitted with ``information=True``.

    Returns
    -------
    dict
        Names apart by spaces for every one of `TABLES`, and ``explained``: the explained loss, which is the
        information of all modalities, in nats for classes and as a share of the variance for numbers.
    """
    relevance, single, pairs = model.relevance_, model.modality_information_, model.synergy_
    signed = [
        f"{row.pair}:{'+' if row.synergy > 0 else '-'}" for row in pairs[_true(pairs["named"])].itertuples()
    ]
    return {
        "subsets": as_text(relevance.loc[_true(relevance["named"]), "subset"]),
        "alone": as_text(single.loc[_true(single["alone_named"]), "modality"]),
        "needed": as_text(single.loc[_true(single["needed_named"]), "modality"]),
        "synergy": as_text(signed) if len(pairs) else "",
        "explained": explained_loss(model.information_),
    }


def explained_loss(information: pd.DataFrame) -> float:
    """Return the information of the largest coalition, all modalities."""
    if not len(information):
        return math.nan
    largest = int(information["size"].to_numpy(int).argmax())
    return float(information["information"].to_numpy(float)[largest])


def _true(named: pd.Series[Any]) -> pd.Series[bool]:
    """Read a column of flags, also one that holds none or lacks some."""
    return named.fillna(value=False).astype(bool)
