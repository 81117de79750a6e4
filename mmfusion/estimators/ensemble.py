"""The trained networks of an estimator, used as one predictor: scores, parts, relevance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.estimators.overflow import check_scores
from mmfusion.fusion.subsets import Subset
from mmfusion.measures.catalogue import OF_HELD_OUT, OF_WEIGHTS
from mmfusion.measures.intervals import bootstrap_interval
from mmfusion.measures.subset_measures import FEWEST, subset_measures, weights_of_subsets
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples
from mmfusion.training.target_moments import TargetMoments

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ensemble:
    """Trained networks, and what belongs to them.

    Parameters
    ----------
    networks : list of MultimodalNetwork
        One per seed, in eval mode.
    task : {"binary", "multiclass", "regression"}
    moments : TargetMoments
        Of the training target.
    part_means : list of dict of subset to array, shape (outputs,)
        Means of <phi_I, W_I> over the training samples, per network.
    seed : int
        Of bootstrap and halves.
    """

    networks: list[MultimodalNetwork]
    task: str
    moments: TargetMoments
    part_means: list[dict[Subset, Floats]]
    seed: int

    def raw_scores(self, samples: Samples, *, blame: bool = True) -> Floats:
        """Return the mean score of the networks, shape (n, outputs): logits, or the standardised target.

        Parameters
        ----------
        samples : Samples
        blame : bool, default True
            Whether scores that are not finite raise, too, if no value is extreme; else they are NaN.

        Raises
        ------
        InputError
            See `mmfusion.estimators.overflow.check_scores`.
        """
        given = (network.scores(samples.inputs, samples.present) for network in self.networks)
        scores = [score.double().numpy() for score in given]
        check_scores(scores, self.networks[0], samples, blame=blame)
        return np.asarray(np.mean([np.where(np.isfinite(x), x, np.nan) for x in scores], axis=0))

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

    def relevance(self, held_out: Samples | None) -> pd.DataFrame:
        """Average the measures of every subset over the networks.

        Parameters
        ----------
        held_out : Samples or None
            Samples that were not trained on, with their target and weights; those of zero weight are left
            out. Without any, or with fewer than four, the held-out measures are NaN.

        Returns
        -------
        DataFrame
            One row per subset: subset, order, and for every measure its mean, and the bounds ``_low`` and
            ``_high`` of its bootstrap interval; NaN where it was not measured.

        Raises
        ------
        InputError
            See `mmfusion.estimators.overflow.check_scores`.
        """
        if held_out is not None and held_out.weight is not None and not held_out.weight.all():
            held_out = held_out.rows(held_out.weight.nonzero()[:, 0])
        tables = []
        for network, means in zip(self.networks, self.part_means, strict=True):
            if held_out is None or len(held_out) < FEWEST:
                tables.append(weights_of_subsets(network.fusion))
                continue
            features = network.encode_all(held_out.inputs, held_out.present)
            parts, target, weight = network.parts(features), held_out.target, held_out.weight
            check_scores(parts.values(), network, held_out)
            tables.append(
                subset_measures(network.fusion, parts, means, features, target, self.task, self.seed, weight)
            )
        columns: dict[str, Any] = {name: tables[0][name] for name in ("subset", "order")}
        for measure in (*OF_WEIGHTS, *OF_HELD_OUT):
            values = np.stack(  # (networks, subsets)
                [table.reindex(columns=[measure]).to_numpy(dtype=float)[:, 0] for table in tables]
            )
            intervals = [bootstrap_interval(column, seed=self.seed) for column in values.T]
            columns[measure] = [interval.mean for interval in intervals]
            columns[f"{measure}_low"] = [interval.low for interval in intervals]
            columns[f"{measure}_high"] = [interval.high for interval in intervals]
        return pd.DataFrame(columns)
