"""Named arrays: roles of keys, views on the file instead of copies, and sentences about what does not fit."""

from __future__ import annotations

import json
import re
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from safetensors.torch import save_file as save_tensors

from mmfusion.data import check_values
from mmfusion.data.readers import memory_needed, read_source
from mmfusion.data.readers.array_store import open_arrays
from mmfusion.errors import DataError

FORMS = ("npz", "npy", "safetensors")
DTYPES = ("<f2", "<f4", "<f8", "i1", "<i2", "<i4", "<i8", "u1", "<u2", "<u4", "<u8", "?")
Arrays = dict[str, NDArray[Any]]


def arrays(**changes: NDArray[Any]) -> Arrays:
    rng = np.random.default_rng(1)
    content: Arrays = {
        "audio": rng.normal(size=(5, 4, 2)).astype(np.float32),
        "audio_lengths": np.array([4, 1, 2, 3, 4]),
        "genes": rng.integers(0, 4, (5, 7)),
        "text": rng.normal(size=(5, 3)),
        "video": np.array([3, 3, 4, 4, 5]),
        "y": np.array([0, 1, 0, 1, 1]),
    }
    return content | changes


def write(folder: Path, content: Arrays, form: str) -> Path:
    if form == "npz":
        np.savez(folder / "data.npz", **content)
        return folder / "data.npz"
    if form == "safetensors":
        save_file(content, folder / "data.safetensors", metadata={"by": "test"})
        return folder / "data.safetensors"
    (folder / "data").mkdir(exist_ok=True)
    for key, values in content.items():
        np.save(folder / "data" / f"{key}.npy", values)
    return folder / "data"


def error_of(path: Path, target: Any = "y", modalities: Any = None, **roles: str | None) -> str:
    with pytest.raises(DataError) as caught:
        read_source(path, target, modalities, **({"ids": "video"} | roles if modalities is None else roles))
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize("form", FORMS)
def test_all_other_keys_are_modalities(tmp_path: Path, form: str) -> None:
    content = arrays()
    source = read_source(write(tmp_path, content, form), "y", groups="video")
    assert set(source.arrays) == {"audio", "genes", "text"}
    for name, values in source.arrays.items():
        assert values.dtype == content[name].dtype
        np.testing.assert_array_equal(values, content[name])
    np.testing.assert_array_equal(source.target, content["y"])
    np.testing.assert_array_equal(source.lengths["audio"], content["audio_lengths"])
    assert list(source.lengths) == ["audio"]
    assert source.groups is not None
    assert source.groups.tolist() == [3, 3, 4, 4, 5]


@pytest.mark.parametrize("form", FORMS)
def test_modalities_by_key_in_the_order_given(tmp_path: Path, form: str) -> None:
    path = write(tmp_path, arrays(), form)
    assert read_source(path, "y", ["text", "audio"]).modalities == ("text", "audio")
    source = read_source(path, "y", {"sound": "audio"}, ids="video")
    np.testing.assert_array_equal(source.lengths["sound"], [4, 1, 2, 3, 4])
    assert source.ids == ("3", "3", "4", "4", "5")


def test_lengths_with_a_dot_text_targets_and_single_columns(tmp_path: Path) -> None:
    content = arrays(y=np.array(["a", "b", "b", "a", "b"]), text=np.arange(5.0))
    content["audio.lengths"] = content.pop("audio_lengths")
    source = read_source(write(tmp_path, content, "npz"), "y", ["audio", "text"])
    assert (source.lengths["audio"].tolist(), source.arrays["text"].shape) == ([4, 1, 2, 3, 4], (5, 1))
    assert source.target.tolist() == ["a", "b", "b", "a", "b"]
    content["y"] = np.array([b"a", b"b", b"b", b"a", b"b"])
    assert read_source(write(tmp_path, content, "npz"), "y", ["text"]).target.tolist() == list("abbab")


@pytest.mark.parametrize("form", ["npy", "safetensors"])
def test_mapped_arrays_are_no_copies(tmp_path: Path, form: str) -> None:
    path = write(tmp_path, arrays(), form)
    for values in read_source(path, "y", groups="video").arrays.values():
        assert isinstance(values, np.memmap) or form == "safetensors"
        assert not values.flags.writeable
        assert values.base is not None
    assert memory_needed(path) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="Linux lists the maps of a process")
def test_safetensors_arrays_share_one_map_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, arrays(), "safetensors")
    mapped = [load() for load in open_arrays(path).values()]
    lines = Path("/proc/self/maps").read_text().splitlines()
    ranges = [line.split()[0].split("-") for line in lines if line.endswith(str(path))]
    assert len(ranges) == 1
    start, end = (int(address, 16) for address in ranges[0])
    for values in mapped:
        assert start <= values.ctypes.data <= values.ctypes.data + values.nbytes <= end


