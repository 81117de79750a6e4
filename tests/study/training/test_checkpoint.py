"""Trained networks come back from disk as they were, and damage is reported."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save

from mmfusion.checksum import with_checksum
from mmfusion.errors import DataError
from mmfusion.study.cells import Cell
from mmfusion.study.training.cell_training import prepared_splits, train_cell
from mmfusion.study.training.checkpoint import FORMAT, TrainedCell, load_cells, save_cells


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cell" / "networks.safetensors"


def description_of(path: Path) -> dict[str, Any]:
    with safe_open(str(path), framework="pt") as opened:
        return json.loads(opened.metadata()["mmfusion"])


def describe(path: Path, description: Any) -> None:
    """Write the same weights with another description."""
    path.write_bytes(save(load_file(path), metadata={"mmfusion": json.dumps(description)}))
    with suppress(ValueError):  # a description that is no object has none
        path.write_bytes(with_checksum(path.read_bytes()))


@pytest.fixture
def saved(train_seeds, file) -> TrainedCell:
    block, _, _ = train_seeds(0, 5)
    save_cells([block], file)
    return block


def test_round_trip(saved: TrainedCell, file, sequences) -> None:
    (loaded,) = load_cells(file)
    assert loaded.description == saved.description
    assert list(loaded.networks) == [0, 5]
    for seed, network in loaded.networks.items():
        inputs = prepared_splits(loaded, seed, sequences[seed])["test"].inputs
        assert torch.equal(network(inputs), saved.networks[seed](inputs))
        assert network.fusion.relevance().equals(saved.networks[seed].fusion.relevance())


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize(("norm", "p"), [("none", "inf"), ("dbn", "4/3"), ("bn", "2")])
def test_round_trip_of_vectors(vectors, vector_settings, file, task: str, norm: str, p: str) -> None:
    dataset = vectors(task)
    cell = Cell("vectors", norm, p, "1/3")
    block, _, _ = train_cell(cell, {0: dataset}, {**vector_settings, "epochs": 1}, progress=False)
    save_cells([block], file)
    (loaded,) = load_cells(file)
    inputs = prepared_splits(loaded, 0, dataset)["test"].inputs
    assert torch.equal(loaded.networks[0](inputs), block.networks[0](inputs))
    assert loaded.networks[0].modalities == ("text", "audio")
    assert loaded.description["cell"] == {"dataset": "vectors", "norm": norm, "p": p, "scale": "1/3"}


def test_same_networks_same_bytes(saved: TrainedCell, file, tmp_path: Path) -> None:
    save_cells(load_cells(file), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def test_description_is_readable_without_this_package(saved: TrainedCell, file) -> None:
    facts = description_of(file)
    assert facts["format"] == FORMAT
    (block,) = facts["cells"]
    assert block["cell"] == {"dataset": "XRelIrrXOR", "norm": "ibn", "p": "1", "scale": "1"}
    assert set(block["target"]) == {"0", "5"}
    assert {key.rsplit("/", 1)[0] for key in load_file(file)} == {"0/0", "0/5"}


def test_several_blocks_share_their_file(train_seeds, file, sequences) -> None:
    cells = [Cell("XRelIrrXOR", norm, "1", "1") for norm in ("none", "dbn")]
    blocks = [
        train_seeds(*seeds, at=at, epochs=1)[0] for at, seeds in zip(cells, ((0, 1), (5,)), strict=True)
    ]
    save_cells(blocks, file)
    loaded = load_cells(file)
    assert [block.cell for block in loaded] == cells
    assert [list(block.networks) for block in loaded] == [[0, 1], [5]]
    for before, after in zip(blocks, loaded, strict=True):
        for seed, network in after.networks.items():
            inputs = prepared_splits(after, seed, sequences[seed])["test"].inputs
            assert torch.equal(network(inputs), before.networks[seed](inputs))


def test_missing_file(saved: TrainedCell, file) -> None:
    file.unlink()
    with pytest.raises(DataError, match=r"there is no such file, .*; delete the file and run the same"):
        load_cells(file)


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_truncated_file(saved: TrainedCell, file, keep: int) -> None:
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"not readable .*; delete the file and run the same"):
        load_cells(file)


def test_other_format(saved: TrainedCell, file) -> None:
    describe(file, {**description_of(file), "format": "mmfusion-networks-0"})
    with pytest.raises(DataError, match=r"the format is 'mmfusion-networks-0', expected 'mmfusion-net"):
        load_cells(file)


@pytest.mark.parametrize("key", ["cell", "fusion", "modalities", "target"])
def test_description_without_a_key(saved: TrainedCell, file, key: str) -> None:
    description = description_of(file)
    del description["cells"][0][key]
    describe(file, description)
    with pytest.raises(DataError, match="run the same snakemake command again"):
        load_cells(file)


def test_description_that_is_a_list(saved: TrainedCell, file) -> None:
    describe(file, [])
    with pytest.raises(DataError, match="the format is 'list'"):
        load_cells(file)


def test_weights_of_another_network(saved: TrainedCell, file) -> None:
    description = description_of(file)
    description["cells"][0]["modalities"][0]["arguments"]["dim"] += 1
    describe(file, description)
    with pytest.raises(DataError, match="the weights do not match the description"):
        load_cells(file)
