"""Folders of computational sequences: files by their stems, and what is asked about where it is not clear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mmfusion.data.readers import read_csd, read_csd_folder
from mmfusion.data.readers.csd_file import SequenceSize
from mmfusion.data.readers.csd_folder import csd_names, csd_roles, csd_sizes
from mmfusion.errors import DataError

VIDEOS = ("one", "two")
WIDTHS = {"audio": 2, "labels": 7, "text": 3, "video": 4}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two videos of two labels of 2 s each, with one word and one frame per second."""
    rng = np.random.default_rng(0)
    (tmp_path / "mosei").mkdir()
    for name, width in WIDTHS.items():
        step = 2 if name == "labels" else 1
        starts = np.arange(0.0, 4.0, step)
        with h5py.File(tmp_path / "mosei" / f"{name}.csd", "w") as file:
            for video in VIDEOS:
                file[f"{name}/data/{video}/features"] = rng.normal(size=(len(starts), width))
                file[f"{name}/data/{video}/intervals"] = np.column_stack([starts, starts + step])
    (tmp_path / "mosei" / "._labels.csd").write_bytes(b"what macOS leaves beside a file")
    (tmp_path / "mosei" / "notes.txt").write_text("not a sequence")
    return tmp_path / "mosei"


def error_of(folder: Path, *arguments: Any, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read_csd_folder(folder, *arguments, **options)
    text = str(caught.value)
    assert text.startswith(str(folder))
    assert "\n" not in text
    assert text[-1] in ".?"
    return text


def test_all_other_files_are_modalities(folder: Path) -> None:
    source = read_csd_folder(folder, "labels")
    expected = read_csd(
        {name: folder / f"{name}.csd" for name in ("audio", "text", "video")}, folder / "labels.csd"
    )
    assert source.modalities == ("audio", "text", "video")
    for name, values in expected.arrays.items():
        np.testing.assert_array_equal(source.arrays[name], values)
    assert source.target.shape == (4, 7)
    assert source.ids == ("one[0]", "one[1]", "two[0]", "two[1]")
    assert source.groups is not None
    assert source.groups.tolist() == ["one", "one", "two", "two"]
    assert (source.splits, source.notes) == ({}, ())


@pytest.mark.parametrize(
    ("modalities", "names"),
    [
        (["video", "text"], ("video", "text")),
        (["video.csd", "text"], ("video", "text")),
        ({"face": "video", "text": "text.csd"}, ("face", "text")),
        ("text", ("text",)),
        (["audio"], ("audio",)),
    ],
)
def test_modalities_have_the_order_and_names_given(
    folder: Path, modalities: Any, names: tuple[str, ...]
) -> None:
    source = read_csd_folder(str(folder), "labels.csd", modalities)
    assert source.modalities == names
    widths = [values.shape[2] for values in source.arrays.values()]
    stems = modalities.values() if isinstance(modalities, dict) else names
    assert widths == [WIDTHS[stem.removesuffix(".csd")] for stem in stems]


def test_the_words_may_be_any_modality(folder: Path) -> None:
    chosen = {"language": "text", "sound": "audio"}
    sentence = error_of(folder, "labels", chosen)
    assert "nothing says which modality holds the words" in sentence
    assert sentence.endswith("give words as one of language, sound.")
    assert "there is no modality 'langage'; did you mean 'language'?" in error_of(
        folder, "labels", chosen, words="langage"
    )
    assert read_csd_folder(folder, "labels", chosen, words="language").modalities == ("language", "sound")


def test_options_are_those_of_read_csd(folder: Path) -> None:
    with h5py.File(folder / "labels.csd", "a") as file:
        file["labels/data/one/intervals"][1] = [3.0, 3.0]
    with h5py.File(folder / "audio.csd", "a") as file:
        file["audio/data/one/features"][0, 0] = np.inf
        file["audio/data/two/intervals"][3] = [2.0, 3.0]
    options: dict[str, Any] = {
        "labels_without_words": "leave_out",
        "nonfinite": "missing",
        "missing_frames": "zero",
    }
    for asked, file_name in zip(options, ("labels.csd", "audio.csd", "audio.csd"), strict=True):
        others = {name: value for name, value in options.items() if name != asked}
        sentence = error_of(folder, "labels", **others)
        assert sentence.startswith(str(folder / file_name))
        assert f"{asked}='{options[asked]}'" in sentence
    source = read_csd_folder(folder, "labels", **options)
    assert source.ids == ("one[0]", "two[0]", "two[1]")
    assert len(source.notes) == 3


@pytest.mark.parametrize(
    ("target", "modalities", "sentence"),
    [
        ("lables", None, "there is no file 'lables'; did you mean 'labels'?"),
        ("labels", ["audoi"], "modalities['audoi']: there is no file 'audoi'; did you mean 'audio'?"),
        (
            "labels",
            {"sound": "audoi"},
            "modalities['sound']: there is no file 'audoi'; did you mean 'audio'?",
        ),
        (
            "labels",
            ["text", "labels"],
            "file 'labels' is in the target and in modality 'labels', expected it in one",
        ),
        ("labels", {"a": "text", "b": "text.csd"}, "file 'text' is in modality 'a' and in modality 'b'"),
        ("labels", [], "there is no modality beside the labels 'labels', expected at least one"),
        (
            "labels",
            {"a": ["text", "audio"]},
            "modalities['a'] is ['text', 'audio'], expected the name of one .csd",
        ),
        ("labels", {"a": "*o"}, "modalities['a'] fits audio, video, expected one file"),
        (["labels"], None, "target is ['labels'], expected the name of one .csd file"),
        ("labels", {"a+b": "text"}, "'a+b' cannot name a modality"),
    ],
)
def test_wrong_names(folder: Path, target: Any, modalities: Any, sentence: str) -> None:
    expected = error_of(folder, target, modalities)
    assert sentence in expected
    if isinstance(target, str):
        with pytest.raises(DataError) as caught:
            csd_roles(folder, target, modalities)
        assert str(caught.value) == expected


def test_roles_without_reading(folder: Path) -> None:
    for name in ("text", "audio", "labels"):
        (folder / f"{name}.csd").write_bytes(b"noise")
    assert csd_roles(folder, "labels") == ["audio", "text", "video"]
    assert csd_roles(folder, ["labels.csd"], {"language": "text", "sound": "audio"}) == ["language", "sound"]
    with pytest.raises(
        DataError, match=r"target is \['labels', 'text'\], expected the name of one \.csd file"
    ):
        csd_roles(folder, ["labels", "text"])
    for role in ("groups", "ids"):
        with pytest.raises(DataError, match=rf"{role} is 'text', expected none .*; leave it out\.$"):
            csd_roles(folder, "labels", **{role: "text"})


def test_a_file_of_text_is_not_a_modality(folder: Path) -> None:
    with h5py.File(folder / "spoken.csd", "w") as file:
        file["spoken/data/one/features"] = np.array([[b"sp"], [b"hello"]])
        file["spoken/data/one/intervals"] = np.array([[0.0, 1.0], [1.0, 2.0]])
    with pytest.raises(DataError, match=r"spoken\.csd: .* or leave this one out of the modalities\.$"):
        read_csd_folder(folder, "labels")


def test_names_and_sizes(folder: Path) -> None:
    assert csd_names(folder) == list(WIDTHS)
    assert csd_sizes(str(folder)) == {name: SequenceSize(2, width) for name, width in WIDTHS.items()}
    with h5py.File(folder / "empty.csd", "w") as file:
        file.create_group("empty/data")
    assert csd_sizes(folder)["empty"] == (0, 0)
    (folder / "noise.csd").write_bytes(b"noise")
    with pytest.raises(DataError, match=r"noise\.csd: this is not an HDF5 file"):
        csd_sizes(folder)


def test_no_folder_of_sequences(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path, sentence in (
        (tmp_path / "gone", "no such file or folder"),
        (tmp_path / "empty", "there are no .csd files, expected one per modality and one of the labels"),
        (folder / "text.csd", "this is a file, expected a folder of .csd files; name its folder"),
    ):
        assert sentence in error_of(path, "labels")
        with pytest.raises(DataError, match=sentence):
            csd_names(path)
