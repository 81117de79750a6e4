"""What every encoder offers, alone and side by side."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmfusion.encoders import Encoder, MotifScanner, VectorEncoder
from mmfusion.encoders import encoder as base

MAKERS: list[Callable[[], Encoder]] = [
    lambda: MotifScanner(width=6, channels=7, dim=5),
    lambda: VectorEncoder(6, hidden=7, dropout=0.0, dim=5),
]


@pytest.fixture(params=MAKERS, ids=["motif_scanner", "vector"])
def make(request: pytest.FixtureRequest) -> Callable[[], Encoder]:
    """Function that makes an encoder with random weights."""
    torch.manual_seed(4)
    maker: Callable[[], Encoder] = request.param
    return maker


def inputs_of(encoder: Encoder, size: int = 9, seed: int = 0) -> Tensor:
    rng = np.random.default_rng(seed)
    symbols = isinstance(encoder, MotifScanner)
    return encoder.prepare(rng.integers(0, 4, (size, 12)) if symbols else rng.normal(size=(size, 6)))


def test_weights_are_the_matrices(make: Callable[[], Encoder]) -> None:
    encoder = make()
    matrices = [parameter for parameter in encoder.parameters() if parameter.ndim > 1]
    assert [id(weight) for weight in encoder.weights()] == [id(matrix) for matrix in matrices]
    assert len(matrices) == 2


def test_training_steps_leave_the_moments_alone(make: Callable[[], Encoder]) -> None:
    encoder = make()
    before = encoder.batch_norm.running_var.clone()
    features = encoder.train()(inputs_of(encoder))
    assert features.shape == (9, encoder.dim)
    assert bool((features >= 0).all())
    assert torch.equal(encoder.batch_norm.running_var, before)
    assert torch.equal(encoder.batch_norm.running_mean, torch.zeros_like(before))


def test_networks_side_by_side_give_what_each_gives_alone(make: Callable[[], Encoder]) -> None:
    alone = [make().double() for _ in range(3)]
    for encoder in alone:
        nn.init.uniform_(encoder.batch_norm.weight, 0.5, 2.0)
        nn.init.uniform_(encoder.batch_norm.bias)
    stack = make().double()
    for name, parameter in list(stack.named_parameters()):
        owner, _, key = name.rpartition(".")
        together = torch.stack([encoder.get_parameter(name).detach() for encoder in alone])
        setattr(stack.get_submodule(owner), key, nn.Parameter(together, parameter.requires_grad))
    inputs = [inputs_of(encoder, seed=seed) for seed, encoder in enumerate(alone)]
    if inputs[0].is_floating_point():
        inputs = [x.double() for x in inputs]
    found = stack(torch.stack(inputs))
    assert found.shape == (3, 9, 5)
    for features, encoder, own in zip(found, alone, inputs, strict=True):
        torch.testing.assert_close(features, encoder(own), rtol=1e-11, atol=1e-12)


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


@pytest.mark.parametrize("rows", [1, 4, 50])
def test_statistics_are_the_biased_moments_of_all_rows(
    make: Callable[[], Encoder], rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "ROWS_AT_ONCE", rows)
    encoder = make()
    inputs = inputs_of(encoder, size=50)
    features = encoder.fit_statistics(inputs)
    assert not encoder.training
    hidden = encoder.activations(inputs).detach().double().numpy()
    moments = encoder.batch_norm.running_mean, encoder.batch_norm.running_var
    assert all(x is not None and x.dtype == torch.float32 for x in moments)
    np.testing.assert_allclose(moments[0], hidden.mean(1), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(moments[1], hidden.var(1), rtol=1e-6, atol=1e-7)
    assert features.shape == (50, 5)
    assert not features.requires_grad
    torch.testing.assert_close(features, encoder(inputs).detach(), rtol=1e-5, atol=1e-6)


def test_moments_are_those_of_float64_rounded_once() -> None:
    encoder = VectorEncoder(1, hidden=20, dropout=0.0)
    with torch.no_grad():
        encoder.first.weight.copy_(torch.linspace(0.5, 2.0, 20).unsqueeze(-1))
    inputs = encoder.prepare(1e3 + np.random.default_rng(0).normal(size=(4000, 1)))
    encoder.fit_statistics(inputs)
    exact = encoder.activations(inputs).detach().double().numpy()
    moments = encoder.batch_norm.running_mean, encoder.batch_norm.running_var
    half = torch.finfo(torch.float32).eps / 2
    for found, expected in zip(moments, (exact.mean(1), exact.var(1)), strict=True):
        assert found is not None
        np.testing.assert_allclose(found.double(), expected, rtol=1.001 * half)
