"""What every reader must keep: one `Source` for the same data in every format, one sentence per mistake."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from mmfusion.data.readers import Source, read_csd, read_source
from mmfusion.data.readers.read import check_names
from mmfusion.errors import DataError

N = 10
Content = dict[str, NDArray[Any]]


def arrays(**changes: NDArray[Any]) -> Content:
    """Two modalities of feature vectors, a target, groups and names."""
    rng = np.random.default_rng(0)
    content = {
        "text": rng.normal(size=(N, 3)),
        "audio": rng.normal(size=(N, 2)),
        "mood": np.arange(N) % 2,
        "speaker": np.arange(N) // 3,
        "name": np.arange(N) + 100,
    }
    return content | changes


def write_csv(folder: Path, content: Content) -> Path:
    table(content).to_csv(folder / "data.csv", index=False)
    return folder / "data.csv"


def write_parquet(folder: Path, content: Content) -> Path:
    table(content).to_parquet(folder / "data.parquet", index=False)
    return folder / "data.parquet"


def table(content: Content) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for key, values in content.items():
        columns |= (
            {f"{key}_{i}": values[:, i] for i in range(values.shape[1])}
            if values.ndim == 2
            else {key: values}
        )
    return pd.DataFrame(columns)


def write_npz(folder: Path, content: Content) -> Path:
    np.savez(folder / "data.npz", **content)
    return folder / "data.npz"


def write_npy(folder: Path, content: Content) -> Path:
    (folder / "data").mkdir(exist_ok=True)
    for key, values in content.items():
        np.save(folder / "data" / f"{key}.npy", values)
    return folder / "data"


def write_safetensors(folder: Path, content: Content) -> Path:
    save_file(
        {key: np.ascontiguousarray(values) for key, values in content.items()}, folder / "data.safetensors"
    )
    return folder / "data.safetensors"


class Form(NamedTuple):
    """A format: how it is written, and how modalities are named."""

    write: Callable[[Path, Content], Path]
    modalities: dict[str, str]
    noun: str


COLUMNS = {"text": "text_*", "audio": "audio_*"}
KEYS = {"text": "text", "audio": "audio"}
FORMS = {
    "csv": Form(write_csv, COLUMNS, "column"),
    "parquet": Form(write_parquet, COLUMNS, "column"),
    "npz": Form(write_npz, KEYS, "key"),
    "npy": Form(write_npy, KEYS, "key"),
    "safetensors": Form(write_safetensors, KEYS, "key"),
}


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> Form:
    return FORMS[request.param]


def read(path: Path, form: Form, **roles: Any) -> Source:
    return read_source(
        path,
        **({"target": "mood", "modalities": form.modalities, "groups": "speaker", "ids": "name"} | roles),
    )


def error_of(path: Path, form: Form, **roles: Any) -> str:
    with pytest.raises(DataError) as caught:
        read(path, form, **roles)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    assert text[-1] in ".?"
    return text


# Vectors in tables and arrays


def test_the_same_data_are_the_same_source(form: Form, tmp_path: Path) -> None:
    content = arrays()
    source = read(form.write(tmp_path, content), form)
    assert source.modalities == ("text", "audio")
    for name in source.modalities:
        assert source.arrays[name].dtype == np.float64
        np.testing.assert_array_equal(source.arrays[name], content[name])
    np.testing.assert_array_equal(source.target, content["mood"])
    assert source.groups is not None
    assert source.groups.astype(str).tolist() == content["speaker"].astype(str).tolist()
    assert source.ids == tuple(content["name"].astype(str))
    assert (source.lengths, source.splits, source.notes) == ({}, {}, ())
    assert len(source) == N


def test_modalities_have_the_order_and_names_given(form: Form, tmp_path: Path) -> None:
    path = form.write(tmp_path, arrays())
    chosen = {"sound": form.modalities["audio"], "words": form.modalities["text"]}
    assert read(path, form, modalities=chosen).modalities == ("sound", "words")


def test_groups_and_ids_may_be_left_out(form: Form, tmp_path: Path) -> None:
    source = read(form.write(tmp_path, arrays()), form, groups=None, ids=None)
    assert (source.groups, source.ids) == (None, ())


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        ({"target": "modd"}, "there is no {noun} 'modd'; did you mean 'mood'?"),
        ({"groups": "speker"}, "there is no {noun} 'speker'; did you mean 'speaker'?"),
        ({"ids": "nme"}, "there is no {noun} 'nme'; did you mean 'name'?"),
        ({"modalities": {"a": "naem"}}, "modalities['a']: there is no {noun} 'naem'; did you mean 'name'?"),
        (
            {"modalities": {"a": "mood"}},
            "{noun} 'mood' is in the target and in modality 'a', expected it in one",
        ),
        ({"modalities": {"a": "speaker"}}, "'speaker' is in groups and in modality 'a'"),
        ({"modalities": {"a": "name"}}, "'name' is in ids and in modality 'a'"),
        ({"groups": "mood"}, "{noun} 'mood' is in the target and in groups, expected it in one place"),
        ({"target": []}, "target is "),
        ({"modalities": {"a+b": "name"}, "ids": None}, "'a+b' cannot name a modality"),
    ],
)
def test_wrong_roles_are_named_before_anything_is_read(
    form: Form, tmp_path: Path, roles: dict[str, Any], sentence: str
) -> None:
    path = form.write(tmp_path, arrays())
    expected = error_of(path, form, **roles)
    assert sentence.format(noun=form.noun) in expected
    given = {"target": "mood", "modalities": form.modalities, "groups": "speaker", "ids": "name"} | roles
    with pytest.raises(DataError) as caught:
        check_names(path, **given)
    assert str(caught.value) == expected


def test_a_key_in_two_modalities(form: Form, tmp_path: Path) -> None:
    twice = dict.fromkeys(("a", "b"), form.modalities["text"])
    assert "is in modality 'a' and in modality 'b'" in error_of(
        form.write(tmp_path, arrays()), form, modalities=twice
    )


def test_a_missing_file(form: Form, tmp_path: Path) -> None:
    path = form.write(tmp_path, arrays())
    gone = path.with_name(f"gone{path.suffix}")
    assert "no such file or folder" in error_of(gone, form)


def test_no_samples(form: Form, tmp_path: Path) -> None:
    empty = {key: values[:0] for key, values in arrays().items()}
    assert "there are no samples, expected at least one" in error_of(form.write(tmp_path, empty), form)


@pytest.mark.parametrize(("value", "name"), [(np.nan, "NaN"), (np.inf, "infinity"), (-np.inf, "-infinity")])
def test_one_bad_number_names_row_and_column(form: Form, tmp_path: Path, value: float, name: str) -> None:
    text = arrays()["text"]
    text[[4, 6], [1, 2]] = value
    sentence = error_of(form.write(tmp_path, arrays(text=text)), form)
    row = "row 4 (counted from 0; sample '104')"
    column = "column 'text_1'" if form.noun == "column" else "column 1"
    assert f"modality 'text', {row}, {column}: the value is {name} (NaN or infinity in 2 places)" in sentence
    assert sentence.endswith(
        "fill it in, choose nonfinite (zero or missing; --nonfinite in the shell), or set all columns of the "
        "sample to NaN if the modality is missing there."
    )


def test_a_row_of_nan_lacks_the_modality(form: Form, tmp_path: Path) -> None:
    audio = arrays()["audio"]
    audio[3] = np.nan
    source = read(form.write(tmp_path, arrays(audio=audio)), form)
    np.testing.assert_array_equal(source.arrays["audio"], audio)


def test_a_missing_target_names_its_row(form: Form, tmp_path: Path) -> None:
    mood = np.linspace(0, 1, N)
    mood[[2, 5]] = np.nan
    sentence = error_of(form.write(tmp_path, arrays(mood=mood)), form)
    row = "row 2 (counted from 0; sample '102')"
    assert f"the target 'mood', {row}: the value is missing (in 2 rows altogether), expected one" in sentence


@pytest.mark.parametrize(
    ("mood", "sentence"),
    [
        (
            np.ones(N, int),
            "the target 'mood' has only one class (1 in all 10 samples), expected at least two",
        ),
        (
            np.full(N, 0.5),
            "the target 'mood' is constant (0.5 in all 10 samples), expected values that differ",
        ),
    ],
)
def test_a_target_that_does_not_vary(form: Form, tmp_path: Path, mood: NDArray[Any], sentence: str) -> None:
    assert sentence in error_of(form.write(tmp_path, arrays(mood=mood)), form)


def test_a_damaged_file(form: Form, tmp_path: Path) -> None:
    path = form.write(tmp_path, arrays())
    (path / "text.npy" if path.is_dir() else path).write_bytes(b"\x93\xff\x00noise")
    assert "not a readable" in error_of(path, form)


# Sequences in arrays, pickled dictionaries and computational sequences

STEPS = 4
LENGTHS = np.array([4, 1, 2, 3, 4, 2, 1, 3, 4, 2])
VIDEOS = [f"video{row}" for row in range(N)]
PARTS = {"train": range(6), "valid": range(6, 8), "test": range(8, 10)}
SPLIT_OF = {"train": "train", "valid": "validation", "test": "test"}
DATA_KEYS = {"text": "text", "audio": "audio", "video": "vision"}


def sequences() -> Content:
    """Three modalities of sequences, zero behind their lengths."""
    rng = np.random.default_rng(1)
    real = (np.arange(STEPS) < LENGTHS[:, np.newaxis])[:, :, np.newaxis]
    return {
        name: rng.normal(size=(N, STEPS, width)) * real
        for name, width in (("text", 3), ("audio", 2), ("video", 2))
    }


TARGET = np.linspace(-1, 1, N)


def read_arrays_of(write: Callable[[Path, Content], Path]) -> Callable[[Path, Content], Source]:
    def read_them(folder: Path, content: Content) -> Source:
        lengths = {f"{name}_lengths": LENGTHS for name in content}
        path = write(
            folder, {**content, **lengths, "labels": TARGET, "groups": np.arange(N), "ids": np.arange(N)}
        )
        return read_source(path, "labels", list(content), "groups", "ids")

    return read_them


def read_pickle(folder: Path, content: Content) -> Source:
    parts = {
        split: {DATA_KEYS[name]: values[list(rows)] for name, values in content.items()}
        | {f"{key}_lengths": LENGTHS[list(rows)] for key in DATA_KEYS.values()}
        | {"labels": TARGET[list(rows)], "id": [f"{VIDEOS[row]}[0]" for row in rows]}
        for split, rows in PARTS.items()
    }
    (folder / "data.pkl").write_bytes(pickle.dumps(parts))
    return read_source(folder / "data.pkl", "labels")


def read_computational_sequences(folder: Path, content: Content) -> Source:
    """Every sample is a video of one label, with a word and a frame of every modality per second."""
    for name, values in {**content, "labels": TARGET.reshape(N, 1, 1)}.items():
        with h5py.File(folder / f"{name}.csd", "w") as file:
            for row, video in enumerate(VIDEOS):
                steps = np.arange(LENGTHS[row])
                borders = (
                    np.array([[0, LENGTHS[row]]]) if name == "labels" else np.array([steps, steps + 1]).T
                )
                file[f"{name}/data/{video}/features"] = values[row, : len(borders)]
                file[f"{name}/data/{video}/intervals"] = borders.astype(float)
    folds = {SPLIT_OF[split]: [VIDEOS[row] for row in rows] for split, rows in PARTS.items()}
    return read_csd({name: folder / f"{name}.csd" for name in content}, folder / "labels.csd", folds)


SEQUENCE_FORMS: dict[str, Callable[[Path, Content], Source]] = {
    "npz": read_arrays_of(write_npz),
    "npy": read_arrays_of(write_npy),
    "safetensors": read_arrays_of(write_safetensors),
    "pickle": read_pickle,
    "csd": read_computational_sequences,
}


@pytest.fixture(params=SEQUENCE_FORMS)
def read_form(request: pytest.FixtureRequest) -> Callable[[Path, Content], Source]:
    return SEQUENCE_FORMS[request.param]


def test_the_same_sequences_are_the_same_source(
    read_form: Callable[[Path, Content], Source], tmp_path: Path
) -> None:
    content = sequences()
    source = read_form(tmp_path, content)
    assert source.modalities == ("text", "audio", "video")
    for name, values in content.items():
        np.testing.assert_array_equal(source.arrays[name], values)
        np.testing.assert_array_equal(source.lengths[name], LENGTHS)
    np.testing.assert_array_equal(source.target, TARGET)
    assert source.groups is not None
    assert len(np.unique(source.groups)) == len(set(source.ids)) == N
    if source.splits:
        assert {split: source.splits[SPLIT_OF[split]].tolist() for split in PARTS} == {
            split: list(rows) for split, rows in PARTS.items()
        }
        assert source.groups.tolist() == VIDEOS
        assert source.ids == tuple(f"{video}[0]" for video in VIDEOS)


@pytest.mark.parametrize("name", ["text", "audio", "video"])
def test_nan_in_a_real_step_is_named(
    read_form: Callable[[Path, Content], Source], tmp_path: Path, name: str
) -> None:
    content = sequences()
    content[name][3, 2, 1] = np.nan
    with pytest.raises(DataError) as caught:
        read_form(tmp_path, content)
    sample = "video3[0]" if read_form is read_pickle else "3"
    place, remedy = (
        f"row 3 (counted from 0; sample {sample!r}), step 2",
        "fill it in, choose nonfinite (zero or missing; --nonfinite in the shell), or correct the length",
    )
    if read_form is read_computational_sequences:
        place, remedy = "video 'video3', frame 2 (counted from 0)", "give nonfinite='zero' to put 0 there"
    where, count = f"modality {name!r}, {place}, column 1", "NaN or infinity in 1 place"
    text = str(caught.value)
    assert f"{where}: the value is NaN ({count}" in text
    assert f"), expected a finite number; {remedy}" in text


def test_infinite_features_are_refused(read_form: Callable[[Path, Content], Source], tmp_path: Path) -> None:
    content = sequences()
    content["audio"][0, 1, 1] = np.inf
    with pytest.raises(DataError, match=r"modality 'audio'.* infini.*, expected (a )?finite number"):
        read_form(tmp_path, content)
