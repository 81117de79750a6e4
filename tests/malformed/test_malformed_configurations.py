"""A valid configuration with seeded damage: each is read or refused in a sentence, at once.

The variable MMFUSION_MALFORMED sets the number of cases of all tests here; a tenth of them are these.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from mmfusion.errors import MmfusionError
from mmfusion.study.config.layers import read_layers
from mmfusion.study.config.settings import load_config

CASES = int(os.environ.get("MMFUSION_MALFORMED", "150"))
SECONDS = 5
CONFIG = Path(__file__).parents[2] / "config/config.yaml"

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


def attempt(path: Path) -> str:
    """Read a configuration as the workflow does; return the sentence if it is refused, else nothing."""
    try:
        with at_most(SECONDS):
            layers, errors = read_layers([path])
            if errors:
                raise errors[0]
            load_config(layers[0])
    except MmfusionError as error:
        return str(error)
    return ""


def test_damage_ends_in_a_sentence(tmp_path: Path) -> None:
    sentences = []
    for case in range(CASES // 10):
        rng = random.Random(f"yaml {case}")
        edit = rng.choice(EDITS)
        path = tmp_path / f"{case}.yaml"
        path.write_bytes(edit(CONFIG.read_bytes(), rng))
        try:
            sentence = attempt(path)
        except Exception as error:
            pytest.fail(f"case {case} ({edit.__name__}): {type(error).__name__}: {error}")
        assert sentence.replace("\n", "").isprintable(), (case, sentence)
        assert "Traceback" not in sentence
        sentences.append(sentence)
    assert any(sentences)
    assert attempt(CONFIG) == ""
