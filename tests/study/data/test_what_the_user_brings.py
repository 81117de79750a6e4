"""Files of every kind as datasets of the study: keys with an effect, letters, padding, training."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from mmfusion import FusionClassifier
from mmfusion.errors import MmfusionError
from mmfusion.notices import ChoiceWarning
from mmfusion.study.baselines.linear import linear_inputs, linear_rows
from mmfusion.study.cells import Cell
from mmfusion.study.config.user_settings import UserDataset
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.user_dataset import user_dataset
from mmfusion.study.data.user_summary import user_summary
from mmfusion.study.tables.evaluate import evaluate_cells
from mmfusion.study.training.cell_training import train_cell

SIZES = {"train": 60, "dev": 20, "test": 24}
TRAINING = {
    "penalty": 0.01,
    "batch_size": 32,
    "learning_rate": 5e-3,
    "weight_decay": 0.01,
    "device": "cpu",
    "epochs": 2,
    "max_order": "auto",
    "convention": "mkl",
    "encoders": {
        "symbols": {"width": 6, "channels": 8, "dim": 4},
        "vector": {"hidden": 8, "dropout": 0.0, "dim": 4},
        "sequence": {"width": 3, "channels": 8, "dropout": 0.0, "dim": 4},
    },
}


def made(path: Path, **changes: Any) -> MultimodalDataset:
    return user_dataset("mine", UserDataset.model_validate({"path": str(path), **changes}).model_dump())


def pickled(folder: Path, **changes: Any) -> Path:
    rng, parts, seen = np.random.default_rng(0), {}, 0
    for split, size in SIZES.items():
        part = {
            "text": rng.normal(size=(size, 5, 3)),
            "audio": rng.normal(size=(size, 5, 2)),
            "vision": rng.normal(size=(size, 5, 2)),
            "regression_labels": rng.normal(size=size),
            "regression_labels_T": np.arange(seen, seen + size) / 7.0,
            "id": [f"v{(seen + row) // 4}$_${row}" for row in range(size)],
        }
        if "labels" in changes:
            part["labels"] = np.array(changes["labels"])[np.arange(size) % len(changes["labels"])]
        parts[split] = {key: values for key, values in part.items() if key not in changes.get("without", ())}
        seen += size - changes.get("shift", 0)
    (folder / "data.pkl").write_bytes(pickle.dumps(parts))
    return folder / "data.pkl"


def test_every_key_of_a_pickle_has_an_effect(tmp_path: Path) -> None:
    path = pickled(tmp_path)
    dataset = made(path, target="regression_labels_T", modalities={"words": "text", "voice": "audio"})
    assert dataset.modalities == ("words", "voice")
    assert dataset.task == "regression"
    assert {name: len(part) for name, part in dataset.splits.items()} == {
        "train": 60,
        "validation": 20,
        "test": 24,
    }
    np.testing.assert_allclose(dataset.splits["validation"].target, np.arange(60, 80) / 7.0)
    binary = made(path, target="regression_labels_T", threshold=5.0)
    assert binary.task == "binary"
    assert binary.splits["train"].target.sum() == (np.arange(60) / 7.0 >= 5.0).sum()
    with pytest.raises(
        MmfusionError, match="there is no key 'regression_labels_Q' in all splits; did you mean"
    ):
        made(path, target="regression_labels_Q")
    with pytest.raises(
        MmfusionError, match=r"words is 'text', but has an effect on folders of \.csd files only"
    ):
        made(path, target="regression_labels", words="text")


def test_the_overview_says_target_modalities_groups_splits_and_notes(tmp_path: Path) -> None:
    dataset = made(pickled(tmp_path, without=("vision",)), target="regression_labels", nonfinite="zero")
    summary = user_summary(dataset, "auto")
    for said in (
        "mine: Task: regression (numbers with fractions; in the configuration, threshold: NUMBER makes two "
        "classes",
        "target regression_labels; splits of the file (held_out has no effect): train 60 samples, validation",
        "mine: modality text: numbers (104, 5, 3), read as a sequence of vectors per sample",
        "groups: 26, kept together",
        "splits in the file: train 60, validation 20, test 24 samples",
    ):
        assert said in summary


@pytest.mark.parametrize(
    ("labels", "classes"),
    [([0, 1], [0, 1]), ([-1, 1], [-1, 1]), (["neg", "pos"], ["neg", "pos"]), ([0, 1, 2], [0, 1, 2])],
)
def test_labels_that_are_classes_already(tmp_path: Path, labels: list[Any], classes: list[Any]) -> None:
    path = pickled(tmp_path, labels=labels)
    dataset = made(path, target="labels")
    assert dataset.parameters["classes"] == classes
    assert dataset.task == ("binary" if len(classes) == 2 else "multiclass")
    assert dataset.splits["train"].target.tolist() == [row % len(labels) for row in range(60)]


def test_one_hot_rows_are_classes(tmp_path: Path) -> None:
    classes = np.arange(90) % 3
    np.savez(tmp_path / "data.npz", a=np.random.default_rng(0).normal(size=(90, 2)), y=np.eye(3)[classes])
    dataset = made(tmp_path / "data.npz", target="y")
    assert dataset.task == "multiclass"
    counts = sum(np.bincount(part.target, minlength=3) for part in dataset.splits.values())
    assert counts.tolist() == [30, 30, 30]


@pytest.fixture
def dna(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    strings = ["".join(rng.choice(list("ACGT"), rng.integers(8, 15))) for _ in range(120)]
    strings[7] = ""
    table = pd.DataFrame({"dna": strings, "x": rng.normal(size=120), "age": rng.integers(20, 80, 120)})
    table.to_csv(tmp_path / "data.csv", index=False)
    return tmp_path / "data.csv"


def test_letters_become_symbols_of_the_training_alphabet(dna: Path, tmp_path: Path) -> None:
    dataset = made(dna, target="age", modalities={"dna": "dna", "x": "x"})
    assert dataset.task == "regression"  # ages
    assert dataset.parameters["alphabets"] == {"dna": "ACGT"}
    table = pd.read_csv(dna, keep_default_na=False)
    for part in dataset.splits.values():
        for row, (symbols, real) in enumerate(zip(part.features["dna"], part.real["dna"], strict=True)):
            text = "".join("ACGT"[symbol] for symbol in symbols[real]) if symbols[0] >= 0 else ""
            assert text in set(table["dna"]), row
    gone = sum(int((part.features["dna"] < 0).all(axis=1).sum()) for part in dataset.splits.values())
    assert gone == 1
    dataset.save(tmp_path / "dataset")
    again = MultimodalDataset.load(tmp_path / "dataset")
    np.testing.assert_array_equal(again.splits["test"].real["dna"], dataset.splits["test"].real["dna"])


def test_letters_and_padded_sequences_train_and_have_a_baseline(dna: Path, tmp_path: Path) -> None:
    rng, table = np.random.default_rng(1), pd.read_csv(dna, keep_default_na=False)
    lengths = rng.integers(2, 7, 120)
    gait = rng.normal(size=(120, 7, 2))
    gait[:, :, 1] = np.where(np.arange(7) < lengths[:, np.newaxis], 2.5, 0.0)  # constant where it is real
    strings = np.array(table["dna"].where(table["dna"] != "", "ACGTACGT"), dtype=str)
    np.savez(tmp_path / "data.npz", gait=gait, gait_lengths=lengths, dna=strings, y=np.arange(120) % 2)
    dataset = made(tmp_path / "data.npz", target="y", modalities={"gait": "gait", "dna": "dna"})
    assert dataset.parameters["constant_columns"] == {"gait": [1]}
    for part in dataset.splits.values():
        assert np.isfinite(part.features["gait"]).all()
        assert (part.features["gait"][:, :, 1] == 0).all()
        assert (part.features["gait"][~part.real["gait"]] == 0).all()
    trained = train_cell(Cell("mine", "ibn", "1", "1"), {0: dataset}, TRAINING, False)[0]
    tables = evaluate_cells([trained], {0: dataset}, 10)
    assert all(np.isfinite(table["loss_test"]).all() for table in tables if "loss_test" in table)
    assert np.isfinite(linear_inputs(dataset)["test"]).all()
    assert 0 <= float(linear_rows(dataset, 0)["accuracy_test"].iloc[0]) <= 1


def test_a_constant_column_beside_padding_of_nan(tmp_path: Path) -> None:
    """Standardising does not write into the padding: it has a mask of its own."""
    rng, lengths = np.random.default_rng(1), np.arange(80) % 5 + 2
    gait = rng.normal(size=(80, 7, 3))
    gait[:, :, 2] = 4.0
    gait[np.arange(7) >= lengths[:, np.newaxis]] = np.nan
    np.savez(tmp_path / "data.npz", gait=gait, y=np.arange(80) % 2)
    dataset = made(tmp_path / "data.npz", target="y")
    assert dataset.parameters["constant_columns"] == {"gait": [2]}
    for part in dataset.splits.values():
        assert np.isfinite(part.features["gait"]).all()
        assert sorted(set(part.real["gait"].sum(axis=1))) == [2, 3, 4, 5, 6]
    train_cell(Cell("mine", "ibn", "1", "1"), {0: dataset}, TRAINING, False)
    estimator = FusionClassifier(epochs=2, random_state=0, cv=None, penalty=0.01)
    estimator.fit({"gait": gait}, np.arange(80) % 2)
    assert np.isfinite(estimator.predict_proba({"gait": gait})).all()


def test_a_video_in_two_splits_is_counted(tmp_path: Path) -> None:
    path = pickled(tmp_path, shift=2)
    with pytest.warns(ChoiceWarning, match=r"2 groups have samples in several splits \(v14, v19\)"):
        dataset = made(path, target="regression_labels")
    assert "mine: Note: " in user_summary(dataset)
    assert "2 groups have samples in several splits" in user_summary(dataset)


def test_a_letter_of_the_test_split_alone_is_named(tmp_path: Path) -> None:
    rng, path = np.random.default_rng(0), tmp_path / "data.csv"
    table = pd.DataFrame(
        {"dna": ["".join(rng.choice(list("ACGT"), 12)) for _ in range(60)], "y": np.arange(60) % 2}
    )
    table.to_csv(path, index=False)
    table.assign(name=range(60)).to_csv(path, index=False)
    test = made(path, target="y", modalities={"dna": "dna"}, ids="name").splits["test"]
    row = int(test.ids[0])
    table.loc[row, "dna"] = "ACGTNACGTACG"
    table.to_csv(path, index=False)
    with pytest.raises(MmfusionError) as caught:
        made(path, target="y", modalities={"dna": "dna"})
    where = f"modality 'dna', row {row} (counted from 0), letter 4"
    assert f"{where}: 'N' did not occur in training, where the letters were 'ACGT'" in str(caught.value)


def test_a_value_that_overflows_when_standardised(tmp_path: Path) -> None:
    rng, path = np.random.default_rng(0), tmp_path / "data.csv"
    table = pd.DataFrame(rng.normal(size=(60, 2)) * 1e-6, columns=["a_0", "a_1"]).assign(y=np.arange(60) % 2)
    table.assign(name=range(60)).to_csv(path, index=False)
    row = int(made(path, target="y", modalities={"a": "a_*"}, ids="name").splits["test"].ids[0])
    table.loc[row, "a_0"] = 3e38
    table.to_csv(path, index=False)
    with pytest.raises(MmfusionError) as caught:
        made(path, target="y", modalities={"a": "a_*"})
    where = f"modality 'a', row {row} (counted from 0), column 'a_0'"
    assert f"{where}: the value 3e+38 overflows when it is standardised" in str(caught.value)


def test_a_folder_of_csd_files_is_split_by_its_videos(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, width in (("words", 3), ("voice", 2), ("labels", 1)):
        with h5py.File(tmp_path / f"{name}.csd", "w") as file:
            for video in range(20):
                times = np.arange(6.0)
                every = 3 if name == "labels" else 1
                file[f"{name}/data/v{video:02d}/features"] = rng.normal(size=(6 // every, width))
                file[f"{name}/data/v{video:02d}/intervals"] = np.stack([times, times + every], axis=1)[
                    ::every
                ]
    dataset = made(tmp_path, target="labels", modalities={"text": "words", "voice": "voice"})
    assert dataset.modalities == ("text", "voice")
    videos = [{name.partition("[")[0] for name in part.ids} for part in dataset.splits.values()]
    assert sum(map(len, videos)) == len(set.union(*videos)) == 20
    assert len(dataset.splits["train"].ids) == 2 * len(videos[0])
