"""From the trained networks of a fit to those that are kept, and what they say of samples not seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mmfusion.errors import TrainingError
from mmfusion.estimators.ensemble import Ensemble, Evaluation, Output
from mmfusion.estimators.fit_plan import Given, Plan
from mmfusion.estimators.jobs import Candidate, Material, Trained
from mmfusion.estimators.lambda_path import Candidates
from mmfusion.estimators.overflow import check_scores, not_finite
from mmfusion.estimators.products import with_all_products
from mmfusion.measures.cross_fitted import Truth
from mmfusion.measures.information import PredictiveInformation, predictive_information
from mmfusion.training.modality import Modality


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


def ensemble_of(plan: Plan, networks: Iterable[Trained]) -> FittedEnsemble:
    """Keep the candidate with the lowest out-of-fold loss, and measure.

    Parameters
    ----------
    plan : Plan
    networks : iterable of Trained
        One per job of the plan.

    Returns
    -------
    FittedEnsemble

    Raises
    ------
    InputError
        If a held-out sample has a value so far from those of training that its scores are not finite, or if
        those of the best candidate are not finite; a `TrainingError` where its training diverged.
    """
    names, (jobs, settings, material) = plan.names, plan.training
    trained_candidates = list(dict.fromkeys(job.candidate for job in jobs))
    candidates = Candidates(
        plan.coalitions, trained_candidates, settings.all_zero, material, plan.held_out, plan.truth
    )
    for trained in networks:
        if trained.job.coalition == names:
            _check(trained, material, plan.given, blame=False)
        candidates.add(trained, keep=trained.job.coalition == names)
    chosen = candidates.best(names)
    kept = _chosen_networks(candidates, chosen, plan)
    ensemble = Ensemble(
        [one.network for one in kept],
        plan.given.target.task,
        plan.moments,
        [one.part_means for one in kept],
        [material.constants[one.job.fold] for one in kept],
        plan.seed,
        settings.floor,
    )
    outputs = [
        Output(
            np.searchsorted(plan.held_out, plan.given.folds[one.job.fold].held_out), one.features, one.parts
        )
        for one in kept
    ]
    evaluation = ensemble.evaluate_outputs(outputs, plan.truth)
    return FittedEnsemble(
        ensemble,
        settings.variants[kept[0].job.candidate.encoder].modalities,
        chosen,
        pd.concat([one.history for one in kept], ignore_index=True),
        candidates.table(names),
        evaluation,
        _information(candidates, plan, evaluation),
        plan.held_out,
        plan.truth,
    )


def _chosen_networks(candidates: Candidates, chosen: Candidate, plan: Plan) -> list[Trained]:
    """Return the networks of a candidate as they will predict: with all products, and rescaled."""
    _, settings, material = plan.training
    kept = [with_all_products(one, settings, material) for one in candidates.networks(chosen)]
    for trained in kept:
        if problem := trained.fit.divergence():
            raise TrainingError(f"fit: {problem}, and fit again.")
        _check(trained, material, plan.given, blame=True)
    slope = candidates.slope(plan.names, chosen)
    return kept if slope == 1.0 else [_rescaled(one, slope, material) for one in kept]


def _information(candidates: Candidates, plan: Plan, evaluation: Evaluation) -> PredictiveInformation | None:
    if not plan.informed or plan.truth is None or evaluation.quality is None:
        return None
    best = candidates.nested(plan.coalitions)
    penalties = {coalition: choice.candidate.penalty for coalition, choice in best.items()}
    return predictive_information(
        candidates.losses(best),
        plan.names,
        penalties,
        plan.truth,
        evaluation.quality,
        plan.training.settings.floor,
    )


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
