"""The network of early fusion, which several peers explain: a multilayer perceptron of scikit-learn.

One hidden layer over standardised columns, fitted by L-BFGS. Of a few strengths of its L2 penalty, the one
with the lowest out-of-fold loss is chosen, as the estimators of this package choose lambda.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmfusion.measures.losses import loss_of_samples
from mmfusion.study.peers.contract import REGRESSION, Floats, PeerData, side_by_side

HIDDEN = 32
"""Width of the hidden layer."""
PENALTIES = (0.1, 1.0, 10.0, 100.0)
"""Candidates for the L2 penalty, ``alpha`` of scikit-learn."""
STEPS = 100
"""Most iterations of L-BFGS, which stops earlier where it has converged."""
SMALLEST = 1e-6
"""Probability of a class, at least, so that no single sample has an infinite loss."""
EARLY = "early fusion"


class Networks(NamedTuple):
    """The networks of the chosen penalty.

    Parameters
    ----------
    models : list
        By fold, fitted pipelines of scikit-learn.
    loss : float
        Their mean out-of-fold loss.
    """

    models: list[Any]
    loss: float


def fit_perceptrons(data: PeerData, modalities: Sequence[str]) -> Networks:
    """Fit networks of some modalities on the training rows of every fold, and choose the penalty.

    Parameters
    ----------
    data : PeerData
    modalities : sequence of str

    Returns
    -------
    Networks
    """
    columns = side_by_side({name: data.X[name] for name in modalities})
    candidates = [_of_penalty(data, columns, penalty) for penalty in PENALTIES]
    return min(candidates, key=lambda networks: networks.loss)


def early_fusion_networks(data: PeerData) -> Networks:
    """Return the networks of all modalities, fitted once."""
    if EARLY not in data.shared:
        data.shared[EARLY] = fit_perceptrons(data, data.names)
    found: Networks = data.shared[EARLY]
    return found


def probability_or_number(model: Any, columns: Floats, task: str) -> Floats:
    """Predict by a model of scikit-learn.

    Parameters
    ----------
    model : estimator
    columns : array, shape (n, d)
    task : {"binary", "regression"}

    Returns
    -------
    array, shape (n,)
        Of every sample the probability of class 1, or a number.
    """
    if task == REGRESSION:
        return np.asarray(model.predict(columns), dtype=np.float64).reshape(len(columns))
    return np.asarray(model.predict_proba(columns)[:, 1], dtype=np.float64)


def losses(predicted: Floats, data: PeerData, rows: Any = slice(None)) -> Floats:
    """Return the loss of every one of these samples: log-loss in nats, or the squared error.

    Parameters
    ----------
    predicted : array, shape (n,)
        As `probability_or_number` gives them.
    data : PeerData
    rows : index, optional
        Which samples of the data were predicted.

    Returns
    -------
    array, shape (n,)
    """
    scores = predicted
    if data.task != REGRESSION:
        share = np.clip(predicted, SMALLEST, 1 - SMALLEST)
        scores = np.log(share / (1 - share))
    return loss_of_samples(scores[:, np.newaxis], data.y[rows], data.task)


def mean_of_folds(models: Sequence[Any], unknown: Mapping[str, Floats], task: str) -> Floats:
    """Average what the models of all folds predict of unknown samples, shape (k,)."""
    columns = side_by_side(unknown)
    return np.asarray(np.mean([probability_or_number(model, columns, task) for model in models], axis=0))


def _of_penalty(data: PeerData, columns: Floats, penalty: float) -> Networks:
    """Fit a network per fold with one strength of the penalty."""
    models = [_network(data, penalty).fit(columns[fold.train], data.y[fold.train]) for fold in data.folds]
    held_out = [
        losses(probability_or_number(model, columns[fold.held_out], data.task), data, fold.held_out)
        for model, fold in zip(models, data.folds, strict=True)
    ]
    return Networks(models, float(np.concatenate(held_out).mean()))


def _network(data: PeerData, penalty: float) -> Any:
    """Make an untrained network."""
    kind = MLPRegressor if data.task == REGRESSION else MLPClassifier
    network = kind(
        hidden_layer_sizes=(HIDDEN,),
        solver="lbfgs",
        alpha=penalty,
        max_iter=STEPS,
        max_fun=10 * STEPS,
        random_state=data.seed,
    )
    if data.task == REGRESSION:
        network = TransformedTargetRegressor(network, transformer=StandardScaler())
    return make_pipeline(StandardScaler(), network)
