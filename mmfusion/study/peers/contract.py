"""What a peer is: a method that predicts from several modalities, or says which of them a prediction needs.

A peer *names* subsets, or modalities, by the rule of its authors or of the library that computes it. Such a
rule need not control any error, and many methods have none. Its *importances* are on a scale of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.data.folds import Fold

Floats = NDArray[np.float64]
IMPORTANCES = ("subset", "importance", "p_value")
BINARY, REGRESSION = "binary", "regression"
SUBSETS, MODALITIES, NOTHING = "subsets", "modalities", "nothing"
"""What the rule of a peer can name."""


@dataclass(frozen=True, eq=False)
class PeerData:
    """Samples, folds and features that are given to all peers alike.

    Parameters
    ----------
    X : mapping of str to array, shape (n, d_m)
        Columns of numbers by modality.
    y : array, shape (n,)
        0 or 1, or the target of a regression.
    task : {"binary", "regression"}
    folds : sequence of Fold
        Every sample is held out once. Whatever a peer chooses, it chooses by the loss of held-out samples.
    unknown : mapping of str to array, shape (k, d_m)
        Samples to be predicted, whose targets no peer sees.
    groups : array, shape (n,), optional
        Group of every sample; no group is in two folds.
    seed : int, default 0
        Of whatever a peer draws.

    Attributes
    ----------
    shared : dict
        What several peers use, such as the networks of early fusion; filled on demand.
    """

    X: Mapping[str, Floats]
    y: NDArray[Any]
    task: str
    folds: Sequence[Fold]
    unknown: Mapping[str, Floats]
    groups: NDArray[Any] | None = None
    seed: int = 0
    shared: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities, in their order."""
        return tuple(self.X)

    @property
    def columns(self) -> dict[str, list[int]]:
        """Positions of the columns of every modality in what `side_by_side` returns."""
        ends = np.cumsum([values.shape[1] for values in self.X.values()]).tolist()
        starts = [0, *ends[:-1]]
        return {name: [*range(*ends_of)] for name, *ends_of in zip(self.X, starts, ends, strict=True)}


@dataclass(frozen=True)
class PeerAnswer:
    """What a peer finds.

    Parameters
    ----------
    predicted : array, shape (k,), or None
        Of every unknown sample the probability of class 1, or a number: the mean over the models of the
        folds. None: the peer only explains the predictions of another.
    importances : DataFrame
        With the columns `IMPORTANCES`, the p-value being NaN where nothing is tested; may be empty.
    named : frozenset of str, or None
        Labels of the subsets that it names; None: it has no rule for that.
    """

    predicted: Floats | None
    importances: pd.DataFrame
    named: frozenset[str] | None


@dataclass(frozen=True)
class Peer:
    """A method.

    Parameters
    ----------
    name : str
        In tables.
    source : str
        Authors, venue and year; and the library that computes it.
    answer : callable
        From `PeerData` to `PeerAnswer`; the same data give the same answer.
    rule : str, default ""
        How it names, in words; empty if it does not.
    names : {"subsets", "modalities", "nothing"}
        What its rule can name.
    explains : bool, default False
        Whether it explains the networks of early fusion, which it needs to be trained first.
    """

    name: str
    source: str
    answer: Callable[[PeerData], PeerAnswer]
    rule: str = ""
    names: str = NOTHING
    explains: bool = False


def side_by_side(X: Mapping[str, Floats]) -> Floats:
    """Put the columns of all modalities beside each other, shape (n, sum of d_m)."""
    return np.hstack([*X.values()])


def importances_of(values: Mapping[str, float], p_values: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Make the table of importances.

    Parameters
    ----------
    values : mapping of str to float
        Importance by label of a subset.
    p_values : mapping of str to float, optional

    Returns
    -------
    DataFrame
        With the columns `IMPORTANCES`.
    """
    known = p_values or {}
    rows = [(subset, value, known.get(subset, np.nan)) for subset, value in values.items()]
    return pd.DataFrame(rows, columns=[*IMPORTANCES])
