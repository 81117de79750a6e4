"""Exponents, the penalty and its gradient, and the relevance as the solution of the dual problem."""

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from mmfusion import block_norm_exponent, relevance
from mmfusion.errors import FusionError
from mmfusion.fusion.blocknorm import CONVENTIONS, block_norm_penalty, block_norms, weight_share

Array = NDArray[np.float64]
INF = math.inf
POWERS = (1, 4 / 3, 2, 4, INF)
EXPONENTS = (1 / 2, 2 / 3, 1, 4 / 3, 2)
NORMS = np.array([0.4, 2.0, 1e-3, 0.0, 1.1])
WITH_BETA = ("mkl", "scaled_output")

norm_lists = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=6).map(np.array)
powers = st.sampled_from(POWERS)
conventions = st.sampled_from(CONVENTIONS)


# Exponents

TABLE = {  # rows as POWERS
    "mkl": (1, 8 / 7, 4 / 3, 8 / 5, 2),
    "scaled_output": (2 / 3, 4 / 5, 1, 4 / 3, 2),
    "as_printed": (1, 7 / 8, 3 / 4, 5 / 8, 1 / 2),
}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_exponent_table(convention: str) -> None:
    got = [block_norm_exponent(p, convention) for p in POWERS]
    assert got == pytest.approx(TABLE[convention], abs=1e-15)
    assert block_norm_exponent(1e308, convention) == block_norm_exponent(math.inf, convention)
    assert block_norm_exponent(1e12, convention) == pytest.approx(
        TABLE[convention][-1]
    )  # infinity is the limit


def test_mkl_is_the_default_and_as_printed_is_its_reciprocal() -> None:
    for p in POWERS:
        assert block_norm_exponent(p) == block_norm_exponent(p, "mkl")
        assert block_norm_exponent(p) * block_norm_exponent(p, "as_printed") == pytest.approx(1)


@pytest.mark.parametrize("p", [2, np.int64(2), np.float32(2), Fraction(2)])
def test_any_real_number_type_is_a_power(p: float) -> None:
    assert block_norm_exponent(p) == 4 / 3
    assert relevance(NORMS, p).tolist() == relevance(NORMS, 2.0).tolist()


@pytest.mark.parametrize("p", [0.99, 0, -1, -INF, math.nan, "2", None, True, 1j])
def test_power_out_of_range_raises(p: float) -> None:
    for convention in CONVENTIONS:
        with pytest.raises(FusionError, match=r"^p: .* expected a number from 1"):
            block_norm_exponent(p, convention)
        with pytest.raises(FusionError, match=r"^p: .* is out of range"):
            relevance(NORMS, p, convention)


def test_unknown_convention_raises() -> None:
    for call in (lambda: block_norm_exponent(2, "MKL"), lambda: relevance(NORMS, 2, "MKL")):
        with pytest.raises(FusionError, match="convention: 'MKL' is unknown, expected one of mkl, "):
            call()


# Penalty


def blocks_of(*norms: float) -> list[Tensor]:
    """Matrices of different shapes with the given Frobenius norms."""
    rng = np.random.default_rng(0)
    blocks = [torch.from_numpy(rng.normal(size=(2, k + 1))) for k in range(len(norms))]
    return [(b * (n / b.norm())).requires_grad_() for b, n in zip(blocks, norms, strict=True)]


def penalty(blocks: list[Tensor], q: float) -> Tensor:
    widths = torch.tensor([block.shape[1] for block in blocks])
    block_of = torch.repeat_interleave(torch.arange(len(blocks)), widths)
    return block_norm_penalty(block_norms(torch.cat(blocks, dim=1), block_of, len(blocks)), q)


@pytest.mark.parametrize("q", EXPONENTS)
def test_value_and_gradient_at_nonzero_blocks(q: float) -> None:
    blocks = blocks_of(0.7, 2.0, 0.1)
    norms = np.array([0.7, 2.0, 0.1])
    value = penalty(blocks, q)
    value.backward()
    total = (norms**q).sum()
    assert value.item() == pytest.approx(total ** (2 / q), rel=1e-8)
    for block, n in zip(blocks, norms, strict=True):  # 2 (sum n^q)^(2/q - 1) n^(q - 2) W
        expected = 2 * total ** (2 / q - 1) * n ** (q - 2) * block.detach()
        torch.testing.assert_close(block.grad, expected, rtol=1e-8, atol=0)
    assert torch.autograd.gradcheck(lambda *given: penalty(list(given), q), blocks)


