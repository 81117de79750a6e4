"""Standardising by weighted moments, which NaN does not enter."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mmfusion.data import standardisation
from mmfusion.encoders import VectorEncoder
from mmfusion.training.modality import Modality
from mmfusion.training.network import build_network
from mmfusion.training.samples import Samples
from mmfusion.training.stack import NetworkStack
from mmfusion.training.standardiser import Standardiser


@pytest.mark.parametrize("rows_at_once", [3, 4096])
@pytest.mark.parametrize("length", [0, 4])
def test_moments_by_their_definition(length: int, rows_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standardisation, "ROWS_AT_ONCE", rows_at_once)
    rng = np.random.default_rng(0)
    values = rng.normal(3.0, 2.0, size=(20, length, 2) if length else (20, 2))
    weight = rng.integers(0, 3, 20).astype(float)
    values[5] = np.nan
    if length:
        values[:4, 2:] = np.nan
    standardiser = Standardiser(2)
    standardiser.fit(values, weight)
    repeated = np.repeat(values, weight.astype(int), axis=0).reshape(-1, 2)
    np.testing.assert_allclose(standardiser.mean.numpy(), np.nanmean(repeated, 0), rtol=1e-6)
    np.testing.assert_allclose(standardiser.deviation.numpy(), np.nanstd(repeated, 0), rtol=1e-6)
    actual = standardiser(torch.from_numpy(values))
    assert actual.dtype == torch.float32
    assert actual.shape == values.shape


def test_a_constant_column_becomes_zero_and_stays_so() -> None:
    values = np.column_stack([np.full(6, 0.1), np.arange(6.0)])
    standardiser = Standardiser(2)
    standardiser.fit(values, np.ones(6))
    assert float(standardiser(torch.from_numpy(values))[:, 0].abs().max()) == 0.0
    assert float(standardiser(torch.from_numpy(values + 5.0))[:, 0].abs().max()) == 0.0


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=st.floats(-1e3, 1e3)),
    st.integers(1, 9),
)
def test_one_pass_by_pieces_is_two_passes_over_all(values, rows_at_once: int) -> None:
    before, standardisation.ROWS_AT_ONCE = standardisation.ROWS_AT_ONCE, rows_at_once
    try:
        moments = standardisation.column_moments(values)
    finally:
        standardisation.ROWS_AT_ONCE = before
    np.testing.assert_allclose(moments.mean, values.mean(axis=0), rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(moments.deviation, values.std(axis=0), rtol=1e-9, atol=1e-9)
    assert moments.constant[np.ptp(values, axis=0) == 0].all()


def test_a_small_spread_on_a_large_offset_is_not_constant() -> None:
    values = 1.7e9 + 0.01 * np.arange(8.0)[:, None]  # seconds since 1970, ten milliseconds apart
    moments = standardisation.column_moments(values)
    assert not moments.constant.any()
    np.testing.assert_allclose(moments.deviation, values.std(axis=0), rtol=1e-3)


@pytest.mark.parametrize("n", [8, 4096, 20_000])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_constant_of_many_rows_is_one_in_spite_of_rounding(n: int, weighted: bool) -> None:
    rng = np.random.default_rng(0)
    values = np.tile(rng.uniform(0.1, 10.0, 5) * 10.0 ** np.arange(-6, 9, 3), (n, 1))
    weight = rng.uniform(0.0, 2.0, n) if weighted else None
    assert standardisation.column_moments(values, weight).constant.all()


@pytest.mark.parametrize(
    ("mean", "deviation"), [(1.6e9, 1.0), (1e12, 10.0), (-3e7, 0.01), (0.0, 1e-30), (1e30, 1e29)]
)
def test_a_column_far_from_zero_gets_mean_zero_and_deviation_one(mean: float, deviation: float) -> None:
    values = mean + deviation * np.random.default_rng(0).normal(size=(500, 1))
    standardiser = Standardiser(1)
    standardiser.fit(values)
    actual = standardiser(torch.from_numpy(values))
    assert actual.dtype == torch.float32
    np.testing.assert_allclose(actual, (values - values.mean()) / values.std(), rtol=1e-5, atol=1e-5)


def test_large_whole_numbers_are_not_rounded_first() -> None:
    values = 2**40 + np.arange(10)[:, None]
    prepared = VectorEncoder(1).prepare(values)
    standardiser = Standardiser(1)
    standardiser.fit(prepared.numpy())
    expected = (np.arange(10) - 4.5) / np.arange(10).std()
    np.testing.assert_allclose(standardiser(prepared)[:, 0], expected, rtol=1e-6)


def test_a_stack_standardises_as_its_networks_do() -> None:
    arguments = {"hidden": 3, "dropout": 0.0, "dim": 2}
    modalities = [Modality("a", "vector", 1, arguments, standardised=True)]
    networks = [build_network(modalities, {}, torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    times = torch.from_numpy(1.6e9 + np.random.default_rng(0).normal(size=(40, 1)))
    samples = Samples({"a": times}, torch.zeros(40))
    for network in networks:
        network.fit_standardisers(samples)
    stack = NetworkStack(networks)
    together = Samples({"a": torch.stack([times, times])}, torch.zeros(2, 40))
    for network, actual in zip(networks, stack(together), strict=True):
        assert float(network.standardisers[0](times).std()) == pytest.approx(1.0, abs=0.02)
        torch.testing.assert_close(actual, network(samples.inputs))


def test_networks_of_a_stack_may_share_one_of_the_moments() -> None:
    """A column that is constant in the training samples of both, but at another value."""
    arguments = {"hidden": 3, "dropout": 0.0, "dim": 2}
    modalities = [Modality("a", "vector", 1, arguments, standardised=True)]
    networks = [build_network(modalities, {}, torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    for network, value in zip(networks, (0.0, 1.0), strict=True):
        network.fit_standardisers(Samples({"a": torch.full((40, 1), value)}, torch.zeros(40)))
    values = torch.tensor([[0.0], [1.0]])
    together = NetworkStack(networks)(Samples({"a": torch.stack([values, values])}, torch.zeros(2, 2)))
    for network, actual in zip(networks, together, strict=True):
        assert not network.standardisers[0](values).any()
        torch.testing.assert_close(actual, network({"a": values}))


@pytest.mark.parametrize("factor", [2.0**-600, 2.0**-1000, 2.0**100])
def test_columns_of_any_size_are_standardised_alike(factor: float) -> None:
    values = np.random.default_rng(0).normal(1.0, size=(30, 2)).round(3)
    usual = standardisation.column_moments(values)
    moments = standardisation.column_moments(values * factor)
    np.testing.assert_allclose(moments.mean / factor, usual.mean, rtol=1e-12)
    np.testing.assert_allclose(moments.deviation / factor, usual.deviation, rtol=1e-12)
    assert not moments.constant.any()
    assert standardisation.column_moments(np.full((5, 1), 3 * factor)).constant.all()
