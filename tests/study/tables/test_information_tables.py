"""Predictive information of planted datasets: chosen on the validation split, measured on the test split."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from mmfusion.fusion.subsets import Subset, subsets
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.tables.definitions import check_table
from mmfusion.study.tables.information_tables import choose_within, information_tables, measure_information
from mmfusion.study.training.coalition_training import CoalitionScores

SIZE = {"train": 400, "validation": 400, "test": 800}
SETTINGS = {
    "penalty": 0.01,
    "batch_size": 64,
    "learning_rate": 5e-3,
    "weight_decay": 0.01,
    "epochs": 1,
    "device": "cpu",
    "max_order": None,
    "convention": "mkl",
    "encoders": {"symbols": {"width": 7, "channels": 6, "dim": 3}},
}


def made(rule: Any, networks: int = 1, modalities: str = "abc", noise: float = 2.0) -> CoalitionScores:
    """Scores of imagined networks: 4 y' for what `rule` lets a coalition know of y (-1 or 1), else noise."""
    rng = np.random.default_rng(4)
    sign = {split: np.where(np.arange(size) % 2, 1.0, -1.0) for split, size in SIZE.items()}
    scores = {}
    for coalition in subsets(modalities):
        known = [rule(coalition, number) for number in range(networks)]
        scores[coalition] = {
            split: np.stack(
                [
                    (4.0 if knows else 0.0) * sign[split][:, None]
                    + (0.5 if knows else noise) * rng.normal(size=(SIZE[split], 1))
                    for knows in known
                ]
            )
            for split in ("validation", "test")
        }
    return CoalitionScores({split: (y > 0).astype(float) for split, y in sign.items()}, scores)


def measured(trained: CoalitionScores, modalities: str = "abc") -> Any:
    return measure_information(trained, "binary", tuple(modalities), 0.01)


class TestXor:
    """Only {a, b} knows the class; the networks of all others overfit."""

    @pytest.fixture
    def result(self) -> Any:
        return measured(made(lambda coalition, _: {"a", "b"} <= set(coalition)))

    def test_alone_0_and_needed(self, result: Any) -> None:
        table = result.modalities.set_index("modality")
        assert table["alone"].to_list() == [0, 0, 0]
        assert table.loc[["a", "b"], "needed"].min() > 0.6
        assert abs(table.loc["c", "needed"]) < 0.01
        assert table["needed_named"].to_list() == [True, True, False]
        assert not table["alone_named"].any()
        assert table["shapley"].sum() == pytest.approx(result.coalitions["information"].iloc[-1])

    def test_synergy_is_not_more_than_the_pair_says(self, result: Any) -> None:
        pairs = result.pairs.set_index("pair")
        assert pairs["named"].to_dict() == {"a+b": True, "a+c": False, "b+c": False}
        pair = result.coalitions.set_index("coalition").loc["a+b", "information"]
        assert pairs.loc["a+b", "synergy"] == pytest.approx(pair)
        assert pair < np.log(2)

    def test_a_coalition_without_information_is_the_constant(self, result: Any) -> None:
        table = result.coalitions.set_index("coalition")
        silent = table["penalty"] == np.inf
        assert silent[silent].index.to_list() == ["a", "b", "c", "a+c", "b+c"]
        assert np.allclose(table.loc[silent, "loss"], np.log(2))
        assert set(table.loc[~silent, "penalty"]) == {0.01}


def test_one_modality() -> None:
    result = measured(made(lambda coalition, _: "a" in coalition))
    table = result.modalities.set_index("modality")
    assert table["alone_named"].to_dict() == table["needed_named"].to_dict()
    assert table["alone_named"].to_dict() == {"a": True, "b": False, "c": False}
    assert not result.pairs["named"].any()


def test_two_copies() -> None:
    result = measured(made(lambda coalition, _: bool({"a", "b"} & set(coalition))))
    table = result.modalities.set_index("modality")
    assert table["alone_named"].to_list() == [True, True, False]
    assert not table["needed_named"].any()
    synergy = result.pairs.set_index("pair").loc["a+b"]
    assert synergy["named"]
    assert synergy["synergy"] < -0.5


def test_three_that_act_only_together() -> None:
    result = measured(made(lambda coalition, _: len(coalition) == 3))
    table = result.modalities
    assert table["needed_named"].all()
    assert not table["alone_named"].any()
    assert not result.pairs["named"].any()


