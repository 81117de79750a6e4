"""Every kind of modality becomes columns that a linear model can read, and padding never counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from mmfusion.data import check_values
from mmfusion.data.modality_data import ModalityData
from mmfusion.estimators import linear_inputs
from mmfusion.estimators.inputs import modality_data
from mmfusion.estimators.linear_inputs import linear_inputs_of
from mmfusion.estimators.modalities import choose_modalities, symbols_of, with_alphabets

NAN = np.nan
DNA = {"dna": "symbols"}


def inputs(data: Any, encoders: Any = None) -> np.ndarray:
    """Return the columns of what a user passes."""
    found = modality_data(data, kinds=symbols_of(encoders))
    modalities = choose_modalities(found, encoders, 4)
    return linear_inputs_of(with_alphabets(found, modalities), modalities)


def test_vectors_enter_as_they_are_and_missing_samples_are_nan() -> None:
    text = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.int16)
    audio = np.array([[0.5], [NAN], [2.5]], dtype=np.float16)
    data = ModalityData({"text": text, "audio": audio}, present={"text": [True, True, False]})
    found = inputs(data)
    assert found.dtype == np.float64
    assert_array_equal(found, [[1, 2, 0.5], [3, 4, NAN], [NAN, NAN, 2.5]])


def test_sequences_become_moments_over_their_real_steps() -> None:
    first, second = np.array([[1.0, 7], [3, 7], [8, 7]]), np.array([[2.0, -1]])
    found = inputs({"audio": [first, second, np.full((1, 2), NAN)]})
    expected = [*first.mean(axis=0), *first.std(axis=0), 3], [2, -1, 0, 0, 1], [NAN] * 5
    assert_allclose(found, expected)


def test_a_column_that_never_changes_has_no_deviation_at_all() -> None:
    found = inputs({"audio": np.full((4, 7, 1), 0.1)})
    assert_array_equal(found[:, 1], 0.0)


@given(
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=6),
    more=st.integers(0, 3),
    whole=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=40)
def test_what_is_in_the_padding_and_where_it_is_changes_nothing(
    lengths: list[int], more: int, whole: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    behind = np.arange(max(lengths) + more) < np.array(lengths)[:, np.newaxis]
    front = behind[:, ::-1]
    encoders = {"x": "symbols"} if whole else None

    def filled(real: np.ndarray, steps: list[np.ndarray]) -> np.ndarray:
        shape = real.shape if whole else (*real.shape, 2)
        values = rng.integers(0, 9, shape) if whole else rng.normal(size=shape)
        values[real] = np.concatenate(steps)
        return inputs(ModalityData({"x": values}, {"x": real}, kinds=encoders), encoders)

    steps = [rng.integers(0, 3, n) if whole else rng.normal(size=(n, 2)) for n in lengths]
    assert_array_equal(filled(behind, steps), filled(front, steps))
    if not whole:
        assert_allclose(filled(behind, steps), inputs({"x": steps}))


def test_nan_steps_are_padding_as_lengths_say() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 6, 3))
    by_length = inputs(ModalityData({"x": values}, {"x": [6, 2, 3, 1, 5]}))
    for row, length in enumerate([6, 2, 3, 1, 5]):
        values[row, length:] = NAN
    assert_array_equal(inputs({"x": values}), by_length)


def test_letters_become_shares_of_letters_and_of_pairs() -> None:
    found = inputs({"dna": ["ACCA", "CC", "A"]}, DNA)
    # A, C; then AC, CA, CC (AA does not occur); then the length
    expected = [
        [1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3, 4],
        [0, 1, 0, 0, 1, 2],
        [1, 0, 0, 0, 0, 1],
    ]
    assert_allclose(found, expected)


def test_symbols_and_letters_are_the_same() -> None:
    symbols = np.array([[0, 2, 2, 0], [2, 2, 1, 1], [-1, -1, -1, -1]])
    of_symbols = inputs({"dna": symbols}, DNA)
    of_letters = inputs({"dna": ["ATTA", "TTGG", None]}, DNA)
    code_points = modality_data({"dna": ["ATTA", "TTGG", None]}, kinds=DNA)
    assert np.isnan(of_symbols[2]).all()
    assert_array_equal(of_symbols[:2].sum(axis=1), 1 + 1 + 4)
    assert_array_equal(
        linear_inputs_of(code_points, choose_modalities(code_points, None, 4)),
        inputs({"dna": ["ATTA", "TTGG", None]}, DNA),
    )
    # A, G, T in the order of the alphabet
    assert_array_equal(of_letters[:, :3], of_symbols[:, [0, 1, 2]])


def test_only_the_most_frequent_pairs_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_inputs, "MOST_PAIRS", 2)
    found = inputs({"dna": ["AAAC", "AACA", "CCGG"]}, DNA)
    assert found.shape == (3, 3 + 2 + 1)
    assert_allclose(found[:, 3:5], [[2 / 3, 1 / 3], [1 / 3, 1 / 3], [0, 0]])  # AA, AC


def test_arrays_for_a_module_are_flattened() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    values[1, 2] = NAN
    found = inputs({"image": values}, {"image": nn.Flatten()})
    assert_array_equal(found, values.reshape(2, 12))
    data = ModalityData({"image": np.arange(24).reshape(2, 3, 4)}, {"image": [3, 2]})
    assert_array_equal(inputs(data, {"image": nn.Flatten()}), values.reshape(2, 12))


def test_neighbours_in_wide_arrays_for_a_module_are_averaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_inputs, "WIDEST", 4)
    values = np.array([[1.0, 3, 5, 7, 9, 11, 13], [NAN, 2, NAN, NAN, 1, 1, 4]])
    found = inputs({"image": values}, {"image": nn.Flatten()})
    assert_array_equal(found, [[2, 6, 10, 13], [2, NAN, 1, 4]])
    assert_array_equal(inputs({"image": values}), values)  # vectors stay


def test_rows_are_read_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    data = {"a": rng.normal(size=(7, 2)), "b": rng.normal(size=(7, 3, 2)), "c": rng.normal(size=(7, 2, 2))}
    encoders = {"c": nn.Flatten()}
    at_once = inputs(data, encoders)
    monkeypatch.setattr(check_values, "BYTES_AT_ONCE", 100)
    assert_array_equal(inputs(data, encoders), at_once)


def test_numbers_beyond_float32_are_unknown() -> None:
    values = np.array([[1.0, np.inf], [1e300, 2.0], [3.0, -np.inf]])
    assert_array_equal(inputs({"x": values}), [[1, NAN], [NAN, 2], [3, NAN]])
    wide = np.array([["1e4000", "1"], ["2", "3"]]).astype(np.longdouble)
    assert_array_equal(inputs({"x": wide}), [[NAN, 1], [2, 3]])
