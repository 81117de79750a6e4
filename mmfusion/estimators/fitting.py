"""Fitting an estimator: from checked arrays to trained networks and what they say of samples not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mmfusion.data.folds import Fold
from mmfusion.data.modality_data import ModalityData
from mmfusion.errors import InputError
from mmfusion.estimators.encoder_checks import check_encoders
from mmfusion.estimators.ensemble import Ensemble, Evaluation, Output
from mmfusion.estimators.fit_settings import FitSettings
from mmfusion.estimators.jobs import Candidate, Material, Trained, jobs_of, train, with_all_products
from mmfusion.estimators.lambda_path import Candidates
from mmfusion.estimators.overflow import check_scores, not_finite
from mmfusion.estimators.targets import Target
from mmfusion.measures.constant_prediction import constant_scores
from mmfusion.measures.cross_fitted import Truth
from mmfusion.measures.information import PredictiveInformation, coalitions_of, predictive_information
from mmfusion.measures.weighting import relative_weights
from mmfusion.training.modality import Modality
from mmfusion.training.network import build_network
from mmfusion.training.samples import Samples, prepare_samples
from mmfusion.training.target_moments import TargetMoments

Floats = NDArray[np.float64]

SMALLEST_SHARE = 1e-6
"""Share of a class without training samples in the constant prediction, from which training starts."""


@dataclass(frozen=True)
class FittedEnsemble:
    """What a fit gives.

    Parameters
    ----------
    ensemble : Ensemble
        The networks of the chosen candidate.
    modalities : tuple of Modality
        With their encoders.
    chosen : Candidate
        Its lambda is infinite where the constant is better than all networks.
    history : DataFrame
        Of these networks.
    penalties : DataFrame
        Out-of-fold loss of every candidate.
    evaluation : Evaluation
        Of the out-of-fold scores.
    information : PredictiveInformation or None
    held_out : array of int
        Rows that are held out in some fold.
    truth : Truth or None
        Of these rows; None if nothing is held out.
    """

    ensemble: Ensemble
    modalities: tuple[Modality, ...]
    chosen: Candidate
    history: pd.DataFrame
    penalties: pd.DataFrame
    evaluation: Evaluation
    information: PredictiveInformation | None
    held_out: NDArray[np.intp]
    truth: Truth | None


@dataclass(frozen=True)
class Given:
    """Checked samples of a fit.

    Parameters
    ----------
    data : ModalityData
    present : mapping of str to array of bool, shape (n,)
        Of the modalities that are missing for some sample.
    target : Target
    weight : array, shape (n,)
        Weights, zero or more; they count in training and wherever samples are held out.
    groups : array, shape (n,), or None
        Group of every sample, for the tests.
    folds : sequence of Fold
        One without held-out rows: nothing is held out.
    """

    data: ModalityData
    present: Mapping[str, NDArray[np.bool_]]
    target: Target
    weight: Floats
    groups: NDArray[Any] | None
    folds: Sequence[Fold]


def fit_ensemble(
    settings: FitSettings, given: Given, seeds: Sequence[Sequence[int]], information: bool | str = False
) -> FittedEnsemble:
    """Train for every fold and candidate, and keep the candidate with the lowest out-of-fold loss.

    Parameters
    ----------
    settings : FitSettings
    given : Given
    seeds : sequence of sequence of int
        Those of the networks of every fold.
    information : bool or "pairs", default False
        Whether networks with fewer modalities are trained, too, see `mmfusion.measures.information`.

    Returns
    -------
    FittedEnsemble

    Raises
    ------
    InputError
        If a held-out sample has a value so far from those of training that its scores are not finite, or if
        those of the best candidate are not finite.
    """
    material, moments = _material(settings, given)
    names = tuple(modality.name for modality in settings.modalities)
    held_out = np.unique(np.concatenate([fold.held_out for fold in given.folds]))
    truth = _truth(material, given, held_out)
    coalitions = [names]
    if information and truth is not None:
        coalitions = coalitions_of(names, information == "pairs")
    jobs = jobs_of(coalitions, settings, seeds)
    trained_candidates = list(dict.fromkeys(job.candidate for job in jobs))
    candidates = Candidates(coalitions, trained_candidates, settings.all_zero, material, held_out, truth)
    for trained in train(jobs, settings, material):
        if trained.job.coalition == names:
            _check(trained, material, given, blame=False)
        candidates.add(trained, keep=trained.job.coalition == names)
    chosen = candidates.best(names)
    kept = [with_all_products(one, settings, material) for one in candidates.networks(chosen)]
    for trained in kept:
        _check(trained, material, given, blame=True)
    slope = candidates.slope(names, chosen)
    if slope != 1.0:
        kept = [_rescaled(one, slope, material) for one in kept]
    ensemble = Ensemble(
        [one.network for one in kept],
        given.target.task,
        moments,
        [one.part_means for one in kept],
        [material.constants[one.job.fold] for one in kept],
        seeds[0][0],
        settings.floor,
    )
    outputs = [
        Output(np.searchsorted(held_out, given.folds[one.job.fold].held_out), one.features, one.parts)
        for one in kept
    ]
    evaluation = ensemble.evaluate_outputs(outputs, truth)
    measured = None
    if information and truth is not None and evaluation.quality is not None:
        best = candidates.nested(coalitions)
        penalties = {coalition: choice.candidate.penalty for coalition, choice in best.items()}
        measured = predictive_information(
            candidates.losses(best), names, penalties, truth, evaluation.quality, settings.floor
        )
    history = pd.concat([one.history for one in kept], ignore_index=True)
    return FittedEnsemble(
        ensemble,
        settings.variants[kept[0].job.candidate.encoder].modalities,
        chosen,
        history,
        candidates.table(names),
        evaluation,
        measured,
        held_out,
        truth,
    )


def _material(settings: FitSettings, given: Given) -> tuple[Material, TargetMoments]:
    """Prepare all samples; targets and weights are on the scale of those that are trained on."""
    target, weight, folds = given.target, given.weight, given.folds
    task, outputs = target.task, target.outputs
    trained = np.unique(np.concatenate([fold.train for fold in folds]))
    moments = TargetMoments.fit(target.array[trained], task, outputs, weight[trained])
    standardised = moments.standardise(target.array, task)
    # Weights have a mean of one over the training rows; equal ones are left out.
    relative = None if np.ptp(weight[trained]) == 0 else weight / weight[trained].mean()
    network = build_network(settings.modalities, settings.fusion, torch.Generator())
    encoders = network.encoder_of_modality
    samples = prepare_samples(encoders, given.data, given.present, standardised, relative)
    check_encoders(settings.modalities, network, samples)
    _check_weights(samples, folds)
    constants = [
        constant_scores(
            samples.target[fold.train].numpy(),
            task,
            outputs,
            None if samples.weight is None else samples.weight[fold.train].double().numpy(),
            SMALLEST_SHARE,
        )
        for fold in folds
    ]
    return Material(samples, folds, np.stack(constants), task), moments


def _check_weights(samples: Samples, folds: Sequence[Fold]) -> None:
    """Refuse training samples whose weights vanish beside those of other samples."""
    for number, fold in enumerate(folds):
        if samples.weight is not None and torch.count_nonzero(samples.weight[fold.train]) < 2:
            raise InputError(
                f"sample_weight: in fold {number}, at most one sample to train on has a weight that counts "
                "beside the largest one, expected weights that are closer together; change them, or give 0 "
                "to samples that shall not count."
            )


def _truth(material: Material, given: Given, held_out: NDArray[np.intp]) -> Truth | None:
    if not len(held_out):
        return None
    known = material.samples.target[held_out].double().numpy()
    groups = None if given.groups is None else given.groups[held_out]
    return Truth(known, given.target.task, relative_weights(given.weight[held_out]), groups)


def _check(trained: Trained, material: Material, given: Given, *, blame: bool) -> None:
    """Refuse scores that are not finite; another candidate may be finite where one diverged (no blame)."""
    if not any(not_finite(part).any() for part in trained.parts.values()):
        return
    held_out = material.folds[trained.job.fold].held_out
    samples = material.samples.rows(torch.from_numpy(held_out))
    located = replace(samples, location=given.data.location.of_rows(held_out))
    check_scores(trained.parts.values(), trained.network, located, blame=blame)


def _rescaled(trained: Trained, slope: float, material: Material) -> Trained:
    """Scale the distance of a network's scores from the constant; zero makes all its blocks zero."""
    network, constant = trained.network, torch.from_numpy(material.constants[trained.job.fold])
    with torch.no_grad():
        network.fusion.weight.mul_(slope)
        network.fusion.bias.sub_(constant).mul_(slope).add_(constant)
    means, parts = (
        {subset: slope * part for subset, part in group.items()}
        for group in (trained.part_means, trained.parts)
    )
    return replace(trained, part_means=means, parts=parts)
