"""Malformed input: seeded edits of valid files of every format.

An edit is of a kind, and its kind says what must become of the file: it is *refused* in one sentence, or
*either*, where the edit may leave a valid file, of the same values or of others that no reader can tell from
those meant (a changed digit in a CSV file). Never a traceback, a wait, or code that runs.

The variable MMFUSION_MALFORMED sets the number of cases, 150 by default.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import NamedTuple

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from mmfusion.data.readers import read_source
from mmfusion.data.readers.read import check_names
from mmfusion.errors import MmfusionError

REFUSED, EITHER = "refused", "either"
SECONDS = 5
SAMPLES = 12
FORMATS = ("csv", "parquet", "npz", "npy", "safetensors", "pkl", "csd")
CHECKSUMMED = ("npz",)
"""Formats that notice every changed byte of a value."""


class Case(NamedTuple):
    """An edit of a file: the format, the kind of the edit, and the seed of what it draws."""

    form: str
    edit: str
    seed: int


def values() -> dict[str, np.ndarray]:
    """Two modalities and a target."""
    draw = np.random.default_rng(0)
    return {
        "text": draw.normal(size=(SAMPLES, 3)),
        "audio": draw.normal(size=(SAMPLES, 2)),
        "mood": np.arange(SAMPLES) % 2,
    }


def write(form: str, folder: Path) -> tuple[Path, Path]:
    """Write valid data; return what is read, and the file in it that is edited."""
    path, content = folder / f"data.{form}", values()
    if form in ("csv", "parquet"):
        columns = {f"{k}_{i}": v[:, i] for k, v in content.items() if v.ndim == 2 for i in range(v.shape[1])}
        table = pd.DataFrame(columns | {"mood": content["mood"]})
        if form == "csv":
            table.to_csv(path, index=False)
        else:
            table.to_parquet(path)
    elif form == "npz":
        np.savez(path, **content)
    elif form == "safetensors":
        save_file(content, path)
    elif form == "pkl":
        path.write_bytes(pickle.dumps(dict.fromkeys(("train", "test"), content)))
    else:
        path = folder / form
        path.mkdir()
        for key, array in content.items():
            if form == "npy":
                np.save(path / f"{key}.npy", array)
            else:
                _write_sequence(path / f"{key}.csd", key, array)
        return path, path / f"text.{form}"
    return path, path


def _write_sequence(path: Path, key: str, array: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        for row, entry in enumerate(array):
            group = file.create_group(f"{key}/data/video{row}")
            group["features"] = np.atleast_2d(entry).astype(float)
            group["intervals"] = np.array([[0.0, 1.0]])


def _cut(file: Path, draw: random.Random) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: draw.randrange(len(content))])


def _flip(file: Path, draw: random.Random) -> None:
    content = bytearray(file.read_bytes())
    for _ in range(draw.randint(1, 4)):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    file.write_bytes(content)


def _noise(file: Path, draw: random.Random) -> None:
    content = bytearray(file.read_bytes())
    start = draw.randrange(len(content))
    content[start : start + 16] = draw.randbytes(draw.randint(1, 32))
    file.write_bytes(content)


def _head(file: Path, draw: random.Random) -> None:
    content = bytearray(file.read_bytes())
    content[draw.randrange(min(200, len(content)))] = draw.randrange(256)
    file.write_bytes(content)


def _twice(file: Path, draw: random.Random) -> None:
    content = file.read_bytes()
    start, end = sorted(draw.randrange(len(content)) for _ in range(2))
    file.write_bytes(content[:end] + content[start:end] + content[end:])


def _empty(file: Path, draw: random.Random) -> None:
    file.write_bytes(b"")


def _random(file: Path, draw: random.Random) -> None:
    file.write_bytes(b"\xff" + draw.randbytes(draw.randint(8, 500)))


def _pipe(file: Path, draw: random.Random) -> None:
    file.unlink()
    os.mkfifo(file)


def _device(file: Path, draw: random.Random) -> None:
    file.unlink()
    file.symlink_to(draw.choice(["/dev/zero", "/dev/null", "/dev/urandom", "/proc/kmsg", "/proc/self/maps"]))


class Touch:
    """Pickled, it would make a file when it is loaded."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, (self.path,)


