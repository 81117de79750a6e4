"""Layers that all encoders share; tests/contracts says what every encoder must keep."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from mmfusion.encoders import ModuleEncoder, SequenceEncoder, VectorEncoder, encoder_of
from mmfusion.encoders import encoder as base


def test_features_of_the_encoders_by_kind_are_not_negative() -> None:
    rng = np.random.default_rng(0)
    values = {
        "symbols": rng.integers(0, 4, (9, 12)),
        "vector": rng.normal(size=(9, 4)),
        "sequence": rng.normal(size=(9, 6, 4)),
    }
    for kind, array in values.items():
        encoder = encoder_of(kind, 4, {"dim": 5})
        features = encoder.train()(encoder.prepare(array))
        assert features.shape == (9, 5)
        assert bool((features >= 0).all())
        assert bool((features > 0).any())


def test_batch_norm_is_that_of_torch_in_both_modes() -> None:
    torch.manual_seed(0)
    layer, columns = nn.BatchNorm1d(4).double(), 5 + 3 * torch.randn(4, 30, dtype=torch.float64)
    nn.init.uniform_(layer.weight)
    nn.init.uniform_(layer.bias)
    expected = nn.functional.batch_norm(columns.T, None, None, layer.weight, layer.bias, training=True)
    torch.testing.assert_close(base.batch_norm(layer, columns), expected.T)
    layer.eval()
    layer.running_mean, layer.running_var = torch.arange(4).double(), 1 + torch.arange(4).double()
    torch.testing.assert_close(base.batch_norm(layer, columns), layer(columns.T).T)


def test_moments_are_those_of_float64_rounded_once() -> None:
    encoder = VectorEncoder(1, hidden=20, dropout=0.0)
    with torch.no_grad():
        encoder.first.weight.copy_(torch.linspace(0.5, 2.0, 20).unsqueeze(-1))
    inputs = encoder.prepare(1e3 + np.random.default_rng(0).normal(size=(4000, 1)))
    encoder.fit_statistics(inputs)
    exact = encoder.activations(inputs).detach().double().numpy()
    moments = encoder.batch_norm.running_mean, encoder.batch_norm.running_var
    half = torch.finfo(torch.float32).eps / 2
    for actual, expected in zip(moments, (exact.mean(1), exact.var(1)), strict=True):
        assert actual is not None
        np.testing.assert_allclose(actual.double(), expected, rtol=1.001 * half)


def hidden_unit(weight: float, bias: float) -> VectorEncoder:
    """One hidden unit, ReLU(weight x + bias)."""
    encoder = VectorEncoder(1, hidden=1, dropout=0.0, dim=2)
    with torch.no_grad():
        encoder.first.weight.fill_(weight)
        encoder.first.bias.fill_(bias)
    return encoder


def test_a_hidden_unit_that_is_dead_in_training_stays_so() -> None:
    encoder = hidden_unit(1.0, -10.0)
    encoder.fit_statistics(torch.randn(100, 1))
    features = encoder(torch.tensor([[0.0], [11.0], [1e6]]))
    assert torch.equal(features, features[:1].expand(3, -1))


@given(st.floats(-5.0, 3.0), st.floats(-2.0, 2.0))
def test_no_hidden_unit_that_varies_is_taken_for_constant(exponent: float, bias: float) -> None:
    """A spread of 1e-5 of a standardised column, beside a bias of up to two, is far above rounding."""
    encoder = hidden_unit(10.0**exponent, 10.0**exponent * 4 + abs(bias))
    inputs = torch.linspace(-2.0, 2.0, 41).unsqueeze(1)
    encoder.fit_statistics(inputs)
    variance = encoder.batch_norm.running_var
    assert variance is not None
    assert bool(variance.isfinite().all())


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e7])
def test_a_module_may_return_small_differences_of_large_numbers(offset: float) -> None:
    """Time stamps, for instance: float32 holds their differences exactly."""
    encoder, times = ModuleEncoder(nn.Identity(), 1), offset + torch.arange(-3.0, 4.0).unsqueeze(1)
    encoder.fit_statistics(times)
    variance = encoder.batch_norm.running_var
    assert variance is not None
    torch.testing.assert_close(variance, torch.tensor([4.0]))


def test_constant_sequences_of_different_lengths_are_constant() -> None:
    """Standardised they are zero; the mean over the steps is rounded differently for every length."""
    encoder, rng = (
        SequenceEncoder(2, dropout=0.0, generator=torch.Generator().manual_seed(0)),
        np.random.default_rng(0),
    )
    steps = np.zeros((300, 40, 2), np.float32)
    steps[np.arange(40) >= rng.integers(1, 41, 300)[:, None]] = np.nan
    features = encoder.fit_statistics(encoder.prepare(steps))
    assert torch.equal(features, features[:1].expand_as(features))
    new = encoder(encoder.prepare(rng.normal(size=(20, 40, 2))))
    torch.testing.assert_close(new, features[:20])


def test_rows_are_alike_where_nan_is_in_the_same_place() -> None:
    rows = torch.tensor([[1.0, torch.nan], [1.0, torch.nan], [1.0, 2.0]])
    for chosen, weight, expected in (
        (rows[:2], None, True),
        (rows, None, False),
        (rows, torch.eye(3)[0], True),
    ):
        alike = base._Alike()
        for row in range(len(chosen)):
            alike.add(chosen[row : row + 1], None if weight is None else weight[row : row + 1])
        assert alike.all == expected