@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=4),
        st.tuples(st.sampled_from(DTYPES), st.lists(st.integers(0, 4), max_size=3)),
        max_size=5,
    )
)
def test_mapped_values_are_those_of_the_reader_of_safetensors(
    tmp_path_factory: pytest.TempPathFactory, forms: dict[str, tuple[str, list[int]]]
) -> None:
    path = tmp_path_factory.mktemp("law") / "x.safetensors"
    rng = np.random.default_rng(2)
    save_file(
        {k: np.asarray(100 * rng.normal(size=s)).astype(dtype) for k, (dtype, s) in forms.items()}, path
    )
    expected, mapped = load_file(path), {key: load() for key, load in open_arrays(path).items()}
    assert mapped.keys() == expected.keys()
    for key, values in expected.items():
        assert (mapped[key].dtype, mapped[key].shape) == (values.dtype, values.shape)
        np.testing.assert_array_equal(mapped[key], values)


def header(entry: object, data: bytes = b"\0" * 8) -> bytes:
    text = json.dumps({"text": entry}).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"abc", "header too small"),
        (b"\xff" * 16, "header too large"),
        (b"\x02" + b"\0" * 7 + b"[]", "invalid JSON in header"),
        (b"\x02" + b"\0" * 7 + b"{!", "invalid JSON in header"),
        (header({"dtype": "F32"}), "missing field"),
        (
            header({"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}),
            "invalid shape, data type",
        ),
        (header({"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}), "file not fully covered"),
        (header({"dtype": "F32", "shape": [-2], "data_offsets": [8, 0]}), "expected usize"),
        (header({"dtype": "F32", "shape": ["2"], "data_offsets": [0, 8]}), "expected usize"),
    ],
)
def test_damaged_safetensors(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "data.safetensors"
    path.write_bytes(content)
    assert sentence in error_of(path)


def test_a_type_that_numpy_lacks(tmp_path: Path) -> None:
    content = {"text": torch.ones(4, 2, dtype=torch.bfloat16), "y": torch.tensor([0, 1, 0, 1])}
    save_tensors(content, tmp_path / "data.safetensors")
    assert "'text' has the type torch.bfloat16, which NumPy lacks" in error_of(
        tmp_path / "data.safetensors", modalities=["text"]
    )


@pytest.mark.parametrize("form", FORMS)
def test_numbers_of_samples_differ(tmp_path: Path, form: str) -> None:
    content = {"text": np.ones((100, 2)), "audio": np.ones((99, 3)), "y": np.arange(100) % 2}
    text = error_of(write(tmp_path, content, form), modalities=["text", "audio"])
    assert "(text has 100, audio has 99, y has 100)" in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"target": "z"}, "there is no key 'z'"),
        ({"target": ["y", "video"]}, "expected one key"),
        ({"modalities": ["txt"]}, "there is no key 'txt'; did you mean 'text'?"),
        (
            {"modalities": ["text", "y"]},
            "'y' is in the target and in modality 'y', expected it in one place, as it would leak",
        ),
        ({"modalities": {"a": "text", "b": "text"}}, "'text' is in modality 'a' and in modality 'b'"),
        ({"modalities": {"a": ["text", "audio"]}}, "modalities['a'] is ['text', 'audio'], expected one key"),
        ({"modalities": []}, "no array beside y"),
        ({"groups": "text"}, "'text' is an array (5, 3) of float64, expected one text or number"),
    ],
)
def test_wrong_keys(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    assert sentence in error_of(write(tmp_path, arrays(), "npz"), **change)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"text": np.array(5.0)}, "'text' is a single value"),
        ({"text": np.ones((5, 2, 2, 2))}, "'text' is an array (5, 2, 2, 2)"),
        ({"text": np.ones((5, 0))}, "'text' is an array (5, 0)"),
        ({"text": np.ones((5, 2), dtype=complex)}, "of <c16"),
        ({"text": np.array(["a"] * 5)}, "modality 'text': it holds text (its first value is 'a' in row 0"),
        (
            {"audio_lengths": np.array([4, 1, 0, 3, 5])},
            "0 is not a length, expected 1 to 4 steps (2 rows",
        ),
        ({"audio_lengths": np.ones(5)}, "lengths of 'audio' are an array (5,) of float64"),
        (
            {"text_lengths": np.ones(5, int)},
            "'text' is an array (5, 3) of float64, expected numbers (samples, steps, columns), or symbols",
        ),
        ({"audio.lengths": np.ones(5, int)}, "audio_lengths and audio.lengths both hold lengths"),
        (
            {"y": np.array([0, 1, np.nan, 1, 1])},
            "the target 'y', row 2 (counted from 0): the value is missing, expected",
        ),
        (
            {"y": np.array(["a", "b", "", "b", "a"])},
            "the target 'y', row 2 (counted from 0): the value is missing, expected",
        ),
        ({"y": np.ones((5, 2, 2))}, "expected text or numbers (samples,), or numbers (samples, outputs)"),
        ({"y": np.array([b"\xff", b"a", b"b", b"c", b"d"])}, "bytes that are not UTF-8 text"),
        ({"y": np.zeros(5, int)}, "has only one class (0 in all 5 samples)"),
        ({"y": np.zeros((5, 1))}, "is constant (0.0 in all 5 samples)"),
    ],
)
def test_wrong_arrays(tmp_path: Path, change: Arrays, sentence: str) -> None:
    modalities = ["audio", "text"]
    assert sentence in error_of(write(tmp_path, arrays(**change), "npz"), modalities=modalities)


