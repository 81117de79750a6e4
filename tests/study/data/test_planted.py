"""Planted motifs stand where the latents say, and nothing depends on anything else."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binomtest, chi2_contingency, chisquare

from mmfusion.study.baselines.bayes import count_motif
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS
from mmfusion.study.data.planted_settings import PlantedSettings

NAMES = list(PLANTED_DATASETS)
SIZES = {"train": 4000, "validation": 300, "test": 300}
SETTINGS = PlantedSettings(sizes=SIZES)
REJECT = 1e-3  # chance of a false alarm per chi-square test, seeds fixed


@pytest.fixture(scope="module")
def datasets() -> dict[str, MultimodalDataset]:
    return {name: generate(name, 7, SETTINGS) for name in NAMES}


def at_position(view: np.ndarray, position: np.ndarray, width: int = 7) -> np.ndarray:
    return np.take_along_axis(view, position[:, None] + np.arange(width), axis=1)


def dependence(*columns: np.ndarray) -> float:
    """P-value of a chi-square test of the last column against the joint value of the others."""
    joint = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns[:-1]:
        joint = joint * (column.max() + 2) + column + 1
    table = np.array(
        [
            [np.sum((joint == value) & (columns[-1] == last)) for last in np.unique(columns[-1])]
            for value in np.unique(joint)
        ]
    )
    return chi2_contingency(table).pvalue


@pytest.mark.parametrize(
    ("name", "views", "planted"),
    [
        ("ConditionallyIndependent", 5, ("1", "2", "3", "4", "5")),
        ("XRel", 2, ("1",)),
        ("XRelIrrXOR", 3, ("1",)),
        ("XOR", 3, ("1+2",)),
        ("Parity", 3, ("1+2+3",)),
    ],
)
def test_views_and_planted_truth(
    datasets: dict[str, MultimodalDataset], name: str, views: int, planted: tuple[str, ...]
) -> None:
    data = datasets[name]
    assert data.modalities == tuple(str(view + 1) for view in range(views))
    assert data.planted == planted
    assert (data.name, data.task, tuple(data.splits)) == (name, "binary", ("train", "validation", "test"))
    for split, size in SIZES.items():
        part = data.splits[split]
        assert part.target.shape == (size,)
        for view in data.modalities:
            assert (part.features[view].shape, part.features[view].max()) == ((size, 100), 3)


@pytest.mark.parametrize("name", NAMES)
def test_motif_stands_at_its_position(datasets: dict[str, MultimodalDataset], name: str) -> None:
    data = datasets[name]
    motifs = np.array(SETTINGS.motifs)
    for view in data.modalities:
        part = data.splits["train"]
        present, position, motif = (part.latents[f"{k}/{view}"] for k in ("presence", "position", "motif"))
        relabelled = SETTINGS.constant if name == "XRelIrrXOR" and view == "3" else 0
        assert np.array_equal(present, position >= 0)
        assert np.array_equal(present, motif >= 0)
        assert np.all(position[~present] == -1)
        found = at_position(part.features[view][present], position[present]) ^ relabelled
        assert np.array_equal(found, motifs[motif[present]])


def test_chance_occurrences_have_their_expected_rate(datasets: dict[str, MultimodalDataset]) -> None:
    part = datasets["ConditionallyIndependent"].splits["train"]
    absent = [part.features[view][~part.latents[f"presence/{view}"]] for view in "12345"]
    rows = sum(len(view) for view in absent)
    for motif in SETTINGS.motifs:
        count = sum(int(count_motif(view, motif).sum()) for view in absent)
        assert binomtest(count, rows * 94, 4.0**-7).pvalue > REJECT
        assert count > 0


@pytest.mark.parametrize("name", NAMES)
def test_coins_are_fair_and_independent(datasets: dict[str, MultimodalDataset], name: str) -> None:
    part = datasets[name].splits["train"]
    coins = [part.latents[coin] for coin in ("y", *PLANTED_DATASETS[name].coins)]
    for coin in coins:
        assert binomtest(int(coin.sum()), len(coin), 0.5).pvalue > REJECT
    for one, other in combinations(coins, 2):
        assert dependence(one, other) > REJECT


@pytest.mark.parametrize("name", NAMES)
def test_positions_and_symbols_are_uniform(datasets: dict[str, MultimodalDataset], name: str) -> None:
    part = datasets[name].splits["train"]
    for view in datasets[name].modalities:
        position = part.latents[f"position/{view}"]
        assert position.max() == 93
        assert chisquare(np.bincount(position[position >= 0], minlength=94)).pvalue > REJECT
        clear = (position == -1) | (position >= 20)
        symbols = part.features[view][clear, :20]
        assert chisquare(np.bincount(symbols.reshape(-1), minlength=4)).pvalue > REJECT
        assert dependence(symbols[:, 0], symbols[:, 1]) > REJECT


def test_xor_needs_both_views(datasets: dict[str, MultimodalDataset]) -> None:
    latents = datasets["XOR"].splits["train"].latents
    y, first, second, third = latents["y"], *(latents[f"motif/{view}"] for view in "123")
    assert dependence(first, y) > REJECT
    assert dependence(second, y) > REJECT
    assert dependence(first, third, y) > REJECT
    assert dependence(second, third, y) > REJECT
    assert dependence(first, second, third) > REJECT
    assert np.array_equal(first ^ second, y)


def test_parity_needs_all_three_views(datasets: dict[str, MultimodalDataset]) -> None:
    latents = datasets["Parity"].splits["train"].latents
    y, motifs = latents["y"], [latents[f"motif/{view}"] for view in "123"]
    for one, other in combinations(motifs, 2):
        assert dependence(one, other, y) > REJECT
        assert dependence(one, other) > REJECT
    assert dependence(*motifs, y) < 1e-100
    assert np.array_equal(motifs[0] ^ motifs[1] ^ motifs[2], y)


@pytest.mark.parametrize("name", ["XRel", "XRelIrrXOR"])
def test_only_view_one_is_relevant(datasets: dict[str, MultimodalDataset], name: str) -> None:
    latents = datasets[name].splits["train"].latents
    assert np.array_equal(latents["motif/1"], latents["y"])
    for view in datasets[name].modalities[1:]:
        assert np.array_equal(latents[f"motif/{view}"], latents["t"])
        assert dependence(latents[f"motif/{view}"], latents["y"]) > REJECT
        assert dependence(latents[f"position/{view}"] // 10, latents["position/1"] // 10) > REJECT


def test_presence_is_independent_given_the_target(datasets: dict[str, MultimodalDataset]) -> None:
    latents = datasets["ConditionallyIndependent"].splits["train"].latents
    y, presence = latents["y"], [latents[f"presence/{view}"].astype(np.int64) for view in "12345"]
    for present, rho in zip(presence, SETTINGS.presence, strict=True):
        assert binomtest(int(present.sum()), len(present), rho).pvalue > REJECT
        assert dependence(present, y) > REJECT
    for label in (0, 1):
        for one, other in combinations(presence, 2):
            assert dependence(one[y == label], other[y == label]) > REJECT


def test_present_views_carry_the_motif_of_the_target(datasets: dict[str, MultimodalDataset]) -> None:
    latents = datasets["ConditionallyIndependent"].splits["train"].latents
    for view in "12345":
        present = latents[f"presence/{view}"]
        assert np.array_equal(latents[f"motif/{view}"], np.where(present, latents["y"], -1))


def test_third_view_relabels_the_second(datasets: dict[str, MultimodalDataset]) -> None:
    for part in datasets["XRelIrrXOR"].splits.values():
        relabelling = np.array([2, 3, 0, 1])  # XOR with binary 10
        assert np.array_equal(part.features["3"], relabelling[part.features["2"]])
        assert np.array_equal(part.latents["position/3"], part.latents["position/2"])
