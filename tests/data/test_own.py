"""The user's own data as a dataset of the study: splits, standardising, and the sentences about mistakes."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmfusion.baselines.linear import linear_inputs
from mmfusion.config import OwnDataset
from mmfusion.data.example import example_table
from mmfusion.data.own import own_dataset, own_summary
from mmfusion.errors import MmfusionError

MODALITIES = {"text": "text_*", "audio": "audio_*", "video": "video_*"}


def settings(path: Path, **changes: Any) -> dict[str, Any]:
    given = {"path": str(path), "target": "agrees", "task": "binary", "modalities": MODALITIES, **changes}
    return OwnDataset.model_validate(given).model_dump()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "speech.csv"
    example_table(300).to_csv(path, index=False)
    return path


def test_a_table_is_split_and_standardised(table: Path) -> None:
    dataset = own_dataset("speech", settings(table, groups="speaker", ids="id"))
    assert dataset.modalities == ("text", "audio", "video")
    assert list(dataset.splits) == ["train", "validation", "test"]
    ids = [set(split.ids) for split in dataset.splits.values()]
    assert sum(len(names) for names in ids) == len(set.union(*ids)) == 300
    speaker = dict(zip(*(example_table(300)[name] for name in ("id", "speaker")), strict=True))
    groups = [{speaker[name] for name in names} for names in ids]
    assert groups[0].isdisjoint(groups[1] | groups[2])
    assert groups[1].isdisjoint(groups[2])
    train = dataset.splits["train"].features["text"]
    assert train.dtype == np.float32
    np.testing.assert_allclose(train.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(train.std(axis=0), 1.0, rtol=1e-5)
    assert dataset.parameters["classes"] == [0, 1]
    assert set(dataset.splits["test"].target) == {0, 1}
    assert "speech (binary): train" in own_summary(dataset)


def test_the_seed_of_the_split_and_nothing_else_draws_it(table: Path) -> None:
    one, same = (own_dataset("speech", settings(table, ids="id")) for _ in range(2))
    other = own_dataset("speech", settings(table, ids="id", held_out={"seed": 1}))
    assert one.splits["test"].ids == same.splits["test"].ids != other.splits["test"].ids
    shares = [len(split) / 300 for split in one.splits.values()]
    np.testing.assert_allclose(shares, [0.6, 0.15, 0.25], atol=0.01)
    means = [split.target.mean() for split in one.splits.values()]
    np.testing.assert_allclose(means, means[0], atol=0.02)  # classes keep their shares


def test_sequences_are_padded_and_standardised_by_real_steps(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 6, 60)
    speech = np.where((np.arange(6) < lengths[:, None])[:, :, None], rng.normal(7.0, 2.0, (60, 6, 3)), 999.0)
    face, mood = rng.normal(size=(60, 2)), rng.normal(size=60)
    np.savez(tmp_path / "data.npz", speech=speech, speech_lengths=lengths, face=face, mood=mood)
    chosen = {"target": "mood", "task": "regression", "modalities": None}
    dataset = own_dataset("mine", settings(tmp_path / "data.npz", **chosen))
    train = dataset.splits["train"].features["speech"]
    real = train[~np.isnan(train).any(axis=2)]
    np.testing.assert_allclose(real.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(real.std(axis=0), 1.0, rtol=1e-4)
    assert np.isnan(train).any()
    assert np.nanmax(np.abs(train)) < 10  # what stood in the padding is gone
    inputs = linear_inputs(dataset)["train"]
    np.testing.assert_allclose(inputs[:, :3], np.nanmean(train, axis=1))


def test_a_pickled_dictionary_keeps_its_splits(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    parts = {
        split: {
            "vision": rng.normal(size=(size, 4, 2)),
            "audio": rng.normal(size=(size, 4, 3)),
            "text": rng.normal(size=(size, 4, 5)),
            "labels": rng.normal(size=(size, 1, 1)),
            "id": np.array([f"video{row}[0]" for row in range(size)]),
        }
        for split, size in (("train", 30), ("valid", 10), ("test", 12))
    }
    parts["test"]["audio"][0, 0, 0] = -np.inf
    path = tmp_path / "mosi.pkl"
    path.write_bytes(pickle.dumps(parts))
    chosen = {"target": "labels", "task": "regression", "modalities": None}
    with pytest.raises(MmfusionError, match="replace_infinite"):
        own_dataset("mosi", settings(path, **chosen))
    dataset = own_dataset("mosi", settings(path, **chosen, replace_infinite="zero"))
    assert {name: len(split) for name, split in dataset.splits.items()} == {
        "train": 30,
        "validation": 10,
        "test": 12,
    }
    assert dataset.modalities == ("text", "audio", "video")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"task": "regression", "target": "speaker"},
            "the values are no numbers, expected numbers for the task regression",
        ),
        ({"target": "speaker"}, "different values, expected 2 classes for the task binary"),
        ({"target": "agree"}, "did you mean 'agrees'"),
        (
            {"task": "multiclass", "target": "text_5", "modalities": {"audio": "audio_*"}},
            "classes with several samples",
        ),
        ({"held_out": {"validation": 0.6, "test": 0.5}}, "leave nothing to train on"),
    ],
)
def test_mistakes_are_told(table: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(MmfusionError, match=message):
        own_dataset("speech", settings(table, **changes))


def test_missing_modalities_are_refused_with_a_way_out(tmp_path: Path) -> None:
    frame = example_table(50)
    frame.loc[7, [f"audio_{place}" for place in range(4)]] = np.nan
    frame.to_csv(tmp_path / "speech.csv", index=False)
    with pytest.raises(MmfusionError, match=r"modality audio: 1 samples lack it .*row 7.*FusionClassifier"):
        own_dataset("speech", settings(tmp_path / "speech.csv"))