@pytest.mark.parametrize("form", ["npz", "npy"])
def test_arrays_of_objects_are_not_read(tmp_path: Path, form: str) -> None:
    path = write(tmp_path, arrays(text=np.array([None] * 5)), form)
    assert "holds Python objects, which are not read as they can run code" in error_of(path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bytes_at_once", [1, 60, 1 << 24])
def test_not_finite_values_are_counted_over_all_rows(
    tmp_path: Path, form: str, bytes_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_values, "BYTES_AT_ONCE", bytes_at_once)
    text, audio = arrays()["text"], arrays()["audio"]
    text[2] = np.nan  # missing
    text[3, 1], text[4, 0] = -np.inf, np.nan
    path = write(tmp_path, arrays(text=text), form)
    sentence = error_of(path)
    assert re.search(r"modality 'text', row 3 \(counted from 0.*\), column 1: the value is -inf", sentence)
    assert "(NaN or infinity in 2 places)" in sentence
    audio[1, 1:], audio[2, 0, 1] = np.nan, np.nan  # padding, and a step
    sentence = error_of(write(tmp_path, arrays(audio=audio), form))
    assert re.search(r"'audio', row 2 \(counted from 0.*\), step 0, column 1: the value is NaN", sentence)
    assert "in 1 place)" in sentence
    assert "'audio_lengths'" in sentence


@pytest.mark.parametrize("form", FORMS)
def test_without_lengths_steps_of_nan_are_padding(tmp_path: Path, form: str) -> None:
    content = arrays()
    del content["audio_lengths"]
    content["audio"][1, 2:], content["audio"][4, 0] = np.nan, np.nan
    source = read_source(write(tmp_path, content, form), "y", groups="video")
    np.testing.assert_array_equal(source.arrays["audio"], content["audio"])
    content["audio"][3, 1, 0] = np.nan
    sentence = error_of(write(tmp_path, content, form))
    assert "step 1, column 0: the value is NaN (NaN or infinity in 1 place)" in sentence
    assert "set all columns of the step to NaN if it is padding" in sentence


@pytest.mark.parametrize("form", FORMS)
def test_missing_modalities_stay_nan(tmp_path: Path, form: str) -> None:
    audio = arrays()["audio"]
    audio[1], audio[2, :2] = np.nan, np.nan  # row 2: all but the padding
    source = read_source(write(tmp_path, arrays(audio=audio), form), "y", groups="video")
    np.testing.assert_array_equal(source.arrays["audio"], audio)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        (
            "patient",
            np.arange(5),
            "'patient' holds one whole number per sample, which may be groups, ids, lengths or a second "
            "target, and nothing says which; name it in groups, ids or modalities, or take it out.",
        ),
        ("patient", np.arange(5).reshape(5, 1), "'patient' holds one whole number per sample"),
        ("smoker", np.ones(5, dtype=bool), "'smoker' holds one truth value per sample"),
        ("name", np.array(list("abcde")), "'name' holds one text per sample"),
        ("audio_length", np.arange(5), "did you mean 'audio_lengths'? If not, name it in groups"),
        ("audio_lenghts", np.arange(5), "did you mean 'audio_lengths'?"),
        ("text_length", np.arange(5), "nothing says which; name it"),  # text has no steps
        (
            "tekst_lengths",
            np.arange(5),
            "'tekst_lengths' would be the lengths of 'tekst', which is not there; did you mean "
            "'text_lengths'? If not, name all modalities if it is one of them, or take it out.",
        ),
        ("speech.lengths", np.ones((5, 2)), "of 'speech', which is not there; name all modalities if it is"),
    ],
)
def test_what_nobody_named_is_no_modality_if_it_looks_like_something_else(
    tmp_path: Path, form: str, name: str, values: NDArray[Any], sentence: str
) -> None:
    if form == "safetensors" and values.dtype.kind == "U":
        pytest.skip("safetensors holds no text")
    content = {key: x for key, x in arrays().items() if key in ("audio", "text", "y")} | {name: values}
    path = write(tmp_path, content, form)
    assert sentence in error_of(path, ids=None)
    named = read_source(path, "y", ["audio", "text"])
    assert named.modalities == ("audio", "text")
    if values.dtype.kind == "i":
        assert read_source(path, "y", ["text", name]).modalities == ("text", name)


