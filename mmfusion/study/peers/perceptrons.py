"""The models of early fusion, which several peers explain: multilayer perceptrons of scikit-learn.

One hidden layer over standardised columns, fitted by L-BFGS. Among several strengths of its L2 penalty, and
linear models besides, the one with the lowest out-of-fold loss is chosen.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmfusion.study.peers.calibration import LARGEST, gathered, mean_held_out_loss
from mmfusion.study.peers.contract import REGRESSION, Floats, PeerData, PeerScores, side_by_side

HIDDEN = 32
"""Width of the hidden layer."""
PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Candidates for the L2 penalty, ``alpha`` of scikit-learn."""
LINEAR_PENALTIES = (1.0, 10.0, 100.0, 1000.0)
"""The same of the linear models: ``alpha`` of ridge regression, 1 / ``C`` of logistic regression."""
STEPS = 100
"""Most iterations of L-BFGS, which stops earlier where it has converged."""
EARLY = "early fusion"


class Perceptrons(NamedTuple):
    """The models of the chosen candidate.

    Parameters
    ----------
    models : list
        By fold, fitted pipelines of scikit-learn.
    scores : PeerScores
    loss : float
        Their mean out-of-fold loss.
    """

    models: list[Any]
    scores: PeerScores
    loss: float


def fit_perceptrons(data: PeerData, modalities: Sequence[str]) -> Perceptrons:
    """Fit models of some modalities on the training rows of each fold, and choose the candidate.

    Parameters
    ----------
    data : PeerData
    modalities : sequence of str

    Returns
    -------
    Perceptrons
    """
    known, unknown = (side_by_side({name: X[name] for name in modalities}) for X in (data.X, data.unknown))
    makers = [functools.partial(_network, data, penalty) for penalty in PENALTIES]
    makers += [functools.partial(_linear, data, penalty) for penalty in LINEAR_PENALTIES]
    return min((_fitted(data, known, unknown, make) for make in makers), key=lambda fitted: fitted.loss)


def early_fusion_models(data: PeerData) -> Perceptrons:
    """Return the models of all modalities, fitted once."""
    if EARLY not in data.shared:
        data.shared[EARLY] = fit_perceptrons(data, data.names)
    found: Perceptrons = data.shared[EARLY]
    return found


def scores_of_model(model: Any, columns: Floats, task: str) -> Floats:
    """Predict by a model of scikit-learn.

    Parameters
    ----------
    model : estimator
    columns : array, shape (n, d)
    task : {"binary", "regression"}

    Returns
    -------
    array, shape (n,)
        Log-odds of class 1, within `LARGEST`, or numbers.
    """
    if task == REGRESSION:
        return np.asarray(model.predict(columns), dtype=np.float64).reshape(len(columns))
    with np.errstate(divide="ignore"):
        logarithms = np.log(np.asarray(model.predict_proba(columns), dtype=np.float64))
    return np.asarray(np.clip(logarithms[:, 1] - logarithms[:, 0], -LARGEST, LARGEST))


def scores_of_models(models: Sequence[Any], known: Floats, unknown: Floats, data: PeerData) -> PeerScores:
    """Predict held-out and unknown samples by the model of each fold; both are columns side by side."""
    pairs = zip(models, data.folds, strict=True)
    held_out = [scores_of_model(model, known[fold.held_out], data.task) for model, fold in pairs]
    return gathered(held_out, [scores_of_model(model, unknown, data.task) for model in models], data)


def _fitted(data: PeerData, known: Floats, unknown: Floats, make: Callable[[], Any]) -> Perceptrons:
    """Fit a model per fold."""
    models = [make().fit(known[fold.train], data.y[fold.train]) for fold in data.folds]
    scores = scores_of_models(models, known, unknown, data)
    return Perceptrons(models, scores, mean_held_out_loss(scores, data))


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


def _linear(data: PeerData, penalty: float) -> Any:
    """Make an unfitted linear model."""
    model = Ridge(penalty) if data.task == REGRESSION else LogisticRegression(C=1 / penalty)
    return make_pipeline(StandardScaler(), model)
