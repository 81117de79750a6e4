"""Training of coalitions: each network is given its modalities and nothing else, by the study's recipe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mmfusion.study.cells import information_cell
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.training.cell_training import prepared_splits, train_cell
from mmfusion.study.training.coalition_training import CoalitionScores, train_coalitions

COALITIONS = [("1",), ("2",), ("3",), ("1", "2"), ("1", "3"), ("2", "3"), ("1", "2", "3")]
Trained = dict[int, CoalitionScores]


@pytest.fixture
def wide(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with the study's width of features, at which the stack does not change the rounding."""
    return {**settings, "encoders": {"symbols": {**settings["encoders"]["symbols"], "dim": 8}}}


@pytest.fixture
def trained(sequences: dict[int, MultimodalDataset], wide: dict[str, Any]) -> Trained:
    return train_coalitions({seed: sequences[seed] for seed in (0, 1)}, wide, 2, progress=False)


def test_all_coalitions_seeds_and_held_out_splits(trained: Trained) -> None:
    assert list(trained) == [0, 1]
    for scores in trained.values():
        assert list(scores.scores) == COALITIONS
        assert {split: len(target) for split, target in scores.target.items()} == {
            "train": 200,
            "validation": 60,
            "test": 50,
        }
        for values in scores.scores.values():
            assert {split: x.shape for split, x in values.items()} == {
                "validation": (2, 60, 1),
                "test": (2, 50, 1),
            }
            assert all(x.std() > 0 for x in values.values())


def test_a_network_is_given_its_modalities_only(
    sequences: dict[int, MultimodalDataset], wide: dict[str, Any], trained: Trained
) -> None:
    changed = {
        name: replace(part, features={**part.features, "3": 3 - part.features["3"]})
        for name, part in sequences[0].splits.items()
    }
    other = train_coalitions({0: replace(sequences[0], splits=changed)}, wide, 1, progress=False)[0]
    for coalition, values in trained[0].scores.items():
        same = np.allclose(values["test"][0], other.scores[coalition]["test"][0], atol=1e-5)
        assert same == ("3" not in coalition)


def test_number_0_of_all_modalities_is_the_network_of_the_study(
    sequences: dict[int, MultimodalDataset], wide: dict[str, Any], trained: Trained
) -> None:
    cell = information_cell("XRelIrrXOR")
    block, _, _ = train_cell(cell, {seed: sequences[seed] for seed in (0, 1)}, wide, progress=False)
    for seed, scores in trained.items():
        test = prepared_splits(block, seed, sequences[seed])["test"]
        expected = block.networks[seed].scores(test.inputs).numpy()
        np.testing.assert_allclose(scores.scores[COALITIONS[-1]]["test"][0], expected, rtol=1e-4, atol=1e-5)
        assert not np.allclose(scores.scores[COALITIONS[-1]]["test"][1], expected, atol=1e-2)


def test_seeds_share_a_stack_and_nothing_else(
    sequences: dict[int, MultimodalDataset], wide: dict[str, Any], trained: Trained
) -> None:
    alone = train_coalitions({1: sequences[1]}, wide, 2, progress=False)[1]
    for coalition, values in alone.scores.items():
        np.testing.assert_allclose(values["test"], trained[1].scores[coalition]["test"], rtol=1e-4, atol=1e-5)


def test_again_the_same_bytes(
    sequences: dict[int, MultimodalDataset], wide: dict[str, Any], trained: Trained
) -> None:
    again = train_coalitions({seed: sequences[seed] for seed in (0, 1)}, wide, 2, progress=False)
    for seed, scores in trained.items():
        for coalition, values in scores.scores.items():
            assert np.array_equal(values["test"], again[seed].scores[coalition]["test"])


def test_five_modalities_have_singles_all_but_one_and_all(wide: dict[str, Any]) -> None:
    small = PlantedSettings(length=30, sizes={"train": 128, "validation": 20, "test": 20})
    dataset = generate("ConditionallyIndependent", 0, small)
    scores = train_coalitions({0: dataset}, {**wide, "max_order": 1, "epochs": 1}, 1, progress=False)[0]
    assert [len(coalition) for coalition in scores.scores] == 5 * [1] + 5 * [4] + [5]
