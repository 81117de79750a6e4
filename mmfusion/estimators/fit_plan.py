"""What a fit trains, and on what: from checked arrays to prepared samples and the list of networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mmfusion.data.folds import Fold
from mmfusion.data.modality_data import ModalityData
from mmfusion.errors import InputError
from mmfusion.estimators.encoder_checks import check_encoders
from mmfusion.estimators.fit_settings import FitSettings
from mmfusion.estimators.jobs import Material, TrainingJobs, jobs_of
from mmfusion.estimators.targets import Target
from mmfusion.fusion.subsets import Subset
from mmfusion.measures.constant_prediction import constant_scores
from mmfusion.measures.cross_fitted import Truth
from mmfusion.measures.information import coalitions_of
from mmfusion.measures.weighting import relative_weights
from mmfusion.training.network import build_network
from mmfusion.training.samples import Samples, prepare_samples
from mmfusion.training.target_moments import TargetMoments

Floats = NDArray[np.float64]

SMALLEST_SHARE = 1e-6
"""Share of a class without training samples in the constant prediction, from which training starts."""


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


@dataclass(frozen=True)
class Plan:
    """What is trained in a fit, and what the answer is computed from.

    Parameters
    ----------
    training : TrainingJobs
        The networks of all coalitions, candidates and folds.
    given : Given
    coalitions : sequence of subset
        All modalities, and where predictive information is measured the coalitions with fewer.
    informed : bool
        Whether predictive information is measured.
    moments : TargetMoments
    held_out : array of int
        Rows that are held out in some fold.
    truth : Truth or None
        Of these rows; None if nothing is held out.
    seed : int
        Of the first network.
    """

    training: TrainingJobs
    given: Given
    coalitions: Sequence[Subset]
    informed: bool
    moments: TargetMoments
    held_out: NDArray[np.intp]
    truth: Truth | None
    seed: int

    @property
    def names(self) -> Subset:
        """All modalities."""
        return tuple(modality.name for modality in self.training.settings.modalities)


def plan_fit(
    settings: FitSettings, given: Given, seeds: Sequence[Sequence[int]], information: bool | str = False
) -> Plan:
    """Prepare the samples, and list the networks to train.

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
    Plan
    """
    material, moments = _material(settings, given)
    names = tuple(modality.name for modality in settings.modalities)
    held_out = np.unique(np.concatenate([fold.held_out for fold in given.folds]))
    truth = _truth(material, given, held_out)
    informed = bool(information) and truth is not None
    coalitions = coalitions_of(names, information == "pairs") if informed else [names]
    training = TrainingJobs(jobs_of(coalitions, settings, seeds), settings, material)
    return Plan(training, given, coalitions, informed, moments, held_out, truth, seeds[0][0])


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