def test_modalities_whose_names_only_look_like_lengths(tmp_path: Path) -> None:
    content = {"wavelengths": np.ones((5, 3)), "age": np.arange(5.0), "y": np.arange(5)}
    assert read_source(write(tmp_path, content, "npz"), "y").modalities == ("wavelengths", "age")


def test_damaged_files(tmp_path: Path) -> None:
    path = write(tmp_path, arrays(), "npz")
    path.write_bytes(path.read_bytes()[:-50])
    assert "not a readable .npz" in error_of(path)
    path = write(tmp_path, arrays(), "npz")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("y.npy", b"noise")
        archive.writestr("text.npy", b"noise")
    assert "key 'text': not a readable array (it is not an .npy array)" in error_of(path, ids=None)
    folder = write(tmp_path, arrays(), "npy")
    (folder / "text.npy").write_bytes((folder / "text.npy").read_bytes()[:-8])
    assert "not a readable .npy" in error_of(folder)
    np.savez(tmp_path / "text", text=np.ones(5))
    (tmp_path / "text.npz").replace(folder / "text.npy")
    assert "this is an .npz file, expected one array" in error_of(folder)
    (tmp_path / "empty").mkdir()
    assert "there are no .npy files" in error_of(tmp_path / "empty")


def test_a_declared_shape_beyond_the_file_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, arrays(), "npy")
    with (folder / "text.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f8", "fortran_order": False, "shape": (5, 10**15)}
        )
    assert "text.npy: not a readable .npy" in error_of(folder)
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        archive.writestr("text.npy", (folder / "text.npy").read_bytes())
        archive.write(folder / "y.npy", "y.npy")
    assert "key 'text': not a readable array" in error_of(tmp_path / "data.npz", ids=None)


@pytest.mark.parametrize("name", ["gone.npz", "data.npy", "data.pkl", "data.csd", "data.txt", "data"])
def test_other_formats_are_told_where_to_go(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name != "gone.npz":
        path.write_bytes(b"x")
    advice = {
        "gone.npz": "no such file or folder",
        "data.npy": "into one folder",
        "data.pkl": "not a readable pickle of arrays",
        "data.csd": "name the folder that holds the .csd files",
        "data.txt": "cannot be read as .txt, expected a .csv, .parquet, .npz, .safetensors or .pkl file",
        "data": "cannot be read as a file without an ending",
    }
    assert advice[name] in error_of(path)


def test_memory_that_reading_needs(tmp_path: Path) -> None:
    content = {"text": np.ones((1000, 5)), "audio": np.ones((1000, 3)), "y": np.arange(1000)}
    path = write(tmp_path, content, "npz")
    assert 8 * 9000 < memory_needed(path) < 8 * 9000 + 1000
    assert 8 * 6000 < memory_needed(path, ["text", "y"]) < 8 * 6000 + 1000
    table = tmp_path / "table.csv"
    table.write_text("a,b,y\n" + "1.25,2.25,0\n" * 999 + "1.25,2.25,1\n")
    assert memory_needed(table) == pytest.approx(16 * 3000, rel=0.01)
    with pytest.raises(DataError, match=r"unknown format, expected one of \.csv"):
        memory_needed(write(tmp_path, content, "npy") / "y.npy")


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_what_does_not_fit_is_not_read(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"data{suffix}"
    if suffix == ".npz":
        np.savez(path, text=np.ones((50, 2)), y=np.arange(50))
    else:
        path.write_text("text,y\n" + "1,0\n" * 50)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Free", (), {"available": 100}))
    modalities = {"text": "text"} if suffix == ".npz" else {"text": ["text"]}
    with pytest.raises(DataError, match=r"needs about 0\.0 GiB .*; convert it to a folder of npy files"):
        read_source(path, "y", modalities)


def test_mapped_arrays_are_checked_without_loading_them(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "text.npy", np.ones((10_000, 1000), dtype=np.float32))
    np.save(tmp_path / "data" / "y.npy", np.arange(10_000))
    tracemalloc.start()
    try:
        source = read_source(tmp_path / "data", "y")
        assert tracemalloc.get_traced_memory()[1] < source.arrays["text"].nbytes / 4
    finally:
        tracemalloc.stop()
