"""What every peer keeps: complete, repeatable answers about data that it does not change."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

pytest.importorskip("shapiq", reason="the extra peers")

from mmfusion.data.folds import make_folds
from mmfusion.fusion.subsets import parse_subset
from mmfusion.study.peers.additive_projection import INTERACTIONS
from mmfusion.study.peers.all_peers import PEERS
from mmfusion.study.peers.calibration import calibrated, losses
from mmfusion.study.peers.contract import (
    BINARY,
    IMPORTANCES,
    MODALITIES,
    NOTHING,
    REGRESSION,
    Peer,
    PeerAnswer,
    PeerData,
)
from mmfusion.study.peers.fusion_estimators import LATE_FUSION, OURS
from mmfusion.study.peers.predictors import EARLY_FUSION

KNOWN, UNKNOWN = 120, 400
TASKS = (BINARY, REGRESSION)

# Iterations that end before they converge are a matter of the libraries, as in the comparison itself.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("no_linear_baseline")]
every_peer = pytest.mark.parametrize("peer", PEERS, ids=[peer.name for peer in PEERS])
FOREIGN = [peer for peer in PEERS if peer not in (OURS, LATE_FUSION)]
every_task = pytest.mark.parametrize("task", TASKS)


def new_data(task: str) -> tuple[PeerData, Any]:
    """Draw two modalities of which the first predicts; return also the targets of the unknown samples."""
    rng = np.random.default_rng(3)
    X = {name: rng.normal(size=(KNOWN + UNKNOWN, width)) for name, width in (("a", 3), ("b", 2))}
    signal = 2 * X["a"][:, 0] + rng.normal(size=KNOWN + UNKNOWN)
    y: Any = 10 + 5 * signal if task == REGRESSION else (signal > 0).astype(int)
    known, unknown = ({name: v[rows] for name, v in X.items()} for rows in (slice(KNOWN), slice(KNOWN, None)))
    for values in (*known.values(), *unknown.values(), y):
        values.setflags(write=False)
    folds = make_folds(5, np.arange(KNOWN), KNOWN, None if task == REGRESSION else y[:KNOWN])
    return PeerData(known, y[:KNOWN], task, folds, unknown), y[KNOWN:]


@cache
def answer_of(name: str, task: str, repetition: int) -> PeerAnswer:
    """Ask a peer; those of a repetition share what they train."""
    peer = next(peer for peer in PEERS if peer.name == name)
    return peer.answers([shared_data(task, repetition)])[0]


@cache
def shared_data(task: str, repetition: int) -> PeerData:
    return new_data(task)[0]


@every_peer
@every_task
def test_answers_are_complete(peer: Peer, task: str) -> None:
    answer = answer_of(peer.name, task, 0)
    assert tuple(answer.importances.columns) == IMPORTANCES
    assert np.isfinite(answer.importances["importance"].to_numpy(float)).all()
    p_values = answer.importances["p_value"].dropna()
    assert p_values.between(0, 1).all()
    for label in answer.importances["subset"]:
        assert label == INTERACTIONS or set(parse_subset(label)) <= {"a", "b"}
    assert (answer.named is None) == (not peer.rule) == (peer.names == NOTHING)
    if answer.named is not None:
        assert "a" in answer.named  # with such a signal
        assert peer.names != MODALITIES or answer.named <= {"a", "b"}
    assert peer.source
    if peer.explains:
        assert PEERS.index(EARLY_FUSION) < PEERS.index(peer)


@every_peer
@every_task
def test_predictions_beat_a_constant(peer: Peer, task: str) -> None:
    answer, truth = answer_of(peer.name, task, 0), new_data(task)[1]
    if answer.scores is None:
        assert peer.explains
        return
    assert answer.scores.unknown.shape == (UNKNOWN,)
    if answer.scores.held_out is not None:
        assert answer.scores.held_out.shape == (KNOWN,)
    judged = PeerData({}, truth, task, (), {})
    constant = np.full(UNKNOWN, 0.0 if task == BINARY else truth.mean())
    unknown = calibrated(answer.scores, shared_data(task, 0)).unknown
    assert losses(unknown, judged).mean() < 0.75 * losses(constant, judged).mean()


@pytest.mark.parametrize("peer", FOREIGN, ids=[peer.name for peer in FOREIGN])
def test_answers_are_repeatable(peer: Peer) -> None:
    """That of this package's estimators is tested with them."""
    first, second = (answer_of(peer.name, BINARY, repetition) for repetition in (0, 1))
    if first.scores is not None and second.scores is not None:
        np.testing.assert_array_equal(first.scores.unknown, second.scores.unknown)
    assert first.importances.equals(second.importances)
    assert first.named == second.named


def test_names_are_unique() -> None:
    assert len({peer.name for peer in PEERS}) == len(PEERS)
