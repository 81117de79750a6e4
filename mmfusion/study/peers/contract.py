"""What a peer is: a method that predicts from several modalities, or says which of them a prediction needs.

A peer *names* subsets, or modalities, by a rule, which need not control any error; many methods have none.
Its *importances* are on a scale of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.data.folds import Fold

Floats = NDArray[np.float64]
IMPORTANCES = ("subset", "importance", "p_value")
BINARY, REGRESSION = "binary", "regression"
SUBSETS, MODALITIES, NOTHING = "subsets", "modalities", "nothing"
"""What the rule of a peer can name."""
USED, NEEDED = "used", "needed"
"""What it asks of a modality: whether the prediction uses it, or whether no other could replace it."""


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
        Every sample is held out once. What a peer tunes, it tunes by the loss of held-out samples.
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
        """Positions of the columns of each modality in what `side_by_side` returns."""
        ends = np.cumsum([values.shape[1] for values in self.X.values()]).tolist()
        starts = [0, *ends[:-1]]
        return {name: [*range(*ends_of)] for name, *ends_of in zip(self.X, starts, ends, strict=True)}


class PeerScores(NamedTuple):
    """What the models of the folds predict: log-odds of class 1, or numbers.

    Parameters
    ----------
    held_out : array, shape (n,), or None
        Of each sample by the model that has not seen it; None if the scores are calibrated already.
    unknown : array, shape (k,)
        Of the unknown samples, the mean over the models.
    """

    held_out: Floats | None
    unknown: Floats


@dataclass(frozen=True)
class PeerAnswer:
    """What a peer finds.

    Parameters
    ----------
    scores : PeerScores or None
        None: the peer only explains the predictions of another.
    importances : DataFrame
        With the columns `IMPORTANCES`, the p-value being NaN where nothing is tested; may be empty.
    named : frozenset of str, or None
        Labels of the subsets that it names; None: it has no rule for that.
    """

    scores: PeerScores | None
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
    answers : callable
        From data sets of one design to the answer about each, see `one_by_one`; the same data give the same
        answer, up to rounding if they are asked about with others.
    rule : str, default ""
        How it names, in words; empty if it does not.
    names : {"subsets", "modalities", "nothing"}
        What its rule can name.
    tuned : str, default "-"
        What it tunes by held-out samples, in words.
    asks : {"used", "needed"}
        See `USED`.
    explains : bool, default False
        Whether it explains the models of early fusion, which have to be fitted first.
    """

    name: str
    source: str
    answers: Callable[[Sequence[PeerData]], list[PeerAnswer]]
    rule: str = ""
    names: str = NOTHING
    tuned: str = "-"
    asks: str = USED
    explains: bool = False


def one_by_one(answer: Callable[[PeerData], PeerAnswer]) -> Callable[[Sequence[PeerData]], list[PeerAnswer]]:
    """Lift an answer about one data set to answers about several, which share nothing.

    Parameters
    ----------
    answer : callable
        From `PeerData` to `PeerAnswer`; a note is added to what it raises, with the seed of the data.

    Returns
    -------
    callable
        `answers` of a `Peer`.
    """

    def answers(data: Sequence[PeerData]) -> list[PeerAnswer]:
        return [answered(one) for one in data]

    def answered(data: PeerData) -> PeerAnswer:
        try:
            return answer(data)
        except Exception as error:
            error.add_note(f"This was the data set of seed {data.seed}.")
            raise

    return answers


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
