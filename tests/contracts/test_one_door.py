"""One door for data: a malformed value ends in the same sentence in every form of input that can hold it."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from safetensors.numpy import save_file
from typer.testing import CliRunner

from mmfusion import FusionClassifier, FusionRegressor, ModalityData, read
from mmfusion.cli.app import app
from mmfusion.errors import MmfusionError
from mmfusion.notices import told
from mmfusion.study.config.user_settings import UserDataset
from mmfusion.study.data.user_dataset import user_dataset

pytestmark = pytest.mark.usefixtures("quick_baseline")
N, ROW, COLUMN = 16, 4, 1
NAMES = [f"p{row:02d}" for row in range(N)]
QUICK: dict[str, Any] = {"epochs": 1, "random_state": 0, "cv": None, "penalty": 0.01}
TABLE = {"text": "text_*", "audio": "audio_*"}


class Content(NamedTuple):
    """Two modalities, a target and groups, one of which a test spoils."""

    text: Any
    audio: Any
    y: Any
    groups: Any

    @property
    def arrays(self) -> dict[str, Any]:
        """The modalities by name."""
        return {"text": self.text, "audio": self.audio}


def content(**changes: Any) -> Content:
    rng = np.random.default_rng(0)
    good = Content(rng.normal(size=(N, 3)), rng.normal(size=(N, 2)), np.arange(N) % 2 == 0, np.arange(N) // 2)
    return good._replace(y=good.y.astype(float))._replace(**changes)


def frame(values: Any, name: str) -> pd.DataFrame:
    array = np.asarray(values)
    return pd.DataFrame(array, columns=[f"{name}_{place}" for place in range(array.shape[1])])


def whole_table(given: Content) -> pd.DataFrame:
    parts = [frame(values, name) for name, values in given.arrays.items()]
    return pd.concat([*parts, pd.DataFrame({"y": given.y, "groups": given.groups})], axis=1)


def fit(X: Any, given: Content, **parameters: Any) -> None:
    model: Any = FusionClassifier if set(np.unique(given.y)) <= {0.0, 1.0} else FusionRegressor
    with told():
        model(**QUICK, **parameters).fit(X, given.y, groups=given.groups)


# Forms in Python


def arrays_in_a_dict(given: Content, folder: Path, **options: Any) -> None:
    fit(given.arrays, given, **options)


def tables_in_a_dict(given: Content, folder: Path, **options: Any) -> None:
    fit({name: frame(values, name) for name, values in given.arrays.items()}, given, **options)


def lists_in_a_dict(given: Content, folder: Path, **options: Any) -> None:
    fit({name: np.asarray(values).tolist() for name, values in given.arrays.items()}, given, **options)


def tensors_in_a_dict(given: Content, folder: Path, **options: Any) -> None:
    fit(
        {name: torch.tensor(values, requires_grad=True) for name, values in given.arrays.items()},
        given,
        **options,
    )


def sparse_in_a_dict(given: Content, folder: Path, **options: Any) -> None:
    fit({name: scipy.sparse.csr_matrix(values) for name, values in given.arrays.items()}, given, **options)


def modality_data(given: Content, folder: Path, **options: Any) -> None:
    fit(ModalityData(given.arrays), given, **options)


def one_table(given: Content, folder: Path, **options: Any) -> None:
    fit(whole_table(given), given, modalities=TABLE, **options)


# Forms in files, which Python, the shell and the workflow read


def csv(given: Content, folder: Path) -> Path:
    whole_table(given).to_csv(folder / "data.csv", index=False)
    return folder / "data.csv"


def parquet(given: Content, folder: Path) -> Path:
    table = whole_table(given)
    kinds = {name: str for name in table if table[name].dtype == object}  # columns of Parquet have one type
    table.astype(kinds).to_parquet(folder / "data.parquet", index=False)
    return folder / "data.parquet"


def npz(given: Content, folder: Path) -> Path:
    np.savez(folder / "data.npz", **given._asdict())
    return folder / "data.npz"


def npy(given: Content, folder: Path) -> Path:
    (folder / "npy").mkdir()
    for key, values in given._asdict().items():
        np.save(folder / "npy" / f"{key}.npy", values)
    return folder / "npy"


def safetensors(given: Content, folder: Path) -> Path:
    stored = {key: np.ascontiguousarray(values) for key, values in given._asdict().items()}
    save_file(stored, folder / "data.safetensors")
    return folder / "data.safetensors"


def pickled(given: Content, folder: Path) -> Path:
    parts = {"train": slice(0, 8), "valid": slice(8, 12), "test": slice(12, N)}
    splits = {
        split: {key: np.asarray(values)[rows] for key, values in given._asdict().items()}
        for split, rows in parts.items()
    }
    (folder / "data.pkl").write_bytes(pickle.dumps(splits))
    return folder / "data.pkl"


WRITERS = {write.__name__: write for write in (csv, parquet, npz, npy, safetensors, pickled)}
TABLES = ("csv", "parquet")


def choices(write: str) -> dict[str, Any]:
    modalities = TABLE if write in TABLES else {"text": "text", "audio": "audio"}
    return {"modalities": modalities, "groups": "groups"}


def by_read(write: str) -> Callable[..., None]:
    def run(given: Content, folder: Path, **options: Any) -> None:
        with told():
            read(WRITERS[write](given, folder), "y", **choices(write), **options)

    return run


def by_the_workflow(write: str) -> Callable[..., None]:
    def run(given: Content, folder: Path, **options: Any) -> None:
        path = WRITERS[write](given, folder)
        settings = UserDataset(path=str(path), target="y", **choices(write), **options)
        with told():
            user_dataset("mine", settings.model_dump())

    return run


def by_the_shell(write: str) -> Callable[..., None]:
    def run(given: Content, folder: Path, **options: Any) -> None:
        path, chosen = WRITERS[write](given, folder), choices(write)
        modalities = [f"--modality={name}={columns}" for name, columns in chosen["modalities"].items()]
        others = [f"--{option}={value}" for option, value in options.items()]
        arguments = ["check", str(path), "--target", "y", *modalities, "--groups", "groups", *others]
        CliRunner().invoke(app, arguments, catch_exceptions=False, standalone_mode=False)

    return run


IN_PYTHON: dict[str, Callable[..., None]] = {
    form.__name__: form
    for form in (
        arrays_in_a_dict,
        tables_in_a_dict,
        lists_in_a_dict,
        tensors_in_a_dict,
        sparse_in_a_dict,
        modality_data,
        one_table,
    )
}
IN_FILES: dict[str, Callable[..., None]] = {
    f"{write}, {reader.__name__}": reader(write)
    for write in WRITERS
    for reader in (by_read, by_the_workflow, by_the_shell)
}
EVERYWHERE = {**IN_PYTHON, **IN_FILES}


def core(message: str, folder: Path) -> str:
    """Leave out what has another name in every form: the file, the modality in it, its columns, y."""
    text = re.sub(rf"{re.escape(str(folder))}/[\w.]+: ", "", message)
    text = re.sub(r"X\['(\w+)'\]|modality '(\w+)'", lambda match: f"<{match[1] or match[2]}>", text)
    text = re.sub(r"column '?(?:text|audio)_(\d)'?", r"column \1", text)
    text = re.sub(r"the target 'y'", "y", text)
    text = re.sub(r"the group 'groups'|the group(?=,)", "groups", text)
    return re.sub(r"^X, |^(?=row)", "", text)


def spoilt(value: Any, kind: Any = float) -> Any:
    text = content().text.astype(kind)
    text[ROW, COLUMN] = value
    return text


def without(rows: Any, **changes: Any) -> Any:
    values = content().text
    values[rows] = np.nan
    return values


def target(value: Any) -> Any:
    y = np.linspace(0.0, 1.0, N)
    y[ROW] = value
    return y


NUMBER = f"<text>, row {ROW} (counted from 0), column {COLUMN}: the value is"
CASES: dict[str, tuple[Content, str, tuple[str, ...] | None]] = {
    "NaN": (content(text=spoilt(np.nan)), f"{NUMBER} NaN (NaN or infinity in 1 place), expected", None),
    "infinity": (content(text=spoilt(np.inf)), f"{NUMBER} infinity (NaN or infinity in 1 place)", None),
    "beyond float32": (content(text=spoilt(1e300)), f"{NUMBER} 1e+300, too large for float32", None),
    "text": (
        content(text=spoilt("loud", object).astype(object)),
        f"{NUMBER} 'loud', expected a number; correct it",
        ("tables_in_a_dict", "one_table", "csv", "parquet"),
    ),
    "all modalities missing": (
        content(
            text=without([ROW]), audio=np.where(np.arange(N) == ROW, np.nan, np.arange(N))[:, np.newaxis]
        ),
        f"row {ROW} (counted from 0): no modality is present, expected at least one",
        None,
    ),
    "a target is missing": (
        content(y=target(np.nan)),
        f"y, row {ROW} (counted from 0): the value is missing, expected one for each sample",
        None,
    ),
    "a target is infinite": (
        content(y=target(np.inf)),
        f"y, row {ROW} (counted from 0): the value is inf (NaN or infinity in 1 places), expected finite "
        "numbers",
        None,
    ),
    "a group is missing": (
        content(groups=target(np.nan)),
        f"groups, row {ROW} (counted from 0): the value is missing, expected one for each sample",
        None,
    ),
    "complex numbers": (
        content(text=content().text + 1j),
        "(samples, columns), numbers (samples, steps, columns), or one string of letters for each sample",
        ("arrays_in_a_dict", "modality_data", "npz", "npy"),
    ),
    "one sample fewer": (
        content(text=content().text[1:]),
        "the numbers of samples differ (text has 15, audio has 16",
        (
            "arrays_in_a_dict",
            "modality_data",
            "tensors_in_a_dict",
            "sparse_in_a_dict",
            "npz",
            "npy",
            "safetensors",
        ),
    ),
}
PAIRS = [
    (case, form)
    for case, (_, _, forms) in CASES.items()
    for form in EVERYWHERE
    if (forms is None or form.partition(",")[0] in forms)
]


@pytest.mark.parametrize(("case", "form"), PAIRS)
def test_a_malformed_value_ends_in_the_same_sentence_everywhere(case: str, form: str, tmp_path: Path) -> None:
    given, sentence, _ = CASES[case]
    with pytest.raises(MmfusionError) as caught:
        EVERYWHERE[form](given, tmp_path)
    message = str(caught.value)
    assert sentence in core(message, tmp_path)
    assert "\n" not in message
    assert message[-1] in ".?"
    if form in IN_FILES:
        assert message.startswith(str(tmp_path))
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".txt", ".part")]


@pytest.mark.parametrize("form", EVERYWHERE)
@pytest.mark.parametrize("choice", ["zero", "missing"])
def test_nan_and_infinity_by_choice(form: str, choice: str, tmp_path: Path) -> None:
    text = spoilt(np.inf)
    text[ROW + 1, 0] = np.nan
    EVERYWHERE[form](content(text=text), tmp_path, nonfinite=choice)


@pytest.mark.parametrize("write", WRITERS)
def test_python_shell_and_workflow_read_the_same(write: str, tmp_path: Path) -> None:
    """The values, and that whole numbers are numbers."""
    given = content(audio=np.random.default_rng(1).integers(0, 4, (N, 2)))
    path = WRITERS[write](given, tmp_path)
    source = read(path, "y", **choices(write))
    for name, values in given.arrays.items():
        np.testing.assert_array_equal(source.arrays[name], values)
    assert source.kinds == {}
    assert source.task.word == "classification"
    settings = UserDataset(path=str(path), target="y", **choices(write)).model_dump()
    dataset = user_dataset("mine", settings)
    assert dataset.task == "binary"
    rows = np.concatenate([split.features["audio"] for split in dataset.splits.values()])
    assert rows.dtype == np.float32
    result = CliRunner().invoke(
        app,
        [
            "check",
            str(path),
            "-t",
            "y",
            *(f"--modality={k}={v}" for k, v in choices(write)["modalities"].items()),
        ],
        catch_exceptions=False,
    )
    assert "audio: whole numbers (16, 2), read as one vector per sample" in result.output
    assert result.output.startswith("Task: classification (2 different numbers in 16 samples;")


# Sequences with lengths

LENGTHS = np.array([2, 3, 5, 4] * 4)
STEPS = 6


def sequences(front: bool) -> Any:
    values = np.random.default_rng(2).normal(size=(N, STEPS, 2))
    step = np.arange(STEPS)
    unused = STEPS - LENGTHS[:, np.newaxis] if front else np.zeros((N, 1), dtype=int)
    real = (step >= unused) & (step < unused + LENGTHS[:, np.newaxis])
    return values * real[:, :, np.newaxis]


def sequences_in_python(values: Any, lengths: Any, folder: Path, **options: Any) -> Any:
    data = ModalityData({"gait": values}, lengths={"gait": lengths}, **options)
    FusionRegressor(**QUICK).fit(data, np.linspace(0, 1, N))
    return data.lengths["gait"]


def sequences_in_a_file(write: Callable[[Content, Path], Path]) -> Callable[..., Any]:
    def run(values: Any, lengths: Any, folder: Path, **options: Any) -> Any:
        stored = {"gait": values, "gait_lengths": lengths, "y": np.linspace(0, 1, N)}

        class Named(NamedTuple):
            gait: Any
            gait_lengths: Any
            y: Any

        path = write(Named(**stored), folder)  # type: ignore[arg-type]  # only its names are used
        source = read(path, "y", {"gait": "gait"}, **options)
        UserDataset(path=str(path), target="y", modalities={"gait": "gait"}, **options)
        return source.lengths["gait"]

    return run


SEQUENCE_FORMS: dict[str, Callable[..., Any]] = {
    "python": sequences_in_python,
    **{write.__name__: sequences_in_a_file(write) for write in (npz, npy, safetensors, pickled)},
}


@pytest.mark.parametrize("form", SEQUENCE_FORMS)
class TestPadding:
    def test_in_front_it_is_found_and_refused(self, form: str, tmp_path: Path) -> None:
        with pytest.raises(
            MmfusionError, match=r"16 of 16 sequences look padded in front .* pass padding='front'"
        ):
            SEQUENCE_FORMS[form](sequences(front=True), LENGTHS, tmp_path)

    def test_in_front_by_choice(self, form: str, tmp_path: Path) -> None:
        mask = SEQUENCE_FORMS[form](sequences(front=True), LENGTHS, tmp_path, padding="front")
        expected = np.arange(STEPS) >= STEPS - LENGTHS[:, np.newaxis]
        np.testing.assert_array_equal(mask, expected)

    def test_behind_it_is_taken(self, form: str, tmp_path: Path) -> None:
        assert (SEQUENCE_FORMS[form](sequences(front=False), LENGTHS, tmp_path) == LENGTHS).all()

    def test_a_length_out_of_range(self, form: str, tmp_path: Path) -> None:
        lengths = np.where(np.arange(N) == ROW, 0, LENGTHS)
        with pytest.raises(
            MmfusionError, match=r"row 4 \(counted from 0\): 0 is not a length, expected 1 to 6"
        ):
            SEQUENCE_FORMS[form](sequences(front=False), lengths, tmp_path)


def test_a_computational_sequence_names_the_video_and_the_frame(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, width in (("text", 3), ("audio", 2), ("labels", 1)):
        with h5py.File(tmp_path / f"{name}.csd", "w") as file:
            for video in range(4):
                values = rng.normal(size=(5, width))
                if name == "audio" and video == 1:
                    values[2, 1] = np.nan
                file[f"{name}/data/v{video}/features"] = values
                file[f"{name}/data/v{video}/intervals"] = np.stack(
                    [np.arange(5.0), np.arange(1.0, 6.0)], axis=1
                )
    with pytest.raises(
        MmfusionError, match=r"modality 'audio', video 'v1', frame 2 .*, column 1: the value is NaN"
    ):
        read(tmp_path, "labels", {"text": "text", "audio": "audio"})
    with pytest.warns(UserWarning, match="0 was put in the place of NaN"):
        read(tmp_path, "labels", {"text": "text", "audio": "audio"}, nonfinite="zero")
