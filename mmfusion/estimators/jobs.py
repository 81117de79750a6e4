"""The networks of one fit: which trains on what, and what each says of the samples that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mmfusion.data.folds import Fold
from mmfusion.estimators.fit_settings import FitSettings
from mmfusion.fusion.subsets import Subset
from mmfusion.training.loop import Fit
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples

Floats = NDArray[np.float64]


class Candidate(NamedTuple):
    """One choice of what is chosen by out-of-fold loss.

    Parameters
    ----------
    encoder : str
        A key of the variants of `FitSettings`.
    penalty : float
        lambda.
    """

    encoder: str
    penalty: float


class Job(NamedTuple):
    """One network to train.

    Parameters
    ----------
    coalition : subset
        The modalities that it is given.
    candidate : Candidate
    fold : int
    seed : int
        Of its weights, of the order of its samples, and (the next number) of its dropout.
    """

    coalition: Subset
    candidate: Candidate
    fold: int
    seed: int


@dataclass(frozen=True)
class Material:
    """What the networks of a fit learn from.

    Parameters
    ----------
    samples : Samples
        All of them, those that are held out included.
    folds : sequence of Fold
    constants : array, shape (folds, outputs)
        Best constant scores on the training rows of every fold.
    task : {"binary", "multiclass", "regression"}
    """

    samples: Samples
    folds: Sequence[Fold]
    constants: Floats
    task: str


class TrainingJobs(NamedTuple):
    """The networks of one fit, and what they learn from.

    Parameters
    ----------
    jobs : list of Job
    settings : FitSettings
    material : Material
    """

    jobs: list[Job]
    settings: FitSettings
    material: Material


@dataclass(frozen=True)
class Trained:
    """A trained network, and what it says about the samples that it has not seen.

    Parameters
    ----------
    job : Job
    network : MultimodalNetwork
        In eval mode, its fusion layer in float64.
    fit : Fit
        Its history.
    part_means : dict of subset to array, shape (outputs,)
        Means of <phi_I, W_I> over its training samples.
    features : dict of str to Tensor, shape (held-out, d_m)
        Of the held-out samples of its fold.
    parts : dict of subset to array, shape (held-out, outputs)
        <phi_I, W_I> of these.
    """

    job: Job
    network: MultimodalNetwork
    fit: Fit
    part_means: dict[Subset, Floats]
    features: dict[str, torch.Tensor]
    parts: dict[Subset, Floats]

    @property
    def history(self) -> pd.DataFrame:
        """Norms and losses after every epoch."""
        history = self.fit.history.drop(columns="loss_validation")
        return history.assign(fold=self.job.fold, seed=self.job.seed)

    @property
    def scores(self) -> Floats:
        """Scores (held-out, outputs)."""
        return np.asarray(sum(self.parts.values()) + self.network.bias)


def jobs_of(coalitions: Sequence[Subset], settings: FitSettings, seeds: Sequence[Sequence[int]]) -> list[Job]:
    """List the networks of all coalitions, candidates, folds and seeds (folds, networks)."""
    return [
        Job(coalition, Candidate(encoder, penalty), fold, seed)
        for coalition in coalitions
        for encoder in settings.variants
        for penalty in settings.penalties[encoder]
        for fold, of_fold in enumerate(seeds)
        for seed in of_fold
    ]


def trained_of(job: Job, network: MultimodalNetwork, fit: Fit, material: Material) -> Trained:
    """Compute the parts of the training samples, for their means, and of the held-out samples.

    Parameters
    ----------
    job : Job
    network : MultimodalNetwork
        Trained, its fusion layer in float64.
    fit : Fit
        Of this network.
    material : Material
        That it was trained on.

    Returns
    -------
    Trained
    """
    fold, features = material.folds[job.fold], dict(fit.features)
    held_out = torch.from_numpy(fold.held_out)
    if len(next(iter(features.values()))) == len(material.samples):
        seen = {name: values[torch.from_numpy(fold.train)] for name, values in features.items()}
        unseen = {name: values[held_out] for name, values in features.items()}
    else:  # the training rows follow each other, and only these were encoded
        seen = features
        chosen = material.samples.rows(held_out)
        unseen = (
            network.encode_all(chosen.inputs, chosen.present)
            if len(held_out)
            else {name: values[:0] for name, values in features.items()}
        )
    weight = material.samples.weight
    share = None if weight is None else weight[torch.from_numpy(fold.train)].double().numpy()
    means = {subset: np.average(part, axis=0, weights=share) for subset, part in network.parts(seen).items()}
    fit = Fit(fit.epochs, fit.subsets, {})  # the features of all samples are not needed any more
    return Trained(job, network, fit, means, unseen, network.parts(unseen))
