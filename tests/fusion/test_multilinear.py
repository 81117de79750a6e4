"""Scores and moments without tensor products equal those with them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from mmfusion.fusion.multilinear import Heads, cross_moment
from mmfusion.fusion.subsets import Subset, subsets

WIDTHS = {"video": 3, "audio": 1, "text": 4, "gaze": 2}  # unequal, not alphabetical
SAMPLES = 7
CASES = [(count, order) for count in (1, 2, 3, 4) for order in (None, *range(1, count + 1))]
LEADS: list[tuple[int, ...]] = [(), (3,), (2, 1)]

Array = NDArray[np.float64]


def columns_of(count: int, lead: tuple[int, ...] = (), seed: int = 0) -> dict[str, Tensor]:
    rng = np.random.default_rng(seed)
    dims = list(WIDTHS.items())[:count]
    return {m: torch.from_numpy(1 + rng.normal(size=(*lead, d, SAMPLES))) for m, d in dims}


def product_of(columns: dict[str, Tensor], subset: Subset) -> Array:
    """f^I by its definition, (..., product of d_m, B), row-major in modality order."""
    letters = "abcd"[: len(subset)]
    spec = ",".join(f"...{letter}z" for letter in letters) + f"->...{letters}z"
    cube = np.einsum(spec, *(columns[m].detach().numpy() for m in subset))
    return cube.reshape(*cube.shape[: cube.ndim - len(subset) - 1], -1, SAMPLES)


def weights_of(
    columns: dict[str, Tensor], order: int | None, lead: tuple[int, ...], outputs: int
) -> dict[Subset, Tensor]:
    rng = np.random.default_rng(1)
    return {
        subset: torch.from_numpy(
            rng.normal(size=(*lead, outputs, np.prod([WIDTHS[m] for m in subset], dtype=int)))
        )
        for subset in subsets(columns, order)
    }


@pytest.mark.parametrize(("count", "order"), CASES)
@pytest.mark.parametrize("lead", LEADS)
@pytest.mark.parametrize("outputs", [1, 3])
def test_scores_are_sums_over_all_products(
    count: int, order: int | None, lead: tuple[int, ...], outputs: int
) -> None:
    columns = columns_of(count, lead)
    weights = weights_of(columns, order, lead, outputs)
    expected = np.zeros((*lead, outputs, SAMPLES))
    for subset, weight in weights.items():
        expected += weight.numpy() @ product_of(columns, subset)
    actual = Heads(columns, order).scores(weights)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("count", "order"), CASES)
@pytest.mark.parametrize("lead", LEADS)
def test_moments_are_means_of_products(count: int, order: int | None, lead: tuple[int, ...]) -> None:
    columns = columns_of(count, lead)
    actual = Heads(columns, order).moments()
    assert list(actual) == [subset for subset in subsets(columns, order) if len(subset) > 1]
    for subset, moment in actual.items():
        expected = product_of(columns, subset).mean(-1)[..., None, :]
        assert moment.shape == expected.shape
        np.testing.assert_allclose(moment, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("count", "order"), CASES)
def test_heads_are_products_below_each_other(count: int, order: int | None) -> None:
    columns = columns_of(count, (2,))
    heads = Heads(columns, order)
    for name, stacked in heads.stacked.items():
        below = [product_of(columns, head) for head in heads.grouped[name]]
        np.testing.assert_allclose(stacked, np.concatenate(below, axis=-2), rtol=1e-13)
    assert all(len(head) < (order or count) for head in heads.products if len(head) > 1)


@pytest.mark.parametrize(("count", "order"), CASES)
def test_heads_and_their_modality_are_all_subsets_of_two_and_more(count: int, order: int | None) -> None:
    names = list(WIDTHS)[:count]
    grouped = Heads(columns_of(count), order).grouped
    pairs = [(*head, name) for name, heads in grouped.items() for head in heads]
    assert list(grouped) == (names[1:] if order != 1 else [])
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == {subset for subset in subsets(names, order) if len(subset) > 1}


def test_gradients_of_scores_and_moments_are_those_of_products() -> None:
    columns = {m: x.requires_grad_() for m, x in columns_of(4, (2,)).items()}
    weights = weights_of(columns, 3, (2,), 2)
    for weight in weights.values():
        weight.requires_grad_()
    heads = Heads(columns, 3)
    moments = heads.moments()
    actual = (heads.scores(weights) ** 2).sum() + sum((x**3).sum() for x in moments.values())
    score: Tensor | float = 0.0
    expected: Tensor | float = 0.0
    for subset, weight in weights.items():
        letters = "abcd"[: len(subset)]
        spec = ",".join(f"n{letter}z" for letter in letters) + f"->n{letters}z"
        product = torch.einsum(spec, *(columns[m] for m in subset)).flatten(1, -2)
        score = score + torch.einsum("nop,npz->noz", weight, product)
        if len(subset) > 1:
            expected = expected + (product.mean(-1) ** 3).sum()
    expected = expected + (score**2).sum()
    given_tensors = [*columns.values(), *weights.values()]
    ours, theirs = (torch.autograd.grad(value, given_tensors) for value in (actual, expected))
    for single, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(single, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("lead", LEADS)
def test_cross_moment_has_the_gradients_of_finite_differences(lead: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    left, right = (
        torch.randn(*lead, width, 4, dtype=torch.float64, generator=generator, requires_grad=True)
        for width in (2, 3)
    )
    expected = np.einsum("...az,...bz->...ab", left.detach(), right.detach()) / 4
    np.testing.assert_allclose(cross_moment(left, right).detach(), expected, rtol=1e-13)
    assert torch.autograd.gradcheck(cross_moment, (left, right))


@settings(max_examples=30)
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.lists(st.integers(1, 3), max_size=2))
def test_products_are_row_major(a: int, b: int, samples: int, lead: list[int]) -> None:
    rng = np.random.default_rng(a + b)
    left, right = rng.normal(size=(*lead, a, samples)), rng.normal(size=(*lead, b, samples))
    columns = {"left": torch.from_numpy(left), "right": torch.from_numpy(right)}
    heads = Heads(columns | {"last": torch.ones(*lead, 1, samples)})
    actual = heads.products["left", "right"].numpy()
    assert actual.shape == (*lead, a * b, samples)
    for i in range(a):
        for j in range(b):
            np.testing.assert_array_equal(actual[..., i * b + j, :], left[..., i, :] * right[..., j, :])
