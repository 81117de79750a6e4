"""Fitting an estimator: from checked arrays to trained networks and their relevance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from mmfusion.data.modality_data import ModalityData
from mmfusion.estimators.encoder_checks import check_encoders
from mmfusion.estimators.ensemble import Ensemble
from mmfusion.estimators.fit_settings import FitSettings
from mmfusion.estimators.targets import Target
from mmfusion.measures.constant_prediction import constant_scores
from mmfusion.measures.losses import mean_loss, mean_score
from mmfusion.training.device import device_of, one_thread
from mmfusion.training.fit import SMALLEST_SHARE, Fit, fit_networks
from mmfusion.training.loop import Randomness
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.samples import NetworkSamples, Samples, prepare_samples
from mmfusion.training.target_moments import TargetMoments

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class CheckedData:
    """Data of a fit, checked.

    Parameters
    ----------
    data : ModalityData
    present : mapping of str to array of bool, shape (n,)
        Of the modalities that are missing for some sample.
    target : Target
    weight : array, shape (n,)
        Weights of the samples, zero or more.
    train, held_out : array of int
        Rows that are trained on, and those that are not (may be empty).
    """

    data: ModalityData
    present: Mapping[str, NDArray[np.bool_]]
    target: Target
    weight: Floats
    train: Rows
    held_out: Rows


@dataclass(frozen=True)
class FittedEnsemble:
    """What a fit gives: networks, the chosen lambda, histories, losses of all candidates, and relevance."""

    ensemble: Ensemble
    penalty: float
    history: pd.DataFrame
    penalties: pd.DataFrame
    relevance: pd.DataFrame


def fit_ensemble(settings: FitSettings, checked: CheckedData) -> FittedEnsemble:
    """Train for every candidate of lambda, and keep the one with the lowest loss on the held-out rows.

    Parameters
    ----------
    settings : FitSettings
    checked : CheckedData

    Returns
    -------
    FittedEnsemble
    """
    target, weight, train = checked.target, checked.weight[checked.train], checked.train
    moments = TargetMoments.fit(target.array[train], target.task, target.outputs, weight)
    candidates = [(penalty, seed) for penalty in settings.penalties for seed in settings.seeds]
    networks = [
        build_network(settings.modalities, settings.fusion, torch.Generator().manual_seed(seed))
        for _, seed in candidates
    ]
    check_encoders(settings.modalities, networks[0], checked.data, checked.present)
    samples = _samples(networks[0], moments, checked)
    fits = _fit(networks, candidates, settings, samples, checked)
    held_out = samples.rows(torch.from_numpy(checked.held_out)) if len(checked.held_out) else None
    by_penalty, count = [], len(settings.seeds)
    for start in range(0, len(networks), count):
        means = [
            _part_means(network, fit, samples, train)
            for network, fit in zip(networks[start : start + count], fits[start : start + count], strict=True)
        ]
        by_penalty.append(
            Ensemble(networks[start : start + count], target.task, moments, means, settings.seeds[0])
        )
    penalties = _compare(by_penalty, settings.penalties, samples, train, held_out)
    losses = penalties["loss_validation"]
    best = 0 if losses.isna().all() else int(np.nanargmin(losses))
    chosen = zip(fits[best * count : (best + 1) * count], settings.seeds, strict=True)
    histories = [fit.history.assign(seed=seed) for fit, seed in chosen]
    history = pd.concat(histories, ignore_index=True).drop(columns="loss_validation")
    return FittedEnsemble(
        by_penalty[best], settings.penalties[best], history, penalties, by_penalty[best].relevance(held_out)
    )


def _samples(network: MultimodalNetwork, moments: TargetMoments, checked: CheckedData) -> Samples:
    """Prepare all samples; weights have a mean of one over the training rows, and none if they are equal."""
    weight = checked.weight[checked.train]
    relative = None if bool((weight == weight[0]).all()) else checked.weight / weight.mean()
    target = moments.standardise(checked.target.array, checked.target.task)
    return prepare_samples(network.encoder_of_modality, checked.data, checked.present, target, relative)


def _fit(
    networks: Sequence[MultimodalNetwork],
    candidates: Sequence[tuple[float, int]],
    settings: FitSettings,
    samples: Samples,
    checked: CheckedData,
) -> list[Fit]:
    """Fit the networks of all candidates in one stack; their fusion layers are in float64 afterwards."""
    device = device_of(settings.device)
    randomness = [
        Randomness(torch.Generator().manual_seed(seed), torch.Generator(device).manual_seed(seed + 1))
        for _, seed in candidates
    ]
    rows = torch.from_numpy(checked.train).expand(len(networks), -1)
    epochs = settings.recipe.epochs
    with (
        one_thread(),
        tqdm(total=epochs, desc="training", unit="epoch", disable=not settings.progress) as bar,
    ):
        fits = fit_networks(
            networks,
            NetworkSamples(samples, rows),
            None,
            checked.target.task,
            settings.recipe,
            [penalty for penalty, _ in candidates],
            randomness,
            device,
            start_from_constant=True,
            after_epoch=bar.update,
        )
    for network in networks:
        network.fusion.double()
    return fits


def _part_means(network: MultimodalNetwork, fit: Fit, samples: Samples, train: Rows) -> dict[Any, Floats]:
    """Weighted means of the parts over the training rows."""
    weight = None if samples.weight is None else samples.weight.double().numpy()[train]
    features = fit.features
    if len(next(iter(features.values()))) != len(train):
        features = {name: values[torch.from_numpy(train)] for name, values in features.items()}
    parts = network.parts(features)
    return {subset: np.average(part, axis=0, weights=weight) for subset, part in parts.items()}


def _compare(
    ensembles: Sequence[Ensemble],
    penalties: Sequence[float],
    samples: Samples,
    train: Rows,
    held_out: Samples | None,
) -> pd.DataFrame:
    """Return loss and score of every candidate on the held-out samples, beside the loss of the constant."""
    table = pd.DataFrame({"penalty": list(penalties)})
    if held_out is None:
        return table.assign(loss_validation=np.nan, loss_constant=np.nan, score_validation=np.nan)
    task, outputs = ensembles[0].task, ensembles[0].moments.outputs
    truth = held_out.target.double().numpy()
    weight = None if samples.weight is None else samples.weight.double().numpy()[train]
    constant = constant_scores(samples.target.numpy()[train], task, outputs, weight, SMALLEST_SHARE)
    scores = [ensemble.raw_scores(held_out) for ensemble in ensembles]
    return table.assign(
        loss_validation=[mean_loss(score, truth, task) for score in scores],
        loss_constant=mean_loss(np.tile(constant, (len(held_out), 1)), truth, task),
        score_validation=[mean_score(score, truth, task) for score in scores],
    )
