"""What the estimators answer about CMU-MOSI: measured on the training videos, judged on the test videos.

Lambda and the encoder are chosen by out-of-fold loss within a fit, p among several fits; the folds hold out
whole videos of the training part. The test part is predicted once, by the choice. Where features know the
labels of the training videos, all of this is too favourable there, and the test part shows by how much.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mmfusion.estimators.classifier import FusionClassifier
from mmfusion.estimators.estimator import FusionEstimator
from mmfusion.estimators.linear_baseline import linear_baseline
from mmfusion.estimators.regressor import FusionRegressor
from mmfusion.study.config.numbers import number
from mmfusion.study.data.dataset import GROUP, MultimodalDataset, Split
from mmfusion.study.evidence.held_out_scores import sentiment_scores
from mmfusion.study.names import DATASET_NAMES, MOSI_CLEAN
from mmfusion.study.tables.run_rows import SENTIMENT

Floats = NDArray[np.float64]

P_VALUES = ("1", "4/3", "2")
"""Candidates for p."""
SEED = 0
"""Of the folds and the networks."""
NETWORKS, LINEAR, POSITIVE = "networks", "linear", "always positive"
WORDS = {
    "acc2_zeros_positive": "Acc-2 (zeros positive)",
    "mae": "MAE",
    "pearson_r": "r",
    "r2": "R²",
    "loss": "log-loss",
}
ONE = "text"
"""The modality whose models are beside those of all."""


class MosiAnswer(NamedTuple):
    """What is written about a dataset.

    Parameters
    ----------
    text : str
        The answer in words on the training videos, and the scores on the test part.
    tables : dict of str to DataFrame
        ``grid``, ``test_scores``, and the tables of the estimator.
    figure : Figure
        What the modalities say alone, and together.
    """

    text: str
    tables: dict[str, pd.DataFrame]
    figure: Figure


def mosi_answer(
    dataset: MultimodalDataset, choices: Mapping[str, Any], resamples: int, seed: int
) -> MosiAnswer:
    """Choose, answer and judge.

    Parameters
    ----------
    dataset : MultimodalDataset
        Of CMU-MOSI, see `mmfusion.study.data.mosi.mosi_dataset`.
    choices : mapping
        Further parameters of the estimators, such as the device.
    resamples, seed
        Of the bootstrap over test videos.

    Returns
    -------
    MosiAnswer
    """
    train, test = dataset.splits["train"], dataset.splits["test"]
    # Where features know labels of the training videos, nothing can be chosen on these.
    candidates = P_VALUES if dataset.name in MOSI_CLEAN else P_VALUES[:1]
    fits = {p: _fit(dataset.task, train, p, choices) for p in candidates}
    best = min(fits, key=lambda p: fits[p].summary_.loss)
    model = _fit(dataset.task, train, best, {**choices, "information": True})
    single = _fit(dataset.task, _only(train, ONE), best, choices)
    scores = {
        NETWORKS: _scores(model, test),
        f"{NETWORKS}, {ONE} alone": _scores(single, _only(test, ONE)),
        LINEAR: _linear_scores(dataset.task, train, test),
        f"{LINEAR}, {ONE} alone": _linear_scores(dataset.task, _only(train, ONE), _only(test, ONE)),
        POSITIVE: np.ones(len(test)),
    }
    references = {name: name.replace(NETWORKS, LINEAR) for name in scores if name.startswith(NETWORKS)} | {
        LINEAR: f"{LINEAR}, {ONE} alone"
    }
    sentiment, videos = test.latents[SENTIMENT].astype(np.float64), test.latents[GROUP]
    table = sentiment_scores(scores, references, sentiment, dataset.task, videos, resamples, seed)
    only_decides = (table["model"] == POSITIVE) & (table["metric"] != "acc2_zeros_positive")
    table = table[~only_decides].reset_index(drop=True)
    tables = {"grid": _grid(fits, best), "test_scores": table}
    for name in ("relevance", "information", "modality_information", "synergy"):
        tables[name] = getattr(model, f"{name}_")
    title = f"CMU-MOSI, {DATASET_NAMES[dataset.name]}: what do the modalities say?"
    return MosiAnswer(
        _text(model, best, table, several=len(candidates) > 1), tables, model.plot_information(title)
    )


def _fit(task: str, part: Split, p: str, choices: Mapping[str, Any]) -> FusionEstimator:
    """Fit by folds of whole videos."""
    kind = FusionRegressor if task == "regression" else FusionClassifier
    model: FusionEstimator = kind(p=number(p), random_state=SEED, **choices)
    return model.fit(dict(part.features), part.target, groups=part.latents[GROUP])


def _only(part: Split, modality: str) -> Split:
    """Leave one modality."""
    return Split({modality: part.features[modality]}, part.target, part.latents, part.ids)


def _scores(model: FusionEstimator, part: Split) -> Floats:
    """Predict sentiments, or logits of their not being negative, shape (n,)."""
    inputs: Any = dict(part.features)
    if isinstance(model, FusionClassifier):
        return model.decision_function(inputs)
    return np.asarray(model.predict(inputs), dtype=np.float64)


def _linear_scores(task: str, train: Split, test: Split) -> Floats:
    """Predict the test part by ridge or logistic regression, its strength chosen by folds of whole videos."""
    design = np.vstack([np.hstack([*part.features.values()]) for part in (train, test)]).astype(np.float64)
    target = np.concatenate([train.target, test.target])
    groups = np.concatenate([train.latents[GROUP], test.latents[GROUP]])
    rows = np.arange(len(target))
    folds = [(rows[: len(train)], rows[len(train) :])]
    weight = np.ones(len(target))
    predicted = linear_baseline(design, target, task, 1, weight, folds, SEED, groups)
    return predicted[len(train) :, 0]


def _grid(fits: Mapping[str, FusionEstimator], best: str) -> pd.DataFrame:
    """Stack the candidates of all p, each with its out-of-fold loss; the chosen one is marked."""
    parts = []
    for p, model in fits.items():
        table = model.penalties_.copy()
        table.insert(0, "p", p)
        # Not always the lowest loss: the constant is kept within one standard error.
        distance = (table["loss"] - model.summary_.loss).abs().where(table["penalty"] == model.penalty_)
        table["chosen_of_p"] = table.index == distance.idxmin()
        table["loss_of_p"] = model.summary_.loss
        table["chosen_p"] = p == best
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def _text(model: FusionEstimator, p: str, table: pd.DataFrame, *, several: bool) -> str:
    """Write the answer on the training videos, then the scores on the test part."""
    values = table.set_index(["model", "metric"])
    score = "r2" if isinstance(model, FusionRegressor) else "acc2_zeros_positive"
    lines = []
    for metric in table["metric"].unique():
        ours, theirs = values.loc[(NETWORKS, metric)], values.loc[(LINEAR, metric)]
        beside = [f"linear {theirs['value']:.3f}"]
        if (POSITIVE, metric) in values.index:
            beside.append(f"always positive {values.loc[(POSITIVE, metric), 'value']:.3f}")
        if metric == score:
            beside.append(f"out of fold on the training videos {model.summary_.score:.3f}")
        lines.append(
            f"{WORDS[metric]} {ours['value']:.3f} ({ours['low']:.3f} to {ours['high']:.3f}; "
            f"{', '.join(beside)}; better than linear by {ours['ahead']:.3f}, {ours['ahead_low']:.3f} to "
            f"{ours['ahead_high']:.3f})"
        )
    chosen = " chosen on the training videos" if several else ""
    start = f"On the test part, with p = {p}{chosen}"
    return f"{model.summary_}\n\n{start}: {'; '.join(lines)}. Intervals: 95 %, over videos.\n"
