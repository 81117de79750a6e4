"""The aligned and unaligned dictionaries of CMU-MOSI and CMU-MOSEI, in exactly their layouts."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmfusion import read
from mmfusion.data.readers import reading_memory as memory
from mmfusion.data.readers.source import Source
from mmfusion.errors import DataError
from mmfusion.notices import ChoiceWarning, told

SIZES = {"train": 6, "valid": 2, "test": 3}
Parts = dict[str, dict[str, Any]]


def features(split: str, steps: dict[str, int]) -> dict[str, Any]:
    rng = np.random.default_rng(len(split))
    widths = {"text": 4, "audio": 3, "vision": 2}
    return {
        key: rng.normal(size=(SIZES[split], steps[key], width)).astype(np.float32)
        for key, width in widths.items()
    }


def labels(split: str) -> Any:
    return np.linspace(-3, 3, SIZES[split], dtype=np.float32)


def aligned() -> Parts:
    """One step per word, labels (n, 1, 1), names (n, 3): video, start, end."""
    parts = {}
    for split, size in SIZES.items():
        names = np.array([[f"{split}-{row // 2}", f"{row}.0", f"{row}.5"] for row in range(size)])
        parts[split] = features(split, dict.fromkeys(("text", "audio", "vision"), 5)) | {
            "labels": labels(split).reshape(-1, 1, 1),
            "id": names,
        }
    return parts


def unaligned() -> Parts:
    """Steps of their own per modality, with lengths; names ``video$_$clip``."""
    parts = {}
    for split, size in SIZES.items():
        parts[split] = features(split, {"text": 5, "audio": 7, "vision": 9}) | {
            "raw_text": np.array(["words"] * size, dtype=object),
            "text_bert": np.zeros((size, 3, 5), dtype=np.float32),
            "audio_lengths": [7] * (size - 1) + [2],
            "vision_lengths": np.arange(1, size + 1),
            "annotations": ["Positive"] * size,
            "classification_labels": np.arange(size) % 3,
            "regression_labels": labels(split),
            "id": [f"{split}-{row // 2}$_${row}" for row in range(size)],
        }
    return parts


def write(folder: Path, parts: Any, protocol: int = 4) -> Path:
    path = folder / "data.pkl"
    path.write_bytes(pickle.dumps(parts, protocol=protocol))
    return path


def target_of(parts: Any) -> str:
    """The target of the aligned or the unaligned form."""
    first = parts["train"] if isinstance(parts, dict) and isinstance(parts.get("train"), dict) else {}
    return "labels" if "labels" in first or not first else "regression_labels"


def read_parts(folder: Path, parts: Any, **options: Any) -> Source:
    protocol = options.pop("protocol", 4)
    return read(write(folder, parts, protocol), options.pop("target", target_of(parts)), **options)


def error_of(folder: Path, parts: Any, **options: Any) -> str:
    path = write(folder, parts)
    with pytest.raises(DataError) as caught:
        read_parts(folder, parts, **options)
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


def joined(parts: Parts, key: str) -> Any:
    return np.concatenate([np.asarray(part[key]) for part in parts.values()])


@pytest.mark.parametrize("form", [aligned, unaligned])
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_modalities_splits_and_groups(tmp_path: Path, form: Any, protocol: int) -> None:
    parts = form()
    source = read_parts(tmp_path, parts, protocol=protocol)
    assert source.modalities == ("text", "audio", "video")
    for name, key in (("text", "text"), ("audio", "audio"), ("video", "vision")):
        np.testing.assert_array_equal(source.arrays[name], joined(parts, key))
        assert source.arrays[name].dtype == np.float32
    np.testing.assert_array_equal(source.target, np.concatenate([labels(split) for split in SIZES]))
    assert {split: rows.tolist() for split, rows in source.splits.items()} == {
        "train": [0, 1, 2, 3, 4, 5],
        "validation": [6, 7],
        "test": [8, 9, 10],
    }
    assert source.groups is not None
    assert source.groups.tolist()[:3] == ["train-0", "train-0", "train-1"]
    assert source.ids[1] == ("train-0/1.0/1.5" if form is aligned else "train-0$_$1")
    assert len(set(source.ids)) == 11


def test_lengths_of_the_unaligned_form(tmp_path: Path) -> None:
    source = read_parts(tmp_path, unaligned())
    assert {name: lengths.tolist() for name, lengths in source.lengths.items()} == {
        "audio": [7, 7, 7, 7, 7, 2, 7, 2, 7, 7, 2],
        "video": [1, 2, 3, 4, 5, 6, 1, 2, 1, 2, 3],
    }
    assert read_parts(tmp_path, aligned()).lengths == {}


def test_targets_by_key(tmp_path: Path) -> None:
    parts = unaligned()
    classes = read_parts(tmp_path, parts, target="classification_labels")
    assert classes.target.tolist() == joined(parts, "classification_labels").tolist()
    numbers = read_parts(tmp_path, parts)
    assert numbers.task.word == "regression"
    binary = read_parts(tmp_path, parts, threshold=0).target
    assert binary.dtype == np.int64
    assert binary.tolist() == [0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 1]  # the zero of the test split counts as 1
    assert "there is no key 'colour' in all splits" in error_of(tmp_path, parts, target="colour")


@pytest.mark.parametrize("low", [0, -1])
def test_two_numbers_are_classes_already(tmp_path: Path, low: int) -> None:
    parts = aligned()
    for part in parts.values():
        part["labels"] = np.where(part["labels"] > 0, 1, low)
    source = read_parts(tmp_path, parts)
    assert source.task.word == "classification"
    assert set(source.target.tolist()) == {low, 1}


@pytest.mark.parametrize("shape", [(-1,), (-1, 1), (-1, 1, 1)])
def test_shapes_of_labels(tmp_path: Path, shape: tuple[int, ...]) -> None:
    parts = aligned()
    for split, part in parts.items():
        part["labels"] = labels(split).reshape(shape)
    assert read_parts(tmp_path, parts).target.shape == (11,)


def test_several_outputs(tmp_path: Path) -> None:
    parts = aligned()
    for split, part in parts.items():
        part["labels"] = np.stack([labels(split), -labels(split)], axis=1)
    assert read_parts(tmp_path, parts).target.shape == (11, 2)
    assert "threshold needs one number for each sample" in error_of(tmp_path, parts, threshold=0)
    for part in parts.values():
        part["labels"] = np.zeros((len(part["text"]), 4, 2))
    assert "(11, 4, 2) of float64, expected text or numbers (samples,)" in error_of(tmp_path, parts)


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (lambda row: f"video-{row // 4}[{row}]", ["video-0"] * 4 + ["video-1"] * 2),
        (lambda row: f"video-{row // 4}$_${row}".encode(), ["video-0"] * 4 + ["video-1"] * 2),
        (lambda row: [f"video-{row // 4}", row, b"x"], ["video-0"] * 4 + ["video-1"] * 2),
        (lambda row: f"sample {row}", None),
        (lambda row: [f"sample {row}"], None),
    ],
)
def test_videos_are_told_by_the_names(tmp_path: Path, names: Any, groups: list[str] | None) -> None:
    parts = aligned()
    for part in parts.values():
        part["id"] = [names(row) for row in range(len(part["text"]))]
    with told():  # the splits share these names
        source = read_parts(tmp_path, parts)
    found = None if source.groups is None else source.groups[:6].tolist()
    assert (found, len(source.ids)) == (groups, 11)


def test_without_names_and_without_validation(tmp_path: Path) -> None:
    parts = aligned()
    del parts["valid"]
    for part in parts.values():
        del part["id"]
    source = read_parts(tmp_path, parts)
    assert (source.ids, source.groups, list(source.splits)) == ((), None, ["train", "test"])


def test_infinite_audio_is_replaced_on_request_only(tmp_path: Path) -> None:
    parts = aligned()
    parts["train"]["audio"][1, 2, 0] = -np.inf
    parts["test"]["audio"][0, 0, :2] = -np.inf
    text = error_of(tmp_path, parts)
    assert "modality 'audio', row 1 (counted from 0; sample 'train-0/1.0/1.5'), step 2, column 0" in text
    assert "the value is -infinity (NaN or infinity in 3 places)" in text
    with pytest.warns(ChoiceWarning, match=r"3 values are NaN or infinite in 2 samples, replaced by zero"):
        source = read_parts(tmp_path, parts, nonfinite="zero")
    expected = joined(parts, "audio")
    np.testing.assert_array_equal(source.arrays["audio"], np.where(np.isinf(expected), 0, expected))
    with pytest.warns(ChoiceWarning, match=r"3 values .* so that the modality is missing there"):
        source = read_parts(tmp_path, parts, nonfinite="missing")
    assert np.flatnonzero(~source.present["audio"]).tolist() == [1, 8]
    assert "expected one of error, zero, missing" in error_of(tmp_path, parts, nonfinite="mean")


def test_nan_is_named_with_its_sample(tmp_path: Path) -> None:
    parts = aligned()
    parts["valid"]["vision"][1, 2, 1] = np.nan
    text = error_of(tmp_path, parts)
    place = "row 7 (counted from 0; sample 'valid-0/1.0/1.5'), step 2, column 1"
    assert f"modality 'video', {place}: the value is NaN" in text


def test_a_pickle_may_have_some_of_the_modalities_or_others(tmp_path: Path) -> None:
    parts = unaligned()
    for part in parts.values():
        del part["vision"], part["vision_lengths"]
    assert read_parts(tmp_path, parts).modalities == ("text", "audio")
    named = read_parts(tmp_path, parts, modalities={"words": "text_bert", "voice": "audio"})
    assert named.modalities == ("words", "voice")
    np.testing.assert_array_equal(named.arrays["words"], joined(parts, "text_bert"))
    assert "there is no key 'vision'" in error_of(tmp_path, parts, modalities=["vision"])


def test_sequences_of_unequal_length_are_padded(tmp_path: Path) -> None:
    parts = aligned()
    for part in parts.values():
        part["audio"] = [steps[: 1 + row % 3] for row, steps in enumerate(part["audio"])]
    source = read_parts(tmp_path, parts)
    assert source.arrays["audio"].shape == (11, 3, 3)
    assert source.lengths["audio"].tolist() == [1, 2, 3, 1, 2, 3, 1, 2, 1, 2, 3]


@pytest.mark.parametrize("name", ["dev", "val", "validation"])
def test_other_names_of_the_validation_split(tmp_path: Path, name: str) -> None:
    parts = aligned()
    parts[name] = parts.pop("valid")
    source = read_parts(tmp_path, parts)
    assert source.splits["validation"].tolist() == [6, 7]
    text = error_of(tmp_path, {**parts, "valid": parts[name]})
    assert f"valid and {name} are both validation splits" in text
    assert "'holdout' is not a split, expected train" in error_of(tmp_path, {**parts, "holdout": {}})


def test_a_video_in_two_splits_is_told(tmp_path: Path) -> None:
    parts = aligned()
    parts["test"]["id"] = parts["test"]["id"].astype(object)
    parts["test"]["id"][0] = ["train-0", "7.0", "7.5"]
    with pytest.warns(ChoiceWarning, match=r"1 group has samples in several splits \(train-0\)"):
        read_parts(tmp_path, parts)


def test_groups_and_ids_by_key(tmp_path: Path) -> None:
    parts = aligned()
    for split, part in parts.items():
        part["speaker"] = [f"{split}{row % 2}" for row in range(SIZES[split])]
        part["name"] = [f"{split}-{row}" for row in range(SIZES[split])]
    source = read_parts(tmp_path, parts, groups="speaker", ids="name")
    assert source.groups is not None
    assert source.groups.tolist()[:3] == ["train0", "train1", "train0"]
    assert source.ids[6] == "valid-0"
    assert "there is no key 'speakr' in all splits; did you mean 'speaker'?" in error_of(
        tmp_path, parts, groups="speakr"
    )


def spoil(split: str, key: str, value: Any) -> Parts:
    parts = unaligned()
    parts[split][key] = value
    return parts


def without(split: str, key: str) -> Parts:
    parts = unaligned()
    del parts[split][key]
    return parts


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([1, 2], "the pickle holds a list, expected a dictionary with the keys train, valid and test"),
        ({"train": {}, "dev": {}}, "holds train, dev, expected"),
        ({"train": {}, "test": {}}, "there is no key 'labels' in all splits"),
        ({"train": [], "test": []}, "'train' holds a list"),
        (without("train", "audio"), "'train' has no 'audio', which other splits have"),
        (spoil("test", "audio", np.ones((2, 7, 3))), "'test' has 3 samples, but 2 entries in 'audio'"),
        (
            spoil("test", "audio", np.ones((3, 6, 3), np.float32)),
            "'audio' has the shapes train (6, 7, 3), valid (2, 7, 3), test (3, 6, 3)",
        ),
        (spoil("test", "vision", np.ones((3, 9, 2, 2))), "'vision' is an array (3, 9, 2, 2) of <f8"),
        (
            spoil("test", "audio_lengths", [1, 2, 8]),
            "lengths of 'audio', row 10 (counted from 0; sample 'test-1$_$2'): 8 is not a length",
        ),
        (spoil("test", "audio_lengths", [1, 2]), "'test' has 3 samples, but 2 entries in 'audio_lengths'"),
        (without("test", "audio_lengths"), "'test' has no 'audio_lengths', which other splits have"),
        (without("test", "regression_labels"), "there is no key 'regression_labels' in all splits"),
        (spoil("test", "regression_labels", [None] * 3), "the value is missing (in 3 rows altogether)"),
        (
            spoil("test", "regression_labels", [1, np.nan, 2]),
            "'regression_labels', row 9 (counted from 0; sample 'test-0$_$1'): the value is missing",
        ),
        (spoil("test", "regression_labels", [[1, 2], [3], [4]]), "has rows of different lengths"),
        (spoil("test", "regression_labels", np.ones((3, 2))), "expected equal widths"),
        (spoil("test", "id", ["a", "b"]), "'test' has 3 samples, but 2 names in 'id'"),
        (spoil("test", "id", ["a", None, "b"]), "'id' of 'test', row 1 (counted from 0), is None"),
        (spoil("test", "id", ["a", "b" * 1001, "c"]), "expected text of at most 1000 letters"),
        (without("test", "id"), "'test' has 3 samples, but 0 names in 'id'"),
    ],
)
def test_pickles_that_contradict_themselves(tmp_path: Path, parts: Any, sentence: str) -> None:
    assert sentence in error_of(tmp_path, parts)


def test_one_label_for_all(tmp_path: Path) -> None:
    parts = aligned()
    for part in parts.values():
        part["labels"] = np.ones_like(part["labels"])
    assert "the target 'labels' is constant (1.0 in all 11 samples)" in error_of(tmp_path, parts)


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.pkl"
    mark = tmp_path / "mark"
    path.write_bytes(b"cos\nsystem\n(S'touch " + str(mark).encode() + b"'\ntR.")
    with pytest.raises(DataError, match=r"names os\.system"):
        read(path, "labels")
    assert not mark.exists()


def test_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, aligned())
    assert memory.memory_needed(path) == 3 * path.stat().st_size
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: type("Free", (), {"available": 100}))
    with pytest.raises(DataError, match=r"reading needs about 0\.0 GiB of memory, 0\.0 GiB are free"):
        read(path, "labels")


@pytest.mark.parametrize("longest", [False, True])
def test_letters_as_arrays_of_text(tmp_path: Path, longest: bool) -> None:
    """With the same longest string in every split or not."""
    parts, rng = aligned(), np.random.default_rng(0)
    for number, part in enumerate(parts.values()):
        sizes = [10 + longest * number, *[8 + row % 3 for row in range(len(part["text"]) - 1)]]
        part["dna"] = np.array(["".join(rng.choice(list("ACGT"), size)) for size in sizes])
    source = read_parts(tmp_path, parts, modalities={"dna": "dna"})
    assert source.letters == {"dna"}
    assert source.kinds == {"dna": "symbols"}
    strings = [text for part in parts.values() for text in part["dna"].tolist()]
    assert source.lengths["dna"].tolist() == [len(text) for text in strings]


def test_lengths_behind_a_dot(tmp_path: Path) -> None:
    parts = unaligned()
    for part in parts.values():
        part["audio.lengths"] = part.pop("audio_lengths")
    assert read_parts(tmp_path, parts).lengths["audio"].tolist() == [7, 7, 7, 7, 7, 2, 7, 2, 7, 7, 2]


def test_names_that_occur_in_several_splits_are_told(tmp_path: Path) -> None:
    parts = aligned()
    for part in parts.values():
        part["id"] = [f"sample {row}" for row in range(len(part["text"]))]
    with pytest.warns(
        ChoiceWarning, match=r"3 names of samples occur in several splits \(sample 0, sample 1, sam"
    ):
        read_parts(tmp_path, parts)


def test_symbols_of_a_pickle(tmp_path: Path) -> None:
    parts = aligned()
    for part in parts.values():
        part["tokens"] = np.arange(len(part["text"]) * 4).reshape(-1, 4).astype(float) % 5
    source = read_parts(tmp_path, parts, modalities={"tokens": "tokens"}, symbols=["tokens"])
    assert source.arrays["tokens"].dtype == np.int64
    assert source.kinds == {"tokens": "symbols"}
    assert source.modality_data().kinds == {"tokens": "symbols"}
