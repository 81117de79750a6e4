"""Padding: what lengths may be, and which steps they leave out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmfusion.data.padding import check_lengths, pad, padding_mask
from mmfusion.errors import DataError, InputError


@given(lengths=st.lists(st.integers(1, 5), max_size=6), kind=st.sampled_from(["f2", "f4", "f8", "i8"]))
def test_pad_marks_the_steps_behind_the_end(lengths: list[int], kind: str) -> None:
    values = np.random.default_rng(0).integers(1, 99, (len(lengths), 5, 2)).astype(kind)
    before = values.copy()
    found = pad(values, np.array(lengths, dtype=int))
    assert np.array_equal(values, before)
    assert not np.shares_memory(found, values)
    assert found.dtype == ("f8" if kind == "i8" else kind)
    for row, padded, length in zip(values, found, lengths, strict=True):
        assert np.array_equal(padded[:length], row[:length])
        assert np.isnan(padded[length:]).all()


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (
            [3, 0],
            r"lengths, row 1 \(counted from 0\): 0 is not a length, expected 1 to 4 steps; correct it; where "
            "the modality is missing, set all steps to NaN",
        ),
        ([5, 2], r"lengths, row 0 \(counted from 0\): 5 is not a length, expected 1 to 4 steps"),
        ([3, -1], r"lengths, row 1 \(counted from 0\): -1 is not a length"),
        ([3], r"lengths are an array \(1,\) of int64, expected one whole number for each of the 2 sequences"),
        ([3.0, 2.0], r"array \(2,\) of float64, expected one whole number"),
        ([[3], [2]], r"array \(2, 1\) of int64"),
    ],
    ids=str,
)
def test_what_are_no_lengths(lengths: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        pad(np.ones((2, 4, 3)), lengths)


def test_pad_names_an_array_that_holds_no_sequences() -> None:
    with pytest.raises(DataError, match=r"array \(2, 4\) of float64, expected numbers \(samples, steps"):
        pad(np.ones((2, 4)), [1, 2])


def test_the_caller_names_lengths_rows_and_error() -> None:
    message = r"lengths\['a'\], the 2nd: 9 is not a length, expected 1 to 4 steps \(2 rows are out of range\)"
    with pytest.raises(InputError, match=message):
        check_lengths([4, 9, 0], 3, 4, "lengths['a']", lambda row: f"the {row + 1}nd", InputError)


def test_padding_is_behind_the_lengths_or_nan() -> None:
    steps = np.ones((2, 3, 2))
    steps[0, 0], steps[1, 2, 0] = np.nan, np.nan  # a gap, and a step that is only partly known
    assert padding_mask(steps, None).tolist() == [[True, False, False], [False] * 3]
    assert padding_mask(steps, np.array([2, 3])).tolist() == [[False, False, True], [False] * 3]
