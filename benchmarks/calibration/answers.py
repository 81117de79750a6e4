"""What a fitted estimator names, as text for a table, and whether that is right."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pandas as pd

from calibration.cases import Accepted

NOTHING = "none"
"""Nothing is named; an empty text says that it was not measured."""


class Verdict(NamedTuple):
    """How an answer compares with the truth."""

    exact: bool
    """One of the accepted answers, and nothing else."""
    found: bool
    """All of an accepted answer, and perhaps more."""
    wrong: bool
    """Something that is in no accepted answer."""


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


def as_text(names: Any) -> str:
    """Write names apart by spaces, sorted."""
    return " ".join(sorted(map(str, names))) or NOTHING


def as_names(text: str) -> frozenset[str]:
    """Read what `as_text` writes."""
    return frozenset() if text == NOTHING else frozenset(text.split())


def verdict(named: frozenset[str], accepted: Accepted) -> Verdict:
    """Compare an answer with the accepted ones.

    Examples
    --------
    >>> verdict(frozenset("ab"), (frozenset("a"),))
    Verdict(exact=False, found=True, wrong=True)
    """
    everything = frozenset().union(*accepted)
    return Verdict(named in accepted, any(right <= named for right in accepted), not named <= everything)
