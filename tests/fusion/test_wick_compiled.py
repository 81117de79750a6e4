"""Compiled constants and folded weights equal those of the general functions, and so do their gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck

from mmfusion import TensorFusion, subsets
from mmfusion.fusion import fold
from mmfusion.fusion.block_pairs import block_pairs
from mmfusion.fusion.fold import absorb
from mmfusion.fusion.multilinear import Heads
from mmfusion.fusion.subsets import Subset
from mmfusion.fusion.wick import tensor_products, wick_constants, wick_product
from mmfusion.fusion.wick_compiled import compiled_absorb, compiled_constants
from mmfusion.fusion.wick_norms_cpu import SAMPLES

NAMES = ("video", "text", "pulse", "audio", "gaze", "touch")  # not alphabetical
EXAMPLES = settings(max_examples=30)


@st.composite
def shapes(draw: st.DrawFn, largest: int = 6) -> tuple[dict[str, int], int]:
    """Unequal widths of two to six modalities, and an order of at least two."""
    count = draw(st.integers(2, largest))
    widths = draw(st.lists(st.integers(1, 3), min_size=count, max_size=count))
    return dict(zip(NAMES, widths, strict=False)), draw(st.integers(2, count))


def centred(dims: dict[str, int], samples: int, seed: int, lead: tuple[int, ...] = ()) -> dict[str, Tensor]:
    """Skewed columns (..., d_m, B) with a latent variable in common, so that no moment vanishes."""
    rng = np.random.default_rng(seed)
    latent = rng.exponential(size=(*lead, 1, samples))
    drawn = {m: rng.exponential(size=(*lead, d, samples)) + latent * rng.normal() for m, d in dims.items()}
    return {m: torch.from_numpy(x - x.mean(-1, keepdims=True)) for m, x in drawn.items()}


def drawn_blocks(
    dims: dict[str, int], order: int, rows: int, seed: int, lead: tuple[int, ...] = ()
) -> dict[Subset, Tensor]:
    rng = np.random.default_rng(seed)
    width = {subset: math.prod(dims[m] for m in subset) for subset in subsets(dims, order)}
    return {subset: torch.from_numpy(rng.normal(size=(*lead, rows, d))) for subset, d in width.items()}


@EXAMPLES
@given(shapes(), st.integers(0, 10**6))
def test_constants_are_those_of_the_recursion_and_norms_those_of_formed_products(
    shape: tuple[dict[str, int], int], seed: int
) -> None:
    dims, order = shape
    columns = centred(dims, 7, seed)
    moments = Heads(columns, order).moments()
    constants, norms = compiled_constants(columns, moments, order)
    expected = wick_constants(moments, dims)
    assert list(constants) == list(expected)
    for subset, constant in constants.items():
        torch.testing.assert_close(constant, expected[subset], rtol=1e-10, atol=1e-10)
    products = tensor_products({m: x.mT for m, x in columns.items()}, order)
    for subset, norm in zip(products, norms.tolist(), strict=True):
        psi = wick_product(products, expected, subset, dims)
        assert norm == pytest.approx(float(psi.square().sum(1).mean()), rel=1e-9)


def test_samples_beyond_one_piece_and_weights() -> None:
    """Whole weights count samples several times; the number of samples is no multiple of a piece."""
    dims = {"video": 2, "text": 1, "pulse": 3, "audio": 2}
    times = torch.tensor([1, 2, 3] * (SAMPLES // 2))
    plain = centred(dims, len(times), 0)
    mean = {m: (x * times).sum(-1, keepdim=True) / times.sum() for m, x in plain.items()}
    columns = {m: x - mean[m] for m, x in plain.items()}
    repeated = {m: x.repeat_interleave(times, dim=-1) for m, x in columns.items()}
    weight = (times / times.double().mean()).unsqueeze(0)
    constants, norms = compiled_constants(columns, Heads(columns).moments(weight), None, weight)
    others, expected = compiled_constants(repeated, Heads(repeated).moments(), None)
    torch.testing.assert_close(norms, expected, rtol=1e-11, atol=0)
    for subset, constant in constants.items():
        torch.testing.assert_close(constant, others[subset], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("count", "order"), [(2, 2), (3, 3), (4, 4), (5, 4), (5, 5), (6, 6)])
def test_gradients_of_constants_and_norms(count: int, order: int) -> None:
    """Against differences, along with features whose mean stays zero."""
    dims = dict(zip(NAMES[:count], (2, 1, 2, 1, 1, 1), strict=False))
    weight = torch.from_numpy(np.random.default_rng(1).uniform(0.5, 1.5, size=(1, 5)))
    weight /= weight.mean()

    def results(*features: Tensor) -> tuple[Tensor, ...]:
        columns = {m: x - (x * weight).mean(-1, keepdim=True) for m, x in zip(dims, features, strict=True)}
        constants, norms = compiled_constants(columns, Heads(columns, order).moments(weight), order, weight)
        return norms, *constants.values()

    features = [x.requires_grad_() for x in centred(dims, 5, count).values()]
    assert gradcheck(results, features)


@EXAMPLES
@given(shapes(5), st.integers(0, 10**6), st.sampled_from([(), (1,), (2, 2)]), st.sampled_from([1, 2]))
def test_folded_weights_and_gradients_are_those_of_the_general_function(
    shape: tuple[dict[str, int], int], seed: int, lead: tuple[int, ...], least: int
) -> None:
    dims, order = shape
    weights = drawn_blocks(dims, order, 2, seed, lead)
    constants = {s: x for s, x in drawn_blocks(dims, order, 1, seed + 1, lead).items() if len(s) >= least}
    leaves = [x.requires_grad_() for x in (*weights.values(), *constants.values())]
    slopes = list(drawn_blocks(dims, order, 2, seed + 2, lead).values())
    results = []
    for function in (compiled_absorb, _general):
        plain = list(function(weights, constants, dims).values())
        gradients = torch.autograd.grad(plain, leaves, slopes, allow_unused=True, materialize_grads=True)
        results.append([*plain, *gradients])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-11)


def _general(
    weights: dict[Subset, Tensor], constants: dict[Subset, Tensor], dims: dict[str, int]
) -> dict[Subset, Tensor]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold, "CLOSED_ORDER", len(dims))
        return absorb(weights, constants, dims)


def test_missing_constants_count_as_zero() -> None:
    dims = dict.fromkeys(NAMES[:4], 2)
    weights = drawn_blocks(dims, 4, 1, 0)
    constant = {("video", "pulse"): drawn_blocks(dims, 2, 1, 1)["video", "pulse"]}
    for subset, plain in compiled_absorb(weights, constant, dims).items():
        torch.testing.assert_close(plain, _general(weights, constant, dims)[subset])


def test_what_is_not_needed_is_not_kept() -> None:
    """Without gradients, memory does not grow with the samples: 100,000 of them in float64."""
    dims = dict.fromkeys(NAMES[:4], 2)
    columns = centred(dims, 100_000, 0)
    _, norms = compiled_constants(columns, Heads(columns).moments(), None)
    assert not norms.requires_grad
    few = {m: x[..., :1000].repeat(1, 100) for m, x in columns.items()}
    few = {m: x - x.mean(-1, keepdim=True) for m, x in few.items()}
    short = {m: x[..., :1000] for m, x in few.items()}
    repeated = compiled_constants(few, Heads(few).moments(), None)[1]
    torch.testing.assert_close(repeated, compiled_constants(short, Heads(short).moments(), None)[1])


def test_axes_of_pairs_are_merged() -> None:
    pairs = block_pairs((("a", 2), ("b", 3), ("c", 4)), None, 1, 1)
    row = pairs.members.tolist().index([6, 3, 2])  # a+b+c from a+b and c
    assert pairs.sizes[row].tolist() == [1, 6, 4]
    assert pairs.left[row].tolist() == [0, 1, 0]
    assert pairs.right[row].tolist() == [0, 0, 1]
    assert pairs.starts.tolist() == [0, 2, 5, 9, 15, 23, 35, 59]


@pytest.mark.parametrize("modalities", [4, 5])
def test_layer_in_single_precision_is_that_in_double(modalities: int) -> None:
    generator = torch.Generator().manual_seed(0)
    dims = dict.fromkeys(NAMES[:modalities], 4)
    features = {m: torch.rand(64, d, generator=generator) for m, d in dims.items()}
    layer = TensorFusion(dims, generator=generator)
    scores = layer(features)
    torch.testing.assert_close(
        scores.double(), layer.double()({m: x.double() for m, x in features.items()}), rtol=1e-4, atol=1e-5
    )
