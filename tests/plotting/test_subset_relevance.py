"""The pictures of an estimator say what the tables say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mmfusion.plotting.subset_relevance import MOST_BARS, sample_contributions, subset_relevance


def table(count: int = 3, seeds: bool = True) -> pd.DataFrame:
    names = [f"m{k}" for k in range(count - 1)] + ["m0+m1"]
    beta = np.linspace(0.9, 0.1, count)
    bound = 0.05 if seeds else np.nan
    return pd.DataFrame(
        {
            "subset": names,
            "order": [name.count("+") + 1 for name in names],
            "beta": beta,
            "beta_low": beta - bound,
            "beta_high": beta + bound,
        }
    )


def test_bars_are_the_values_with_their_names() -> None:
    ax = subset_relevance(Figure().add_subplot(), table())
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.9, 0.5, 0.1])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["m0", "m1", "m0+m1"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one modality", "two together"]
    assert ax.collections  # the intervals
    assert not subset_relevance(Figure().add_subplot(), table(seeds=False)).collections


def test_whiskers_are_intervals_or_else_the_spread_over_networks() -> None:
    intervals = table().assign(beta_low=[0.8, 0.3, 0.0], beta_high=[1.1, 0.6, 0.3])
    spread = table().drop(columns=["beta_low", "beta_high"]).assign(beta_spread=[0.2, 0.1, np.nan])
    for drawn, expected in (
        (intervals, [[0.8, 1.1], [0.3, 0.6], [0.0, 0.3]]),
        (spread, [[0.7, 1.1], [0.4, 0.6]]),
    ):
        ax = subset_relevance(Figure().add_subplot(), drawn)
        lines = [segment[:, 0] for segment in ax.collections[0].get_segments()]
        np.testing.assert_allclose(lines, expected)
    bare = table().drop(columns=["beta_low", "beta_high"])
    assert not subset_relevance(Figure().add_subplot(), bare).collections


def test_many_subsets_are_cut_and_that_is_said() -> None:
    ax = subset_relevance(Figure().add_subplot(), table(MOST_BARS + 5))
    assert len(ax.patches) == MOST_BARS
    assert ax.get_title() == f"{MOST_BARS} most relevant of {MOST_BARS + 5} subsets"


def test_contributions_lead_from_the_intercept_to_the_score() -> None:
    row = pd.Series({"text": 1.5, "audio": -0.5, "text+audio": 0.25, "intercept": 2.0})
    ax = sample_contributions(Figure().add_subplot(), row, "sample 3")
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    assert ends == pytest.approx([2.0, 3.5, 3.0, 3.25])
    assert ax.get_legend().get_texts()[0].get_text() == "score 3.25"
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "intercept",
        "text",
        "audio",
        "text+audio",
    ]


def test_many_contributions_keep_their_sum() -> None:
    rng = np.random.default_rng(0)
    parts = {f"m{k}": value for k, value in enumerate(rng.normal(size=MOST_BARS + 9))}
    row = pd.Series({**parts, "intercept": 1.0})
    ax = sample_contributions(Figure().add_subplot(), row)
    assert len(ax.patches) == MOST_BARS + 1
    last = ax.patches[-1]
    assert last.get_x() + last.get_width() == pytest.approx(row.sum())
    assert ax.get_yticklabels()[-1].get_text() == "10 others"