@pytest.mark.parametrize("q", EXPONENTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("norms", [(0.7, 0.0, 2.0, 0.0), (0.0, 0.0, 0.0)])
def test_gradient_at_zero_blocks_is_zero(q: float, dtype: torch.dtype, norms: tuple[float, ...]) -> None:
    blocks = [block.detach().to(dtype).requires_grad_() for block in blocks_of(*norms)]
    value = penalty(blocks, q)
    value.backward()
    for block, n in zip(blocks, norms, strict=True):
        assert bool(block.grad.any()) == (n > 0)  # NaN would count as true
    # For q < 1 a zero block counts as a block of norm 1e-6.
    floor = 1e-6 if q < 1 else 0.0
    expected = sum(max(n, floor) ** q for n in norms) ** (2 / q)
    assert value.item() == pytest.approx(expected, rel=1e-6, abs=0)


@pytest.mark.parametrize("q", [1 / 2, 2 / 3])
def test_smoothing_below_one_keeps_gradients_of_tiny_blocks_bounded(q: float) -> None:
    norms = torch.tensor([1.0, 1e-9], dtype=torch.float64, requires_grad=True)
    value = block_norm_penalty(norms, q)
    value.backward()
    smooth = math.sqrt(1e-18 + 1e-12)
    assert value.item() == pytest.approx((1 + smooth**q) ** (2 / q), rel=1e-9)
    slope = 2 * (1 + smooth**q) ** (2 / q - 1) * smooth ** (q - 2) * 1e-9
    assert norms.grad[1].item() == pytest.approx(slope, rel=1e-9)


@given(norm_lists, st.sampled_from(EXPONENTS), st.floats(0.1, 10))
def test_penalty_is_homogeneous_of_degree_two_and_squared_norm_for_one_block(
    norms: Array, q: float, factor: float
) -> None:
    value = block_norm_penalty(torch.from_numpy(norms), q).item()
    scaled = block_norm_penalty(torch.from_numpy(factor * norms), q).item()
    assert scaled == pytest.approx(factor**2 * value, rel=1e-4)
    assert block_norm_penalty(torch.from_numpy(norms[:1]), q).item() == pytest.approx(norms[0] ** 2, rel=1e-4)


# Duality: the penalty is a minimum over the scores, and the relevance attains it


def objective(norms: Array, beta: Array, convention: str) -> float:
    """``mkl``: sum n^2 / beta. ``scaled_output``: the ridge sum ||W||^2 of W = U / beta, sum n^2 / beta^2."""
    positive = norms > 0
    return float((norms[positive] ** 2 / beta[positive] ** (1 if convention == "mkl" else 2)).sum())


@pytest.mark.parametrize("convention", WITH_BETA)
@pytest.mark.parametrize("p", POWERS)
def test_penalty_is_the_minimum_over_feasible_scores(convention: str, p: float) -> None:
    rng = np.random.default_rng(6)
    q = block_norm_exponent(p, convention)
    for norms in (NORMS, rng.exponential(size=4), np.array([3.0])):
        least = block_norm_penalty(torch.from_numpy(norms[norms > 0]), q).item()
        beta = relevance(norms, p, convention)
        assert objective(norms, beta, convention) == pytest.approx(least, rel=1e-8)
        near = np.abs(beta + 0.05 * rng.normal(size=(200, len(norms)))) + 1e-12
        far = rng.exponential(size=(200, len(norms))) + 1e-12
        for other in (near, far):
            feasible = other / np.linalg.norm(other, ord=p, axis=1, keepdims=True)
            assert min(objective(norms, row, convention) for row in feasible) >= least * (1 - 1e-8)


@pytest.mark.parametrize("convention", WITH_BETA)
@pytest.mark.parametrize("p", POWERS[:-1])
def test_scores_have_unit_lp_norm_and_the_stated_form(convention: str, p: float) -> None:
    beta = relevance(NORMS, p, convention)
    shift = 1 if convention == "mkl" else 2
    form = NORMS ** (2 / (p + shift)) / (NORMS ** (2 * p / (p + shift))).sum() ** (1 / p)
    np.testing.assert_allclose(beta, form, rtol=1e-12)
    assert (beta**p).sum() == pytest.approx(1)
    assert beta[3] == 0


@pytest.mark.parametrize("convention", WITH_BETA)
def test_scores_at_infinity_are_one_or_zero(convention: str) -> None:
    assert relevance(NORMS, INF, convention).tolist() == [1, 1, 1, 0, 1]
    assert relevance(NORMS[NORMS > 0], 1e9, convention) == pytest.approx(1, abs=1e-6)


def test_at_p_one_mkl_is_the_weight_share() -> None:
    np.testing.assert_allclose(relevance(NORMS, 1), weight_share(NORMS), rtol=1e-12)


@pytest.mark.parametrize("p", POWERS)
def test_as_printed_has_no_beta_and_gives_the_weight_share(p: float) -> None:
    np.testing.assert_allclose(relevance(NORMS, p, "as_printed"), NORMS / NORMS.sum(), rtol=1e-12)


@given(norm_lists, powers, conventions, st.sampled_from([1e-150, 1e-3, 7.0, 1e150]))
def test_relevance_does_not_depend_on_the_scale(norms: Array, p: float, convention: str, c: float) -> None:
    np.testing.assert_allclose(
        relevance(c * norms, p, convention), relevance(norms, p, convention), rtol=1e-9
    )


@given(norm_lists, powers, conventions)
def test_relevance_is_ordered_as_the_norms(norms: Array, p: float, convention: str) -> None:
    assert (np.diff(relevance(np.sort(norms), p, convention)) >= 0).all()


@given(norm_lists, powers, conventions, st.floats(1.01, 5))
def test_a_larger_norm_raises_its_own_relevance_and_no_other(
    norms: Array, p: float, convention: str, factor: float
) -> None:
    change = relevance(np.append(norms[:1] * factor, norms[1:]), p, convention) - relevance(
        norms, p, convention
    )
    assert change[0] >= -1e-12
    assert (change[1:] <= 1e-12).all()


# Types of the argument


def test_a_mapping_gives_a_dictionary_with_the_same_keys() -> None:
    given_norms: Mapping[object, float] = {("b",): 3.0, "a": 1}
    got = relevance(given_norms, 1)
    assert type(got) is dict
    assert got == {("b",): 0.75, "a": 0.25}
    assert all(type(beta) is float for beta in got.values())
    assert relevance({}, 1) == {}


def test_a_series_keeps_index_and_name() -> None:
    got = relevance(pd.Series([3, 1], index=["b", "a"], name="block_norm"), 1)
    pd.testing.assert_series_equal(got, pd.Series([0.75, 0.25], index=["b", "a"], name="block_norm"))


def test_an_array_holds_blocks_on_its_last_axis() -> None:
    rows = np.stack([NORMS, 2 * NORMS[::-1], 0 * NORMS])
    got = relevance(rows, 2)
    assert got.shape == rows.shape
    for row, norms in zip(got, rows, strict=True):
        np.testing.assert_array_equal(row, relevance(norms, 2))
    assert np.isnan(got[2]).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_tensor_keeps_its_dtype_and_has_no_gradient(dtype: torch.dtype) -> None:
    got = relevance(torch.tensor([3.0, 1.0], dtype=dtype, requires_grad=True), 1)
    assert torch.equal(got, torch.tensor([0.75, 0.25], dtype=dtype))
    assert not got.requires_grad


def test_whole_numbers_become_floats() -> None:
    assert torch.equal(relevance(torch.tensor([3, 1]), 1), torch.tensor([0.75, 0.25]))
    assert relevance(np.array([3, 1]), 1).tolist() == [0.75, 0.25]


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("p", POWERS)
def test_all_blocks_zero_have_no_relevance(convention: str, p: float) -> None:
    assert np.isnan(relevance(np.zeros(3), p, convention)).all()
    assert all(math.isnan(beta) for beta in relevance({"a": 0.0, "b": 0.0}, p, convention).values())


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_negative_norm_raises(convention: str) -> None:
    with pytest.raises(FusionError, match=r"block_norms: -0\.5 is negative"):
        relevance({"a": 1.0, "b": -0.5}, 2, convention)


def test_weights_that_are_nan_have_no_norm() -> None:
    weight = torch.tensor([[0.0, math.nan, 3.0, 4.0, 0.0]])
    norms = block_norms(weight, torch.tensor([0, 0, 1, 1, 2]), 3)
    assert torch.equal(norms.isnan(), torch.tensor([[True, False, False]]).squeeze(0))
    assert norms[1:].tolist() == [5.0, 0.0]
