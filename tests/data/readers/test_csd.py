"""Computational sequences: one sample per label, aligned to words, nothing left out silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmfusion.data.readers import memory_needed, read_csd
from mmfusion.data.readers import reading_memory as memory
from mmfusion.data.readers.csd_labels import TOUCH, overlapping
from mmfusion.errors import DataError
from mmfusion.study.data.mosi.mosi_dataset import standard_folds

Videos = dict[str, tuple[Any, Any]]  # features and intervals
FOLDS = {"train": ["one"], "validation": ["two"], "test": ["three"]}


def write(path: Path, videos: Videos, root: str = "sequence") -> Path:
    """Write a file in the layout of the CMU-MultimodalSDK."""
    with h5py.File(path, "w") as file:
        group = file.create_group(root)
        data = group.create_group("data")
        for video, (features, intervals) in videos.items():
            entry = data.create_group(video)
            entry.create_dataset("features", data=features)
            entry.create_dataset("intervals", data=intervals)
        metadata = group.create_group("metadata")
        metadata.create_dataset("root name", data=np.array([root], dtype=h5py.string_dtype()))
    return path


def intervals(*borders: float) -> NDArray[np.float64]:
    return np.array([borders[:-1], borders[1:]]).T


def sequences() -> dict[str, Videos]:
    """Three videos of two labels each, words of 1 s, audio frames of 0.5 s and video frames of 2 s."""
    rng = np.random.default_rng(3)
    files: dict[str, Videos] = {"labels": {}, "text": {}, "audio": {}, "video": {}}
    for number, video in enumerate(("one", "two", "three")):
        files["labels"][video] = (np.array([[1.5 + number], [-2.0]]), np.array([[0.0, 3.0], [3.0, 5.0]]))
        files["text"][video] = (rng.normal(size=(6, 3)).astype(np.float32), intervals(*range(7)))
        files["audio"][video] = (rng.normal(size=(12, 2)), intervals(*np.arange(0, 6.1, 0.5)))
        files["video"][video] = (rng.normal(size=(3, 4)), intervals(0, 2, 4, 6))
    return files


def written(folder: Path, files: dict[str, Videos]) -> dict[str, Path]:
    return {name: write(folder / f"{name}.csd", videos) for name, videos in files.items()}


def read(folder: Path, files: dict[str, Videos], folds: Any = FOLDS, **options: Any) -> Any:
    paths = written(folder, files)
    labels = paths.pop("labels")
    return read_csd(paths, labels, folds, **options)


def error_of(folder: Path, files: dict[str, Videos], folds: Any = FOLDS, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(folder, files, folds, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_words_of_a_label_and_means_of_frames(tmp_path: Path) -> None:
    files = sequences()
    source = read(tmp_path, files)
    assert source.modalities == ("text", "audio", "video")
    assert source.ids == ("one[0]", "one[1]", "three[0]", "three[1]", "two[0]", "two[1]")
    assert source.groups.tolist() == ["one", "one", "three", "three", "two", "two"]
    assert source.target.tolist() == [1.5, -2.0, 3.5, -2.0, 2.5, -2.0]
    assert {name: lengths.tolist() for name, lengths in source.lengths.items()} == dict.fromkeys(
        ("text", "audio", "video"), [3, 2] * 3
    )
    assert {fold: rows.tolist() for fold, rows in source.splits.items()} == {
        "train": [0, 1],
        "validation": [4, 5],
        "test": [2, 3],
    }
    for row, video in enumerate(("one", "three", "two")):
        text, audio, frames = (files[name][video][0] for name in ("text", "audio", "video"))
        np.testing.assert_array_equal(source.arrays["text"][2 * row], text[:3])
        np.testing.assert_array_equal(source.arrays["text"][2 * row + 1], [*text[3:5], np.zeros(3)])
        np.testing.assert_allclose(
            source.arrays["audio"][2 * row], audio[:6].reshape(3, 2, 2).mean(axis=1), rtol=1e-14
        )
        np.testing.assert_array_equal(source.arrays["video"][2 * row], frames[[0, 0, 1]])
    assert [source.arrays[name].dtype for name in source.arrays] == [np.float32, np.float64, np.float64]


def test_the_mean_is_plain_not_weighted_by_the_overlap(tmp_path: Path) -> None:
    files = sequences()
    files["audio"]["one"] = (np.array([[1.0, 0.0], [4.0, 0.0], [9.0, 0.0]]), intervals(0, 0.9, 2.5, 6))
    audio = read(tmp_path, files).arrays["audio"]
    assert audio[0, :, 0].tolist() == [2.5, 4.0, 6.5]


def test_words_are_put_in_the_order_of_time(tmp_path: Path) -> None:
    files = sequences()
    features, times = files["text"]["one"]
    expected = read(tmp_path, files)
    files["text"]["one"] = (features[::-1], times[::-1])
    found = read(tmp_path, files)
    for name, values in expected.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], values)


def test_standard_folds(tmp_path: Path) -> None:
    folds = standard_folds()
    chosen = {video: folds[fold][0] for video, fold in zip(("one", "two", "three"), folds, strict=True)}
    files = {
        name: {chosen[video]: entry for video, entry in videos.items()}
        for name, videos in sequences().items()
    }
    source = read(tmp_path, files, folds)
    assert {fold: [source.groups[row] for row in rows] for fold, rows in source.splits.items()} == {
        fold: [folds[fold][0]] * 2 for fold in folds
    }


def test_a_video_without_fold_is_in_no_split(tmp_path: Path) -> None:
    source = read(tmp_path, sequences(), {"train": ["one"], "test": ["three", "of another dataset"]})
    assert len(source) == 6
    assert {fold: [source.groups[row] for row in rows] for fold, rows in source.splits.items()} == {
        "train": ["one"] * 2,
        "test": ["three"] * 2,
    }


def test_a_sample_without_any_frame_lacks_the_modality(tmp_path: Path) -> None:
    files = sequences()
    del files["audio"]["two"]
    files["video"]["one"] = (np.ones((1, 4)), np.array([[3.0, 5.0]]))
    source = read(tmp_path, files)
    groups = np.array(source.ids)
    assert set(groups[np.isnan(source.arrays["audio"]).all(axis=(1, 2))]) == {"two[0]", "two[1]"}
    assert set(groups[np.isnan(source.arrays["video"]).all(axis=(1, 2))]) == {"one[0]"}
    assert np.isfinite(source.arrays["text"]).all()


def test_words_without_frames_are_zero_on_request_only(tmp_path: Path) -> None:
    files = sequences()
    files["audio"]["one"] = (np.ones((2, 2)), np.array([[0.0, 1.0], [3.0, 4.0]]))
    text = error_of(tmp_path, files)
    assert "3 words have no frame of modality 'audio', the first in sample 'one[0]'" in text
    assert "missing_frames='zero'" in text
    source = read(tmp_path, files, missing_frames="zero")
    row = source.ids.index("one[0]")
    assert source.arrays["audio"][row, :, 0].tolist() == [1.0, 0.0, 0.0]


def test_zeros_for_words_without_frames_are_noted(tmp_path: Path) -> None:
    files = sequences()
    files["audio"]["one"] = (np.ones((2, 2)), np.array([[0.0, 1.0], [3.0, 4.0]]))
    assert read(tmp_path, files, missing_frames="zero").notes == (
        f"{tmp_path / 'audio.csd'}: modality 'audio': zeros were put in the place of 3 words without a "
        "frame, in 2 of 6 samples (one[0], one[1]).",
    )
    assert read(tmp_path, sequences(), missing_frames="zero").notes == ()


def with_wrong_numbers() -> dict[str, Videos]:
    """Minus infinity and NaN in frames 0 and 1 of a label, and NaN in a frame outside of all labels."""
    files = sequences()
    features = files["audio"]["one"][0]
    features[:2] = [[-np.inf, 1.0], [4.0, np.nan]]
    features[11] = np.nan
    return files


def test_features_that_are_not_finite_name_their_frame(tmp_path: Path) -> None:
    text = error_of(tmp_path, with_wrong_numbers())
    assert text.startswith(
        f"{tmp_path / 'audio.csd'}: modality 'audio', video 'one', frame 0 (counted from 0), column 0: the "
        "value is -infinity (NaN or infinity in 2 places of 1 video), expected a finite number; "
    )
    assert "nonfinite='zero'" in text
    assert "nonfinite='missing' to take the modality as missing in 1 of 6 samples" in text


def test_zeros_take_the_place_of_features_before_averaging(tmp_path: Path) -> None:
    expected = with_wrong_numbers()
    expected["audio"]["one"][0][:2] = [[0.0, 1.0], [4.0, 0.0]]
    source = read(tmp_path, with_wrong_numbers(), nonfinite="zero")
    assert source.arrays["audio"][source.ids.index("one[0]"), 0].tolist() == [2.0, 0.5]
    np.testing.assert_array_equal(source.arrays["audio"], read(tmp_path, expected).arrays["audio"])
    assert source.notes == (
        f"{tmp_path / 'audio.csd'}: modality 'audio': 0 was put in the place of NaN or infinity before "
        "averaging, in 2 places of 1 video (one).",
    )


def test_features_that_are_not_finite_are_a_missing_modality_on_request(tmp_path: Path) -> None:
    source = read(tmp_path, with_wrong_numbers(), nonfinite="missing")
    gone = np.isnan(source.arrays["audio"])
    np.testing.assert_array_equal(gone.all(axis=(1, 2)), [name == "one[0]" for name in source.ids])
    np.testing.assert_array_equal(gone.any(axis=(1, 2)), gone.all(axis=(1, 2)))
    assert source.notes == (
        f"{tmp_path / 'audio.csd'}: modality 'audio' was taken as missing in 1 of 6 samples with NaN or "
        "infinite features (one[0]).",
    )


@pytest.mark.parametrize("nonfinite", ["error", "zero", "missing"])
def test_features_outside_of_all_words_change_nothing(tmp_path: Path, nonfinite: str) -> None:
    files, expected = sequences(), read(tmp_path, sequences())
    files["audio"]["one"][0][10:] = np.nan
    files["text"]["two"][0][5] = np.inf
    source = read(tmp_path, files, nonfinite=nonfinite)
    assert source.notes == ()
    for name, values in expected.arrays.items():
        np.testing.assert_array_equal(source.arrays[name], values)


@pytest.mark.parametrize("nonfinite", ["zero", "missing"])
def test_words_that_are_not_finite(tmp_path: Path, nonfinite: str) -> None:
    files = sequences()
    files["text"]["three"][0][3, 0] = np.nan
    source = read(tmp_path, files, nonfinite=nonfinite)
    row = source.ids.index("three[1]")
    assert source.lengths["text"][row] == 2
    assert np.isnan(source.arrays["text"][row]).all() == (nonfinite == "missing")
    assert source.arrays["text"][row, 0, 0] == 0 or nonfinite == "missing"


def without_words() -> dict[str, Videos]:
    """Labels of zero length, labels that no word overlaps, and a video without words."""
    files = sequences()
    files["labels"]["one"] = (
        np.array([[9.0], [1.5], [8.0], [-2.0]]),
        np.array([[1.5, 1.5], [0.0, 3.0], [7.0, 8.0], [3.0, 5.0]]),
    )
    files["labels"]["three"][1][1] = [4.0, 4.0]
    del files["text"]["two"]
    return files


def test_labels_without_words_are_left_out_on_request_only(tmp_path: Path) -> None:
    labels, text = tmp_path / "labels.csd", error_of(tmp_path, without_words())
    assert text.startswith(
        f"{labels}: the label one[0] has zero length (at 1.5 s), so that no word overlaps it (altogether 2 "
        "of zero length, 1 that no word overlaps, 2 of videos without words; 8 labels), expected "
    )
    assert "labels_without_words='leave_out'" in text
    source = read(tmp_path, without_words(), folds=None, labels_without_words="leave_out")
    assert source.ids == ("one[1]", "one[3]", "three[0]")
    assert source.groups.tolist() == ["one", "one", "three"]
    assert source.target.tolist() == [1.5, -2.0, 3.5]
    assert source.notes == (
        f"{labels}: labels of zero length were left out, 2 of 8: one[0], three[1].",
        f"{labels}: labels that no word overlaps were left out, 1 of 8: one[2].",
        f"{labels}: labels of videos without words were left out, 2 of 8: two[0], two[1].",
    )
    for name, values in read(tmp_path, sequences()).arrays.items():
        np.testing.assert_array_equal(source.arrays[name], values[:3])


def test_at_most_ten_labels_are_named(tmp_path: Path) -> None:
    files = sequences()
    values, times = files["labels"]["one"]
    files["labels"]["one"] = (np.vstack([values, np.zeros((12, 1))]), np.vstack([times, np.ones((12, 2))]))
    (note,) = read(tmp_path, files, labels_without_words="leave_out").notes
    assert note.endswith(
        "were left out, 12 of 18: " + ", ".join(f"one[{k}]" for k in range(2, 12)) + " and 2 more."
    )


def test_no_label_has_words(tmp_path: Path) -> None:
    files = sequences()
    files["text"] = {f"other {video}": entry for video, entry in files["text"].items()}
    assert "none of the 6 labels has words in " in error_of(tmp_path, files, labels_without_words="leave_out")


def test_without_folds_there_are_no_splits(tmp_path: Path) -> None:
    source, expected = read(tmp_path, sequences(), folds=None), read(tmp_path, sequences())
    assert source.splits == {}
    assert source.groups.tolist() == expected.groups.tolist()
    assert source.ids == expected.ids


def test_segments_of_a_video_are_one_group(tmp_path: Path) -> None:
    """Files that the SDK has aligned and written hold one entry per segment."""
    files: dict[str, Videos] = {
        name: {
            f"{video}[{k}]": (
                features[k : k + 1],
                times[k : k + 1] if name == "labels" else times[3 * k :][:1],
            )
            for video, (features, times) in videos.items()
            for k in range(2)
        }
        for name, videos in sequences().items()
        if name in ("labels", "text")
    }
    source = read(tmp_path, files)
    assert source.groups.tolist() == ["one", "one", "three", "three", "two", "two"]
    assert len(source.splits["train"]) == 2


def test_a_missing_label_is_named(tmp_path: Path) -> None:
    files = sequences()
    files["labels"]["three"][0][1] = np.nan
    assert "sample 'three[1]': the value is missing" in error_of(tmp_path, files)


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"missing_frames": "zeros"}, "missing_frames is 'zeros'; did you mean 'zero'?"),
        ({"missing_frames": None}, "missing_frames is None; expected one of error, zero."),
        ({"nonfinite": "mean"}, "nonfinite is 'mean'; expected one of error, zero, missing."),
        ({"labels_without_words": "leave out"}, "did you mean 'leave_out'?"),
    ],
)
def test_unknown_options(tmp_path: Path, option: Any, sentence: str) -> None:
    assert sentence in error_of(tmp_path, sequences(), **option)


def test_several_labels_are_several_outputs(tmp_path: Path) -> None:
    files = sequences()
    for video, (values, times) in files["labels"].items():
        files["labels"][video] = (np.hstack([values, values**2]), times)
    assert read(tmp_path, files).target.shape == (6, 2)


@pytest.mark.parametrize(
    ("folds", "sentence"),
    [
        ({"train": ["one"], "test": ["two", "one"]}, "video 'one' is in 'train' and in 'test'"),
        ({"train": ["one"], "test": ["tow"]}, "no label belongs to a video of the fold 'test'"),
    ],
)
def test_wrong_folds(tmp_path: Path, folds: Any, sentence: str) -> None:
    assert sentence in error_of(tmp_path, sequences(), folds)


def test_words_are_missing(tmp_path: Path) -> None:
    assert "there is no modality 'texts'; did you mean 'text'?" in error_of(
        tmp_path, sequences(), words="texts"
    )
    files = sequences()
    files["labels"]["one"][1][1] = [6.0, 7.0]
    assert "no word overlaps the label one[1] (6 s to 7 s)" in error_of(tmp_path, files)
    files = sequences()
    del files["text"]["two"]
    assert "the label two[0] belongs to a video that has labels but no words" in error_of(tmp_path, files)
    files = sequences()
    for video, (values, times) in files["labels"].items():
        files["labels"][video] = (np.ones_like(values), times)
    assert "labels.csd: the target 'features' is constant (1.0 in all 6" in error_of(tmp_path, files)


@pytest.mark.parametrize(
    ("features", "times", "sentence"),
    [
        (
            np.array([b"hello"] * 6),
            intervals(*range(7)),
            "expected numbers; take a file of features (for words",
        ),
        (np.ones(6), intervals(*range(7)), "has features (6,) and intervals (6, 2)"),
        (np.ones((5, 3)), intervals(*range(7)), "has features (5, 3) and intervals (6, 2)"),
        (np.ones((6, 2)), intervals(*range(7)), "the videos have [2, 3] features per frame"),
        (np.ones((6, 3)), intervals(*range(7))[:, ::-1], "times that are not intervals"),
        (np.ones((6, 3)), intervals(0, 1, 2, 3, 4, 5, np.nan), "times that are not intervals"),
    ],
)
def test_damaged_videos(tmp_path: Path, features: Any, times: Any, sentence: str) -> None:
    files = sequences()
    files["text"]["one"] = (features, times)
    assert sentence in error_of(tmp_path, files)


def test_other_layouts(tmp_path: Path) -> None:
    paths = written(tmp_path, sequences())
    labels = paths.pop("labels")

    def sentence() -> str:
        with pytest.raises(DataError) as caught:
            read_csd(paths, labels, FOLDS)
        return str(caught.value)

    paths["text"].write_bytes(b"noise")
    assert "text.csd: this is not an HDF5 file" in sentence()
    with h5py.File(paths["text"], "w") as file:
        file.create_group("a/data")
        file.create_group("b")
    assert "there are 2 groups (a, b), expected one" in sentence()
    with h5py.File(paths["text"], "w") as file:
        file.create_group("a/other")
    assert "/a/data is missing, expected the layout" in sentence()
    with h5py.File(paths["text"], "w") as file:
        file["a/data"] = np.ones(3)
    assert "/a/data is a dataset, expected a group" in sentence()
    with h5py.File(paths["text"], "w") as file:
        file.create_group("a/data")
    assert "and at least one video" in sentence()
    paths["text"].unlink()
    assert "no such file or folder" in sentence()


@pytest.mark.parametrize("kind", ["external link", "soft link", "virtual", "external storage"])
def test_data_outside_of_the_file_are_not_opened(tmp_path: Path, kind: str) -> None:
    paths = written(tmp_path, sequences())
    secret = tmp_path / "secret"
    secret.write_bytes(np.arange(18.0).tobytes())
    other = write(tmp_path / "other.csd", sequences()["text"])
    with h5py.File(paths["text"], "a") as file:
        video = file["sequence/data/one"]
        del video["features"]
        if kind == "external link":
            video["features"] = h5py.ExternalLink(str(other), "/sequence/data/one/features")
        elif kind == "soft link":
            video["features"] = h5py.SoftLink("/sequence/data/two/features")
        elif kind == "virtual":
            layout = h5py.VirtualLayout(shape=(6, 3), dtype=np.float32)
            layout[:] = h5py.VirtualSource(str(other), "/sequence/data/one/features", shape=(6, 3))
            video.create_virtual_dataset("features", layout)
        else:
            video.create_dataset("features", (6, 3), "f8", external=[(str(secret), 0, 144)])
    labels = paths.pop("labels")
    with pytest.raises(DataError, match=r"/one/features is (a link, which|stored in another file, which)"):
        read_csd(paths, labels, FOLDS)


def test_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.csd", {"one": (np.ones((100, 5)), np.ones((100, 2)))})
    assert 8 * 700 <= memory_needed(path) < 8 * 700 + 100
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: type("Free", (), {"available": 100}))
    with pytest.raises(DataError, match=r"a\.csd: reading needs about 0\.0 GiB"):
        read_csd({"text": path}, path, FOLDS)


times = st.integers(0, 40).map(lambda tick: tick / 4)
spans = st.tuples(times, times).map(sorted)


@given(st.lists(spans, max_size=8), spans)
def test_overlap_is_more_than_touching(many: list[Any], one: Any) -> None:
    found = overlapping(np.array(many, dtype=float).reshape(-1, 2), np.array(one))
    assert found.tolist() == [
        row for row, (a, b) in enumerate(many) if min(b, one[1]) > max(a, one[0]) + TOUCH
    ]
