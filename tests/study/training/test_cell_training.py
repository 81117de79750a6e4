"""Training a block of seeds: reproducible to the bit, and each seed for itself."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pytest
import torch

from mmfusion.errors import InputError, TrainingError
from mmfusion.files import write_table
from mmfusion.study.cells import Cell
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.tables.definitions import check_table
from mmfusion.study.training.cell_training import prepared_splits, target_moments, train_cell
from mmfusion.study.training.checkpoint import save_cells
from mmfusion.training.samples import NetworkSamples

NORMS = ("none", "bn", "vbn", "dbn", "ibn")


def states(block, seed: int) -> dict[str, torch.Tensor]:
    return block.networks[seed].state_dict()


def assert_same_networks(one, two, seed: int) -> None:
    """All weights and all constants of prediction are equal; how many batches were seen is neither."""
    assert states(one, seed).keys() == states(two, seed).keys()
    for name, value in states(one, seed).items():
        assert name.endswith("num_batches_tracked") or torch.equal(value, states(two, seed)[name]), name


@pytest.mark.parametrize(("choice", "largest"), [("auto", 3), ("all", 3), (None, 3), (2, 2)])
def test_subsets_are_those_of_max_order(train_seeds, choice, largest) -> None:
    _, history, _ = train_seeds(0, max_order=choice, epochs=1)
    assert history["order"].max() == largest


def test_same_seed_same_bytes(tmp_path: Path, train_seeds) -> None:
    for number, run in enumerate(("one", "two")):
        torch.manual_seed(number)
        np.random.seed(number)  # noqa: NPY002 (other code's global state)
        random.seed(number)
        block, history, _ = train_seeds(0, 1)
        save_cells([block], tmp_path / run / "networks.safetensors")
        write_table(tmp_path / run / "history.parquet", history)
    for file in ("networks.safetensors", "history.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_seed_does_not_depend_on_those_that_share_its_job(train_seeds, settings) -> None:
    """Bit for bit at d = 8, as in the study; where weights do not fill vectors, rounding may differ."""
    encoders = {"symbols": {**settings["encoders"]["symbols"], "dim": 8}}
    together, together_history, _ = train_seeds(5, 0, 1, encoders=encoders)
    for seed in (0, 1, 5):
        alone, history, _ = train_seeds(seed, encoders=encoders)
        assert_same_networks(together, alone, seed)
        of_seed = together_history[together_history["seed"] == seed].reset_index(drop=True)
        pd.testing.assert_frame_equal(of_seed, history, check_exact=True)


def test_seeds_differ(train_seeds) -> None:
    block, _, _ = train_seeds(0, 1)
    assert not torch.equal(states(block, 0)["fusion.weight"], states(block, 1)["fusion.weight"])


def test_the_order_of_samples_is_the_seeds_own(
    train_seeds, cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[torch.Tensor] = []
    rows = NetworkSamples.rows
    monkeypatch.setattr(
        NetworkSamples, "rows", lambda self, index: (taken.append(index), rows(self, index))[1]
    )
    train_seeds(0, 1)
    calls = len(taken)
    train_seeds(0, at=replace(cell, norm="vbn"))
    batches = [[index for index in run if index.shape[1] == 64] for run in (taken[:calls], taken[calls:])]
    together, alone = (torch.stack(run) for run in batches)
    assert not torch.equal(together[:, 0], together[:, 1])
    assert torch.equal(together[:, :1], alone)


def test_random_state_of_others_is_left_alone(train_seeds) -> None:
    before = torch.get_rng_state()
    train_seeds(0)
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_is_reproducible(vectors, vector_settings, cell: Cell) -> None:
    dataset = vectors("binary")
    runs = [train_cell(cell, {0: dataset}, vector_settings, progress=False)[0] for _ in range(2)]
    assert_same_networks(*runs, seed=0)


def test_all_cells_of_a_seed_start_from_the_same_weights(train_seeds, cell: Cell) -> None:
    cells = [replace(cell, norm=norm) for norm in NORMS] + [replace(cell, p="inf"), replace(cell, scale="3")]
    starts = [train_seeds(1, at=at, learning_rate=1e-30, epochs=1)[0].networks[1] for at in cells]
    first = dict(starts[0].named_parameters())
    assert float(first["fusion.weight"].detach().abs().min()) > 1e-20
    for network in starts[1:]:
        for name, value in network.named_parameters():
            torch.testing.assert_close(value, first[name], rtol=0, atol=1e-20)


def test_scale_is_a_factor_of_the_features(train_seeds, cell: Cell, sequences) -> None:
    plain, scaled = (
        train_seeds(0, at=replace(cell, scale=scale), learning_rate=1e-30)[0] for scale in ("1", "1/3")
    )
    inputs = prepared_splits(plain, 0, sequences[0])["test"].inputs
    one, two = plain.networks[0].encode_all(inputs), scaled.networks[0].encode_all(inputs)
    for name, values in one.items():
        torch.testing.assert_close(two[name], values / 3, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("norm", NORMS)
def test_history_fits_its_definition(train_seeds, cell: Cell, settings: dict[str, Any], norm: str) -> None:
    block, history, seconds = train_seeds(0, 1, at=replace(cell, norm=norm, p="4/3"))
    check_table("history", history)
    check_table("seconds", seconds)
    assert len(history) == 2 * settings["epochs"] * 7
    assert history["subset"].to_list()[:7] == ["1", "2", "3", "1+2", "1+3", "2+3", "1+2+3"]
    assert set(history["p"]) == {"4/3"}
    assert np.isfinite(history.select_dtypes("number")).all().all()
    assert np.allclose(history.groupby(["seed", "epoch"])["weight_share"].sum(), 1.0)
    for seed, network in block.networks.items():
        last = history[(history["seed"] == seed) & (history["epoch"] == settings["epochs"])]
        assert np.array_equal(last["block_norm"], network.fusion.relevance()["block_norm"])
        penalty = settings["penalty"] * float(network.fusion.penalty().detach())
        assert last["penalty"].to_list() == pytest.approx([penalty] * 7)
    assert seconds["samples"].to_list() == [200, 200]
    assert (seconds["seconds"] > 0).all()


def test_max_order(train_seeds) -> None:
    block, history, _ = train_seeds(0, max_order=1)
    assert set(history["subset"]) == {"1", "2", "3"}
    assert block.networks[0].fusion.weight.shape == (1, 9)


def test_without_validation_nothing_changes_but_its_loss(
    train_seeds, sequences, settings, cell: Cell
) -> None:
    splits = {name: part for name, part in sequences[0].splits.items() if name != "validation"}
    block, history, _ = train_seeds(0)
    other, blind, _ = train_cell(cell, {0: replace(sequences[0], splits=splits)}, settings, progress=False)
    assert_same_networks(block, other, 0)
    assert blind["loss_validation"].isna().all()
    pd.testing.assert_frame_equal(
        blind.drop(columns="loss_validation"), history.drop(columns="loss_validation")
    )


def test_training_never_sees_the_test_split(train_seeds, sequences, settings, cell: Cell) -> None:
    splits = {**sequences[0].splits, "test": sequences[1].splits["test"]}
    block, history, _ = train_seeds(0)
    other, same, _ = train_cell(cell, {0: replace(sequences[0], splits=splits)}, settings, progress=False)
    assert_same_networks(block, other, 0)
    pd.testing.assert_frame_equal(history, same)


def test_regression_target_is_standardised_by_the_training_split(
    vectors, vector_settings, cell: Cell
) -> None:
    dataset = vectors("regression")
    block, history, _ = train_cell(cell, {0: dataset}, {**vector_settings, "epochs": 60}, progress=False)
    ((mean,), (sd,)) = block.description["target"]["0"]
    samples = prepared_splits(block, 0, dataset)
    train, test = samples["train"].target, samples["test"].target
    assert train.dtype == torch.float32
    assert float(train.mean()) == pytest.approx(0, abs=1e-6)
    assert float(train.var(correction=0)) == pytest.approx(1, abs=1e-6)
    assert np.allclose(test * sd + mean, dataset.splits["test"].target, atol=1e-5)
    assert abs(float(test.mean())) > 1e-3  # the test split is not standardised by itself
    scores = block.networks[0](samples["test"].inputs).detach()
    assert scores.shape == (40, 1)
    assert float((scores[:, 0] - test).square().mean()) < 0.5 * float(test.var())
    assert history["loss_train"].iloc[-1] < 0.5 * history["loss_train"].iloc[0]


def test_classes_are_not_standardised(vectors) -> None:
    assert target_moments(vectors("binary")).as_json() == [[0.0], [1.0]]
    assert target_moments(vectors("multiclass")).as_json() == [[0.0] * 3, [1.0] * 3]


def test_several_classes(vectors, vector_settings, cell: Cell) -> None:
    dataset = vectors("multiclass")
    block, history, _ = train_cell(cell, {0: dataset}, {**vector_settings, "epochs": 40}, progress=False)
    samples = prepared_splits(block, 0, dataset)["test"]
    scores = block.networks[0](samples.inputs)
    assert samples.target.dtype == torch.int64
    assert scores.shape == (40, 3)
    majority = float(torch.bincount(samples.target).max()) / 40
    assert float((scores.argmax(1) == samples.target).float().mean()) > majority + 0.1
    assert block.networks[0].modalities == ("text", "audio")
    assert set(history["subset"]) == {"text", "audio", "text+audio"}


@pytest.mark.parametrize(("norm", "largest"), [("ibn", "1"), ("vbn", "1+2")])
def test_only_iterative_batch_norm_finds_the_planted_view(norm: str, largest: str) -> None:
    easy = PlantedSettings(length=20, sizes={"train": 600, "validation": 10, "test": 400})
    dataset = generate("XRel", 3, easy)
    settings = {
        "penalty": 0.01,
        "batch_size": 32,
        "learning_rate": 1e-2,
        "weight_decay": 0.01,
        "epochs": 12,
        "device": "cpu",
        "max_order": None,
        "convention": "mkl",
        "encoders": {"symbols": {"width": 7, "channels": 16, "dim": 4}},
    }
    block, _, _ = train_cell(Cell("XRel", norm, "1", "1"), {3: dataset}, settings, progress=False)
    beta = block.networks[3].fusion.relevance().set_index("subset")["beta"]
    test = prepared_splits(block, 3, dataset)["test"]
    predicted = block.networks[3](test.inputs)[:, 0] > 0
    assert beta.idxmax() == largest
    assert float((predicted == (test.target == 1)).float().mean()) > 0.9


def test_training_that_diverged_ends_in_a_sentence(sequences, settings) -> None:
    cell = Cell("XRelIrrXOR", "ibn", "1", "1")
    message = (
        "XRelIrrXOR/ibn/p-1/scale-1, seed 0: training diverged: the weights are not finite in epoch 1; lower"
    )
    with pytest.raises(TrainingError, match=message):
        train_cell(cell, {0: sequences[0]}, {**settings, "learning_rate": 1e30}, progress=False)


def test_networks_that_no_machine_has_room_for_are_not_built(
    train_seeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"total": 10_000}))
    with pytest.raises(
        InputError, match=r"\w+, 2 networks: max_order=3: 7 subsets of 3 modalities need about"
    ):
        train_seeds(0, 1)
