"""Trained networks come back from disk as they were, and damage is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mmfusion.errors import DataError
from mmfusion.study.cells import Cell
from mmfusion.study.training.cell_training import prepared_splits, train_block
from mmfusion.study.training.checkpoint import FORMAT, TrainedBlock, load_blocks, save_blocks


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "cell" / "weights.safetensors", tmp_path / "cell" / "description.json"


@pytest.fixture
def saved(train_seeds, files) -> TrainedBlock:
    block, _, _ = train_seeds(0, 5)
    save_blocks([block], *files)
    return block


def test_round_trip(saved: TrainedBlock, files, sequences) -> None:
    (loaded,) = load_blocks(*files)
    assert loaded.description == saved.description
    assert list(loaded.networks) == [0, 5]
    for seed, network in loaded.networks.items():
        inputs = prepared_splits(loaded, seed, sequences[seed])["test"].inputs
        assert torch.equal(network(inputs), saved.networks[seed](inputs))
        assert network.fusion.relevance().equals(saved.networks[seed].fusion.relevance())


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize(("norm", "p"), [("none", "inf"), ("dbn", "4/3"), ("bn", "2")])
def test_round_trip_of_vectors(vectors, vector_settings, files, task: str, norm: str, p: str) -> None:
    dataset = vectors(task)
    cell = Cell("vectors", norm, p, "1/3")
    block, _, _ = train_block(cell, {0: dataset}, {**vector_settings, "epochs": 1}, progress=False)
    save_blocks([block], *files)
    (loaded,) = load_blocks(*files)
    inputs = prepared_splits(loaded, 0, dataset)["test"].inputs
    assert torch.equal(loaded.networks[0](inputs), block.networks[0](inputs))
    assert loaded.networks[0].modalities == ("text", "audio")
    assert loaded.description["cell"] == {"dataset": "vectors", "norm": norm, "p": p, "scale": "1/3"}


def test_same_networks_same_bytes(saved: TrainedBlock, files, tmp_path: Path) -> None:
    save_blocks(load_blocks(*files), tmp_path / "weights", tmp_path / "description")
    assert (tmp_path / "weights").read_bytes() == files[0].read_bytes()
    assert (tmp_path / "description").read_bytes() == files[1].read_bytes()


def test_description_is_readable_without_this_package(saved: TrainedBlock, files) -> None:
    facts = json.loads(files[1].read_text())
    assert facts["format"] == FORMAT
    (block,) = facts["blocks"]
    assert block["cell"] == {"dataset": "XRelIrrXOR", "norm": "ibn", "p": "1", "scale": "1"}
    assert set(block["target"]) == {"0", "5"}
    assert {key.rsplit("/", 1)[0] for key in load_file(files[0])} == {"0/0", "0/5"}


def test_several_blocks_share_their_files(train_seeds, files, sequences) -> None:
    cells = [Cell("XRelIrrXOR", norm, "1", "1") for norm in ("none", "dbn")]
    blocks = [
        train_seeds(*seeds, at=at, epochs=1)[0] for at, seeds in zip(cells, ((0, 1), (5,)), strict=True)
    ]
    save_blocks(blocks, *files)
    loaded = load_blocks(*files)
    assert [block.cell for block in loaded] == cells
    assert [list(block.networks) for block in loaded] == [[0, 1], [5]]
    for before, after in zip(blocks, loaded, strict=True):
        for seed, network in after.networks.items():
            inputs = prepared_splits(after, seed, sequences[seed])["test"].inputs
            assert torch.equal(network(inputs), before.networks[seed](inputs))


@pytest.mark.parametrize("file", [0, 1])
def test_missing_file(saved: TrainedBlock, files, file: int) -> None:
    files[file].unlink()
    with pytest.raises(DataError, match=r"not readable .*; train the networks again"):
        load_blocks(*files)


@pytest.mark.parametrize("file", [0, 1])
@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_truncated_file(saved: TrainedBlock, files, file: int, keep: int) -> None:
    content = files[file].read_bytes().rstrip()
    files[file].write_bytes(content[:keep])
    with pytest.raises(DataError, match=r"not readable .*; train the networks again"):
        load_blocks(*files)


def test_other_format(saved: TrainedBlock, files) -> None:
    facts = json.loads(files[1].read_text())
    files[1].write_text(json.dumps({**facts, "format": "mmfusion-networks-0"}))
    with pytest.raises(
        DataError, match=r"description\.json: format is 'mmfusion-networks-0', expected 'mmfusion-net"
    ):
        load_blocks(*files)


@pytest.mark.parametrize("key", ["encoders", "fusion", "modalities", "scale", "target"])
def test_description_without_a_key(saved: TrainedBlock, files, key: str) -> None:
    facts = json.loads(files[1].read_text())
    del facts["blocks"][0][key]
    files[1].write_text(json.dumps(facts))
    with pytest.raises(DataError, match="train the networks again"):
        load_blocks(*files)


def test_description_that_is_a_list(saved: TrainedBlock, files) -> None:
    files[1].write_text("[]")
    with pytest.raises(DataError, match="format is 'list'"):
        load_blocks(*files)


def test_weights_of_another_network(saved: TrainedBlock, files) -> None:
    facts = json.loads(files[1].read_text())
    facts["blocks"][0]["encoders"]["symbols"]["dim"] += 1
    files[1].write_text(json.dumps(facts))
    with pytest.raises(DataError, match="not those that"):
        load_blocks(*files)
