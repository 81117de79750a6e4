"""The predictions that the study tests, each beside what was measured.

They were written down before the study was run: means over seeds at p = 1 and scale 1 unless stated. A
prediction whose runs are not part of a study, or whose measure its convention does not define, is left out of
its table. No run is left out of a mean: where one has no value, the mean is NaN and the prediction fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import entropy, spearmanr

from mmfusion.study.config.numbers import number
from mmfusion.study.names import MOSI_DATASETS

FLOOR = 1e-3
"""Below this, a beta counts as zero."""
INDEPENDENT = "ConditionallyIndependent"


class Prediction(NamedTuple):
    """One row of the table ``predictions``; `holds` is None for what is only reported."""

    name: str
    dataset: str
    norm: str
    statement: str
    measured: str
    threshold: str
    holds: bool | None


class _Bound(NamedTuple):
    """Mean beta of one subset, at least or below a value; `others` bounds every other subset from above."""

    dataset: str
    norm: str
    subset: str
    sign: str
    value: float
    others: float | None = None


_BOUNDS = (
    _Bound("XRel", "dbn", "1", ">=", 0.99, FLOOR),
    _Bound("XRel", "ibn", "1", ">=", 0.99, FLOOR),
    _Bound("XRel", "vbn", "1+2", ">=", 0.4),
    _Bound("XRelIrrXOR", "ibn", "1", ">=", 0.99),
    _Bound("XRelIrrXOR", "vbn", "1", "<", 0.5),
    _Bound("XRelIrrXOR", "dbn", "1+2+3", ">=", 0.05),
)


def predictions_table(runs: pd.DataFrame, subsets: pd.DataFrame) -> pd.DataFrame:
    """Compare every prediction with the tables of a study.

    Parameters
    ----------
    runs, subsets : DataFrame
        As `mmfusion.study.tables.definitions` defines them.

    Returns
    -------
    DataFrame
        One row per prediction: name, dataset, norm, statement, measured, threshold, holds (nullable boolean,
        missing for what is only reported).
    """
    beta = subsets if subsets["beta"].notna().any() else subsets.iloc[:0]
    predictions = [
        *_bounds(beta),
        *_recovery(runs, beta),
        *_ordering(beta),
        *_entropy(subsets),
        *_sentiment(runs, subsets),
    ]
    return pd.DataFrame(predictions, columns=Prediction._fields).astype({"holds": "boolean"})


def _cell(table: pd.DataFrame, dataset: str, norm: str, p: str | None = "1") -> pd.DataFrame:
    chosen = (table["dataset"] == dataset) & (table["norm"] == norm) & (table["scale"] == "1")
    return table[chosen if p is None else chosen & (table["p"] == p)]


def _mean(values: pd.Series[float]) -> float:
    """Average over all runs; NaN if one has no value."""
    return float(values.mean(skipna=False))


def _bounds(subsets: pd.DataFrame) -> Iterable[Prediction]:
    for bound in _BOUNDS:
        means = _cell(subsets, bound.dataset, bound.norm).groupby("subset")["beta"].agg(_mean)
        if bound.subset not in means:
            continue
        beta = float(means[bound.subset])
        holds = beta >= bound.value if bound.sign == ">=" else beta < bound.value
        measured, threshold = f"beta {beta:.4g}", f"beta {bound.sign} {bound.value:g}"
        if bound.others is not None:
            largest = float(means.drop(bound.subset).max())
            holds = holds and largest <= bound.others
            measured += f", largest other {largest:.2g}"
            threshold += f", every other <= {bound.others:g}"
        statement = f"mean beta of {{{bound.subset}}} under {bound.norm}"
        name = f"{bound.dataset}-{bound.norm}"
        yield Prediction(name, bound.dataset, bound.norm, statement, measured, threshold, holds)


def _recovery(runs: pd.DataFrame, subsets: pd.DataFrame) -> Iterable[Prediction]:
    xor = _joined(runs, subsets, "XOR", "1+2")
    if len(xor):
        beta, accuracy = _mean(xor["beta"]), _mean(xor["accuracy_test"])
        measured = f"beta {beta:.4g}, accuracy {accuracy:.4g}"
        statement = "mean beta of {1+2} under ibn, at mean test accuracy"
        threshold, holds = "beta >= 0.95, accuracy >= 0.95", beta >= 0.95 and accuracy >= 0.95
        yield Prediction("XOR-ibn", "XOR", "ibn", statement, measured, threshold, holds)
    parity = _joined(runs, subsets, "Parity", "1+2+3")
    if len(parity):
        recovered = int(((parity["beta"] >= 0.95) & (parity["accuracy_test"] >= 0.9)).sum())
        statement = "seeds with beta of {1+2+3} >= 0.95 under ibn and test accuracy >= 0.9"
        measured = f"{recovered} of {len(parity)} seeds, mean accuracy {parity['accuracy_test'].mean():.4g}"
        holds = 10 * recovered >= 8 * len(parity)
        yield Prediction("Parity-ibn", "Parity", "ibn", statement, measured, "at least 8 of 10 seeds", holds)


def _joined(runs: pd.DataFrame, subsets: pd.DataFrame, dataset: str, subset: str) -> pd.DataFrame:
    block = _cell(subsets, dataset, "ibn")
    block = block[block["subset"] == subset]
    return block.merge(_cell(runs, dataset, "ibn")[["seed", "accuracy_test"]], on="seed")


def _views(subsets: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    """Yield every norm with the rows of its independent views, which are numbered by rising rho."""
    chosen = (subsets["dataset"] == INDEPENDENT) & (subsets["scale"] == "1")
    rows = subsets[chosen & (subsets["order"] == 1)]
    for norm, views in rows.groupby("norm", sort=False):
        yield str(norm), views


def _ordering(subsets: pd.DataFrame) -> Iterable[Prediction]:
    for norm, rows in _views(subsets):
        finite = sorted(set(rows["p"]) - {"inf"}, key=number)
        if not finite:
            continue
        means = rows.groupby(["p", "subset"])["beta"].agg(_mean)
        views = sorted(rows["subset"].unique(), key=int)
        ranks = {p: _rank_correlation(means[p].reindex(views).to_numpy(dtype=float)) for p in finite}
        measured = ", ".join(f"p = {p}: {rho:.3g} over {count}" for p, (rho, count) in ranks.items())
        statement = "Spearman correlation of mean beta with rho, over views with mean beta > 1e-3"
        holds = all(count > 1 and rho > 1 - 1e-12 for rho, count in ranks.values())
        name = f"{INDEPENDENT}-order-{norm}"
        yield Prediction(name, INDEPENDENT, norm, statement, measured, "1 at every finite p", holds)


def _rank_correlation(beta: NDArray[np.float64]) -> tuple[float, int]:
    kept = np.flatnonzero(~(beta <= FLOOR))  # NaN is kept, and makes the correlation NaN
    if len(kept) < 2 or np.ptp(beta[kept]) == 0:
        return float("nan"), len(kept)
    return float(spearmanr(kept, beta[kept]).statistic), len(kept)


def _entropy(subsets: pd.DataFrame) -> Iterable[Prediction]:
    for norm, rows in _views(subsets):
        means = rows.groupby(["p", "seed"])["weight_share"].agg(entropy).groupby("p").agg(_mean)
        means = means.loc[sorted(means.index, key=number)]
        if len(means) < 2:
            continue
        measured = ", ".join(f"p = {p}: {value:.4g}" for p, value in means.items())
        statement = "mean entropy of the weight share over the views, in nats"
        holds = bool(means.is_monotonic_increasing and means.is_unique)
        name = f"{INDEPENDENT}-entropy-{norm}"
        yield Prediction(name, INDEPENDENT, norm, statement, measured, "rises with p", holds)


def _sentiment(runs: pd.DataFrame, subsets: pd.DataFrame) -> Iterable[Prediction]:
    for dataset in MOSI_DATASETS:
        rows = _cell(subsets, dataset, "ibn", p=None)
        for p in sorted(rows["p"].unique(), key=number):
            means = rows[rows["p"] == p].groupby("subset", sort=False)["covariance_share"].agg(_mean)
            largest = means.sort_values(ascending=False, kind="stable").head(2)
            measured = ", then ".join(f"{subset} {share:.3g}" for subset, share in largest.items())
            holds = bool(largest.index[0] == "text" and means.notna().all())
            statement = f"subset with the largest mean held-out covariance share, p = {p}"
            yield Prediction(f"{dataset}-text-p-{p}", dataset, "ibn", statement, measured, "text", holds)
            yield _beside_ridge(runs, dataset, p)


def _beside_ridge(runs: pd.DataFrame, dataset: str, p: str) -> Prediction:
    column = "acc2_zeros_positive_test"
    network = _mean(_cell(runs, dataset, "ibn", p)[column])
    ridge = float(runs.loc[(runs["dataset"] == dataset) & (runs["model"] == "linear"), column].mean())
    statement = f"mean test Acc-2 (zeros positive) beside ridge, p = {p}"
    measured = f"{network:.4g}, ridge {ridge:.4g}"
    return Prediction(f"{dataset}-accuracy-p-{p}", dataset, "ibn", statement, measured, "reported", None)
