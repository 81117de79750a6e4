"""Multiple kernel learning with an lp norm: kernels of modalities and of their products.

The kernel of a modality is linear, or Gaussian with the median distance of training samples as its width, and
centred; that of a subset is the product of those of its modalities, as the features of the fusion layer are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import KernelCenterer, StandardScaler
from sklearn.svm import SVC

from mmfusion.fusion.blocknorm import relevance
from mmfusion.fusion.subsets import Subset, chosen_order, subset_label, subsets
from mmfusion.study.peers.calibration import calibrated, gathered, mean_held_out_loss
from mmfusion.study.peers.contract import (
    REGRESSION,
    SUBSETS,
    Floats,
    Peer,
    PeerAnswer,
    PeerData,
    PeerScores,
    importances_of,
    one_by_one,
)

P = 1.0
"""Of the norm over the weights of the kernels: at 1, weights vanish, so that kernels are chosen."""
LINEAR, GAUSSIAN = "linear", "gaussian"
SMOOTHNESS = (0.001, 0.01, 0.1, 1.0)
"""Candidates for C of the support vector machine, and for 1 / alpha of the ridge regression."""
ROUNDS = 10
"""Alternations between the machine and the weights."""
SHARE = 0.02
"""Weight from which a subset counts as named: weights shrink in each round but never reach 0."""


@dataclass(frozen=True)
class KernelFold:
    """The kernels of all subsets for one fold.

    Parameters
    ----------
    train, held_out, unknown : array, shape (subsets, rows, training rows)
    """

    train: Floats
    held_out: Floats
    unknown: Floats


@dataclass(frozen=True)
class KernelMachine:
    """A fitted machine.

    Parameters
    ----------
    beta : array, shape (subsets,)
        Weights of the kernels.
    held_out, unknown : array
        Scores.
    """

    beta: Floats
    held_out: Floats
    unknown: Floats


def kernel_learning(data: PeerData) -> PeerAnswer:
    """Fit machines on each fold; kind of kernel and strength are those with the lowest out-of-fold loss.

    Scores of support vectors are no log-odds before they are calibrated.
    """
    chosen = subsets(data.names, chosen_order("auto", len(data.names)))
    candidates: list[tuple[float, PeerScores, Floats]] = []
    for kind in (LINEAR, GAUSSIAN):
        folds = [_kernels(data, number, chosen, kind) for number in range(len(data.folds))]
        for smoothness in SMOOTHNESS:
            machines = [_fitted(data, number, fold, smoothness) for number, fold in enumerate(folds)]
            beta = np.mean([machine.beta for machine in machines], axis=0)
            parts = [machine.held_out for machine in machines], [machine.unknown for machine in machines]
            scores = calibrated(gathered(*parts, data), data)
            candidates.append((mean_held_out_loss(scores, data), scores, beta))
    _, scores, beta = min(candidates, key=lambda candidate: candidate[0])
    importances = {subset_label(subset): float(value) for subset, value in zip(chosen, beta, strict=True)}
    named = frozenset(label for label, value in importances.items() if value >= SHARE)
    return PeerAnswer(scores, importances_of(importances), named)


def fit_weights(
    kernels: Floats, target: Floats, task: str, smoothness: float
) -> tuple[Floats, Floats, float]:
    """Alternate between the machine and the weights of the kernels (Kloft et al., JMLR 12, 2011).

    With ||w_I||^2 = beta_I^2 a' K_I a, a being the machine's dual coefficients for sum_I beta_I K_I, the new
    weights are those of `mmfusion.fusion.blocknorm.relevance` of ||w_I|| in the convention ``mkl``.

    Parameters
    ----------
    kernels : array, shape (subsets, n, n)
    target : array, shape (n,)
        0 or 1, or standardised numbers.
    task : {"binary", "regression"}
    smoothness : float

    Returns
    -------
    beta : array, shape (subsets,)
    dual : array, shape (n,)
    intercept : float
    """
    beta = np.full(len(kernels), 1 / len(kernels))
    for _ in range(ROUNDS):
        dual, intercept = _machine(np.tensordot(beta, kernels, 1), target, task, smoothness)
        norms = beta * np.sqrt(np.maximum((kernels @ dual) @ dual, 0))
        if not norms.any():
            break
        beta = np.asarray(relevance(norms, P))
    dual, intercept = _machine(np.tensordot(beta, kernels, 1), target, task, smoothness)
    return beta, dual, intercept


def _machine(kernel: Floats, target: Floats, task: str, smoothness: float) -> tuple[Floats, float]:
    """Fit a support vector machine, or ridge regression, and return dual coefficients and intercept."""
    if task == REGRESSION:
        ridge = KernelRidge(alpha=1 / smoothness, kernel="precomputed").fit(kernel, target)
        return np.asarray(ridge.dual_coef_), 0.0
    machine = SVC(C=smoothness, kernel="precomputed").fit(kernel, target)
    dual = np.zeros(len(target))
    dual[machine.support_] = machine.dual_coef_[0]
    return dual, float(machine.intercept_[0])


def _kernels(data: PeerData, number: int, chosen: Sequence[Subset], kind: str) -> KernelFold:
    """Compute the kernels of a fold, scaled so that a training sample's mean value with itself is 1."""
    fold = data.folds[number]
    of: Mapping[str, list[Floats]] = {name: _of_modality(data, name, number, kind) for name in data.names}
    parts: list[list[Floats]] = [[], [], []]
    for subset in chosen:
        products = [np.prod([of[name][part] for name in subset], axis=0) for part in range(3)]
        scale = np.trace(products[0]) / len(fold.train)
        for part, product in zip(parts, products, strict=True):
            part.append(product / scale if scale > 0 else product)
    return KernelFold(*(np.stack(part) for part in parts))


def _of_modality(data: PeerData, name: str, number: int, kind: str) -> list[Floats]:
    """Compute a modality's centred kernel of training, held-out and unknown rows with training rows."""
    fold, values = data.folds[number], data.X[name]
    scaler = StandardScaler().fit(values[fold.train])
    rows = [
        scaler.transform(part) for part in (values[fold.train], values[fold.held_out], data.unknown[name])
    ]
    if kind == LINEAR:
        kernels = [part @ rows[0].T for part in rows]
    else:
        distances = [cdist(part, rows[0], "sqeuclidean") for part in rows]
        width = float(np.median(distances[0][np.triu_indices(len(rows[0]), 1)])) or 1.0
        kernels = [np.exp(-distance / width) for distance in distances]
    centre = KernelCenterer().fit(kernels[0])
    return [centre.transform(kernel) for kernel in kernels]


def _fitted(data: PeerData, number: int, fold: KernelFold, smoothness: float) -> KernelMachine:
    """Fit the machine of a fold."""
    target = np.asarray(data.y[data.folds[number].train], dtype=np.float64)
    mean, scale = (target.mean(), target.std() or 1.0) if data.task == REGRESSION else (0.0, 1.0)
    beta, dual, intercept = fit_weights(fold.train, (target - mean) / scale, data.task, smoothness)
    weighted = np.tensordot(beta, fold.held_out, 1), np.tensordot(beta, fold.unknown, 1)
    return KernelMachine(beta, *(mean + scale * (kernel @ dual + intercept) for kernel in weighted))


KERNELS = Peer(
    "lp-norm MKL",
    "Kloft et al., JMLR 12, 2011, at p = 1; machines of scikit-learn",
    one_by_one(kernel_learning),
    rule="a kernel with at least 2 % of the weight (a threshold of this study)",
    names=SUBSETS,
    tuned="2 kinds of kernels, 4 strengths",
)
