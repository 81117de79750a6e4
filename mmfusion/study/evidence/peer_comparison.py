"""What every peer answers about a data set, and whether that is right."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from mmfusion.data.folds import make_folds
from mmfusion.fusion.subsets import parse_subset
from mmfusion.study.designs.drawn_cases import NOISE
from mmfusion.study.designs.verdict import as_text, verdict
from mmfusion.study.evidence.peer_designs import PeerSet
from mmfusion.study.peers.all_peers import PEERS
from mmfusion.study.peers.contract import (
    BINARY,
    NOTHING,
    SUBSETS,
    Floats,
    Peer,
    PeerAnswer,
    PeerData,
)
from mmfusion.study.peers.perceptrons import losses
from mmfusion.study.peers.predictors import EARLY_FUSION

FOLDS = 5
COLUMNS = (
    *("design", "kind", "seed", "peer", "named", "subsets_exact", "modalities_exact", "wrong", "first"),
    *("loss", "accuracy", "r2", "mae", "seconds"),
)
VERDICTS = ("subsets_exact", "modalities_exact", "wrong", "first")


def compare_peers(data: PeerSet, peers: Sequence[Peer] = PEERS) -> pd.DataFrame:
    """Ask every peer about one data set.

    Parameters
    ----------
    data : PeerSet
    peers : sequence of Peer
        Early fusion before those that explain it.

    Returns
    -------
    DataFrame
        One row per peer, of noise only for those that name and for early fusion, which some of them explain;
        with the columns `COLUMNS`. `named`: what it names, "none" if nothing, empty if it
        has no rule. `subsets_exact`, `modalities_exact`: whether it names just the planted subsets (if its
        rule can name subsets), or their modalities. `wrong`: whether it names a subset, or modality, that is
        not planted. `first`: whether what it gives most importance to is planted. All four are 1.0, 0.0, or
        NaN where undefined. `loss` (log-loss in nats), `accuracy`, `r2` and `mae` are of the unknown
        samples. `seconds` includes the training of what a peer explains.
    """
    given = _peer_data(data)
    trained = 0.0
    rows = []
    for peer in peers:
        if data.kind == NOISE and peer.names == NOTHING and peer is not EARLY_FUSION:
            continue
        start = time.perf_counter()
        # One thread: the matrices are small, and the bits are then those of any number of cores.
        with threadpool_limits(1), warnings.catch_warnings():
            # Of iterations that end before convergence, and the like: a peer is judged by its answer.
            warnings.simplefilter("ignore")
            answer = peer.answer(given)
        seconds = time.perf_counter() - start
        if peer is EARLY_FUSION:
            trained = seconds
        row: dict[str, Any] = {"design": data.design, "kind": data.kind, "seed": data.seed, "peer": peer.name}
        row |= {"named": "" if answer.named is None else as_text(answer.named)}
        row |= _verdicts(peer, answer, data) | _scores(answer.predicted, data)
        rows.append(row | {"seconds": seconds + (trained if peer.explains else 0.0)})
    return pd.DataFrame(rows).reindex(columns=[*COLUMNS])


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


def _verdicts(peer: Peer, answer: PeerAnswer, data: PeerSet) -> dict[str, float]:
    """Compare an answer with the truth, where that is known."""
    found = dict.fromkeys(VERDICTS, np.nan)
    if not data.accepted:
        return found
    modalities = tuple(modalities_of(subsets) for subsets in data.accepted)
    if answer.named is not None:
        of_modalities = verdict(modalities_of(answer.named), modalities)
        found |= {"modalities_exact": float(of_modalities.exact), "wrong": float(of_modalities.wrong)}
    if peer.names == SUBSETS and answer.named is not None:
        of_subsets = verdict(answer.named, data.accepted)
        found |= {"subsets_exact": float(of_subsets.exact), "wrong": float(of_subsets.wrong)}
    importances = answer.importances
    if len(importances) > 1 and any(data.accepted):
        largest = importances.loc[importances["importance"] == importances["importance"].max(), "subset"]
        several = importances["subset"].str.contains("+", regex=False).any()
        right = frozenset().union(*(data.accepted if several else modalities))
        found["first"] = float(len(largest) == 1 and largest.iloc[0] in right)
    return found


def _scores(predicted: Floats | None, data: PeerSet) -> dict[str, float]:
    """Judge predictions of the unknown samples."""
    if predicted is None:
        return {}
    truth = data.unknown.y.astype(np.float64)
    judged = PeerData(data.unknown.X, data.unknown.y, data.task, (), {})
    of_samples = losses(predicted, judged)
    if data.task == BINARY:
        right = (predicted > 0.5) == (truth > 0.5)
        return {"loss": float(of_samples.mean()), "accuracy": float(right.mean())}
    return {
        "r2": float(1 - of_samples.mean() / truth.var()),
        "mae": float(np.abs(predicted - truth).mean()),
    }
