"""The closed form of Wick constants and norms, and its gradient by hand, equal those of formed products."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mmfusion import subsets, wick_products
from mmfusion.fusion.multilinear import Heads
from mmfusion.fusion.subsets import Subset
from mmfusion.fusion.wick_closed import closed_form

WIDTHS = {"video": 3, "text": 1, "pulse": 2, "audio": 2, "gaze": 1}  # unequal, not alphabetical
CASES = [(count, order) for count in range(1, 6) for order in (None, *range(1, count + 1))]

Features = dict[str, Tensor]


def dependent(dims: dict[str, int], seed: int = 0, samples: int = 9, lead: tuple[int, ...] = ()) -> Features:
    """Skewed features (..., B, d_m) in float64 that share a latent variable, so that no moment vanishes."""
    rng = np.random.default_rng(seed)
    latent = rng.exponential(size=(*lead, samples, 1))
    draws = {m: rng.exponential(size=(*lead, samples, d)) for m, d in dims.items()}
    return {m: torch.from_numpy(x + latent * rng.normal(size=x.shape[-1])) for m, x in draws.items()}


def first(count: int) -> dict[str, int]:
    return dict(list(WIDTHS.items())[:count])


def up_to_three(features: Features, order: int | None) -> list[Subset]:
    return subsets(features, min(order or 3, 3))


def shipped(features: Features, order: int | None) -> tuple[Tensor, dict[Subset, Tensor]]:
    """Norms and constants of a batch, from its features (..., B, d_m)."""
    columns = {m: (x - x.mean(-2, keepdim=True)).mT for m, x in features.items()}
    kappas, norms = closed_form(columns, Heads(columns, order).products, order)
    return norms, kappas


def formed(features: Features, order: int | None) -> tuple[Tensor, dict[Subset, Tensor]]:
    """The same from products of features (B, d_m) that are formed, with autograd all through."""
    chosen = up_to_three(features, order)
    products = wick_products(features, len(chosen[-1]))
    centred = {m: x - x.mean(0) for m, x in features.items()}
    kappas = {}
    for subset in chosen:
        letters = "abc"[: len(subset)]
        if len(subset) > 1:
            spec = ",".join(f"z{letter}" for letter in letters) + f"->{letters}"
            moment = torch.einsum(spec, *(centred[m] for m in subset)) / len(centred[subset[0]])
            kappas[subset] = -moment.reshape(1, -1)
    return torch.stack([products[subset].square().sum(1).mean() for subset in chosen]), kappas


def mixed(norms: Tensor, kappas: dict[Subset, Tensor], lead: int = 0) -> Tensor:
    """One number per network that depends on every norm and every constant."""
    total = (norms.sqrt() * torch.linspace(-1, 2, norms.shape[-1]).double()).sum(-1)
    for factor, kappa in enumerate(kappas.values(), start=1):
        weights = torch.linspace(2, -1, kappa.shape[-1]).double()
        total = total + factor * (kappa.squeeze(-2).square() * weights).sum(-1)
    return total


def gradients(function, features: Features, order: int | None) -> list[Tensor]:
    inputs = {m: x.clone().requires_grad_() for m, x in features.items()}
    return list(torch.autograd.grad(mixed(*function(inputs, order)).sum(), list(inputs.values())))


@pytest.mark.parametrize(("count", "order"), CASES)
def test_values_and_gradients_are_those_of_products_that_are_formed(count: int, order: int | None) -> None:
    features = dependent(first(count))
    (norms, kappas), (expected, constants) = (function(features, order) for function in (shipped, formed))
    assert norms.shape == (len(up_to_three(features, order)),)
    assert list(kappas) == list(constants)
    torch.testing.assert_close(norms, expected, rtol=1e-10, atol=0)
    torch.testing.assert_close(kappas, constants, rtol=1e-10, atol=1e-12)
    ours, theirs = (gradients(function, features, order) for function in (shipped, formed))
    for single, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(single, other, rtol=0, atol=1e-10 * float(other.abs().max()))


@settings(max_examples=40)
@given(
    names=st.permutations(list(WIDTHS)),
    widths=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    samples=st.integers(2, 12),
    order=st.sampled_from([None, 1, 2, 3]),
    seed=st.integers(0, 10**6),
)
def test_any_batch(names: list[str], widths: list[int], samples: int, order: int | None, seed: int) -> None:
    features = dependent(dict(zip(names, widths, strict=False)), seed, samples)
    (norms, kappas), (expected, constants) = (function(features, order) for function in (shipped, formed))
    # A difference of moments: the error is that of E[product of n_m], not that of the result.
    rows = {m: (x - x.mean(0)).square().sum(1) for m, x in features.items()}
    size = torch.stack([math.prod(rows[m] for m in s).mean() for s in up_to_three(features, order)])
    assert bool(((norms - expected).abs() <= 1e-11 * size).all())
    for subset, kappa in kappas.items():
        scale = math.prod(rows[m] for m in subset).mean().sqrt()
        assert bool(((kappa - constants[subset]).abs() <= 1e-12 * scale).all())


@pytest.mark.parametrize("count", range(1, 6))
@pytest.mark.parametrize("lead", [(1,), (3,), (2, 2)])
def test_leading_axes_count_networks(count: int, lead: tuple[int, ...]) -> None:
    features = dependent(first(count), seed=1, lead=lead)
    norms, kappas = shipped(features, None)
    slopes = gradients(shipped, features, None)
    for position in np.ndindex(*lead):
        single = {m: x[position] for m, x in features.items()}
        expected, constants = formed(single, None)
        torch.testing.assert_close(norms[position], expected, rtol=1e-10, atol=0)
        actual = {subset: kappa[position] for subset, kappa in kappas.items()}
        torch.testing.assert_close(actual, constants, rtol=1e-10, atol=1e-12)
        for slope, other in zip(slopes, gradients(formed, single, None), strict=True):
            torch.testing.assert_close(slope[position], other, rtol=0, atol=1e-10 * float(other.abs().max()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("samples", "tolerance"), [(64, 0.0), (17, 1e-5)])
def test_no_network_depends_on_those_beside_it(dtype: torch.dtype, samples: int, tolerance: float) -> None:
    """Bit for bit where batches fill the processor's vectors, else up to the rounding of float32."""
    dims = {"b": 8, "a": 8, "c": 8}
    features = {m: x.to(dtype) for m, x in dependent(dims, samples=samples, lead=(5,)).items()}

    def run(chosen: list[int]) -> list[Tensor]:
        some = {m: x[chosen].requires_grad_() for m, x in features.items()}
        norms, kappas = shipped(some, None)
        slopes = torch.autograd.grad(mixed(norms, kappas).sum(), list(some.values()))
        return [norms.detach(), *(kappa.detach() for kappa in kappas.values()), *slopes]

    whole = run([0, 1, 2, 3, 4])
    for chosen in ([0], [3], [4, 1]):
        for part, together in zip(run(chosen), whole, strict=True):
            torch.testing.assert_close(part, together[chosen], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("widths", [(2,), (1, 2), (2, 1, 2), (1, 2, 1, 1)])
@pytest.mark.parametrize("lead", [(), (2,)])
def test_gradients_by_hand_are_those_of_finite_differences(
    widths: tuple[int, ...], lead: tuple[int, ...]
) -> None:
    """Of columns and products as arguments of their own, also where the columns are not quite centred."""
    generator = torch.Generator().manual_seed(len(widths))
    names = ["d", "a", "c", "b"][: len(widths)]
    columns = [torch.randn(*lead, d, 6, dtype=torch.float64, generator=generator) for d in widths]
    heads = Heads(dict(zip(names, columns, strict=True)), 3)
    pairs = [subset for subset in heads.products if len(subset) == 2]

    def whole(*given_tensors: Tensor) -> tuple[Tensor, ...]:
        single = dict(zip(names, given_tensors, strict=False))
        products = dict(zip(pairs, given_tensors[len(names) :], strict=True))
        kappas, norms = closed_form(single, products, 3)
        return norms, *kappas.values()

    inputs = [*columns, *(heads.products[pair] for pair in pairs)]
    assert float(whole(*inputs)[0].min()) > 1e-3  # none is clamped at zero
    assert torch.autograd.gradcheck(whole, [x.detach().clone().requires_grad_() for x in inputs])


def test_incoming_gradients_are_left_as_they_are() -> None:
    features = {m: x.requires_grad_() for m, x in dependent(first(2)).items()}
    norms, kappas = shipped(features, None)
    outputs = [norms, *kappas.values()]
    directions = [torch.ones_like(x) for x in outputs]
    torch.autograd.grad(outputs, list(features.values()), directions)
    assert all(torch.equal(x, torch.ones_like(x)) for x in directions)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("factor", [1.0, 0.3, 1e3])
def test_norms_are_never_negative(dtype: torch.dtype, factor: float) -> None:
    """Signs whose product is constant have psi = 0: the difference of moments is rounding alone."""
    signs = torch.tensor([[a, b, a * b] for a in (-1.0, 1.0) for b in (-1.0, 1.0)] * 3)
    features = {
        "1": factor * signs[:, :1],
        "2": factor * signs[:, :1],  # the product of 1 and 2 is constant
        "3": factor * signs[:, 1:2],
        "4": factor * signs[:, 2:],  # that of 1, 3 and 4 as well
    }
    features = {m: x.to(dtype) for m, x in features.items()}
    norms, _ = shipped(features, None)
    assert bool((norms >= 0).all())
    exact, _ = formed({m: x.double() for m, x in features.items()}, None)
    position = {subset: index for index, subset in enumerate(up_to_three(features, None))}
    for subset in (("1", "2"), ("1", "3", "4"), ("2", "3", "4")):
        assert float(exact[position[subset]]) < 1e-12 * factor ** (2 * len(subset))
    size = torch.tensor([factor ** (2 * len(subset)) for subset in position], dtype=torch.float64)
    assert float(((norms.double() - exact).abs() / size).max()) < 30 * torch.finfo(dtype).eps


@settings(max_examples=40)
@given(
    rows=st.lists(st.lists(st.sampled_from([-1.0, 1.0]), min_size=3, max_size=3), min_size=2, max_size=9),
    factors=st.lists(st.floats(0.125, 30.0, width=32), min_size=3, max_size=3),
)
def test_norms_of_any_signs_are_never_negative(rows: list[list[float]], factors: list[float]) -> None:
    values = torch.tensor(rows) * torch.tensor(factors)
    features = {m: values[:, column : column + 1] for column, m in enumerate("bac")}
    norms, _ = shipped(features, None)
    assert bool((norms >= 0).all())
