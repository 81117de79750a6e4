"""What every peer answers about data sets, and whether that is right."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from threadpoolctl import threadpool_limits

from mmfusion.data.folds import make_folds
from mmfusion.fusion.subsets import parse_subset
from mmfusion.study.designs.design import Accepted
from mmfusion.study.designs.drawn_cases import HARD_KIND, NOISE
from mmfusion.study.designs.verdict import as_text, verdict
from mmfusion.study.evidence.peer_designs import PeerSet
from mmfusion.study.evidence.peer_verdicts import VERDICTS
from mmfusion.study.peers.all_peers import PEERS
from mmfusion.study.peers.calibration import calibrated, losses
from mmfusion.study.peers.contract import (
    BINARY,
    NEEDED,
    NOTHING,
    SUBSETS,
    Peer,
    PeerAnswer,
    PeerData,
    PeerScores,
)
from mmfusion.study.peers.predictors import EARLY_FUSION

FOLDS = 5
COLUMNS = (
    *("design", "kind", "seed", "peer", "named"),
    *VERDICTS,
    *("loss", "accuracy", "r2", "mae", "seconds"),
)


def compare_peers(sets: Sequence[PeerSet], peers: Sequence[Peer] = PEERS) -> pd.DataFrame:
    """Ask every peer about data sets of one design.

    Parameters
    ----------
    sets : sequence of PeerSet
    peers : sequence of Peer
        Early fusion before those that explain it.

    Returns
    -------
    DataFrame
        One row per data set and peer (of noise and hard designs, only for the peers that name and for early
        fusion, which some of them explain), with the columns `COLUMNS`. `named`: what it names, "none" if
        nothing, empty if it has no rule. `modalities_exact`, `modalities_wrong`: whether it names all planted
        modalities and no other, or some other; a peer that asks what is needed is compared with what is.
        `subsets_exact`, `subsets_wrong`: the same for subsets, if its rule can name them. `first_subset`:
        whether the subset with the largest importance is planted, if it gives importances to products; else,
        `first_modality`, where some modality is not planted. All of these are 1, 0, or NaN where undefined.
        `loss` (log-loss in nats), `accuracy`, `r2` and `mae` are of the unknown samples, by calibrated
        scores. `seconds` includes the fit of what a peer explains; a peer is asked about all data sets at
        once, and its time is divided equally among them.

    Raises
    ------
    Exception
        Of a peer, with a note that names it and the design.
    """
    given = [_peer_data(data) for data in sets]
    trained = 0.0
    tables = []
    for peer in peers:
        if sets[0].kind in (NOISE, HARD_KIND) and peer.names == NOTHING and peer is not EARLY_FUSION:
            continue
        start = time.perf_counter()
        # One thread: the matrices are small, and the bits are then those of any number of cores.
        # scikit-learn checks its parameters and numbers again in each of thousands of small fits.
        unchecked = sklearn.config_context(assume_finite=True, skip_parameter_validation=True)
        with threadpool_limits(1), unchecked, warnings.catch_warnings():
            # Of iterations that end before convergence, and the like: a peer is judged by its answer.
            warnings.simplefilter("ignore")
            answers = _asked(peer, given, sets[0].design)
        seconds = (time.perf_counter() - start) / len(sets)
        if peer is EARLY_FUSION:
            trained = seconds
        table = pd.DataFrame([_row(peer, *one) for one in zip(answers, given, sets, strict=True)])
        tables.append(table.assign(seconds=seconds + (trained if peer.explains else 0.0)))
    # By data set first: the sort is stable, and keeps the order of the peers.
    return pd.concat(tables).reindex(columns=[*COLUMNS]).sort_index(kind="stable", ignore_index=True)


def modalities_of(labels: Iterable[str]) -> frozenset[str]:
    """Return all modalities of some subsets.

    Examples
    --------
    >>> sorted(modalities_of(["a", "b+c"]))
    ['a', 'b', 'c']
    """
    return frozenset(name for label in labels for name in parse_subset(label))


def _peer_data(data: PeerSet) -> PeerData:
    """Cut the known samples into folds, the same for all peers."""
    known, count = data.known, len(data.known)
    classes = known.y if data.task == BINARY else None
    folds = make_folds(FOLDS, np.arange(count), count, classes, known.groups, data.seed)
    return PeerData(known.X, known.y, data.task, folds, data.unknown.X, known.groups, data.seed)


def _asked(peer: Peer, given: Sequence[PeerData], design: str) -> list[PeerAnswer]:
    """Ask a peer; an error of it says which peer it was."""
    try:
        return peer.answers(given)
    except Exception as error:
        error.add_note(f"This was {peer.name}, asked about {design}.")
        raise


def _row(peer: Peer, answer: PeerAnswer, given: PeerData, data: PeerSet) -> dict[str, Any]:
    """Write what a peer answers about a data set, and judge it."""
    row: dict[str, Any] = {"design": data.design, "kind": data.kind, "seed": data.seed, "peer": peer.name}
    row |= {"named": "" if answer.named is None else as_text(answer.named)}
    return row | _verdicts(peer, answer, data) | _judged(answer.scores, given, data)


def _verdicts(peer: Peer, answer: PeerAnswer, data: PeerSet) -> dict[str, float]:
    """Compare an answer with the truth, where that is known."""
    found = dict.fromkeys(VERDICTS, np.nan)
    if not data.accepted:
        return found
    used = tuple(modalities_of(subsets) for subsets in data.accepted)
    modalities = data.needed if peer.asks == NEEDED else used
    if answer.named is not None:
        exact, _, wrong = verdict(modalities_of(answer.named), modalities)
        found |= {"modalities_exact": float(exact), "modalities_wrong": float(wrong)}
    if peer.names == SUBSETS and answer.named is not None:
        exact, _, wrong = verdict(answer.named, data.accepted)
        found |= {"subsets_exact": float(exact), "subsets_wrong": float(wrong)}
    return found | _first(answer.importances, data, modalities)


def _first(importances: pd.DataFrame, data: PeerSet, modalities: Accepted) -> dict[str, float]:
    """Say whether what has the largest importance is planted; equal ones are no answer."""
    if len(importances) < 2:
        return {}
    largest = importances.loc[importances["importance"] == importances["importance"].max(), "subset"]
    if importances["subset"].str.contains("+", regex=False).any():
        name, right, all_right = "first_subset", frozenset().union(*data.accepted), False
    else:
        name, right = "first_modality", frozenset().union(*modalities)
        all_right = right == set(data.known.X)
    if not right or all_right:
        return {}
    return {name: float(len(largest) == 1 and largest.iloc[0] in right)}


def _judged(scores: PeerScores | None, given: PeerData, data: PeerSet) -> dict[str, float]:
    """Judge calibrated scores of the unknown samples."""
    if scores is None:
        return {}
    unknown = calibrated(scores, given).unknown
    truth = data.unknown.y.astype(np.float64)
    of_samples = losses(unknown, PeerData(data.unknown.X, data.unknown.y, data.task, (), {}))
    if data.task == BINARY:
        right = (unknown > 0) == (truth > 0.5)
        return {"loss": float(of_samples.mean()), "accuracy": float(right.mean())}
    return {"r2": float(1 - of_samples.mean() / truth.var()), "mae": float(np.abs(unknown - truth).mean())}
