"""Dropout zeroes the stated share, and its noise belongs to one network."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mmfusion.encoders.dropout import Dropout
from mmfusion.errors import FusionError


def dropout(share: float, seeds: Sequence[int] = ()) -> Dropout:
    layer = Dropout(share)
    layer.generators = tuple(torch.Generator().manual_seed(seed) for seed in seeds)
    return layer


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("seeds", [(), (3,), (3, 4)])
def test_the_share_of_units_is_zero_and_the_rest_is_scaled(share: float, seeds: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    columns = torch.full((max(1, len(seeds)), 50, 200), 3.0, dtype=torch.float64)
    actual = dropout(share, seeds)(columns)
    zero = actual == 0
    n = columns.numel()
    assert abs(float(zero.double().mean()) - share) < 4 * (share * (1 - share) / n) ** 0.5
    torch.testing.assert_close(actual[~zero], torch.full_like(actual[~zero], 3.0 / (1 - share)))


def test_units_and_samples_are_dropped_independently() -> None:
    actual = dropout(0.5, (1,))(torch.ones(60, 80)) > 0
    for axis in (0, 1):
        shares = actual.double().mean(axis)
        n = actual.shape[axis]
        assert float(shares.var()) == pytest.approx(0.25 / n, rel=0.6)


def test_nothing_is_dropped_in_eval_mode_or_at_share_zero() -> None:
    columns = torch.randn(3, 4, 5)
    layer = dropout(0.5, (1, 2, 3))
    states = [generator.get_state() for generator in layer.generators]
    assert layer.eval()(columns) is columns
    assert dropout(0.0, (1, 2, 3))(columns) is columns
    for generator, state in zip(layer.generators, states, strict=True):  # no noise was drawn
        assert torch.equal(generator.get_state(), state)


def test_the_gradient_is_that_of_the_units_that_are_kept() -> None:
    columns = torch.randn(2, 6, 30, dtype=torch.float64, requires_grad=True)
    kept = dropout(0.4, (5, 6))(torch.ones(2, 6, 30, dtype=torch.float64))
    actual = dropout(0.4, (5, 6))(columns)
    torch.testing.assert_close(actual, columns * kept)
    (gradient,) = torch.autograd.grad(actual.sum(), columns)
    assert torch.equal(gradient, kept)


def test_without_generators_the_noise_is_that_of_torch() -> None:
    layer, columns = dropout(0.5), torch.ones(4, 50)
    torch.manual_seed(1)
    first = layer(columns)
    torch.manual_seed(1)
    assert torch.equal(layer(columns), first)
    assert not torch.equal(layer(columns), first)


def test_with_generators_the_noise_of_torch_is_left_alone() -> None:
    before = torch.get_rng_state()
    layer = dropout(0.5, (1, 2))
    first, second = layer(torch.ones(2, 4, 50)), layer(torch.ones(2, 4, 50))
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


@given(
    networks=st.integers(1, 4),
    modalities=st.integers(1, 3),
    channels=st.sampled_from([1, 3, 32]),
    batch=st.sampled_from([1, 2, 17, 64]),
    calls=st.integers(1, 2),
)
def test_noise_is_the_same_alone_and_in_a_stack(
    networks: int, modalities: int, channels: int, batch: int, calls: int
) -> None:
    """The leading axis counts networks within modalities; a network alone has one row per modality."""
    seeds = range(10, 10 + networks)
    stack = dropout(0.3, seeds)
    singles = [dropout(0.3, (seed,)) for seed in seeds]
    for _ in range(calls):
        together = stack(torch.ones(modalities * networks, channels, batch))
        parts = together.view(modalities, networks, channels, batch)
        for network, layer in enumerate(singles):
            alone: Tensor = layer(torch.ones(modalities, channels, batch))
            assert torch.equal(alone, parts[:, network])


def test_a_network_without_a_leading_axis_has_the_noise_of_one_modality() -> None:
    plain, stacked = (dropout(0.3, (2,))(torch.ones(shape)) for shape in ((5, 40), (1, 5, 40)))
    assert torch.equal(plain, stacked[0])


@pytest.mark.parametrize("share", [-0.1, 1.0, 7.0, float("nan")])
def test_shares_that_cannot_be(share: float) -> None:
    with pytest.raises(FusionError, match=f"dropout is {share!r}, expected a share from 0 to below 1"):
        Dropout(share)


def test_networks_that_share_a_source_share_its_noise() -> None:
    source, other = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    layer = Dropout(0.4)
    layer.generators = (source, other, source)
    alone, states = dropout(0.4, (1,)), [dropout(0.4, (2,))]
    for _ in range(2):  # drawn once for both
        one, two, three = layer(torch.ones(3, 5, 40))
        assert torch.equal(one, three)
        assert torch.equal(one, alone(torch.ones(1, 5, 40))[0])
        assert torch.equal(two, states[0](torch.ones(1, 5, 40))[0])


def test_entries_belong_to_the_networks_that_are_named() -> None:
    """Network 1 has one modality, the others two: entries are networks 0, 2 of one and 0, 1, 2 of another."""
    layer = dropout(0.4, (10, 11, 12))
    layer.owners = [0, 2, 0, 1, 2]
    actual = layer(torch.ones(5, 6, 30))
    for network, entries in enumerate([[0, 2], [3], [1, 4]]):
        alone = dropout(0.4, (10 + network,))(torch.ones(len(entries), 6, 30))
        assert torch.equal(actual[entries], alone)
