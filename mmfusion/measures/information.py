r"""Predictive information: what coalitions of modalities say of the target, by training without the others.

With L(S) the out-of-fold loss of networks that are given only the modalities in S, and L() that of the
constant, I(S) = L() - L(S) is usable information (Xu et al., ICLR 2020), in nats for classes; of numbers it
is divided by L(), out of fold the target's variance or a little more::

    alone(m)      = I({m})
    needed(m)     = I(all) - I(all without m)          (Williamson et al., JASA 118, 2023)
    shapley(m)    = sum over S without m of |S|! (M - |S| - 1)! / M! [I(S and m) - I(S)]
                                                        (Covert, Lundberg, Lee, NeurIPS 2020)
    synergy(a, b) = I({a, b}) - I({a}) - I({b})         (interaction information; McGill, 1954)

Networks that are given S may ignore a part of it: the loss of S is that of the best of its parts, or of the
constant, where this is lower, so that no modality makes a prediction worse.

All are linear in the losses, hence means of one number per sample, with intervals and tests over samples or
groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import factorial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.fusion.subsets import Subset, subset_label, subsets
from mmfusion.measures.cross_fitted import Quality, Truth
from mmfusion.measures.paired_differences import holm

Floats = NDArray[np.float64]

MOST_COMPLETE = 4
"""Modalities up to which all coalitions are measured."""


class PredictiveInformation(NamedTuple):
    """Three tables; `mmfusion.FusionClassifier` says which columns they have.

    Parameters
    ----------
    coalitions : DataFrame
        One row per measured coalition.
    modalities : DataFrame
        One row per modality.
    pairs : DataFrame
        One row per pair; empty if pairs were not measured.
    """

    coalitions: pd.DataFrame
    modalities: pd.DataFrame
    pairs: pd.DataFrame


def coalitions_of(modalities: Sequence[str], pairs: bool = False) -> list[Subset]:
    """List the coalitions that are measured, by size and in modality order; the last one has all modalities.

    All of them up to four modalities; of more, single modalities, all without one, all, and pairs on demand.

    Examples
    --------
    >>> coalitions_of(["a", "b"])
    [('a',), ('b',), ('a', 'b')]
    """
    count = len(modalities)
    if count <= MOST_COMPLETE:
        return subsets(modalities)
    sizes = {1, 2, count - 1, count} if pairs else {1, count - 1, count}
    return [coalition for size in sorted(sizes) for coalition in combinations(modalities, size)]


def predictive_information(
    losses: Mapping[Subset, Floats],
    modalities: Sequence[str],
    penalties: Mapping[Subset, float],
    truth: Truth,
    quality: Quality,
    floor: float,
) -> PredictiveInformation:
    """Compute all quantities of predictive information from the out-of-fold losses of coalitions.

    Parameters
    ----------
    losses : mapping of coalition to array, shape (n,)
        Loss of every sample; () is the constant.
    modalities : sequence of str
        All modalities, in modality order.
    penalties : mapping of coalition to float
        The lambda that was chosen for it.
    truth : Truth
        Weights and groups of the samples; its task says the unit.
    quality : Quality
        Of the networks with all modalities.
    floor : float
        Share of the explained loss below which nothing is named.

    Returns
    -------
    PredictiveInformation
    """
    table = _Tests(losses, truth, quality, floor)
    measured = [coalition for coalition in losses if coalition]
    known = [coalition for coalition in coalitions_of(modalities, True) if coalition in losses]
    coalitions = pd.DataFrame(
        {
            "coalition": [subset_label(coalition) for coalition in known],
            "size": [len(coalition) for coalition in known],
            "loss": [truth.tested(losses[coalition]).mean for coalition in known],
            **table.columns("information", [{coalition: 1.0} for coalition in known]),
            "penalty": [penalties[coalition] for coalition in known],
        }
    )
    complete = len(measured) == 2 ** len(modalities) - 1
    pairs = [pair for pair in combinations(modalities, 2) if pair in losses or len(modalities) == 2]
    return PredictiveInformation(
        coalitions, _of_modalities(table, modalities, complete), _of_pairs(table, pairs)
    )


class _Tests:
    """Tests of quantities that are sums of I(S), each given as the factors of the coalitions."""

    def __init__(self, losses: Mapping[Subset, Floats], truth: Truth, quality: Quality, floor: float) -> None:
        self.truth, self.quality, self.floor = truth, quality, floor
        self.unit = truth.tested(losses[()]).mean if truth.task == "regression" else 1.0
        self.information = {S: (losses[()] - values) / self.unit for S, values in losses.items()}

    def columns(
        self,
        name: str,
        factors: Sequence[Mapping[Subset, float]],
        prefix: str = "",
        *,
        two_sided: bool = False,
    ) -> dict[str, Floats | NDArray[np.bool_]]:
        """Return estimate, interval, p-values and whether it is named, for every quantity."""
        nothing = np.zeros_like(self.information[()])
        values = [sum((f * self.information[S] for S, f in one.items()), nothing) for one in factors]
        tests = [self.truth.tested(value) for value in values]
        p_values = np.array([test.p_two_sided if two_sided else test.p_value for test in tests])
        adjusted = holm(p_values)
        means = np.array([test.mean for test in tests])
        size = np.abs(means) if two_sided else means
        return {
            name: means,
            f"{name}_low": np.array([test.low for test in tests]),
            f"{name}_high": np.array([test.high for test in tests]),
            f"{prefix}p_value": p_values,
            f"{prefix}p_adjusted": adjusted,
            f"{prefix}named": self.quality.named(adjusted, size * self.unit, self.floor),
        }


def _of_modalities(table: _Tests, modalities: Sequence[str], complete: bool) -> pd.DataFrame:
    whole = tuple(modalities)
    alone: list[dict[Subset, float]] = [{(name,): 1.0} for name in whole]
    needed = []
    for name in whole:
        others = tuple(other for other in whole if other != name)
        needed.append({whole: 1.0, others: -1.0} if others else {whole: 1.0})
    columns: dict[str, object] = {"modality": list(whole)}
    columns |= table.columns("alone", alone, "alone_") | table.columns("needed", needed, "needed_")
    shapley = table.columns(
        "shapley", [_shapley(name, whole) for name in whole] if complete else [], "shapley_"
    )
    unknown = {key: np.full(len(whole), False if key.endswith("named") else np.nan) for key in shapley}
    return pd.DataFrame(columns | (shapley if complete else unknown))


def _shapley(name: str, modalities: Subset) -> dict[Subset, float]:
    """Return the factors of I(S) in the Shapley value of a modality."""
    count = len(modalities)
    factors: dict[Subset, float] = {}
    for coalition in [(), *subsets(modalities)]:
        inside = name in coalition
        size = len(coalition) - inside  # of S
        share = factorial(size) * factorial(count - size - 1) / factorial(count)
        factors[coalition] = share if inside else -share
    return factors


def _of_pairs(table: _Tests, pairs: Sequence[Subset]) -> pd.DataFrame:
    factors: list[dict[Subset, float]] = [{pair: 1.0, (pair[0],): -1.0, (pair[1],): -1.0} for pair in pairs]
    names = {
        "pair": [subset_label(pair) for pair in pairs],
        "first": [pair[0] for pair in pairs],
        "second": [pair[1] for pair in pairs],
    }
    return pd.DataFrame(names | table.columns("synergy", factors, two_sided=True))
