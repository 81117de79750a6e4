"""Columns that are constant in training keep their value in prediction, for a user's own module."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmfusion.training.column_holder import ColumnHolder

ROWS = 30


def holder(values: np.ndarray, weight: np.ndarray | None = None) -> ColumnHolder:
    layer = ColumnHolder(values.shape[-1])
    layer.fit(values, weight)
    return layer.eval()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("axes", [(), (5,), (2, 4)])
def test_a_constant_column_keeps_its_value_outside_training(axes: tuple[int, ...], dtype: type) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(ROWS, *axes, 3)).astype(dtype)
    values[..., 1] = 7.1
    layer = holder(values)
    new = torch.from_numpy(rng.normal(size=(9, *axes, 3)).astype(dtype))
    actual = layer(new)
    assert actual.dtype == new.dtype
    assert torch.equal(actual[..., [0, 2]], new[..., [0, 2]])
    expected = torch.full_like(new[..., 1], 7.1)
    torch.testing.assert_close(actual[..., 1], expected, rtol=1e-13, atol=0)
    torch.testing.assert_close(layer(torch.from_numpy(values)), torch.from_numpy(values), rtol=1e-13, atol=0)
    assert layer.train()(new) is new


def test_padding_stays_padding_and_does_not_count() -> None:
    values = np.full((ROWS, 4, 2), 3.0)
    values[:, 2:] = np.nan
    layer = holder(values)
    new = torch.tensor([[[1.0, 2.0], [torch.nan, torch.nan]]])
    torch.testing.assert_close(
        layer(new), torch.tensor([[[3.0, 3.0], [torch.nan, torch.nan]]]), equal_nan=True
    )


def test_samples_of_weight_zero_do_not_count() -> None:
    values, weight = np.array([[2.0], [2.0], [5.0]]), np.array([1.0, 1.0, 0.0])
    assert holder(values, weight).held.tolist() == [True]
    assert holder(values).held.tolist() == [False]


def test_whole_numbers_stay_as_they_are() -> None:
    layer, new = holder(np.ones((ROWS, 2), dtype=np.int64)), torch.tensor([[4, 5]])
    assert layer(new) is new
