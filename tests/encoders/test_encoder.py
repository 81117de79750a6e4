"""Layers that all encoders share; tests/contracts says what every encoder must keep."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from mmfusion.encoders import VectorEncoder, encoder_of
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
