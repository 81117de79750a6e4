"""Fitting an estimator: from checked arrays to trained networks and their relevance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from mmfusion.data.modality_data import ModalityData
from mmfusion.estimators.ensemble import (
    Recipe,
    Training,
    constant_scores,
    initial_networks,
    mean_scores,
    parts_of,
    train,
)
from mmfusion.estimators.modalities import Modality, prepared
from mmfusion.estimators.relevance_table import relevance_table
from mmfusion.estimators.targets import Target
from mmfusion.fusion.subsets import Subset
from mmfusion.measures.losses import mean_loss, mean_score
from mmfusion.training.device import one_thread
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.objective import target_tensor
from mmfusion.training.samples import Samples

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """What is fitted and how.

    Parameters
    ----------
    modalities : tuple of Modality
    fusion : mapping
        Arguments of `TensorFusion` beside `dims`.
    recipe : Recipe
    penalties : sequence of float
        Candidates for lambda.
    seeds : sequence of int
        One per network.
    progress : bool
        Whether to draw a progress bar over the epochs.
    """

    modalities: tuple[Modality, ...]
    fusion: Mapping[str, Any]
    recipe: Recipe
    penalties: Sequence[float]
    seeds: Sequence[int]
    progress: bool


@dataclass(frozen=True)
class Fitted:
    """Trained networks, and what belongs to them.

    Parameters
    ----------
    networks : list of MultimodalNetwork
        One per seed, in eval mode.
    task : str
    scale : array, shape (2, outputs)
        Mean and standard deviation with which the target was standardised; 0 and 1 for classes.
    part_means : list of dict of subset to array, shape (outputs,)
        Means of <phi_I, W_I> over the training samples, per network.
    seed : int
        Of bootstrap and halves.
    """

    networks: list[MultimodalNetwork]
    task: str
    scale: Floats
    part_means: list[dict[Subset, Floats]]
    seed: int

    def samples(
        self, data: ModalityData, present: Mapping[str, NDArray[np.bool_]], target: Target | None = None
    ) -> Samples:
        """Prepare arrays, with a target standardised as in training or without one."""
        inputs, masks = prepared(self.networks[0], data, present)
        if target is None:
            return Samples(inputs, torch.zeros(len(data)), None, masks)
        return Samples(inputs, _targets(target, self.scale), None, masks)

    def scores(self, samples: Samples) -> Floats:
        """Return logits, or predictions in the unit of the target, shape (n, outputs)."""
        scores: Floats = self.scale[0] + self.scale[1] * mean_scores(self.networks, samples)
        return scores

    def parts(self, samples: Samples) -> tuple[dict[Subset, Floats], Floats]:
        """Return what every subset adds to the scores, and what is left, shape (outputs,)."""
        by_network = [parts_of(network, samples) for network in self.networks]
        biases = [network.fusion.bias.detach().numpy() for network in self.networks]
        subsets = by_network[0]
        means = {subset: np.mean([parts[subset] for parts in by_network], axis=0) for subset in subsets}
        intercept = self.scale[0] + self.scale[1] * np.mean(biases, axis=0)
        return {subset: self.scale[1] * part for subset, part in means.items()}, intercept

    def relevance(self, held_out: Samples | None) -> pd.DataFrame:
        """Return the relevance table, see `mmfusion.estimators.relevance_table.relevance_table`."""
        return relevance_table(self.networks, held_out, self.part_means, self.task, self.seed)


@dataclass(frozen=True)
class Outcome:
    """What a fit gives: networks, the chosen lambda, histories, losses of all candidates, and relevance."""

    fitted: Fitted
    penalty: float
    history: pd.DataFrame
    penalties: pd.DataFrame
    relevance: pd.DataFrame


def fit_plan(
    plan: Plan,
    data: ModalityData,
    present: Mapping[str, NDArray[np.bool_]],
    target: Target,
    weight: Floats,
    rows: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> Outcome:
    """Train for every candidate of lambda, and keep the one with the lowest loss on the held-out rows.

    Parameters
    ----------
    plan : Plan
    data : ModalityData
    present : mapping of str to array of bool, shape (n,)
    target : Target
    weight : array, shape (n,)
    rows : tuple of arrays of int
        Rows that are trained on, and held-out rows (empty with one candidate).

    Returns
    -------
    Outcome
    """
    trained, held_out = rows
    scale = _scale(target, weight, trained)
    samples = _samples(plan, data, present, target, weight, trained, scale)
    training = Training(samples, trained, target.task)
    apart = samples.rows(torch.from_numpy(held_out)) if len(held_out) else None
    candidates, losses, scores, constant = [], [], [], np.nan
    if apart is not None:
        alone = constant_scores(training, target.outputs).double().expand(len(apart), -1).numpy()
        constant = mean_loss(alone, apart.target.double().numpy(), target.task)
    for penalty in plan.penalties:
        networks, history = _trained(plan, training, penalty)
        fitted = Fitted(networks, target.task, scale, [], plan.seeds[0])
        loss, score = (np.nan, np.nan) if apart is None else _judged(fitted, apart)
        losses.append(loss)
        scores.append(score)
        candidates.append((fitted, penalty, history))
    best = 0 if np.isnan(losses).all() else int(np.nanargmin(losses))
    fitted, penalty, history = candidates[best]
    fitted = replace(fitted, part_means=[_means(network, training) for network in fitted.networks])
    table = pd.DataFrame(
        {
            "penalty": list(plan.penalties),
            "loss_validation": losses,
            "loss_constant": constant,
            "score_validation": scores,
        }
    )
    return Outcome(fitted, penalty, history, table, fitted.relevance(apart))


def _trained(plan: Plan, training: Training, penalty: float) -> tuple[list[MultimodalNetwork], pd.DataFrame]:
    networks = initial_networks(plan.modalities, plan.seeds, plan.fusion)
    epochs = plan.recipe.settings(penalty, len(training.rows))["epochs"]
    with (
        one_thread(),
        tqdm(total=epochs, desc=f"lambda = {penalty:g}", unit="epoch", disable=not plan.progress) as bar,
    ):
        histories = train(networks, training, plan.seeds, plan.recipe, penalty, bar.update)
    tables = [table.assign(seed=seed) for seed, table in zip(plan.seeds, histories, strict=True)]
    return networks, pd.concat(tables, ignore_index=True).drop(columns="loss_validation")


def _scale(target: Target, weight: Floats, rows: NDArray[np.intp]) -> Floats:
    """Weighted mean and standard deviation of every target of a regression over the training rows."""
    if target.task != "regression":
        return np.stack([np.zeros(target.outputs), np.ones(target.outputs)])
    values = target.array[rows].reshape(len(rows), -1)
    mean = np.average(values, axis=0, weights=weight[rows])
    deviation = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weight[rows]))
    return np.stack([mean, np.where(deviation > 0, deviation, 1.0)])


def _targets(target: Target, scale: Floats) -> torch.Tensor:
    values = target.array
    if target.task == "regression":
        mean, deviation = scale if target.several else scale[:, 0]
        values = (values - mean) / deviation
    return target_tensor(torch.from_numpy(values), target.task)


def _samples(
    plan: Plan,
    data: ModalityData,
    present: Mapping[str, NDArray[np.bool_]],
    target: Target,
    weight: Floats,
    trained: NDArray[np.intp],
    scale: Floats,
) -> Samples:
    (blank,) = initial_networks(plan.modalities, plan.seeds[:1], plan.fusion)
    inputs, masks = prepared(blank, data, present)
    equal = bool((weight[trained] == weight[trained[0]]).all())
    share = None if equal else torch.from_numpy(weight / weight[trained].mean()).float()
    return Samples(inputs, _targets(target, scale), share, masks)


def _judged(fitted: Fitted, samples: Samples) -> tuple[float, float]:
    """Return mean loss and mean score on samples."""
    scores, target = mean_scores(fitted.networks, samples), samples.target.double().numpy()
    return mean_loss(scores, target, fitted.task), mean_score(scores, target, fitted.task)


def _means(network: MultimodalNetwork, training: Training) -> dict[Subset, Floats]:
    """Weighted means of the parts over the training rows."""
    samples = training.samples
    weight = np.zeros(len(samples))
    weight[training.rows] = 1.0 if samples.weight is None else samples.weight.double().numpy()[training.rows]
    parts = parts_of(network, samples)
    return {subset: np.average(part, axis=0, weights=weight) for subset, part in parts.items()}
