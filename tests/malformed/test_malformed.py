"""Valid files and configurations with seeded damage: each is read or refused in a sentence, at once.

``pytest tests/malformed`` reads 150 of them; ``MMFUSION_MALFORMED=1000 pytest tests/malformed`` reads 1,000.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from mmfusion.cli.contents import list_contents
from mmfusion.data.readers.read import read_source
from mmfusion.errors import MmfusionError
from mmfusion.study.config.layers import read_layers
from mmfusion.study.config.settings import load_config

CASES = int(os.environ.get("MMFUSION_MALFORMED", "150"))
SECONDS = 5
CONFIG = Path(__file__).parents[2] / "config/config.yaml"
FORMS = ("csv", "parquet", "npz", "npy", "safetensors", "pkl", "yaml")

Edit = Callable[[bytes, random.Random], bytes]


def _slice(content: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(content))
    return start, min(len(content), start + rng.choice([1, 2, 8, 64, 512]))


def truncated(content: bytes, rng: random.Random) -> bytes:
    """Cut off the end."""
    return content[: rng.randrange(len(content))]


def flipped(content: bytes, rng: random.Random) -> bytes:
    """Change single bits."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 3, 40])):
        changed[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def removed(content: bytes, rng: random.Random) -> bytes:
    """Take out some bytes."""
    start, end = _slice(content, rng)
    return content[:start] + content[end:]


def repeated(content: bytes, rng: random.Random) -> bytes:
    """Write some bytes twice."""
    start, end = _slice(content, rng)
    return content[:end] + content[start:]


def inserted(content: bytes, rng: random.Random) -> bytes:
    """Put in bytes of another place, random ones, or marks that mean something."""
    start, end = _slice(content, rng)
    marks = [
        b"\x00",
        b"\xff\xfe",
        b'"',
        b"'",
        b"{",
        b"[",
        b",",
        b"\n",
        b"&a [*a]",
        b"\xed\xa0\x80",
        b"1e999",
        b"-",
    ]
    new = rng.choice([content[start:end], rng.randbytes(8), rng.choice(marks)])
    at = rng.randrange(len(content) + 1)
    return content[:at] + new + content[at:]


def lines_shuffled(content: bytes, rng: random.Random) -> bytes:
    """Exchange two lines."""
    lines = content.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


EDITS: tuple[Edit, ...] = (truncated, flipped, removed, repeated, inserted, lines_shuffled)


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of every form, all with the same samples."""
    folder = tmp_path_factory.mktemp("valid")
    rng = np.random.default_rng(0)
    arrays = {"y": np.arange(12) % 2, "a": rng.normal(size=(12, 2)), "b": rng.normal(size=(12, 3, 2))}
    table = pd.DataFrame({"y": arrays["y"], "a_0": arrays["a"][:, 0], "a_1": arrays["a"][:, 1]})
    table.to_csv(folder / "data.csv", index=False)
    table.to_parquet(folder / "data.parquet")
    np.savez(folder / "data.npz", **arrays)
    save_file(arrays, folder / "data.safetensors")
    (folder / "data.yaml").write_bytes(CONFIG.read_bytes())
    part = {"labels": arrays["y"].reshape(-1, 1, 1), "text": arrays["b"], "id": [f"v{i}" for i in range(12)]}
    splits = dict.fromkeys(("train", "valid", "test"), part)
    (folder / "data.pkl").write_bytes(pickle.dumps(splits, protocol=4))
    return folder


class TooLongError(Exception):
    """Reading took too long."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Interrupt what takes longer."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def attempt(path: Path, form: str) -> str:
    """Read a file as the command and the workflow do; return the sentence if it is refused, else nothing."""
    try:
        with at_most(SECONDS):
            if form == "yaml":
                layers, errors = read_layers([path])
                if errors:
                    raise errors[0]
                load_config(layers[0])
                return ""
            list_contents(path)
            if form in ("csv", "parquet"):
                read_source(path, "y", {"a": "a_*"})
            else:
                read_source(path, "labels" if form == "pkl" else "y")
    except MmfusionError as error:
        return str(error)
    return ""


def damaged(form: str, case: int, valid: Path, folder: Path) -> str:
    """Damage a file, read it, and return the sentence by which it is refused, if it is."""
    rng = random.Random(f"{form} {case}")
    edit = rng.choice(EDITS)
    source = valid / f"data.{'npz' if form == 'npy' else form}"
    path = folder / f"data.{form}"
    if form == "npy":
        path = folder
        with np.load(source) as arrays:
            for name, values in arrays.items():
                np.save(folder / f"{name}.npy", values)
        victim = folder / f"{rng.choice(['y', 'a', 'b'])}.npy"
        victim.write_bytes(edit(victim.read_bytes(), rng))
    else:
        path.write_bytes(edit(source.read_bytes(), rng))
    names = sorted(file.name for file in folder.iterdir())
    try:
        sentence = attempt(path, form)
    except Exception as error:
        pytest.fail(f"{form}, case {case} ({edit.__name__}): {type(error).__name__}: {error}")
    assert sentence.replace("\n", "").isprintable(), (case, sentence)
    assert "Traceback" not in sentence
    assert sorted(file.name for file in folder.iterdir()) == names
    return sentence


@pytest.mark.parametrize("form", FORMS)
def test_damage_ends_in_a_sentence(form: str, valid: Path, tmp_path: Path) -> None:
    sentences = []
    for case in range(-(-CASES // len(FORMS))):
        folder = tmp_path / str(case)
        folder.mkdir()
        sentences.append(damaged(form, case, valid, folder))
    assert any(sentences)


@pytest.mark.parametrize(("form", "case"), [("npz", 247), ("npy", 20), ("npy", 877), ("csv", 48)])
def test_what_once_failed(form: str, case: int, valid: Path, tmp_path: Path) -> None:
    damaged(form, case, valid, tmp_path)


def test_what_is_not_damaged_is_read(valid: Path) -> None:
    for form in FORMS:
        if form != "npy":
            assert attempt(valid / f"data.{form}", form) == ""


class Evil:
    """Runs code where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_code_in_a_pickle_is_never_run(protocol: int, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    splits = {"train": {"labels": np.arange(4), "text": Evil(canary)}}
    (tmp_path / "data.pkl").write_bytes(pickle.dumps(splits, protocol=protocol))
    np.savez(tmp_path / "data.npz", y=np.arange(4), a=np.array([Evil(canary)] * 4, dtype=object))
    for form in ("pkl", "npz"):
        assert attempt(tmp_path / f"data.{form}", form)
    assert not canary.exists()


@pytest.mark.parametrize(
    "header",
    [
        {
            "y": {"dtype": "I64", "shape": [4], "data_offsets": [0, 32]},
            "a": {"dtype": "F64", "shape": [4], "data_offsets": [8, 40]},
        },
        {"y": {"dtype": "I64", "shape": [2**62], "data_offsets": [0, 32]}},
        {"y": {"dtype": "X9", "shape": [4], "data_offsets": [0, 32]}},
        {"y": []},
        [],
    ],
)
def test_headers_of_safetensors_that_lie(header: object, tmp_path: Path) -> None:
    text = json.dumps(header).encode()
    path = tmp_path / "data.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(40))
    assert attempt(path, "safetensors")
