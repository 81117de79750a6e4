"""Data of the user as a dataset of the study: splits, standardising, and the sentences about mistakes."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmfusion.data.example import example_table
from mmfusion.data.missing import missing_rows
from mmfusion.errors import MmfusionError
from mmfusion.notices import ChoiceWarning
from mmfusion.study.baselines.linear import linear_inputs
from mmfusion.study.config.user_settings import UserDataset
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.user_dataset import user_dataset
from mmfusion.study.data.user_summary import user_summary

# Only some of these tests take the speakers of the example as groups.
pytestmark = pytest.mark.filterwarnings("ignore:.*not used repeats its values")

MODALITIES = {"text": "text_*", "audio": "audio_*", "video": "video_*"}


def settings(path: Path, **changes: Any) -> dict[str, Any]:
    given = {
        "path": str(path),
        "target": "agrees",
        "task": "classification",
        "modalities": MODALITIES,
        **changes,
    }
    return UserDataset.model_validate(given).model_dump()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "speech.csv"
    example_table(300).to_csv(path, index=False)
    return path


def test_a_table_is_split_and_standardised(table: Path) -> None:
    dataset = user_dataset("speech", settings(table, groups="speaker", ids="id"))
    assert dataset.modalities == ("text", "audio", "video")
    assert list(dataset.splits) == ["train", "validation", "test"]
    ids = [set(split.ids) for split in dataset.splits.values()]
    assert sum(len(names) for names in ids) == len(set.union(*ids)) == 300
    speaker = dict(zip(*(example_table(300)[name] for name in ("id", "speaker")), strict=True))
    groups = [{speaker[name] for name in names} for names in ids]
    assert groups[0].isdisjoint(groups[1] | groups[2])
    assert groups[1].isdisjoint(groups[2])
    for part in dataset.splits.values():  # the tests are over speakers
        pairs = {
            (speaker[name], number) for name, number in zip(part.ids, part.latents["group"], strict=True)
        }
        assert len(pairs) == len({one for one, _ in pairs}) == len({number for _, number in pairs})
    train = dataset.splits["train"].features["text"]
    assert train.dtype == np.float32
    np.testing.assert_allclose(train.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(train.std(axis=0), 1.0, rtol=1e-5)
    assert dataset.parameters["classes"] == [0, 1]
    assert set(dataset.splits["test"].target) == {0, 1}
    assert dataset.task == "binary"
    assert user_summary(dataset).startswith(
        "speech: Task: classification (as chosen; 2 different numbers in 300 samples"
    )
    assert "groups: " in user_summary(dataset)


def test_the_seed_of_the_split_and_nothing_else_draws_it(table: Path) -> None:
    one, same = (user_dataset("speech", settings(table, ids="id")) for _ in range(2))
    other = user_dataset("speech", settings(table, ids="id", held_out={"seed": 1}))
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
    dataset = user_dataset("mine", settings(tmp_path / "data.npz", **chosen))
    train, mask = dataset.splits["train"].features["speech"], dataset.splits["train"].real["speech"]
    real = train[mask]
    np.testing.assert_allclose(real.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(real.std(axis=0), 1.0, rtol=1e-4)
    assert (train[~mask] == 0).all()  # what stood in the padding is gone
    inputs = linear_inputs(dataset)["train"]
    means = [steps[known].mean(axis=0) for steps, known in zip(train, mask, strict=True)]
    np.testing.assert_allclose(inputs[:, :3], means, atol=1e-6)
    dataset.save(tmp_path / "data.safetensors")
    again = MultimodalDataset.load(tmp_path / "data.safetensors")
    np.testing.assert_array_equal(again.splits["train"].real["speech"], mask)


def test_a_pickled_dictionary_keeps_its_splits(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    parts = {
        split: {
            "vision": rng.normal(size=(size, 4, 2)),
            "audio": rng.normal(size=(size, 4, 3)),
            "text": rng.normal(size=(size, 4, 5)),
            "labels": rng.normal(size=(size, 1, 1)),
            "id": np.array([f"{split}{row}[0]" for row in range(size)]),
        }
        for split, size in (("train", 30), ("valid", 10), ("test", 12))
    }
    parts["test"]["audio"][0, 0, 0] = -np.inf
    path = tmp_path / "mosi.pkl"
    path.write_bytes(pickle.dumps(parts))
    chosen = {"target": "labels", "task": "regression", "modalities": None}
    with pytest.raises(MmfusionError, match="the value is -infinity"):
        user_dataset("mosi", settings(path, **chosen))
    with pytest.warns(ChoiceWarning, match="1 value is NaN or infinite in 1 sample, replaced by zero"):
        dataset = user_dataset("mosi", settings(path, **chosen, nonfinite="zero"))
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
            "the target is text, expected numbers for a regression; choose classification",
        ),
        ({"target": "agree"}, "did you mean 'agrees'"),
        (
            {"target": "text_5", "modalities": {"audio": "audio_*"}},
            "the target has fractions, expected classes",
        ),
        (
            {"target": "id", "modalities": {"audio": "audio_*"}},
            "there are 300 different values, expected classes with several samples each",
        ),
    ],
)
def test_mistakes_are_reported(table: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(MmfusionError, match=message):
        user_dataset("speech", settings(table, **changes))


def test_missing_modalities_stay_missing_and_move_no_statistics(tmp_path: Path) -> None:
    frame = example_table(60)
    audio = [f"audio_{place}" for place in range(4)]
    frame.loc[frame.index % 3 == 0, audio] = np.nan
    frame["audio_3"] = np.where(frame["audio_0"].isna(), np.nan, 2.5)  # constant where it is known
    frame.to_csv(tmp_path / "speech.csv", index=False)
    dataset = user_dataset("speech", settings(tmp_path / "speech.csv", ids="id"))
    for split in dataset.splits.values():
        gone = np.array([int(name.removeprefix("act-")) % 3 == 0 for name in split.ids])
        np.testing.assert_array_equal(missing_rows(split.features["audio"]), gone)
        assert np.isfinite(split.features["audio"][~gone]).all()
        assert np.isfinite(split.features["text"]).all()
    train = dataset.splits["train"].features["audio"]
    here = train[~missing_rows(train)]
    np.testing.assert_allclose(here.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(here.std(axis=0)[:3], 1.0, rtol=1e-5)
    assert dataset.parameters["constant_columns"]["audio"] == [3]
    assert "missing for 20 of 60 samples" in user_summary(dataset)
    inputs = linear_inputs(dataset)["train"]
    assert np.isfinite(inputs).all()
    assert not inputs[missing_rows(train)][:, 6:10].any()


@pytest.mark.parametrize(
    ("modalities", "max_order", "scored"),
    [
        (3, "auto", ""),
        (3, "all", ""),
        (3, 3, ""),
        (3, 2, "; scored: subsets of up to 2 of the 3 modalities."),
        (3, 1, "; scored: single modalities only."),
        (4, "all", ""),
        (4, "auto", ""),
        (
            5,
            "auto",
            "; scored: subsets of up to 2 of the 5 modalities (default above four modalities; max_order "
            "changes it).",
        ),
    ],
)
def test_the_summary_says_which_subsets_are_scored(
    table: Path, modalities: int, max_order: int | str, scored: str
) -> None:
    chosen = {**MODALITIES, "video": ["video_0"], "rest": ["video_1"], "more": ["video_2"]}
    chosen = dict(list(chosen.items())[:modalities])
    summary = user_summary(user_dataset("speech", settings(table, modalities=chosen)), max_order)
    assert (scored or "set to 0: none.") in summary
    assert ("scored" in summary) == bool(scored)


def test_several_targets_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "data.npz", face=rng.normal(size=(30, 2)), mood=rng.normal(size=(30, 2)))
    chosen = {"target": "mood", "task": "regression", "modalities": None}
    with pytest.raises(MmfusionError, match=r"target mood: it has 2 values for each sample, expected one"):
        user_dataset("mine", settings(tmp_path / "data.npz", **chosen))


def test_missing_sequences_and_symbols(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    gait, words = rng.normal(size=(40, 6, 2)), rng.integers(0, 4, (40, 5))
    lengths = rng.integers(2, 7, 40)
    for row, length in enumerate(lengths):
        gait[row, length:] = 0.0
    gait[3, : lengths[3]] = np.nan
    words[5] = -1
    chosen = {"gait": "gait", "words": {"columns": "words", "kind": "symbols"}}
    np.savez(tmp_path / "walks.npz", gait=gait, gait_lengths=lengths, words=words, y=np.arange(40) % 2)
    dataset = user_dataset("walks", settings(tmp_path / "walks.npz", target="y", modalities=chosen))
    counts = {
        name: sum(int(missing_rows(split.features[name]).sum()) for split in dataset.splits.values())
        for name in dataset.modalities
    }
    assert counts == {"gait": 1, "words": 1}
    inputs = linear_inputs(dataset)
    assert all(np.isfinite(values).all() for values in inputs.values())


def test_samples_and_modalities_of_which_nothing_is_known_are_refused(tmp_path: Path) -> None:
    frame = example_table(50)
    frame.loc[7, [name for name in frame if name.startswith(("text_", "audio_", "video_"))]] = np.nan
    frame.to_csv(tmp_path / "speech.csv", index=False)
    with pytest.raises(
        MmfusionError, match=r"row 7 \(counted from 0\): no modality is present, expected at least one"
    ):
        user_dataset("speech", settings(tmp_path / "speech.csv"))
    frame = example_table(50)
    frame[[name for name in frame if name.startswith("audio_")]] = np.nan
    frame.to_csv(tmp_path / "speech.csv", index=False)
    with pytest.raises(MmfusionError, match=r"modality 'audio' is missing for all \d+ training samples"):
        user_dataset("speech", settings(tmp_path / "speech.csv"))
