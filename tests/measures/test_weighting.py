"""The mean over samples by NumPy, with weights that are one, unequal, or all zero; weights on one scale."""

from __future__ import annotations

import numpy as np
import pytest

from mmfusion.measures.weighting import relative_weights, weighted_mean

VALUES = np.random.default_rng(0).normal(size=(2, 7, 3))


def test_without_weights_it_is_the_mean_bit_for_bit() -> None:
    np.testing.assert_array_equal(weighted_mean(VALUES, axis=1), VALUES.mean(axis=1))


@pytest.mark.parametrize("axis", [1, -2])
def test_by_a_sum_over_samples(axis: int) -> None:
    weight = np.arange(7.0)
    expected = np.einsum("ino,n->io", VALUES, weight) / weight.sum()
    np.testing.assert_allclose(weighted_mean(VALUES, weight, axis), expected, rtol=1e-12)


def test_weights_that_are_all_zero_have_no_mean() -> None:
    assert np.isnan(weighted_mean(VALUES, np.zeros(7), axis=1)).all()


def test_one_weight_per_sample() -> None:
    with pytest.raises(ValueError, match="weights"):
        weighted_mean(VALUES, np.ones(6), axis=1)


def test_relative_weights_have_a_mean_of_one() -> None:
    relative = relative_weights(np.arange(7.0))
    assert relative is not None
    np.testing.assert_allclose(relative, np.arange(7.0) / 3.0)
    assert relative_weights(np.full(7, 0.1)) is None
