"""Norms of Wick products of any order, from formed products or multiplied out, equal those of all at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from mmfusion import subsets, wick_products
from mmfusion.fusion import wick_norms as module
from mmfusion.fusion.multilinear import Heads
from mmfusion.fusion.wick import wick_constants
from mmfusion.fusion.wick_compiled import compiled_constants
from mmfusion.fusion.wick_norms import formed_norms

WIDTHS = {"video": 3, "text": 1, "pulse": 2, "audio": 2, "gaze": 1, "touch": 2}  # not alphabetical
CASES = [(1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (4, 3), (4, 4), (5, 4), (5, 5), (6, 4), (6, 6)]

Features = dict[str, Tensor]
Norms = Callable[[Features, int, int], Tensor]


def dependent(count: int, samples: int = 9, lead: tuple[int, ...] = ()) -> Features:
    """Skewed features (..., B, d_m) in float64 that share a latent variable, so that no moment vanishes."""
    rng = np.random.default_rng(count)
    latent = rng.exponential(size=(*lead, samples, 1))
    dims = dict(list(WIDTHS.items())[:count])
    draws = {m: rng.exponential(size=(*lead, samples, d)) for m, d in dims.items()}
    return {m: torch.from_numpy(x + latent * rng.normal(size=x.shape[-1])) for m, x in draws.items()}


def formed(features: Features, smallest: int, order: int) -> Tensor:
    columns = {m: (x - x.mean(-2, keepdim=True)).mT for m, x in features.items()}
    moments = Heads(columns, order).moments()
    kappas = wick_constants(moments, {m: x.shape[-2] for m, x in columns.items()})
    chosen = [subset for subset in subsets(features, order) if len(subset) >= smallest]
    return formed_norms(columns, kappas, chosen)


def multiplied_out(features: Features, smallest: int, order: int) -> Tensor:
    columns = {m: (x - x.mean(-2, keepdim=True)).mT for m, x in features.items()}
    _, norms = compiled_constants(columns, Heads(columns, order).moments(), order)
    first = next(i for i, subset in enumerate(subsets(features, order)) if len(subset) >= smallest)
    return norms[..., first:]


BOTH = pytest.mark.parametrize("shipped", [formed, multiplied_out])


def at_once(features: Features, smallest: int, order: int) -> Tensor:
    products = wick_products(features, order)
    norms = [psi.square().sum(1).mean() for subset, psi in products.items() if len(subset) >= smallest]
    return torch.stack(norms)


def gradients(function, features: Features, smallest: int, order: int) -> list[Tensor]:
    inputs = {m: x.clone().requires_grad_() for m, x in features.items()}
    norms = function(inputs, smallest, order)
    total = (norms.sqrt() * torch.linspace(-1, 2, norms.shape[-1]).double()).sum()
    return list(torch.autograd.grad(total, list(inputs.values())))


@BOTH
@pytest.mark.parametrize(("count", "order"), CASES)
@pytest.mark.parametrize("smallest", [1, 4])
def test_norms_and_gradients_are_those_of_all_samples_at_once(
    shipped: Norms, count: int, order: int, smallest: int
) -> None:
    smallest, features = min(smallest, order), dependent(count)
    actual = shipped(features, smallest, order)
    torch.testing.assert_close(actual, at_once(features, smallest, order), rtol=1e-11, atol=0)
    ours, theirs = (gradients(function, features, smallest, order) for function in (shipped, at_once))
    for single, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(single, other, rtol=0, atol=1e-11 * float(other.abs().max()))


@BOTH
@pytest.mark.parametrize("lead", [(1,), (3,), (2, 2)])
def test_leading_axes_count_networks(shipped: Norms, lead: tuple[int, ...]) -> None:
    features = dependent(5, lead=lead)
    actual, slopes = shipped(features, 4, 5), gradients(shipped, features, 4, 5)
    assert actual.shape == (*lead, 6)
    for position in np.ndindex(*lead):
        single = {m: x[position] for m, x in features.items()}
        torch.testing.assert_close(actual[position], at_once(single, 4, 5), rtol=1e-11, atol=0)
        for slope, other in zip(slopes, gradients(at_once, single, 4, 5), strict=True):
            torch.testing.assert_close(slope[position], other, rtol=0, atol=1e-11 * float(other.abs().max()))


@pytest.mark.parametrize("size", [1, 4, 8, 9])
def test_samples_that_are_formed_at_once_do_not_matter(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    features = dependent(4)
    norms, slopes = formed(features, 4, 4), gradients(formed, features, 4, 4)
    sizes: list[int] = []
    products = module.tensor_products

    def noted(rows: Features, order: int | None) -> dict[tuple[str, ...], Tensor]:
        sizes.append(len(rows["video"]))
        return products(rows, order)

    monkeypatch.setattr(module, "tensor_products", noted)
    monkeypatch.setattr(module, "SAMPLES_AT_ONCE", size)
    torch.testing.assert_close(formed(features, 4, 4), norms, rtol=1e-12, atol=0)
    assert max(sizes) == size
    assert sum(sizes) == 9
    for single, other in zip(gradients(formed, features, 4, 4), slopes, strict=True):
        torch.testing.assert_close(single, other, rtol=1e-10, atol=1e-10)


@BOTH
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_norms_are_never_negative(shipped: Norms, dtype: torch.dtype) -> None:
    """Signs whose product is constant have psi = 0."""
    signs = torch.tensor([[a, b, a * b] for a in (-1.0, 1.0) for b in (-1.0, 1.0)]).to(dtype)
    features = dict(zip("1234", (signs[:, [column]] for column in (0, 0, 1, 1)), strict=True))
    norms = shipped(features, 1, 4)
    assert bool((norms >= 0).all())
    expected = at_once({m: x.double() for m, x in features.items()}, 1, 4)
    torch.testing.assert_close(norms.double(), expected, rtol=1e-6, atol=10 * torch.finfo(dtype).eps)
