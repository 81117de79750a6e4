"""Strings of letters as sequences of symbols."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmfusion.data.letters import alphabet_of, as_symbols, is_sequence, letters_part
from mmfusion.data.location import Location
from mmfusion.data.padding import real_steps
from mmfusion.errors import InputError


@given(st.lists(st.one_of(st.none(), st.text("ACGTNé☃", max_size=9)), min_size=1, max_size=6))
def test_every_letter_comes_back(strings: list[str | None]) -> None:
    part = letters_part(strings)
    assert part.lengths is not None
    real = real_steps(part.array, part.lengths, part.present)
    letters = alphabet_of(part.array, real)
    assert set(letters) == set("".join(text or "" for text in strings))
    if not letters:
        return
    symbols = as_symbols("dna", part.array, real, letters, Location())
    for text, row, known in zip(strings, symbols, real, strict=True):
        assert "".join(letters[symbol] for symbol in row[known]) == (text or "")
        assert not row[~known].any()
    missing = [not text for text in strings]
    assert (part.present is None) == (not any(missing))
    if part.present is not None:
        assert (~part.present).tolist() == missing


@pytest.mark.parametrize(
    ("strings", "expected"),
    [
        (["ACGTACGTAC", "GGTACCATTA", None, ""], True),
        (["acgtnACGTN", "ggtaNNNNtt"], True),  # soft-masked
        (["MKTAYIAKQR", "QISFVKSHFS*"], True),
        (["yes", "no", "yes", "no"], False),
        (["male", "female"] * 5, False),  # short, and repeated
        (["control group", "treated group"], False),
        (["Katharina", "Alexander", "Christopher", "Montgomery"], False),
        (["sample-001", "sample-002"], False),
        (["0110100110", "1001011001"], False),  # digits have to be named
        ([None, ""], False),
        ([], False),
    ],
)
def test_what_looks_like_sequences(strings: list[str | None], expected: bool) -> None:
    assert is_sequence(strings) is expected


def test_an_unknown_letter_is_named_with_row_and_place() -> None:
    part = letters_part(["ACGT", "ACNTX"])
    real = real_steps(part.array, part.lengths)
    with pytest.raises(InputError) as caught:
        as_symbols("dna", part.array, real, "ACGT", Location())
    assert str(caught.value).startswith(
        "X['dna'], row 1 (counted from 0), letter 2: 'N' did not occur in training"
    )
    assert "'ACGT' (2 letters are unknown)" in str(caught.value)


def test_small_alphabets_take_a_byte_per_letter() -> None:
    assert letters_part(["ACGT"]).array.dtype == np.uint8
    assert letters_part(["AC☃"]).array.dtype == np.uint32
