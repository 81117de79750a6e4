"""Predictive information from losses whose answer is known: XOR, copies, noise; and laws over all losses."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmfusion.fusion.subsets import Subset, subsets
from mmfusion.measures.cross_fitted import FLOOR, Quality, Truth
from mmfusion.measures.information import PredictiveInformation, coalitions_of, predictive_information
from mmfusion.measures.paired_differences import mean_and_test

N = 200


def measured(
    means: dict[Subset, float], names: tuple[str, ...], task: str = "binary", groups: Any = None
) -> PredictiveInformation:
    """Tables of losses around given means, with a little noise of each coalition."""
    rng = np.random.default_rng(0)
    losses = {S: mean + 0.05 * rng.normal(size=N) for S, mean in {(): 0.69, **means}.items()}
    truth = Truth(np.zeros(N), task, None, groups)
    explained = mean_and_test(losses[()] - losses[names])
    quality = Quality(means[names], 0.69, 0.8, explained, 0.01)
    return predictive_information(losses, names, dict.fromkeys(means, 0.01), truth, quality, FLOOR)


def of(table: pd.DataFrame, key: str) -> pd.DataFrame:
    return table.set_index(key)


def test_an_exclusive_or_is_nothing_alone_and_needed() -> None:
    means = dict.fromkeys([("a",), ("b",), ("c",), ("a", "c"), ("b", "c")], 0.69) | dict.fromkeys(
        [("a", "b"), ("a", "b", "c")], 0.09
    )
    found = measured(means, ("a", "b", "c"))
    modalities, pairs = of(found.modalities, "modality"), of(found.pairs, "pair")
    assert not modalities["alone_named"].any()
    assert modalities["needed_named"].tolist() == [True, True, False]
    assert pairs["named"].tolist() == [True, False, False]
    assert pairs["synergy"]["a+b"] == pytest.approx(0.6, abs=0.03)
    assert modalities["shapley"].tolist() == pytest.approx([0.3, 0.3, 0.0], abs=0.03)


def test_copies_are_enough_alone_and_not_needed() -> None:
    found = measured({("a",): 0.3, ("b",): 0.3, ("a", "b"): 0.3}, ("a", "b"))
    assert found.modalities["alone_named"].all()
    assert not found.modalities["needed_named"].any()
    assert found.pairs["synergy"].item() < -0.3
    assert found.pairs["named"].item()


def test_noise_is_nothing() -> None:
    found = measured(dict.fromkeys(subsets(["a", "b"]), 0.7), ("a", "b"))
    named = [table.filter(like="named").to_numpy().any() for table in found]
    assert named == [False, False, False]


def test_numbers_are_told_as_a_share() -> None:
    means = {("a",): 0.345, ("b",): 0.69, ("a", "b"): 0.345}
    in_nats, as_share = (measured(means, ("a", "b"), task) for task in ("binary", "regression"))
    loss = in_nats.coalitions["loss"] + in_nats.coalitions["information"]  # that of the constant
    assert as_share.coalitions["information"].to_numpy() == pytest.approx(
        in_nats.coalitions["information"] / loss, rel=1e-6
    )
    assert as_share.coalitions["named"].tolist() == in_nats.coalitions["named"].tolist()


@given(st.lists(st.floats(0.01, 1.0), min_size=15, max_size=15))
def test_the_quantities_are_those_of_their_definitions(levels: list[float]) -> None:
    names = ("a", "b", "c", "d")
    found = measured(dict(zip(subsets(names), levels, strict=True)), names)
    I = of(found.coalitions, "coalition")["information"]  # noqa: E741 (the name in the definition)
    modalities, pairs = of(found.modalities, "modality"), of(found.pairs, "pair")
    assert modalities["alone"].tolist() == pytest.approx([I[name] for name in names])
    assert modalities["needed"]["b"] == pytest.approx(I["a+b+c+d"] - I["a+c+d"])
    assert modalities["shapley"].sum() == pytest.approx(I["a+b+c+d"])
    assert pairs["synergy"]["b+d"] == pytest.approx(I["b+d"] - I["b"] - I["d"])
    orders = pd.DataFrame(  # the mean rise over all orders in which modalities may be added
        [
            {
                name: I.get("+".join(sorted(order[: i + 1])), 0) - I.get("+".join(sorted(order[:i])), 0.0)
                for i, name in enumerate(order)
            }
            for order in itertools.permutations(names)
        ]
    )
    assert modalities["shapley"].tolist() == pytest.approx(orders[list(names)].mean().tolist())


def test_which_coalitions_are_measured() -> None:
    assert coalitions_of("abcd") == subsets("abcd")
    five = coalitions_of("abcde")
    assert [len(S) for S in five] == [1] * 5 + [4] * 5 + [5]
    assert [len(S) for S in coalitions_of("abcde", pairs=True)] == [1] * 5 + [2] * 10 + [4] * 5 + [5]
    assert coalitions_of(["a"]) == [("a",)]


def test_of_five_modalities_pairs_are_measured_on_demand() -> None:
    names = tuple("abcde")
    without = measured(dict.fromkeys(coalitions_of(names), 0.5), names)
    assert len(without.pairs) == 0
    assert without.modalities["shapley"].isna().all()
    assert without.modalities["shapley_named"].tolist() == [False] * 5
    within = measured(dict.fromkeys(coalitions_of(names, pairs=True), 0.5), names)
    assert len(within.pairs) == 10
    assert list(within.pairs.columns) == list(without.pairs.columns)


def test_one_modality_is_needed_as_much_as_it_says() -> None:
    found = measured({("a",): 0.3}, ("a",))
    row = found.modalities.iloc[0]
    assert row["alone"] == row["needed"] == row["shapley"] == found.coalitions["information"].item()
    assert len(found.pairs) == 0


def test_groups_widen_the_intervals() -> None:
    means = {("a",): 0.5, ("b",): 0.6, ("a", "b"): 0.4}
    alone = measured(means, ("a", "b")).modalities
    grouped = measured(means, ("a", "b"), groups=np.arange(N) // 50).modalities
    assert (grouped["alone_high"] - grouped["alone_low"] > alone["alone_high"] - alone["alone_low"]).all()
    assert grouped["alone"].tolist() == alone["alone"].tolist()
