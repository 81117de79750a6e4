"""The alignment of generated sequences against the rules of the CMU-MultimodalSDK, in plain loops.

The rules were observed on the SDK itself, by running it on files like these: first every sequence is aligned
to the words, then everything to the labels. They are written down here as they were understood, one interval
at a time.
"""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmfusion.data.readers import Source, read_csd

Span = tuple[float, float]
Videos = dict[str, list[Span]]
SHORTEST = 1e-5
"""Seconds; the SDK drops what is shorter."""
NAMES = ("labels", "text", "audio")


class Step(NamedTuple):
    """A word, the part of it that its frames cover, and their mean; no part where there is no frame."""

    word: Span
    covered: Span
    mean: NDArray[np.float64]
    has_frames: bool


def features(name: str, spans: list[Span]) -> NDArray[np.float64]:
    """Number the labels, and draw other features so that no two means are equal by chance."""
    if name == "labels":
        return np.arange(float(len(spans)))[:, np.newaxis]
    return np.random.default_rng(len(name)).normal(size=(len(spans), 2))


def shared(one: Span, other: Span) -> float:
    return min(one[1], other[1]) - max(one[0], other[0])


def steps_of(words: list[Span], frames: list[Span] | None, values: NDArray[np.float64]) -> list[Step]:
    """Align frames to words; without frames, the values are those of the words themselves."""
    steps = []
    for number, word in enumerate(words):
        if word[1] - word[0] < SHORTEST:
            continue
        if frames is None:
            steps.append(Step(word, word, values[number], True))
            continue
        found = [index for index, frame in enumerate(frames) if shared(frame, word) > SHORTEST]
        if not found:
            steps.append(Step(word, word, np.zeros(2), False))
            continue
        first = min(max(frames[index][0], word[0]) for index in found)
        last = max(min(frames[index][1], word[1]) for index in found)
        mean = np.array([sum(values[index][column] for index in found) / len(found) for column in (0, 1)])
        steps.append(Step(word, (first, last), mean, True))
    return steps


def within(steps: list[Step], label: Span, part: str) -> list[Step]:
    """Return the steps of a label in order; the `part` of a step, its word or its covered part, is in it."""
    ordered = sorted(steps, key=lambda step: getattr(step, part)[0])
    return [step for step in ordered if shared(getattr(step, part), label) > SHORTEST]


def read(files: dict[str, Videos]) -> Source:
    with tempfile.TemporaryDirectory() as folder:
        for name, videos in files.items():
            with h5py.File(Path(folder) / f"{name}.csd", "w") as file:
                for video, spans in videos.items():
                    file[f"{name}/data/{video}/features"] = features(name, spans)
                    file[f"{name}/data/{video}/intervals"] = np.array(spans).reshape(-1, 2)
        paths = {name: Path(folder) / f"{name}.csd" for name in ("text", "audio")}
        return read_csd(
            paths,
            Path(folder) / "labels.csd",
            missing_frames="zero",
            labels_without_words="leave_out",
        )


def expected(files: dict[str, Videos], part: str) -> dict[str, dict[str, list[Step]]]:
    """Return the steps of every label that has any words, per modality."""
    result: dict[str, dict[str, list[Step]]] = {"text": {}, "audio": {}}
    for video in sorted(files["labels"]):
        words = files["text"][video]
        text = steps_of(words, None, features("text", words))
        frames = files["audio"].get(video, [])
        audio = steps_of(words, frames, features("audio", frames))
        for number, label in enumerate(files["labels"][video]):
            if within(text, label, "word"):
                result["text"][f"{video}[{number}]"] = within(text, label, "word")
                result["audio"][f"{video}[{number}]"] = within(audio, label, part)
    return result


def assert_aligned(files: dict[str, Videos], part: str) -> None:
    """Compare all samples; `part` says by what the steps of audio find their labels."""
    steps = expected(files, part)
    assume(len({name.rpartition("[")[2] for name in steps["text"]}) > 1)  # else the target is constant
    source = read(files)
    assert list(source.ids) == list(steps["text"])
    for row, sample in enumerate(source.ids):
        for name, values in source.arrays.items():
            wanted = steps[name][sample]
            found = values[row, : source.lengths[name][row]]
            if any(step.has_frames for step in wanted):
                np.testing.assert_allclose(found, [step.mean for step in wanted], rtol=1e-12, atol=1e-12)
            else:
                assert np.isnan(values[row]).all()
            assert np.isnan(values[row]).all() or not values[row, len(wanted) :].any()


ticks = st.integers(0, 24).map(lambda tick: tick / 4)
any_spans = st.lists(st.tuples(ticks, ticks).map(lambda ends: (min(ends), max(ends))), min_size=1, max_size=8)
lasting = st.lists(ticks, max_size=8).map(lambda inner: sorted({0.0, *inner, 6.0}))
"""Borders of frames from the first to the last second, without a gap."""


def in_a_row(borders: list[float]) -> list[Span]:
    return list(pairwise(borders))


def videos(spans: st.SearchStrategy[list[Span]], least: int = 2) -> st.SearchStrategy[Videos]:
    """Draw up to two videos."""
    return st.lists(spans, min_size=least, max_size=2).map(
        lambda drawn: dict(zip(("one", "two"), drawn, strict=False))
    )


@given(videos(any_spans), videos(any_spans), videos(any_spans, least=1))
def test_steps_with_gaps_overlaps_and_words_of_zero_length(
    labels: Videos, text: Videos, audio: Videos
) -> None:
    """Every step is that of the SDK; it goes with its word, and a modality without frames is missing."""
    assert_aligned({"labels": labels, "text": text, "audio": audio}, "word")


@given(videos(any_spans), videos(any_spans), videos(lasting.map(in_a_row)))
def test_samples_where_the_frames_cover_the_words(labels: Videos, text: Videos, audio: Videos) -> None:
    """Where there is a frame at any time, samples are those of the SDK throughout."""
    assert_aligned({"labels": labels, "text": text, "audio": audio}, "covered")


def test_a_step_goes_with_its_word() -> None:
    """A word across the border of two labels, of which frames cover the second half only."""
    files: dict[str, Videos] = {
        "labels": {"one": [(0.0, 2.0), (2.0, 4.0)]},
        "text": {"one": [(0.0, 1.0), (1.0, 3.0)]},
        "audio": {"one": [(0.0, 1.0), (2.0, 3.0)]},
    }
    for part, steps in (("word", [2, 1]), ("covered", [1, 1])):
        assert [len(found) for found in expected(files, part)["audio"].values()] == steps
    source = read(files)
    assert source.lengths["audio"].tolist() == source.lengths["text"].tolist() == [2, 1]
    frames: Any = features("audio", files["audio"]["one"])
    np.testing.assert_array_equal(source.arrays["audio"][0], frames)
    np.testing.assert_array_equal(source.arrays["audio"][1, 0], frames[1])
