"""Shapley values and interactions of modalities in the models of early fusion, computed by shapiq.

The players are the modalities; the columns of an absent modality have their means over the training samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from mmfusion.fusion.subsets import Subset, subset_label, subsets
from mmfusion.study.peers.calibration import losses
from mmfusion.study.peers.contract import (
    REGRESSION,
    Floats,
    Peer,
    PeerAnswer,
    PeerData,
    importances_of,
    one_by_one,
    side_by_side,
)
from mmfusion.study.peers.perceptrons import early_fusion_models, scores_of_model

Index = Literal["SV", "k-SII"]


def inter_shap(data: PeerData) -> PeerAnswer:
    """Average the absolute Shapley interactions of each subset over the held-out samples.

    The game of a sample is what the model predicts of it (a probability, or a number). Its interactions are
    the k-SII of all orders up to the number of modalities.
    """
    found = _interactions(data, _predictions, "k-SII", len(data.names))
    share = np.abs(found).mean(axis=1)
    labels = [subset_label(subset) for subset in subsets(data.names)]
    return PeerAnswer(None, importances_of(dict(zip(labels, share.tolist(), strict=True))), None)


def shape(data: PeerData) -> PeerAnswer:
    """Return the Shapley values of the modalities in the game of what a held-out sample's loss falls by.

    SHAPE's own game is accuracy; the loss also works for regressions and is finer on few samples.
    """
    values = _interactions(data, _gains, "SV", 1).mean(axis=1)
    return PeerAnswer(None, importances_of(dict(zip(data.names, values.tolist(), strict=True))), None)


def interactions_of_games(games: Floats, modalities: Sequence[str], index: Index, order: int) -> Floats:
    """Compute Shapley interactions of many games at once; they are linear in the values of the coalitions.

    Parameters
    ----------
    games : array, shape (2^M, n)
        Value of every coalition: the empty one first, then as `mmfusion.fusion.subsets.subsets` lists them.
    modalities : sequence of str
    index : {"SV", "k-SII"}
        Shapley values, or Shapley interactions of several orders.
    order : int
        Largest size of a subset.

    Returns
    -------
    array, shape (number of subsets up to this order, n)
    """
    # Imported here, since shapiq takes seconds and is needed by these peers only.
    from shapiq import ExactComputer

    players = tuple(str(number) for number in range(len(modalities)))
    coalitions: list[Subset] = [(), *subsets(players)]
    place = {coalition: row for row, coalition in enumerate(coalitions)}
    wanted = subsets(players, order)
    matrix = np.empty((len(wanted), len(coalitions)))
    for row in range(len(coalitions)):

        def unit(present: NDArray[np.bool_], row: int = row) -> Floats:
            given = [place[tuple(map(str, np.flatnonzero(line)))] for line in np.atleast_2d(present)]
            return np.equal(given, row).astype(np.float64)

        values = ExactComputer(unit, len(modalities))(index, order)
        matrix[:, row] = [values[tuple(map(int, subset))] for subset in wanted]
    return matrix @ games


def _interactions(data: PeerData, values: Callable[..., Floats], index: Index, order: int) -> Floats:
    """Compute the interactions of every held-out sample, shape (subsets, n)."""
    parts = []
    columns = side_by_side(data.X)
    for model, fold in zip(early_fusion_models(data).models, data.folds, strict=True):
        mean = columns[fold.train].mean(axis=0)
        games = []
        for coalition in [(), *subsets(data.names)]:
            mixed = np.tile(mean, (len(fold.held_out), 1))
            kept = [column for name in coalition for column in data.columns[name]]
            mixed[:, kept] = columns[fold.held_out][:, kept]
            games.append(values(model, mixed, data, fold.held_out))
        parts.append(interactions_of_games(np.stack(games), data.names, index, order))
    return np.hstack(parts)


def _predictions(model: Any, columns: Floats, data: PeerData, _: Any) -> Floats:
    scores = scores_of_model(model, columns, data.task)
    return scores if data.task == REGRESSION else np.asarray(expit(scores))


def _gains(model: Any, columns: Floats, data: PeerData, rows: Any) -> Floats:
    return -losses(scores_of_model(model, columns, data.task), data, rows)


INTER_SHAP = Peer(
    "InterSHAP",
    "Wenderoth et al., AAAI 2025: Shapley interactions (k-SII) by shapiq",
    one_by_one(inter_shap),
    explains=True,
)
SHAPE = Peer(
    "SHAPE",
    "Hu et al., IJCAI 2022: Shapley values by shapiq",
    one_by_one(shape),
    explains=True,
)
