"""What has no variance in training is found exactly: constants in spite of rounding, and no real signal."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mmfusion.fusion.no_variance import held_columns
from mmfusion.fusion.normalisation import NORMALISATIONS, Normalisation
from mmfusion.fusion.prediction_statistics import Setting
from mmfusion.fusion.subsets import Subset

STATISTICAL = [name for name in NORMALISATIONS if name != "none"]
DIMS = {"b": 2, "a": 3}

magnitudes = st.floats(-1e6, 1e6).map(lambda x: x if abs(x) > 1e-6 else 0.0)
exponents = st.integers(-8, 8)


def fitted(name: str, features: dict[str, Tensor], weight: Tensor | None = None) -> Normalisation:
    norm = Normalisation(name, {m: x.shape[1] for m, x in features.items()}).eval()
    norm.fit(features, weight)
    return norm


def gains(norm: Normalisation) -> dict[Subset, Tensor]:
    return norm.by_subset(norm.get_buffer("scale").reciprocal())


@given(magnitudes, st.integers(2, 5000), st.booleans(), st.sampled_from([np.float32, np.float64]))
def test_a_constant_is_held_at_exactly_its_value(
    value: float, rows: int, weighted: bool, dtype: type
) -> None:
    column = torch.from_numpy(np.full((1, rows), value, dtype)).double()
    weight = torch.from_numpy(np.random.default_rng(0).uniform(0.1, 2.0, rows)) if weighted else None
    share = None if weight is None else (weight / weight.mean()).unsqueeze(0)
    held, values = held_columns({"a": column}, share)
    assert held.tolist() == [True]
    assert values.tolist() == [float(column[0, 0])]


def test_samples_of_weight_zero_do_not_count() -> None:
    column, weight = torch.tensor([[3.0, 3.0, 9.0, -1e6]]).double(), torch.tensor([[2.0, 2.0, 0.0, 0.0]])
    held, values = held_columns({"a": column}, weight.double())
    assert (held.tolist(), values.tolist()) == ([True], [3.0])
    assert held_columns({"a": column}, None)[0].tolist() == [False]


@given(magnitudes, exponents, st.sampled_from([np.float32, np.float64]), st.integers(0, 10))
def test_no_column_that_varies_is_held(mean: float, exponent: int, dtype: type, seed: int) -> None:
    """A spread of 1e-8 to 1e8 around a mean of up to 1e6, as far as the type of the features can hold it."""
    draws = np.random.default_rng(seed).normal(size=50)
    column = (mean + 10.0**exponent * draws).astype(dtype)
    exact = column.astype(float)
    varies = exact.std() > 1.01e-12 * np.abs(exact).max()
    assert held_columns({"a": torch.from_numpy(exact)[None]}, None)[0].item() == (not varies)
    if dtype == np.float32:  # every difference of float32 numbers is one of the user's numbers
        assert varies == (np.ptp(column) > 0)


@pytest.mark.parametrize("name", STATISTICAL)
@given(
    mean=magnitudes, exponent=exponents, sparse=st.booleans(), single=st.booleans(), weighted=st.booleans()
)
def test_where_all_varies_the_constants_are_those_of_the_batch_bit_for_bit(
    name: str, mean: float, exponent: int, sparse: bool, single: bool, weighted: bool
) -> None:
    """Also where a spread is small beside the mean: then variances of products are differences of moments."""
    rng = np.random.default_rng(0)
    draws = {
        m: rng.normal(size=(64, d)) * (rng.random((64, 1)) < 0.3 if sparse else 1) for m, d in DIMS.items()
    }
    spread = max(10.0**exponent, 1e-5 * abs(mean) if single else 1e-9 * abs(mean))
    features = {m: torch.from_numpy(mean + spread * x).to(torch.float32 if single else torch.float64)
                for m, x in draws.items()}  # fmt: skip
    weight = torch.from_numpy(rng.uniform(0.5, 1.5, 64)) if weighted else None
    share = None if weight is None else (weight / weight.mean()).unsqueeze(0)
    norm = fitted(name, features, weight)
    columns = {m: x.double().mT.contiguous() for m, x in features.items()}
    _, constants = NORMALISATIONS[name].statistics(columns, Setting(None, norm.block_of, norm.eps, share))
    assert constants.gain is not None
    assert not norm.held.any()
    assert torch.equal(norm.get_buffer("scale"), constants.gain.reciprocal())
    for buffer in ("centre", "input_scale", "mean"):
        expected = getattr(constants, buffer)
        assert expected is None or torch.equal(norm.get_buffer(buffer), expected.flatten())


@pytest.mark.parametrize("name", STATISTICAL)
@given(magnitudes, exponents)
def test_gain_is_zero_exactly_where_a_modality_is_constant(name: str, value: float, exponent: int) -> None:
    rng = np.random.default_rng(0)
    a = torch.from_numpy(10.0**exponent * rng.normal(size=(40, 3)) + 1.0)
    gain = gains(fitted(name, {"b": torch.full((40, 2), value).double(), "a": a}))
    assert (gain[("b",)] == 0).all()
    assert (gain[("a",)] > 0).all()
    joint_varies = name in ("bn", "vbn") and value != 0  # value * f^a
    assert (gain[("b", "a")] > 0).all() == joint_varies


@pytest.mark.parametrize("name", ["bn", "vbn"])
def test_a_product_of_features_that_exclude_each_other_has_gain_zero(name: str) -> None:
    """Each varies, their product is zero in training, and it is zero in prediction where it is not."""
    rng = np.random.default_rng(0)
    first = np.arange(40) < 20
    b, a = rng.exponential(size=(40, 2)) * first[:, None], rng.exponential(size=(40, 3)) * ~first[:, None]
    norm = fitted(name, {"b": torch.from_numpy(b), "a": torch.from_numpy(a)})
    assert (gains(norm)["b", "a"] == 0).all()
    assert (gains(norm)[("b",)] > 0).all()
    blocks = norm({"b": torch.ones(3, 2), "a": torch.ones(3, 3)})
    assert (blocks["b", "a"] == 0).all()


def test_under_bn_every_number_has_a_gain_of_its_own() -> None:
    rng = np.random.default_rng(0)
    first = np.arange(40) < 20
    b = np.column_stack([rng.exponential(size=40) * first, rng.exponential(size=40)])
    a = rng.exponential(size=(40, 1)) * ~first[:, None]
    features = {"b": torch.from_numpy(b), "a": torch.from_numpy(a)}
    assert (gains(fitted("bn", features))["b", "a"] > 0).tolist() == [False, True]
    assert (gains(fitted("vbn", features))["b", "a"] > 0).tolist() == [True, True]


@pytest.mark.parametrize("name", ["dbn", "ibn"])
def test_a_product_without_variance_of_features_with_variance(name: str) -> None:
    """Of two equal signs, the product is one: known by rounding alone, from features far from one."""
    signs = torch.tensor([1.0, -1.0] * 30).double().unsqueeze(1)
    gain = gains(fitted(name, {"b": 7.0 + 1e-3 * signs, "a": -3.0 + 1e4 * signs}))
    assert gain[("b",)].item() > 0
    assert gain["b", "a"].item() == 0


def test_more_than_the_samples_that_are_formed_at_once() -> None:
    """One late sample makes a product vary."""
    b, a = torch.zeros(300, 1).double(), torch.zeros(300, 1).double()
    b[:100], a[100:] = 1.0, 1e-9
    b[299] = 1.0
    assert gains(fitted("vbn", {"b": b, "a": a}))["b", "a"].item() > 0
    b[299] = 0.0
    assert gains(fitted("vbn", {"b": b, "a": a}))["b", "a"].item() == 0


@pytest.mark.parametrize("name", NORMALISATIONS)
def test_samples_of_weight_zero_change_no_constant(name: str) -> None:
    rng = np.random.default_rng(1)
    used = {"b": torch.full((30, 2), 0.3).double(), "a": torch.from_numpy(rng.normal(size=(30, 3)))}
    more = {
        m: torch.cat([x, 5.0 + torch.from_numpy(rng.normal(size=(10, x.shape[1])))]) for m, x in used.items()
    }
    weight = torch.cat([torch.ones(30), torch.zeros(10)])
    alone, weighted = fitted(name, used), fitted(name, more, weight)
    for key, values in alone.state_dict().items():
        torch.testing.assert_close(weighted.state_dict()[key], values, rtol=1e-9, atol=1e-12)


def test_where_eps_is_zero_a_constant_has_gain_zero_too() -> None:
    norm = Normalisation("ibn", DIMS, eps=0.0).eval()
    norm.fit({"b": torch.full((9, 2), 0.1).double(), "a": torch.randn(9, 3).double()})
    blocks = norm({"b": torch.randn(4, 2), "a": torch.randn(4, 3)})
    assert all(bool(x.isfinite().all()) for x in blocks.values())
    assert (blocks[("b",)] == 0).all()