def _code(file: Path, draw: random.Random) -> None:
    call = Touch(str(file.parent / "ran"))
    content = {**values(), draw.choice(["text", "x", "mood"]): call}
    file.write_bytes(pickle.dumps({"train": content, "test": values()}, protocol=draw.randint(0, 5)))


def _stranger(file: Path, draw: random.Random) -> None:
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(f"extra{draw.randrange(99)}{draw.choice(['', '.txt', '/'])}", b"1")


EDITS = {
    "cut": _cut,
    "flip": _flip,
    "noise": _noise,
    "head": _head,
    "twice": _twice,
    "empty": _empty,
    "random": _random,
    "pipe": _pipe,
    "device": _device,
    "code": _code,
    "stranger": _stranger,
}
ONLY = {"code": "pkl", "stranger": "npz"}
"""Edits of one format."""
_ALWAYS = ("empty", "random", "pipe", "device", "code", "stranger")


def cases(count: int) -> list[Case]:
    """Return cases of all formats and kinds of edits in turn; a smaller number is a beginning of a larger."""
    pairs = [(form, edit) for edit in EDITS for form in FORMATS if ONLY.get(edit, form) == form]
    return [Case(*pairs[index % len(pairs)], seed=index // len(pairs)) for index in range(count)]


def expected(case: Case) -> str:
    """Return what must become of a file: refused, or either."""
    cut = case.edit == "cut" and case.form != "csv"
    return REFUSED if case.edit in _ALWAYS or cut else EITHER


class Hang(BaseException):
    """A case that takes longer than `SECONDS`."""


@contextmanager
def limit() -> Iterator[None]:
    """Stop what takes longer than `SECONDS`."""

    def stop(_: int, __: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def problem(case: Case, folder: Path) -> str:
    """Run a case in an empty folder; return what is wrong, or nothing."""
    path, file = write(case.form, folder)
    EDITS[case.edit](file, random.Random(str(case)))
    before = sorted(folder.rglob("*"))
    sentence = ""
    table = case.form in ("csv", "parquet")
    modalities = {"text": "text_*", "audio": "audio_*"} if table else ["text", "audio"]
    try:
        with limit():
            check_names(path, "mood", modalities)
            source = read_source(path, "mood", modalities)
    except MmfusionError as error:
        sentence = str(error)
    except Hang:
        return "it hangs"
    except Exception as error:
        return f"traceback: {type(error).__name__}: {error}"
    if sorted(folder.rglob("*")) != before:
        return "files were made, or code ran"
    if not sentence:
        return _wrong(case, source.arrays)
    if not sentence.startswith(str(folder)) or "\n" in sentence or sentence[-1] not in ".?":
        return f"not one sentence: {sentence!r}"
    return ""


def _wrong(case: Case, arrays: object) -> str:
    """Say what is wrong with a case that is accepted."""
    if expected(case) == REFUSED:
        return "accepted"
    if case.form in CHECKSUMMED:
        given = values()
        same = all(np.array_equal(array, given[name]) for name, array in dict(arrays).items())  # type: ignore[call-overload]  # a mapping
        return "" if same else "accepted with other values, although the file has checksums"
    return ""


FAILED = (Case("npy", "flip", 3), Case("npy", "twice", 9))
"""Cases that failed once."""
AT_ONCE = 25


@pytest.mark.parametrize("start", range(0, int(os.environ.get("MMFUSION_MALFORMED", "150")), AT_ONCE))
def test_malformed_input_ends_in_a_sentence(start: int, tmp_path: Path) -> None:
    assert not problems(cases(start + AT_ONCE)[start:], tmp_path)


def test_cases_that_failed_once(tmp_path: Path) -> None:
    assert not problems(FAILED, tmp_path)


def problems(chosen: Sequence[Case], folder: Path) -> dict[Case, str]:
    found = {}
    for case in chosen:
        place = folder / f"{case.form}-{case.edit}-{case.seed}"
        place.mkdir()
        found[case] = problem(case, place)
    return {case: text for case, text in found.items() if text}


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_not_edited_is_accepted(form: str, tmp_path: Path) -> None:
    path, _ = write(form, tmp_path)
    table = form in ("csv", "parquet")
    named = {"text": "text_*", "audio": "audio_*"} if table else ["text", "audio"]
    assert read_source(path, "mood", named).modalities == ("text", "audio")


def test_keys_names_and_members_that_cannot_be_told_apart(tmp_path: Path) -> None:
    table = pd.DataFrame({"t": [1.0, 2.0], "t ": [2.0, 1.0], "mood": ["no", "yes"]})
    table.to_csv(tmp_path / "names.csv", index=False)
    with pytest.raises(MmfusionError, match="column names 't' and 't ' differ only by spaces"):
        read_source(tmp_path / "names.csv", "mood", {"text": ["t"]})
    table.drop(columns="t ").assign(mood=["no", "no "]).to_csv(tmp_path / "classes.csv", index=False)
    with pytest.raises(MmfusionError, match="'no' and 'no ' differ only by spaces"):
        read_source(tmp_path / "classes.csv", "mood", {"text": ["t"]})
    path, _ = write("npz", tmp_path)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("text.npy")
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile says that the name is there already
        archive.writestr("text.npy", text)
    with pytest.raises(MmfusionError, match="the key 'text' occurs 2 times"):
        read_source(path, "mood")
    path, _ = write("safetensors", tmp_path)
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    entries = json.loads(content[8 : 8 + size])
    header = (json.dumps(entries)[:-1] + ', "text": ' + json.dumps(entries["text"]) + "}").encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + content[8 + size :])
    with pytest.raises(MmfusionError, match="the key 'text' occurs 2 times"):
        read_source(path, "mood")


@given(form=st.sampled_from(FORMATS), content=st.binary(max_size=300), at=st.floats(0, 1))
def test_any_bytes_in_any_place(form: str, content: bytes, at: float) -> None:
    """What hypothesis writes over a file ends in a sentence or in data; a failure shrinks to few bytes."""
    with TemporaryDirectory() as folder:
        path, file = write(form, Path(folder))
        valid = file.read_bytes()
        place = int(at * len(valid))
        file.write_bytes(valid[:place] + content + valid[place + len(content) :])
        table = form in ("csv", "parquet")
        with limit(), suppress(MmfusionError):
            read_source(path, "mood", {"text": "text_*"} if table else ["text"])


COMMAND = [Case(form, edit, 0) for form, edit in zip(FORMATS, ("cut", "random", "empty") * 3, strict=False)]


def test_the_command_itself_ends_in_a_sentence(tmp_path: Path) -> None:
    """A file of every format, damaged in turns, through the command that users type, all at the same time."""
    running = {}
    for case in COMMAND:
        (tmp_path / case.form).mkdir()
        path, file = write(case.form, tmp_path / case.form)
        EDITS[case.edit](file, random.Random(str(case)))
        command = [str(Path(sys.executable).with_name("mmfusion")), "check", str(path), "--target", "mood"]
        if case.form in ("csv", "parquet"):
            command += ["-m", "text=text_*", "-m", "audio=audio_*"]
        running[case] = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for case, process in running.items():
        output, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors, (case, errors)
        assert process.returncode == 1 or expected(case) == EITHER, (case, output)
        if process.returncode:
            assert errors.startswith("mmfusion: "), (case, errors)
            assert len(errors.splitlines()) == 1
