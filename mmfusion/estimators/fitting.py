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
from mmfusion.estimators.encoder_checks import check_encoders
from mmfusion.estimators.ensemble import Ensemble
from mmfusion.estimators.fit_settings import FitSettings
from mmfusion.estimators.targets import Target
from mmfusion.measures.constant_prediction import constant_scores
from mmfusion.measures.losses import mean_loss, mean_score
from mmfusion.measures.weighting import relative_weights
from mmfusion.training.device import device_of, one_thread
from mmfusion.training.loop import Fit, Randomness, fit_networks
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.samples import NetworkSamples, Samples, prepare_samples
from mmfusion.training.target_moments import TargetMoments

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

SMALLEST_SHARE = 1e-6
"""Share of a class without training samples in the constant prediction, from which training starts."""


@dataclass(frozen=True)
class FittedEnsemble:
    """What a fit gives: networks, the chosen lambda, histories, losses of all candidates, and relevance."""

    ensemble: Ensemble
    penalty: float
    history: pd.DataFrame
    penalties: pd.DataFrame
    relevance: pd.DataFrame


def fit_ensemble(
    settings: FitSettings,
    data: ModalityData,
    present: Mapping[str, NDArray[np.bool_]],
    target: Target,
    weight: Floats,
    train: Rows,
    held_out: Rows,
) -> FittedEnsemble:
    """Train for every candidate of lambda, and keep the one with the lowest loss on the held-out rows.

    Parameters
    ----------
    settings : FitSettings
    data : ModalityData
        Checked.
    present : mapping of str to array of bool, shape (n,)
        Of the modalities that are missing for some sample.
    target : Target
    weight : array, shape (n,)
        Weights of the samples, zero or more; they count in training and on the held-out rows.
    train, held_out : array of int
        Rows that are trained on, and those that are not (may be empty).

    Returns
    -------
    FittedEnsemble

    Raises
    ------
    InputError
        If a held-out sample has a value so far from those of training that its scores are not finite, or if
        those of the best candidate are not finite.
    """
    task, outputs, count = target.task, target.outputs, len(settings.seeds)
    moments = TargetMoments.fit(target.array[train], task, outputs, weight[train])
    standardised = moments.standardise(target.array, task)
    # Weights have a mean of one over the training rows; equal ones are left out.
    relative = None if np.ptp(weight[train]) == 0 else weight / weight[train].mean()
    networks = [
        build_network(settings.modalities, settings.fusion, torch.Generator().manual_seed(seed))
        for _ in settings.penalties
        for seed in settings.seeds
    ]
    samples = prepare_samples(networks[0].encoder_of_modality, data, present, standardised, relative)
    check_encoders(settings.modalities, networks[0], samples)
    rows = torch.from_numpy(train)
    share = None if samples.weight is None else samples.weight[rows].double().numpy()
    constant = constant_scores(samples.target[rows].numpy(), task, outputs, share, SMALLEST_SHARE)
    fits = _fit(networks, settings, samples, rows, task, constant)
    means = [_part_means(network, fit, rows, share) for network, fit in zip(networks, fits, strict=True)]
    ensembles = [
        Ensemble(networks[i : i + count], task, moments, means[i : i + count], settings.seeds[0])
        for i in range(0, len(networks), count)
    ]
    unseen = _unseen(samples, weight, held_out)
    if unseen is not None:
        unseen = replace(unseen, location=data.location.of_rows(held_out))
    penalties = _compare(ensembles, settings.penalties, unseen, constant)
    losses = penalties["loss_validation"]
    best = 0 if losses.isna().all() else int(np.nanargmin(losses))
    chosen = zip(fits[best * count : (best + 1) * count], settings.seeds, strict=True)
    histories = [fit.history.assign(seed=seed) for fit, seed in chosen]
    history = pd.concat(histories, ignore_index=True).drop(columns="loss_validation")
    return FittedEnsemble(
        ensembles[best], settings.penalties[best], history, penalties, ensembles[best].relevance(unseen)
    )


def _fit(
    networks: Sequence[MultimodalNetwork],
    settings: FitSettings,
    samples: Samples,
    rows: torch.Tensor,
    task: str,
    constant: Floats,
) -> list[Fit]:
    """Fit the networks of all candidates in one stack; their fusion layers are in float64 afterwards."""
    device, epochs = device_of(settings.device), settings.recipe.epochs
    candidates = [(penalty, seed) for penalty in settings.penalties for seed in settings.seeds]
    with (
        one_thread(),
        tqdm(total=epochs, desc="training", unit="epoch", disable=not settings.progress) as bar,
    ):
        fits = fit_networks(
            networks,
            NetworkSamples(samples, rows.expand(len(networks), -1)),
            None,
            task,
            settings.recipe,
            [penalty for penalty, _ in candidates],
            [
                Randomness(torch.Generator().manual_seed(seed), torch.Generator(device).manual_seed(seed + 1))
                for _, seed in candidates
            ],
            device,
            bias=constant,
            after_epoch=bar.update,
        )
    for network in networks:
        network.fusion.double()
    return fits


def _part_means(
    network: MultimodalNetwork, fit: Fit, rows: torch.Tensor, weight: Floats | None
) -> dict[Any, Floats]:
    """Average the parts over the training rows."""
    features = fit.features
    if len(next(iter(features.values()))) != len(rows):
        features = {name: values[rows] for name, values in features.items()}
    return {
        subset: np.average(part, axis=0, weights=weight) for subset, part in network.parts(features).items()
    }


def _unseen(samples: Samples, weight: Floats, held_out: Rows) -> Samples | None:
    """Select the held-out samples with their own weights, which never touch training; None without any."""
    if not len(held_out):
        return None
    relative = relative_weights(weight[held_out])
    chosen = samples.rows(torch.from_numpy(held_out))
    return replace(chosen, weight=None if relative is None else torch.from_numpy(relative).float())


def _compare(
    ensembles: Sequence[Ensemble], penalties: Sequence[float], unseen: Samples | None, constant: Floats
) -> pd.DataFrame:
    """Return loss and score of every candidate on the held-out samples, beside the loss of the constant.

    The weights of the samples count in all three.
    """
    table = pd.DataFrame({"penalty": list(penalties)})
    if unseen is None:
        return table.assign(loss_validation=np.nan, loss_constant=np.nan, score_validation=np.nan)
    task, truth = ensembles[0].task, unseen.target.double().numpy()
    weight = None if unseen.weight is None else unseen.weight.double().numpy()
    # Another candidate may be finite where one diverged.
    scores = [ensemble.raw_scores(unseen, blame=False) for ensemble in ensembles]
    return table.assign(
        loss_validation=[mean_loss(score, truth, task, weight) for score in scores],
        loss_constant=mean_loss(np.tile(constant, (len(unseen), 1)), truth, task, weight),
        score_validation=[mean_score(score, truth, task, weight) for score in scores],
    )
