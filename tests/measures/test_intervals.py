"""Bootstrap intervals: a reference, coverage, invariances, missing values, tidy summaries."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mmfusion.measures import intervals as module
from mmfusion.measures.intervals import Interval, bootstrap_interval, summarise
from mmfusion.study.tables.definitions import check_table


def at_level(level: float, values: list[float], resamples: int = module.RESAMPLES) -> Interval:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LEVEL", level)
        return bootstrap_interval(values, resamples)


numbers = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=12)


def test_agrees_with_scipy():
    values = np.random.default_rng(0).gamma(2.0, size=10)
    expected = stats.bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(1))
    actual = bootstrap_interval(values)
    width = np.ptp(expected.confidence_interval)
    assert actual.mean == pytest.approx(values.mean())
    assert [actual.low, actual.high] == pytest.approx(list(expected.confidence_interval), abs=0.04 * width)


def test_two_values_have_known_resamples():
    # The means are 0, 1/2, 1 with probabilities 1/4, 1/2, 1/4.
    assert bootstrap_interval([0.0, 1.0]) == (0.5, 0.0, 1.0)
    assert at_level(0.4, [0.0, 1.0]) == (0.5, 0.5, 0.5)


def test_reproducible_and_seeded():
    values = np.random.default_rng(0).normal(size=10)
    assert bootstrap_interval(values) == bootstrap_interval(values.tolist())
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)


@given(numbers)
def test_lies_within_the_values_and_widens_with_the_level(values):
    narrow, wide = (at_level(level, values, resamples=500) for level in (0.5, 0.95))
    slack = 1e-9 * (1 + np.abs(values).max())
    assert min(values) - slack <= wide.low <= narrow.low <= narrow.high <= wide.high <= max(values) + slack


@given(numbers, st.randoms(use_true_random=False))
def test_order_of_the_values_does_not_matter(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert bootstrap_interval(shuffled, resamples=200) == bootstrap_interval(values, resamples=200)


@given(numbers, st.floats(-1e3, 1e3), st.floats(0.1, 10))
def test_moves_with_shift_and_scale(values, shift, factor):
    expected = shift + factor * np.array(bootstrap_interval(values, resamples=200))
    actual = bootstrap_interval(shift + factor * np.array(values), resamples=200)
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-9)


def test_covers_the_mean_of_many_values():
    rng = np.random.default_rng(0)
    intervals = [bootstrap_interval(rng.normal(size=60), resamples=1000) for _ in range(400)]
    assert 0.92 < np.mean([i.low <= 0 <= i.high for i in intervals]) < 0.98


def test_coverage_of_ten_values_is_the_documented_one():
    rng = np.random.default_rng(0)
    intervals = [bootstrap_interval(rng.normal(size=10), resamples=1000) for _ in range(1000)]
    assert np.mean([i.low <= 0 <= i.high for i in intervals]) == pytest.approx(0.9, abs=0.025)


@pytest.mark.parametrize("constant", [0.1, 1 / 3, -1e-300, 1e16])
def test_constant_values_have_no_width(constant):
    assert bootstrap_interval([constant] * 10) == (constant,) * 3


@pytest.mark.parametrize(
    ("values", "mean"), [([2.5], 2.5), ([np.nan, 2.5], 2.5), ([], np.nan), ([np.nan], np.nan)]
)
def test_fewer_than_two_values_have_no_interval(values, mean):
    np.testing.assert_array_equal(bootstrap_interval(values), (mean, np.nan, np.nan))


def test_nan_is_left_out():
    assert bootstrap_interval([1.0, np.nan, 2.0, 4.0]) == bootstrap_interval([1.0, 2.0, 4.0])


def test_infinite_value_gives_an_infinite_mean():
    assert bootstrap_interval([1.0, 2.0, np.inf]).mean == np.inf


def runs():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "dataset": np.repeat(["XOR", "Parity"], 20),
            "norm": np.tile(np.repeat(["vbn", "ibn"], 10), 2),
            "seed": np.tile(np.arange(10), 4),
            "beta": rng.uniform(size=40),
            "reducibility_within": np.where(np.arange(40) < 10, np.nan, rng.normal(size=40)),
            "converged": pd.array([True, False, None, True] * 10, dtype="boolean"),
        }
    )
    table.loc[12, "beta"] = np.nan
    return table


def test_summary_agrees_with_single_intervals():
    table = runs()
    measures = ["beta", "reducibility_within", "converged"]
    summary = summarise(table, ["dataset", "norm"], measures)
    assert summary.columns.tolist() == ["dataset", "norm", "measure", "mean", "low", "high", "n"]
    assert summary["measure"].tolist() == measures * 4
    assert summary["dataset"].tolist() == ["XOR"] * 6 + ["Parity"] * 6
    assert summary["norm"].tolist() == (["vbn"] * 3 + ["ibn"] * 3) * 2
    for row in summary.to_dict("records"):
        group = table[(table["dataset"] == row["dataset"]) & (table["norm"] == row["norm"])]
        values = group[row["measure"]].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        np.testing.assert_array_equal([row["mean"], row["low"], row["high"]], bootstrap_interval(values))
        assert row["n"] == np.count_nonzero(~np.isnan(values))
    assert summary["n"].tolist()[:5] == [10, 0, 8, 9, 10]


def test_summary_does_not_depend_on_other_rows_or_the_order_within_groups():
    table = runs()
    shuffled = table.sort_values("seed", ascending=False, kind="stable")
    keys = ["dataset", "norm"]
    expected = summarise(table, keys, ["beta"])
    pd.testing.assert_frame_equal(summarise(shuffled, keys, ["beta"]), expected)
    last = table[(table["dataset"] == "Parity") & (table["norm"] == "ibn")]
    pd.testing.assert_frame_equal(summarise(last, keys, ["beta"]), expected.tail(1).reset_index(drop=True))


def test_summary_keeps_missing_keys_and_integer_measures():
    table = pd.DataFrame({"seed": pd.array([0, None, None], dtype="Int64"), "epoch": [1, 2, 4]})
    summary = summarise(table, ["seed"], ["epoch"])
    assert summary["mean"].tolist() == [1.0, 3.0]
    assert summary["seed"].isna().tolist() == [False, True]


def test_summary_of_no_rows_has_the_columns():
    keys = ["dataset", "norm", "p", "scale", "subset"]
    summary = summarise(pd.DataFrame(columns=[*keys, "beta"]), keys, ["beta"])
    assert summary.empty
    check_table("summary", summary)
