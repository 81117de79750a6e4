"""Scores on held-out groups: the metrics of the study, with intervals, and ahead of a reference."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from mmfusion.study.evidence.held_out_scores import COLUMNS, sentiment_scores
from mmfusion.study.tables.metrics import sentiment_metrics

RANDOM = np.random.default_rng(0)
SENTIMENT = np.round(np.clip(RANDOM.normal(size=200), -3, 3), 1)
VIDEOS = np.repeat(np.arange(20), 10)


def judged(task: str) -> pd.DataFrame:
    noise = RANDOM.normal(size=200)
    scores = {"good": SENTIMENT + 0.2 * noise, "poor": SENTIMENT + 2 * noise, "alone": noise}
    return sentiment_scores(scores, {"good": "poor", "poor": "alone"}, SENTIMENT, task, VIDEOS, 500, 0)


@pytest.mark.parametrize(
    ("task", "metrics"),
    [
        ("regression", ["acc2_zeros_positive", "mae", "pearson_r", "r2"]),
        ("binary", ["acc2_zeros_positive", "loss"]),
    ],
)
def test_every_model_has_every_metric_of_the_task(task: str, metrics: list[str]) -> None:
    table = judged(task)
    assert table.columns.tolist() == list(COLUMNS)
    assert table["metric"].tolist() == 3 * metrics
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    alone = table[table["model"] == "alone"]
    assert (alone["reference"] == "-").all()
    assert alone["ahead"].isna().all()


def test_metrics_are_those_of_the_study() -> None:
    scores = SENTIMENT + RANDOM.normal(size=200)
    table = sentiment_scores({"one": scores}, {}, SENTIMENT, "regression", VIDEOS, 50, 0)
    known = sentiment_metrics(scores, SENTIMENT, real_valued=True)
    known["r2"] = r2_score(SENTIMENT, scores)
    for name, value in table.set_index("metric")["value"].items():
        assert value == pytest.approx(known[str(name)])


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_better_is_ahead_whichever_way_the_metric_points(task: str) -> None:
    table = judged(task).query("model == 'good'")
    assert (table["ahead"] > 0).all()
    assert (table["ahead_low"] > 0).all()
    again = judged(task).set_index(["model", "metric"])
    for metric in table["metric"]:
        gap = abs(again.loc[("good", metric), "value"] - again.loc[("poor", metric), "value"])
        assert again.loc[("good", metric), "ahead"] == pytest.approx(gap)


def test_a_constant_prediction_has_no_correlation() -> None:
    constant = np.full(200, 1 / 3)
    table = sentiment_scores({"one": constant}, {}, SENTIMENT, "regression", VIDEOS, 50, 0)
    assert table.set_index("metric")["value"].isna().tolist() == [False, False, True, False]
