"""The trained networks of an estimator, used as one predictor: scores, parts, relevance."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmfusion.estimators.overflow import check_scores
from mmfusion.fusion.subsets import Subset
from mmfusion.measures.catalogue import OF_HELD_OUT, OF_WEIGHTS
from mmfusion.measures.cross_fitted import Quality, Truth, prediction_quality, subset_tests
from mmfusion.measures.subset_measures import FEWEST, subset_measures, weights_of_subsets
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples
from mmfusion.training.target_moments import TargetMoments

Floats = NDArray[np.float64]
REDUCIBILITY = ("reducibility_single", "reducibility_within")
TESTS = ("loss_rise", "loss_rise_low", "loss_rise_high", "p_value", "p_adjusted", "named")
SHARES = ("covariance_share", "variance_share")


class Output(NamedTuple):
    """What one network says about samples that it was not trained on.

    Parameters
    ----------
    rows : array of int, shape (m,)
        Which of the samples of a table.
    features : mapping of str to Tensor, shape (m, d_m)
    parts : mapping of subset to array, shape (m, outputs)
        <phi_I, W_I> of these samples.
    """

    rows: NDArray[np.intp]
    features: Mapping[str, Tensor]
    parts: Mapping[Subset, Floats]


class Evaluation(NamedTuple):
    """How good the prediction is, and the relevance of every subset; no quality if nothing was held out."""

    quality: Quality | None
    relevance: pd.DataFrame


@dataclass(frozen=True)
class Ensemble:
    """Trained networks, and what belongs to them.

    Parameters
    ----------
    networks : list of MultimodalNetwork
        Of all folds and seeds, in eval mode.
    task : {"binary", "multiclass", "regression"}
    moments : TargetMoments
        Of the target.
    part_means : list of dict of subset to array, shape (outputs,)
        Means of <phi_I, W_I> over the training samples, per network.
    constants : list of array, shape (outputs,)
        Best constant scores on the training samples, per network.
    seed : int
        Of the halves between which reducibility is measured.
    floor : float
        Share of the explained loss below which no subset is named.
    """

    networks: list[MultimodalNetwork]
    task: str
    moments: TargetMoments
    part_means: list[dict[Subset, Floats]]
    constants: list[Floats]
    seed: int
    floor: float

    def raw_scores(self, samples: Samples) -> Floats:
        """Return the mean score of the networks, shape (n, outputs): logits, or the standardised target.

        Raises
        ------
        InputError
            See `mmfusion.estimators.overflow.check_scores`.
        """
        given = (network.scores(samples.inputs, samples.present) for network in self.networks)
        scores = [score.double().numpy() for score in given]
        check_scores(scores, self.networks[0], samples)
        return np.asarray(np.mean(scores, axis=0))

    def scores(self, samples: Samples) -> Floats:
        """Return logits, or predictions in the unit of the target, shape (n, outputs)."""
        return self.moments.restore(self.raw_scores(samples))

    def parts(self, samples: Samples) -> tuple[dict[Subset, Floats], Floats]:
        """Return what every subset adds to the scores, shape (n, outputs), and the intercept, (outputs,)."""
        by_network = [
            network.parts(network.encode_all(samples.inputs, samples.present)) for network in self.networks
        ]
        for parts in by_network:
            check_scores(parts.values(), self.networks[0], samples)
        intercept = self.moments.restore(np.mean([network.bias for network in self.networks], axis=0))
        means = {subset: np.mean([parts[subset] for parts in by_network], axis=0) for subset in by_network[0]}
        return {subset: self.moments.deviation * part for subset, part in means.items()}, intercept

    def evaluate(self, samples: Samples, groups: NDArray[Any] | None = None) -> Evaluation:
        """Measure the relevance of every subset on new samples, of the averaged score of all networks.

        Parameters
        ----------
        samples : Samples
            Samples that no network was trained on, with their target and weights; those of zero weight are
            left out.
        groups : array, shape (n,), optional
            Their groups.

        Returns
        -------
        Evaluation

        Raises
        ------
        InputError
            See `mmfusion.estimators.overflow.check_scores`.
        """
        if samples.weight is not None and not samples.weight.all():
            used, location = samples.weight.nonzero()[:, 0], samples.location
            samples = samples.rows(used)
            if location is not None:
                samples = replace(samples, location=location.of_rows(used.numpy()))
            groups = None if groups is None else groups[used.numpy()]
        outputs = []
        for network in self.networks:
            features = network.encode_all(samples.inputs, samples.present)
            parts = network.parts(features)
            check_scores(parts.values(), network, samples)
            outputs.append(Output(np.arange(len(samples)), features, parts))
        weight = None if samples.weight is None else samples.weight.double().numpy()
        truth = Truth(samples.target.double().numpy(), self.task, weight, groups)
        return self.evaluate_outputs(outputs, truth)

    def evaluate_outputs(self, outputs: Sequence[Output], truth: Truth | None) -> Evaluation:
        """Measure the relevance of every subset from what the networks say about samples not trained on.

        Parameters
        ----------
        outputs : sequence of Output
            One per network.
        truth : Truth or None
            Of the samples; every one is among the rows of some output. None, or fewer than four samples:
            nothing held-out is measured.

        Returns
        -------
        Evaluation
        """
        enough = truth is not None and len(truth.target) >= FEWEST
        by_network = _joined(self._tables(outputs, truth if enough else None))
        table = by_network[0]
        quality = None
        if truth is None or not enough:
            table = table.assign(**dict.fromkeys((*TESTS, *SHARES), np.nan) | {"named": False})
        else:
            parts, scores, constant = self._averaged(outputs, len(truth.target))
            quality = prediction_quality(scores, constant, truth, len(parts))
            tests = subset_tests(parts, scores, truth, quality, self.floor)
            table = table.drop(columns=[*SHARES, "loss_rise"]).merge(
                tests, on=["subset", "order"], how="left"
            )
        first = ["subset", "order", "beta", *TESTS, *SHARES, *REDUCIBILITY, "block_norm", "weight_share"]
        spread = by_network[1].add_suffix("_spread")
        return Evaluation(quality, pd.concat([table[first], spread], axis=1))

    def _tables(self, outputs: Sequence[Output], truth: Truth | None) -> list[pd.DataFrame]:
        """Return all measures of every network on the samples that it has not seen."""
        tables = []
        for network, output, means in zip(self.networks, outputs, self.part_means, strict=True):
            if truth is None or len(output.rows) < FEWEST:
                tables.append(weights_of_subsets(network.fusion))
                continue
            weight = None if truth.weight is None else truth.weight[output.rows]
            if weight is not None and np.count_nonzero(weight) < FEWEST:
                tables.append(weights_of_subsets(network.fusion))
                continue
            target = torch.from_numpy(truth.target[output.rows])
            given = None if weight is None else torch.from_numpy(weight)
            seen = (output.parts, means, output.features, target)
            tables.append(subset_measures(network.fusion, *seen, self.task, self.seed, given))
        return tables

    def _averaged(self, outputs: Sequence[Output], count: int) -> tuple[dict[Subset, Floats], Floats, Floats]:
        """Average over the networks that have not seen a sample: centred parts, scores, and constants."""
        shape = (count, self.moments.outputs)
        parts = {subset: np.zeros(shape) for subset in outputs[0].parts}
        scores, constant, seen = np.zeros(shape), np.zeros(shape), np.zeros((count, 1))
        rest = zip(outputs, self.networks, self.part_means, self.constants, strict=True)
        for output, network, means, of_fold in rest:
            rows = output.rows
            for subset, part in output.parts.items():
                parts[subset][rows] += part - means[subset]
                scores[rows] += part
            scores[rows] += network.bias
            constant[rows] += of_fold
            seen[rows] += 1
        return {subset: part / seen for subset, part in parts.items()}, scores / seen, constant / seen


def _joined(tables: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return mean and standard deviation of all measures over networks; NaN where no network has a value."""
    names = [*OF_WEIGHTS, *OF_HELD_OUT]
    values = np.stack([table.reindex(columns=names).to_numpy(dtype=float) for table in tables])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all NaN, or one network
        mean, spread = np.nanmean(values, axis=0), np.nanstd(values, axis=0, ddof=1)
    first = tables[0][["subset", "order"]].reset_index(drop=True)
    kept = [name for name in names if name not in REDUCIBILITY]
    return (
        pd.concat([first, pd.DataFrame(mean, columns=names)], axis=1),
        pd.DataFrame(spread, columns=names)[["beta", *(name for name in kept if name != "beta")]],
    )
