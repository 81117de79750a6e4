"""The on-disk contract: what is saved comes back, and nothing else is accepted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save

from mmfusion.checksum import with_checksum
from mmfusion.errors import DataError
from mmfusion.study.data.dataset import MultimodalDataset, Split


def make_split(size: int, seed: int, ids: bool) -> Split:
    rng = np.random.default_rng(seed)
    return Split(
        features={
            "symbols": rng.integers(0, 4, (size, 5), dtype=np.uint8),
            "vector": rng.normal(size=(size, 3)).astype(np.float32),
        },
        target=rng.integers(0, 2, size),
        latents={"coin": rng.random(size) < 0.5, "position/symbols": rng.integers(-1, 5, size)},
        ids=tuple(f"sample {row}" for row in range(size)) if ids else (),
    )


@pytest.fixture
def data() -> MultimodalDataset:
    splits = {"train": make_split(6, 0, ids=True), "test": make_split(4, 1, ids=False)}
    parameters = {"seed": 1, "nested": {"list": [1, 2.5, None, "text"]}}
    return MultimodalDataset("Name", "binary", ("vector", "symbols"), splits, ("vector",), parameters)


def test_round_trip(tmp_path, data: MultimodalDataset) -> None:
    path = tmp_path / "new" / "folder" / "data.safetensors"
    data.save(path)
    loaded = MultimodalDataset.load(path)
    for name in ("name", "task", "modalities", "planted", "parameters"):
        assert getattr(loaded, name) == getattr(data, name)
    assert list(loaded.splits) == ["train", "test"]
    for split, part in data.splits.items():
        other = loaded.splits[split]
        assert (other.ids, len(other)) == (part.ids, len(part))
        assert list(other.features) == ["vector", "symbols"]
        for one, two in ((part.features, other.features), (part.latents, other.latents)):
            assert one.keys() == two.keys()
            for key in one:
                assert one[key].dtype == two[key].dtype
                assert np.array_equal(one[key], two[key])
        assert np.array_equal(part.target, other.target)


def test_same_content_same_bytes(tmp_path, data: MultimodalDataset) -> None:
    data.save(tmp_path / "one")
    data.save(tmp_path / "two")
    MultimodalDataset.load(tmp_path / "one").save(tmp_path / "three")
    content = (tmp_path / "one").read_bytes()
    assert content == (tmp_path / "two").read_bytes() == (tmp_path / "three").read_bytes()


def test_non_contiguous_arrays_are_saved_as_they_read(tmp_path, data: MultimodalDataset) -> None:
    part = data.splits["train"]
    turned = replace(part, features={name: values[::-1] for name, values in part.features.items()})
    replace(data, splits={"train": turned, "test": part}).save(tmp_path / "data")
    loaded = MultimodalDataset.load(tmp_path / "data").splits["train"]
    assert np.array_equal(loaded.features["vector"], part.features["vector"][::-1])


def test_missing_file(tmp_path) -> None:
    with pytest.raises(DataError, match=r"nowhere.*no such dataset file"):
        MultimodalDataset.load(tmp_path / "nowhere")


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_truncated_file(tmp_path, data: MultimodalDataset, keep: int) -> None:
    path = tmp_path / "cut.safetensors"
    data.save(path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"cut\.safetensors: not a readable safetensors file"):
        MultimodalDataset.load(path)


def test_other_bytes(tmp_path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n" * 50)
    with pytest.raises(DataError, match="not a readable safetensors file"):
        MultimodalDataset.load(path)


@pytest.mark.parametrize(
    "description",
    [None, json.dumps({"format": "mmfusion-dataset-0"}), '{"format": ', "", "[1]", '"text"', "null"],
)
def test_other_format(tmp_path, description: str | None) -> None:
    path = tmp_path / "weights.safetensors"
    metadata = None if description is None else {"mmfusion": description}
    path.write_bytes(save({"weight": np.zeros(2)}, metadata=metadata))
    with pytest.raises(DataError, match=r"weights\.safetensors: format is .* expected 'mmfusion-dataset-2'"):
        MultimodalDataset.load(path)


def drop(key: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda header, arrays: header.pop(key)


@pytest.mark.parametrize(
    "damage",
    [
        *map(drop, ("name", "task", "modalities", "planted", "parameters", "splits", "ids")),
        lambda header, arrays: header.update(ids=["sample 0"]),
        lambda header, arrays: header.update(splits=3),
        lambda header, arrays: header.update(modalities=["vector", "audio"]),
        lambda header, arrays: arrays.pop("test/target"),
        lambda header, arrays: arrays.pop("train/features/vector"),
    ],
)
def test_description_that_does_not_fit(tmp_path, data: MultimodalDataset, damage) -> None:
    path = tmp_path / "data.safetensors"
    data.save(path)
    with safe_open(str(path), framework="numpy") as file:
        header = json.loads(file.metadata()["mmfusion"])
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    damage(header, arrays)
    path.write_bytes(with_checksum(save(arrays, metadata={"mmfusion": json.dumps(header)})))
    with pytest.raises(
        DataError,
        match=r"data\.safetensors: the description does not fit .* run the same snakemake command again",
    ):
        MultimodalDataset.load(path)


def test_nothing_is_half_written(tmp_path, data: MultimodalDataset) -> None:
    path = tmp_path / "data"
    data.save(path)
    before = path.read_bytes()
    with pytest.raises(TypeError):
        replace(data, parameters={"set": {1, 2}}).save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["data"]


def test_a_failed_write_leaves_the_old_file(tmp_path, data: MultimodalDataset, monkeypatch) -> None:
    path = tmp_path / "data"
    data.save(path)
    before = path.read_bytes()

    def fail(self, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError("disk full")

    monkeypatch.setattr(type(path), "write_bytes", fail)
    with pytest.raises(OSError, match="disk full"):
        replace(data, name="Other").save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["data"]
