"""Text features from the transcripts: the encoder is checked, needs no network, and knows what is alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmfusion.errors import DataError
from mmfusion.study.data.mosi import sentence_encoder
from mmfusion.study.data.mosi.clean_text import clean_text, embed
from mmfusion.study.data.mosi.sentence_encoder import check_encoder, find_encoder


@pytest.fixture
def encoder() -> Path:
    folder = find_encoder()
    if folder is None:
        pytest.skip("the extra text is not installed: the sentence encoder is needed")
    return folder


def test_a_missing_extra_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_encoder, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"not installed, expected .*; install the extra text: pip install"):
        clean_text(tmp_path)


def test_an_encoder_of_other_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(DataError) as caught:
        embed(["good"], tmp_path)
    for part in (
        str(tmp_path),
        "model.safetensors: missing",
        "config.json: other bytes",
        "expected",
        "install",
    ):
        assert part in str(caught.value)


def test_sentences_that_mean_the_same_are_close(encoder: Path) -> None:
    check_encoder(encoder)
    numbers = embed(["the film is wonderful", "a great movie", "the bus is late"], encoder)
    assert (numbers.shape, numbers.dtype) == ((3, 384), np.float32)
    np.testing.assert_allclose(np.linalg.norm(numbers, axis=1), 1.0, atol=1e-5)
    alike = numbers @ numbers.T
    assert alike[0, 1] > alike[0, 2] + 0.2
    np.testing.assert_array_equal(embed(["a great movie"], encoder), embed(["a great movie"], encoder))