def test_noise_names_nothing() -> None:
    result = measured(made(lambda coalition, _: False))
    names = [name for table in result for name in table if name.endswith("named")]
    assert names
    assert not any(table[name].any() for table in result for name in table if name.endswith("named"))
    assert (result.coalitions["penalty"] == np.inf).all()


def test_networks_that_learned_nothing_are_left_out_of_the_mean() -> None:
    one = measured(made(lambda coalition, _: "a" in coalition)).coalitions.set_index("coalition")
    two = measured(made(lambda coalition, number: "a" in coalition and number == 1, networks=2, noise=6.0))
    loss = two.coalitions.set_index("coalition")["loss"]
    assert loss["a"] == pytest.approx(one.loc["a", "loss"], abs=0.005)


def test_a_network_that_diverged_is_left_out() -> None:
    trained = made(lambda coalition, _: "a" in coalition, networks=2)
    for values in trained.scores.values():
        for split in values.values():
            split[0] = np.nan
    table = measured(trained).modalities.set_index("modality")
    assert table["alone_named"].to_dict() == {"a": True, "b": False, "c": False}


def test_the_test_split_chooses_nothing() -> None:
    """Where the networks fail on the test split only, the constant is not chosen instead."""
    trained = made(lambda coalition, _: "a" in coalition)
    flipped = {**trained.target, "test": 1 - trained.target["test"]}
    table = measured(trained._replace(target=flipped)).coalitions.set_index("coalition")
    assert table.loc["a", "penalty"] == 0.01
    assert table.loc["a", "information"] < -1
    assert not table["named"].any()


def test_choice_within_a_coalition() -> None:
    losses: dict[Subset, float] = {(): 0.7, ("a",): 0.8, ("b",): 0.4, ("c",): np.nan, ("a", "b"): 0.5}
    losses |= {("a", "c"): 0.6, ("b", "c"): 0.4, ("a", "b", "c"): 0.3}
    assert choose_within(losses) == {
        (): (),
        ("a",): (),
        ("b",): ("b",),
        ("c",): (),
        ("a", "b"): ("b",),
        ("a", "c"): ("a", "c"),
        ("b", "c"): ("b",),
        ("a", "b", "c"): ("a", "b", "c"),
    }


def data(name: str, seeds: tuple[int, ...] = (0, 1)) -> dict[int, MultimodalDataset]:
    small = PlantedSettings(length=20, sizes={"train": 128, "validation": 30, "test": 30})
    return {seed: generate(name, seed, small) for seed in seeds}


@pytest.mark.parametrize(("name", "count", "pairs"), [("XOR", 7, 3), ("ConditionallyIndependent", 11, 0)])
def test_tables_fit_their_definitions(name: str, count: int, pairs: int) -> None:
    datasets = data(name)
    views = datasets[0].modalities
    order = {"max_order": 1} if len(views) > 3 else {}
    tables = information_tables(datasets, {**SETTINGS, **order}, 1, progress=False)
    for table_name, table in tables.items():
        check_table(table_name, table)
    lengths = {key: len(table) for key, table in tables.items()}
    assert lengths == {"information": 2 * count, "modality_information": 2 * len(views), "synergy": 2 * pairs}
    for table in tables.values():
        keys = table[["dataset", "norm", "p", "scale"]].drop_duplicates()
        assert keys.to_numpy().tolist() == ([[name, "ibn", "1", "1"]] if len(table) else [])
    assert tables["information"]["seed"].to_list() == count * [0] + count * [1]
    assert tables["modality_information"]["modality"].to_list() == 2 * list(views)
    if pairs:
        assert tables["synergy"]["pair"].to_list() == 2 * ["+".join(pair) for pair in combinations(views, 2)]
    known = tables["modality_information"]["shapley"].notna()
    assert known.all() if pairs else not known.any()


def test_planted_view_is_found() -> None:
    """A small XRel that a network learns in a second: view 1 alone, and nothing of view 2."""
    easy = PlantedSettings(length=20, sizes={"train": 600, "validation": 300, "test": 600})
    recipe = {"batch_size": 32, "learning_rate": 1e-2, "epochs": 12}
    encoders = {"symbols": {"width": 7, "channels": 16, "dim": 4}}
    datasets = {3: generate("XRel", 3, easy)}
    tables = information_tables(datasets, {**SETTINGS, **recipe, "encoders": encoders}, 2, progress=False)
    table = tables["modality_information"].set_index("modality")
    assert table["alone_named"].to_dict() == table["needed_named"].to_dict() == {"1": True, "2": False}
    assert table.loc["2", "alone"] == 0
    assert not tables["synergy"]["named"].any()
