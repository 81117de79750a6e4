"""Arrays by modality, cut like one array, and the checks of their values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from mmfusion import ModalityData
from mmfusion.data import check_values as module
from mmfusion.data.check_values import check_values
from mmfusion.data.location import Location
from mmfusion.errors import InputError

N = 7
VALUES = np.arange(2.0 * N).reshape(N, 2)
SYMBOLS = np.arange(3 * N).reshape(N, 3) % 4
STEPS = np.arange(12.0 * N).reshape(N, 4, 3)
KINDS = {"text": "symbols", "audio": "vector", "video": "sequence"}


def data(**changes: Any) -> ModalityData:
    arrays = {"text": SYMBOLS, "audio": VALUES, "video": STEPS}
    lengths = {"video": np.array([4, 3, 2, 1, 4, 4, 4])}
    return ModalityData(
        **{"arrays": arrays, "lengths": lengths, "present": {"audio": np.arange(N) != 2}} | changes
    )


@given(st.lists(st.integers(0, N - 1), min_size=1, max_size=9))
def test_rows_are_those_of_every_array(rows: list[int]) -> None:
    part = data()[rows]
    assert len(part) == len(rows)
    for name, values in (("text", SYMBOLS), ("audio", VALUES), ("video", STEPS)):
        np.testing.assert_array_equal(part.arrays[name], values[rows])
    np.testing.assert_array_equal(part.lengths["video"], data().lengths["video"][rows])
    np.testing.assert_array_equal(part.present["audio"], data().present["audio"][rows])


@pytest.mark.parametrize("rows", [slice(1, 4), np.arange(N) > 3, [6], 5, np.array([2, 2])])
def test_all_ways_to_select_rows(rows: Any) -> None:
    expected = VALUES[[rows] if isinstance(rows, int) else rows]
    np.testing.assert_array_equal(data()[rows].arrays["audio"], expected)


def test_scikit_learn_counts_and_cuts_it() -> None:
    assert _num_samples(data()) == N
    np.testing.assert_array_equal(_safe_indexing(data(), [3, 1]).arrays["audio"], VALUES[[3, 1]])
    assert data().shape == (N, 3)


def test_what_needs_no_copy_is_not_copied() -> None:
    made = data()
    assert np.shares_memory(made.arrays["audio"], VALUES)
    assert made[2:5].arrays["audio"].base is not None


def test_a_column_may_be_flat_and_truth_values_are_numbers() -> None:
    made = ModalityData({"age": np.arange(4), "yes": np.array([True, False, True, True])})
    assert made.arrays["age"].shape == (4, 1)
    assert made.arrays["yes"].dtype == np.float32


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arrays": {}}, "X has 0 modalities, expected 1 to 8"),
        ({"arrays": {str(m): VALUES for m in range(9)}}, "X has 9 modalities"),
        (
            {"arrays": {"a": VALUES, "b": VALUES[:5]}, "lengths": None, "present": None},
            r"\(a has 7, b has 5\)",
        ),
        ({"arrays": {"a": np.array([["x"]])}}, r"X\['a'\], row 0 .*, column 0: .*'x'.* is not a number"),
        ({"arrays": {"a": np.zeros((3, 0))}}, r"X\['a'\] is an array \(3, 0\)"),
        ({"lengths": {"speech": [1]}}, r"lengths\['speech'\]: there is no such modality"),
        (
            {"present": {"audio": [True]}},
            r"present\['audio'\] has shape \(1,\), expected one value for each of the 7",
        ),
    ],
)
def test_what_cannot_be_modalities(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        data(**changes)


def test_columns_are_not_rows() -> None:
    with pytest.raises(InputError, match=r"the arrays are in X.arrays\['audio'\]"):
        data()["audio"]


# Values


@pytest.mark.parametrize("rows_at_once", [2, 4096])
def test_present_is_what_mask_nan_and_negative_symbols_say(rows_at_once: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "BYTES_AT_ONCE", 30 * rows_at_once)
    symbols, steps = SYMBOLS.copy(), STEPS.copy()
    symbols[4] = -1
    steps[0] = np.nan
    arrays = {"text": symbols, "audio": VALUES, "video": steps}
    present = check_values(data(arrays=arrays), KINDS, all_occur=True)
    assert {name: np.flatnonzero(~here).tolist() for name, here in present.items()} == {
        "text": [4],
        "audio": [2],
        "video": [0],
    }


def test_padding_may_hold_anything_where_there_are_lengths() -> None:
    steps = STEPS.copy()
    steps[3, 1:] = np.inf
    assert list(check_values(data(arrays={"text": SYMBOLS, "audio": VALUES, "video": steps}), KINDS)) == [
        "audio"
    ]


def spoiled(name: str, place: tuple[int, ...], value: float) -> ModalityData:
    arrays = {"text": SYMBOLS.copy(), "audio": VALUES.copy(), "video": STEPS.copy()}
    arrays[name][place] = value
    return data(arrays=arrays)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            spoiled("audio", (5, 1), np.nan),
            r"X\['audio'\], row 5 \(counted from 0\), column 1: the value is NaN",
        ),
        (
            spoiled("audio", (5, 0), -np.inf),
            r"X\['audio'\], row 5 \(counted from 0\), column 0: the value is -infinity",
        ),
        (
            spoiled("audio", (5, 0), -1e300),
            r"X\['audio'\], row 5 \(counted from 0\), column 0: the value is -1e\+300, too large for float32"
            r" \(or NaN, in 1 place\), expected a magnitude of at most 3\.4e\+38; correct it, or set all",
        ),
        (
            spoiled("video", (6, 0, 1), 3.5e38),
            r"row 6 \(counted from 0\), step 0, column 1: the value is 3\.5e\+38, too large for float32",
        ),
        (
            spoiled("video", (6, 2, 1), np.nan),
            r"row 6 \(counted from 0\), step 2, column 1: the value is NaN .* or correct the length "
            r"\('video_lengths' in a file\) if the step is padding, or set all steps",
        ),
        (spoiled("text", (6, 0), -1), r"X\['text'\], row 6 \(counted from 0\), step 0: -1 is not a symbol"),
        (
            spoiled("text", (1, 2), 5000),
            r"X\['text'\], row 1 \(counted from 0\), step 2: 5000 is not a symbol",
        ),
        (
            data(lengths={"video": [4, 0, 1, 1, 1, 1, 1]}),
            r"lengths\['video'\], row 1 \(counted from 0\): 0 is not a length, expected 1 to 4",
        ),
        (
            data(
                arrays={"audio": VALUES, "video": np.ones(STEPS.shape, int)},
                lengths={"video": [4, 9, 1, 1, 1, 1, 1]},
            ),
            r"lengths\['video'\], row 1 \(counted from 0\): 9 is not a length, expected 1 to 4",
        ),
        (
            ModalityData({"a": np.full((2, 2), np.nan)}),
            r"X, row 0 \(counted from 0\): no modality is present",
        ),
    ],
)
def test_values_that_cannot_be(given: ModalityData, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_values(given, KINDS | {"a": "vector"})


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_the_largest_number_of_a_type_may_be(kind: type) -> None:
    largest = min(float(np.finfo(kind).max), float(np.finfo(np.float32).max))
    values = np.array([[largest, -largest], [0.0, 1.0]], dtype=kind)
    assert check_values(ModalityData({"a": values}), {"a": "vector"}) == {}


def test_a_modality_of_no_sample_is_told() -> None:
    with pytest.raises(InputError, match=r"X\['audio'\] is missing for all samples"):
        check_values(data(present={"audio": np.zeros(N, dtype=bool)}), KINDS, all_occur=True)
    assert not check_values(data(present={"audio": np.zeros(N, dtype=bool)}), KINDS)["audio"].any()


@pytest.mark.parametrize("rows_at_once", [2, 4096])
def test_rows_are_told_as_the_user_knows_them(rows_at_once: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "BYTES_AT_ONCE", 30 * rows_at_once)
    for name, place, value in (("audio", (5, 1), np.nan), ("text", (5, 1), -1), ("video", (5, 0, 0), np.inf)):
        bad, location = spoiled(name, place, value), Location(row=lambda row: f"the {row + 1}th")
        given = ModalityData(bad.arrays, bad.lengths, bad.present, location)
        with pytest.raises(InputError, match=r"\], the 6th, "):
            check_values(given, KINDS)


def test_lengths_among_the_modalities_are_refused() -> None:
    gait, lengths = np.zeros((4, 5, 2)), np.array([1, 2, 3, 4])
    with pytest.raises(InputError, match=r"'gait_lengths'.* looks like the lengths of 'gait'"):
        ModalityData({"gait": gait, "gait_lengths": lengths})
    with pytest.raises(InputError, match=r"lengths of 'gait'"):
        ModalityData({"gait": gait, "gait.lengths": lengths})
    assert ModalityData({"face": gait[:, :, 0], "face_lengths": lengths}).modalities == (
        "face",
        "face_lengths",
    )
    assert ModalityData({"gait": gait}, lengths={"gait": lengths}).modalities == ("gait",)
