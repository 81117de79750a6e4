"""Constants fold into weights: scores without phi_I equal those with phi_I, and so do the gradients."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmfusion import TensorFusion
from mmfusion.fusion.fold import absorb, offset
from mmfusion.fusion.normalisation import NORMALISATIONS
from mmfusion.fusion.subsets import Subset, subsets

DIMS = {"video": 3, "audio": 2, "text": 1, "gaze": 2}  # unequal widths, not alphabetical
LETTERS = dict(zip(DIMS, "abcd", strict=True))
OUTPUTS = 2
LEADS: list[tuple[int, ...]] = [(), (3,)]

Array = NDArray[np.float64]


def first(count: int) -> dict[str, int]:
    return dict(list(DIMS.items())[:count])


def draw(subset: Subset, rows: int, lead: tuple[int, ...], rng: np.random.Generator) -> Tensor:
    return torch.from_numpy(rng.normal(size=(*lead, rows, math.prod(DIMS[m] for m in subset))))


def cube(values: Tensor, subset: Subset) -> Array:
    """Give the last axis one axis per modality."""
    array: Array = values.detach().numpy()
    return array.reshape(*array.shape[:-1], *(DIMS[m] for m in subset))


def letters(subset: Subset) -> str:
    return "".join(LETTERS[m] for m in subset)


# The two operations


@pytest.mark.parametrize("lead", LEADS)
def test_absorbing_is_a_sum_over_the_axes_that_are_removed(lead: tuple[int, ...]) -> None:
    rng, subset = np.random.default_rng(0), tuple(DIMS)
    weight = draw(subset, OUTPUTS, lead, rng)
    for size in (1, 2, 3):
        for removed in combinations(subset, size):
            rest = tuple(m for m in subset if m not in removed)
            constant = draw(removed, 1, lead, rng)
            spec = f"...o{letters(subset)},...{letters(removed)}->...o{letters(rest)}"
            values = cube(constant, removed)[(..., 0, *[slice(None)] * size)]
            expected = np.einsum(spec, cube(weight, subset), values).reshape(*lead, OUTPUTS, -1)
            weights = {subset: weight, rest: torch.zeros(*lead, OUTPUTS, expected.shape[-1]).double()}
            actual = absorb(weights, {removed: constant}, DIMS)[rest]
            assert actual.shape == expected.shape
            np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("lead", LEADS)
@pytest.mark.parametrize("missing", [1, 0, 4])
def test_absorbed_weights_give_the_scores_of_sums_of_constants_and_products(
    lead: tuple[int, ...], missing: int
) -> None:
    """Sizes of constants up to `missing` are left out, as kappas of size one are."""
    rng, chosen = np.random.default_rng(1), subsets(DIMS)
    weights = {subset: draw(subset, OUTPUTS, lead, rng) for subset in chosen}
    constants = {subset: draw(subset, 1, lead, rng) for subset in chosen if len(subset) > missing}
    features = {m: rng.normal(size=(*lead, 5, d)) for m, d in DIMS.items()}

    def joined(constant: Subset, product: Subset, whole: Subset) -> Array:
        """constant_S (x) f^J in modality order, (..., B, axes of the whole)."""
        factors = [features[m] for m in product]
        spec = [f"...z{LETTERS[m]}" for m in product]
        if constant:
            factors.append(cube(constants[constant], constant)[(..., 0, *[slice(None)] * len(constant))])
            spec.append(f"...{letters(constant)}")
        if not product:
            factors.append(np.ones(5))
            spec.append("z")
        return np.einsum(f"{','.join(spec)}->...z{letters(whole)}", *factors)

    def score(weight: Tensor, whole: Subset, values: Array) -> Array:
        return np.einsum(f"...o{letters(whole)},...z{letters(whole)}->...zo", cube(weight, whole), values)

    expected = np.zeros((*lead, 5, OUTPUTS))
    for subset, weight in weights.items():
        parts = [inner for size in range(len(subset) + 1) for inner in combinations(subset, size)]
        for inner in parts:
            if not inner or inner in constants:
                rest = tuple(m for m in subset if m not in inner)
                expected += score(weight, subset, joined(inner, rest, subset))
    before = {subset: weight.clone() for subset, weight in weights.items()}
    plain, shift = absorb(weights, constants, DIMS), offset(weights, constants)
    assert list(plain) == chosen
    assert all(torch.equal(weights[subset], before[subset]) for subset in chosen)
    actual = sum(score(weight, subset, joined((), subset, subset)) for subset, weight in plain.items())
    constant_part = shift.numpy()[..., None, :] if isinstance(shift, Tensor) else shift
    np.testing.assert_allclose(actual + constant_part, expected, rtol=1e-11, atol=1e-11)


def test_without_constants_nothing_changes() -> None:
    rng = np.random.default_rng(2)
    weights = {subset: draw(subset, OUTPUTS, (), rng) for subset in subsets(DIMS)}
    plain = absorb(weights, {}, DIMS)
    assert all(plain[subset] is weights[subset] for subset in weights)
    assert offset(weights, {}) == 0.0


# The layer


@pytest.fixture(params=NORMALISATIONS)
def norm(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def features_of(
    count: int, samples: int = 12, seed: int = 0, lead: tuple[int, ...] = ()
) -> dict[str, Tensor]:
    """Dependent, skewed features in float64 with means and deviations of about one."""
    rng = np.random.default_rng(seed)
    latent = rng.exponential(size=(*lead, samples, 1))
    draws = {
        m: rng.normal(size=(*lead, samples, d)) + latent * rng.normal(size=d) for m, d in first(count).items()
    }
    return {m: torch.from_numpy(1 + x) for m, x in draws.items()}


def layer_of(count: int, norm: str, outputs: int, max_order: int | None = None) -> TensorFusion:
    torch.manual_seed(count)
    layer = TensorFusion(first(count), outputs, norm, max_order=max_order).double()
    torch.nn.init.normal_(layer.bias)
    return layer


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("max_order", [None, 1, 2, 3])
def test_contributions_and_the_bias_sum_to_the_score(
    norm: str, count: int, outputs: int, max_order: int | None
) -> None:
    layer, features = layer_of(count, norm, outputs, max_order), features_of(count)
    new = features_of(count, 7, seed=1)
    for inputs in (features, new):
        parts, phi, blocks = layer.contributions(inputs), layer.block_features(inputs), layer.blocks()
        for subset, part in parts.items():  # against products that are formed
            torch.testing.assert_close(part, phi[subset] @ blocks[subset].T, rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(layer(inputs), sum(parts.values()) + layer.bias, rtol=1e-10, atol=1e-10)
        layer.eval().fit_statistics(features)  # then in eval mode, on samples that the statistics are not of


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("max_order", [None, 2])
@pytest.mark.parametrize("training", [True, False])
def test_gradients_are_those_through_products_that_are_formed(
    norm: str, count: int, outputs: int, max_order: int | None, training: bool
) -> None:
    layer, features = layer_of(count, norm, outputs, max_order), features_of(count)
    layer.fit_statistics(features_of(count, 9, seed=3))
    layer.train(training)
    inputs = {m: x.clone().requires_grad_() for m, x in features.items()}
    direction = torch.linspace(-1, 2, 12 * outputs, dtype=torch.float64).view(12, outputs)
    leaves = [*inputs.values(), layer.weight, layer.bias]
    phi = torch.cat(list(layer.block_features(inputs).values()), dim=1)
    ways = (layer(inputs), phi @ layer.weight.T + layer.bias)
    ours, theirs = (torch.autograd.grad((way.tanh() * direction).sum(), leaves) for way in ways)
    for single, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(single, other, rtol=0, atol=1e-9 * max(1.0, float(other.abs().max())))


@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize("outputs", [1, 3])
def test_a_leading_axis_counts_layers(norm: str, count: int, outputs: int) -> None:
    features = features_of(count, lead=(3,))
    layers = [layer_of(count, norm, outputs) for _ in range(3)]
    for number, layer in enumerate(layers):
        layer.reset_parameters(torch.Generator().manual_seed(number))
        layer.bias.data.fill_(number)
    weight = torch.stack([layer.weight.detach() for layer in layers]).requires_grad_()
    bias = torch.stack([layer.bias.detach() for layer in layers])
    together = {m: x.clone().requires_grad_() for m, x in features.items()}
    actual = layers[0].norm.scores(together, weight, bias)
    assert actual.shape == (3, 12, outputs)
    slopes = torch.autograd.grad(actual.square().sum(), [weight, *together.values()])
    for number, layer in enumerate(layers):
        single = {m: x[number].clone().requires_grad_() for m, x in features.items()}
        expected = layer(single)
        torch.testing.assert_close(actual[number], expected, rtol=1e-11, atol=1e-11)
        alone = torch.autograd.grad(expected.square().sum(), [layer.weight, *single.values()])
        for slope, other in zip(slopes, alone, strict=True):
            scale = max(1.0, float(other.abs().max()))
            torch.testing.assert_close(slope[number], other, rtol=0, atol=1e-10 * scale)


@pytest.mark.parametrize("count", [2, 4])
def test_scores_have_the_mean_of_the_bias_over_a_training_batch(norm: str, count: int) -> None:
    """Every phi_I has mean zero over the batch, but for `none`."""
    layer = layer_of(count, norm, 2)
    mean = layer(features_of(count)).mean(0)
    if norm == "none":
        assert float((mean - layer.bias).abs().min().detach()) > 1e-3
    else:
        torch.testing.assert_close(mean, layer.bias.detach(), rtol=1e-12, atol=1e-12)


def test_folding_leaves_the_global_random_state_alone() -> None:
    layer = TensorFusion({"b": 2, "a": 3}, norm="none")
    before = torch.get_rng_state()
    layer.fold()
    assert torch.equal(torch.get_rng_state(), before)
