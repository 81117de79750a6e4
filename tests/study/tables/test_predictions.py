"""Every prediction holds on tables where it should, and fails on tables where it should not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmfusion.study.tables.definitions import TABLES, check_table
from mmfusion.study.tables.predictions import predictions_table

INDEPENDENT = "ConditionallyIndependent"
GROWING = [0.02, 0.08, 0.2, 0.3, 0.4]
EVEN = [0.18, 0.19, 0.2, 0.21, 0.22]
Values = Mapping[str, float]


def subset_rows(
    dataset: str, norm: str, beta: Values, seeds: Sequence[int] = (0, 1), p: str = "1", scale: str = "1"
) -> pd.DataFrame:
    """Rows of the table ``subsets`` with beta, weight share and covariance share all as given."""
    keys = {"dataset": dataset, "norm": norm, "p": p, "scale": scale}
    empty = dict.fromkeys(TABLES["subsets"].names, np.nan)
    rows = [
        {
            **empty,
            **keys,
            "seed": seed,
            "subset": subset,
            "order": 1 + subset.count("+"),
            "beta": value,
            "weight_share": value,
            "covariance_share": value,
        }
        for seed in seeds
        for subset, value in beta.items()
    ]
    return pd.DataFrame(rows)


def run_rows(dataset: str, norm: str, scores: Sequence[float], p: str = "1", **other: Any) -> pd.DataFrame:
    """Rows of the table ``runs``, one per score and seed from 0 on."""
    empty = dict.fromkeys(TABLES["runs"].names, np.nan)
    keys = {"dataset": dataset, "model": "fusion", "norm": norm, "p": p, "scale": "1", **other}
    both = ("accuracy_test", "acc2_zeros_positive_test")
    rows = [
        {**empty, **keys, "seed": seed, **dict.fromkeys(both, score)} for seed, score in enumerate(scores)
    ]
    return pd.DataFrame(rows)


NO_RUNS = run_rows("Other", "ibn", [0.5])


def predict(subsets: Sequence[pd.DataFrame], runs: Sequence[pd.DataFrame] = ()) -> pd.DataFrame:
    table = predictions_table(pd.concat([NO_RUNS, *runs]), pd.concat(subsets, ignore_index=True))
    check_table("predictions", table)
    return table.set_index("name")


def views(
    *values: float, norm: str = "vbn", p: str = "1", seeds: Sequence[int] = (0, 1), scale: str = "1"
) -> pd.DataFrame:
    beta = {str(number): value for number, value in enumerate(values, start=1)}
    return subset_rows(INDEPENDENT, norm, beta, seeds, p, scale)


class TestBounds:
    @pytest.mark.parametrize(
        ("dataset", "norm", "beta", "holds"),
        [
            ("XRel", "dbn", {"1": 0.995, "2": 0.0005, "1+2": 0.001}, True),
            ("XRel", "dbn", {"1": 0.989, "2": 0.0005, "1+2": 0.001}, False),
            ("XRel", "dbn", {"1": 0.995, "2": 0.0005, "1+2": 0.0011}, False),
            ("XRel", "ibn", {"1": 0.99, "2": 0.0, "1+2": 0.0}, True),
            ("XRel", "ibn", {"1": 0.995, "2": 0.005, "1+2": 0.0}, False),
            ("XRel", "vbn", {"1": 0.3, "2": 0.3, "1+2": 0.4}, True),
            ("XRel", "vbn", {"1": 0.5, "2": 0.2, "1+2": 0.39}, False),
            ("XRelIrrXOR", "ibn", {"1": 0.99, "2+3": 0.01}, True),
            ("XRelIrrXOR", "ibn", {"1": 0.98, "2+3": 0.02}, False),
            ("XRelIrrXOR", "vbn", {"1": 0.49, "2+3": 0.51}, True),
            ("XRelIrrXOR", "vbn", {"1": 0.5, "2+3": 0.5}, False),
            ("XRelIrrXOR", "dbn", {"1": 0.95, "1+2+3": 0.05}, True),
            ("XRelIrrXOR", "dbn", {"1": 0.96, "1+2+3": 0.04}, False),
        ],
    )
    def test_each_way(self, dataset: str, norm: str, beta: Values, holds: bool) -> None:
        table = predict([subset_rows(dataset, norm, beta)])
        assert table.index.to_list() == [f"{dataset}-{norm}"]
        assert table["holds"].to_list() == [holds]

    def test_are_on_the_mean_over_seeds(self) -> None:
        parts = [
            subset_rows("XRel", "ibn", {"1": 0.981, "2": 0.0016, "1+2": 0.0}, [0]),
            subset_rows("XRel", "ibn", {"1": 1.0, "2": 0.0, "1+2": 0.0004}, [1]),
        ]
        row = predict(parts).loc["XRel-ibn"]
        assert row["holds"]
        assert row["measured"] == "beta 0.9905, largest other 0.0008"
        assert row["threshold"] == "beta >= 0.99, every other <= 0.001"
        assert row["statement"] == "mean beta of {1} under ibn"

    def test_text_without_a_bound_on_the_others(self) -> None:
        row = predict([subset_rows("XRelIrrXOR", "vbn", {"1": 0.25, "1+2": 0.75})]).loc["XRelIrrXOR-vbn"]
        assert (row["measured"], row["threshold"]) == ("beta 0.25", "beta < 0.5")

    def test_use_p_of_one_and_scale_of_one_only(self) -> None:
        good, bad = {"1": 1.0, "2": 0.0}, {"1": 0.0, "2": 1.0}
        others = [
            subset_rows("XRel", "ibn", bad, p="4/3"),
            subset_rows("XRel", "ibn", bad, scale="3"),
            subset_rows("XOR", "ibn", bad),
            subset_rows("XRel", "bn", bad),
        ]
        assert predict([subset_rows("XRel", "ibn", good), *others])["holds"].to_list() == [True]
        assert predict(others[:2]).empty

    def test_a_run_without_relevance_is_not_left_out_of_the_mean(self) -> None:
        parts = [
            subset_rows("XRel", "ibn", {"1": 1.0, "2": 0.0}, [0]),
            subset_rows("XRel", "ibn", {"1": np.nan, "2": np.nan}, [1]),
        ]
        row = predict(parts).loc["XRel-ibn"]
        assert not row["holds"]
        assert row["measured"].startswith("beta nan")


class TestRecovery:
    @pytest.mark.parametrize(
        ("beta", "accuracy", "holds"),
        [
            (0.96, [0.94, 0.97], True),
            (0.94, [0.99, 0.99], False),
            (0.99, [0.99, 0.9], False),
            (0.99, [0.99, np.nan], False),
            (np.nan, [0.99, 0.99], False),
        ],
    )
    def test_of_pairs(self, beta: float, accuracy: Sequence[float], holds: bool) -> None:
        other = subset_rows("XRel", "bn", {"1": 1.0})
        table = predict(
            [subset_rows("XOR", "ibn", {"1": 0.0, "1+2": beta}), other], [run_rows("XOR", "ibn", accuracy)]
        )
        assert table.loc["XOR-ibn", "holds"] == holds

    def test_text_of_pairs(self) -> None:
        table = predict([subset_rows("XOR", "ibn", {"1+2": 0.96})], [run_rows("XOR", "ibn", [0.95, 0.97])])
        assert table.loc["XOR-ibn", "measured"] == "beta 0.96, accuracy 0.96"

    @pytest.mark.parametrize(("failed", "holds"), [(0, True), (2, True), (3, False)])
    def test_of_triples_counts_seeds(self, failed: int, holds: bool) -> None:
        accuracy = [0.5] * failed + [0.97] * (10 - failed)
        subsets = [subset_rows("Parity", "ibn", {"1": 0.0, "1+2+3": 0.99}, range(10))]
        row = predict(subsets, [run_rows("Parity", "ibn", accuracy)]).loc["Parity-ibn"]
        assert row["holds"] == holds
        assert row["measured"] == f"{10 - failed} of 10 seeds, mean accuracy {np.mean(accuracy):.4g}"

    @pytest.mark.parametrize(("beta", "accuracy"), [(0.94, 0.99), (0.99, 0.89), (0.99, np.nan)])
    def test_a_seed_of_triples_needs_both(self, beta: float, accuracy: float) -> None:
        subsets = [subset_rows("Parity", "ibn", {"1+2+3": beta}, range(5))]
        row = predict(subsets, [run_rows("Parity", "ibn", 5 * [accuracy])]).loc["Parity-ibn"]
        assert not row["holds"]
        assert row["measured"].startswith("0 of 5 seeds")

    def test_joins_beta_and_accuracy_by_seed(self) -> None:
        """Five seeds have the beta and five others the accuracy: no seed has both."""
        parts = [
            subset_rows("Parity", "ibn", {"1+2+3": beta}, seeds)
            for beta, seeds in ((1.0, range(5)), (0.1, range(5, 10)))
        ]
        row = predict(parts, [run_rows("Parity", "ibn", 5 * [0.5] + 5 * [0.99])]).loc["Parity-ibn"]
        assert row["measured"].startswith("0 of 10 seeds")


class TestOrdering:
    @pytest.mark.parametrize(
        ("beta", "holds", "measured"),
        [
            (GROWING, True, "p = 1: 1 over 5"),
            ([1e-7, 1e-8, 0.2, 0.3, 0.4], True, "p = 1: 1 over 3"),
            ([0.001, 0.0009, 0.2, 0.3, 0.4], True, "p = 1: 1 over 3"),
            ([0.0011, 0.0009, 0.2, 0.3, 0.4], True, "p = 1: 1 over 4"),
            ([0.02, 0.08, 0.3, 0.2, 0.4], False, "p = 1: 0.9 over 5"),
            ([0.4, 1e-5, 0.3, 1e-5, 0.2], False, "p = 1: -1 over 3"),
            ([0.0, 0.0, 0.0, 0.0, 1.0], False, "p = 1: nan over 1"),
            ([0.2, 0.2, 0.2, 0.2, 0.2], False, "p = 1: nan over 5"),
            ([0.1, 0.1, 0.2, 0.3, 0.3], False, "p = 1: 0.949 over 5"),
        ],
    )
    def test_each_way(self, beta: Sequence[float], holds: bool, measured: str) -> None:
        row = predict([views(*beta)]).loc[f"{INDEPENDENT}-order-vbn"]
        assert row["holds"] == holds
        assert row["measured"] == measured

    def test_views_stand_in_order_whatever_the_order_of_rows(self) -> None:
        table = views(*np.linspace(0.01, 0.2, 12))
        row = predict([table.sample(frac=1, random_state=0)]).loc[f"{INDEPENDENT}-order-vbn"]
        assert row["measured"] == "p = 1: 1 over 12"

    def test_of_means_over_seeds(self) -> None:
        parts = [views(0.1, 0.5, 0.3, seeds=[0]), views(0.1, 0.1, 0.6, seeds=[1])]
        assert predict(parts).loc[f"{INDEPENDENT}-order-vbn", "holds"]
        assert not predict(parts[:1]).loc[f"{INDEPENDENT}-order-vbn", "holds"]

    def test_every_finite_p_counts_and_the_infinite_one_does_not(self) -> None:
        parts = [views(*GROWING), views(*EVEN, p="4/3"), views(1, 1, 1, 1, 1, p="inf"), views(*EVEN, p="2")]
        row = predict(parts).loc[f"{INDEPENDENT}-order-vbn"]
        assert row["holds"]
        assert row["measured"] == "p = 1: 1 over 5, p = 4/3: 1 over 5, p = 2: 1 over 5"
        parts[1] = views(*EVEN[::-1], p="4/3")
        assert not predict(parts).loc[f"{INDEPENDENT}-order-vbn", "holds"]

    def test_infinite_p_alone_says_nothing(self) -> None:
        assert predict([views(1, 1, 1, 1, 1, p="inf")]).empty

    def test_per_normalisation_at_scale_one(self) -> None:
        table = predict([views(*GROWING), views(*EVEN[::-1], norm="none"), views(*EVEN[::-1], scale="3")])
        assert table["holds"].to_dict() == {
            f"{INDEPENDENT}-order-vbn": True,
            f"{INDEPENDENT}-order-none": False,
        }

    def test_interactions_are_no_views(self) -> None:
        pair = subset_rows(INDEPENDENT, "vbn", {"1+2": 0.01})
        assert (
            predict([views(*GROWING), pair]).loc[f"{INDEPENDENT}-order-vbn", "measured"] == "p = 1: 1 over 5"
        )

    def test_a_run_without_relevance_is_not_left_out(self) -> None:
        parts = [views(*GROWING, seeds=[0]), views(*[np.nan] * 5, seeds=[1])]
        row = predict(parts).loc[f"{INDEPENDENT}-order-vbn"]
        assert (row["holds"], row["measured"]) == (False, "p = 1: nan over 5")


class TestEntropy:
    NAME = f"{INDEPENDENT}-entropy-vbn"

    def test_rises_by_the_size_of_p(self) -> None:
        shares = {
            "1": [0.01, 0.01, 0.98],
            "4/3": [0.1, 0.1, 0.8],
            "2": [0.2, 0.3, 0.5],
            "10": [0.3, 0.3, 0.4],
        }
        flat = views(1, 1, 1, p="inf").assign(weight_share=1 / 3)
        parts = [flat, *(views(*value, p=p) for p, value in reversed(shares.items()))]
        row = predict(parts).loc[self.NAME]
        assert row["holds"]
        numbers = [part.split(": ") for part in row["measured"].split(", ")]
        assert [name for name, _ in numbers] == ["p = 1", "p = 4/3", "p = 2", "p = 10", "p = inf"]
        assert float(numbers[0][1]) == pytest.approx(-0.98 * math.log(0.98) - 0.02 * math.log(0.01), rel=1e-3)
        assert float(numbers[-1][1]) == pytest.approx(math.log(3), rel=1e-3)

    @pytest.mark.parametrize("last", [[0.1, 0.1, 0.8], [0.05, 0.05, 0.9], [np.nan] * 3])
    def test_fails_where_it_stays_falls_or_is_undefined(self, last: Sequence[float]) -> None:
        row = predict([views(0.1, 0.1, 0.8), views(*last, p="4/3")]).loc[self.NAME]
        assert not row["holds"]

    def test_of_every_run_and_not_of_the_mean_share(self) -> None:
        """Runs that put all weight on one view have no entropy, whichever view it is."""
        parts = [views(1, 0, seeds=[0]), views(0, 1, seeds=[1]), views(0.5, 0.5, p="2")]
        assert predict(parts).loc[self.NAME, "measured"] == "p = 1: 0, p = 2: 0.6931"

    def test_needs_two_values_of_p(self) -> None:
        assert self.NAME not in predict([views(*GROWING)]).index


class TestSentiment:
    def subsets(self, text: float, audio: float, p: str = "1", dataset: str = "MOSIReal") -> pd.DataFrame:
        return subset_rows(dataset, "ibn", {"text": text, "audio": audio, "text+audio": 0.05}, p=p)

    @pytest.mark.parametrize(
        ("text", "audio", "holds", "measured"),
        [
            (0.7, 0.25, True, "text 0.7, then audio 0.25"),
            (0.25, 0.7, False, "audio 0.7, then text 0.25"),
            (0.01, -0.2, False, "text+audio 0.05, then text 0.01"),
        ],
    )
    def test_text_has_the_largest_share(self, text: float, audio: float, holds: bool, measured: str) -> None:
        row = predict([self.subsets(text, audio)]).loc["MOSIReal-text-p-1"]
        assert (row["holds"], row["measured"]) == (holds, measured)

    def test_undefined_share_fails(self) -> None:
        table = self.subsets(0.7, 0.2)
        for rows in ([0], [1], list(range(6))):
            broken = table.assign(
                beta=0.5, covariance_share=table["covariance_share"].where(~table.index.isin(rows))
            )
            assert not predict([broken]).loc["MOSIReal-text-p-1", "holds"]

    def test_beside_ridge_is_reported_and_not_judged(self) -> None:
        runs = [
            run_rows("MOSIReal", "ibn", [0.7, 0.8], p="2"),
            run_rows("MOSIReal", "ibn", [0.1], p="1"),
            run_rows("MOSIReal", "vbn", [0.2], p="2"),
            run_rows("MOSIReal", "-", [0.74], p="-", model="linear", scale="-"),
            run_rows("MOSIReal", "-", [0.3], p="-", model="constant", scale="-"),
            run_rows("MOSIBinary", "-", [0.4], p="-", model="linear", scale="-"),
        ]
        row = predict([self.subsets(0.7, 0.2, p="2")], runs).loc["MOSIReal-accuracy-p-2"]
        assert row["holds"] is pd.NA
        assert row["measured"] == "0.75, ridge 0.74"
        assert row["threshold"] == "reported"

    def test_both_tasks_and_every_p_by_size(self) -> None:
        parts = [
            self.subsets(0.7, 0.2, p, dataset)
            for p in ("2", "4/3", "1")
            for dataset in ("MOSIReal", "MOSIBinary")
        ]
        names = [f"{dataset}-text-p-{p}" for dataset in ("MOSIBinary", "MOSIReal") for p in ("1", "4/3", "2")]
        table = predict(parts)
        assert table.index[0::2].to_list() == names
        assert table["holds"].isna().to_list() == 6 * [False, True]


class TestTable:
    def test_all_predictions_in_their_order(self) -> None:
        parts = [
            *(
                subset_rows(dataset, norm, {"1": 0.3, "1+2": 0.3, "1+2+3": 0.4})
                for dataset in ("Parity", "XOR", "XRelIrrXOR", "XRel")
                for norm in ("none", "bn", "vbn", "dbn", "ibn")
            ),
            *(views(*GROWING, norm=norm, p=p) for norm in ("none", "vbn") for p in ("1", "2")),
            subset_rows("MOSIReal", "ibn", {"text": 0.9, "audio": 0.1}),
        ]
        runs = [run_rows(dataset, "ibn", [0.9, 0.9]) for dataset in ("XOR", "Parity", "MOSIReal")]
        table = predict(parts, runs)
        assert table.index.to_list() == [
            "XRel-dbn",
            "XRel-ibn",
            "XRel-vbn",
            "XRelIrrXOR-ibn",
            "XRelIrrXOR-vbn",
            "XRelIrrXOR-dbn",
            "XOR-ibn",
            "Parity-ibn",
            f"{INDEPENDENT}-order-none",
            f"{INDEPENDENT}-order-vbn",
            f"{INDEPENDENT}-entropy-none",
            f"{INDEPENDENT}-entropy-vbn",
            "MOSIReal-text-p-1",
            "MOSIReal-accuracy-p-1",
        ]
        assert all(name.startswith(row["dataset"]) for name, row in table.iterrows())

    def test_is_empty_without_runs_that_are_predicted(self) -> None:
        assert predict([subset_rows("XRel", "bn", {"1": 1.0})]).empty

    def test_of_empty_tables_is_empty(self) -> None:
        runs, subsets = (pd.DataFrame(columns=TABLES[name].names) for name in ("runs", "subsets"))
        table = predictions_table(runs, subsets)
        check_table("predictions", table)
        assert table.empty

    def test_a_convention_without_beta_leaves_out_what_is_predicted_of_it(self) -> None:
        parts = [views(*GROWING), views(*EVEN, p="2"), subset_rows("XRel", "ibn", {"1": 1.0})]
        without = pd.concat(parts).assign(beta=np.nan)
        assert predict([without]).index.to_list() == [f"{INDEPENDENT}-entropy-vbn"]
