"""The laws of the Wick products, as properties of random data in float64.

Laws 2, 3 and 5 hold for the shipped function and for the compiled loops, which train from order four on.
"""

import sys
from collections.abc import Callable, Mapping
from itertools import combinations
from math import factorial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from mmfusion import subsets, wick_products
from mmfusion.fusion.multilinear import Heads
from mmfusion.fusion.normalisation import Normalisation
from mmfusion.fusion.wick import tensor_products, wick_product
from mmfusion.fusion.wick_compiled import compiled_constants

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from closed_form import disjoint_sets

Array = NDArray[np.float64]
Features = dict[str, Array]
Subset = tuple[str, ...]
Mean = Callable[[Subset], Array]
Form = Callable[[Features], dict[Subset, Array]]

NAMES = ("video", "text", "pulse", "audio", "gaze", "touch")  # not alphabetical
SAMPLES = 11
EXAMPLES = settings(max_examples=50)


def dependent(dims: Mapping[str, int], seed: int, samples: int = SAMPLES) -> Features:
    """Skewed features with means away from zero that share a latent variable, so that no moment vanishes."""
    rng = np.random.default_rng(seed)
    latent = rng.exponential(size=(samples, 1))
    return {m: rng.exponential(size=(samples, d)) + latent * rng.normal(size=d) for m, d in dims.items()}


@st.composite
def data(draw: st.DrawFn, largest: int = 4, smallest: int = 1) -> Features:
    names = draw(st.permutations(NAMES))[: draw(st.integers(smallest, largest))]
    widths = draw(st.permutations((1, 2, 3, 2, 1, 2)))
    return dependent(dict(zip(names, widths, strict=False)), draw(st.integers(0, 10**6)))


def shipped(features: Features, **options: Any) -> dict[Subset, Array]:
    products = wick_products({m: torch.from_numpy(x) for m, x in features.items()}, **options)
    return {subset: product.numpy() for subset, product in products.items()}


def compiled(features: Features) -> dict[Subset, Array]:
    """psi from the constants of the compiled loops, whose E||psi_I||^2 are those of these psi."""
    centred = {m: torch.from_numpy(x - x.mean(axis=0)) for m, x in features.items()}
    columns = {m: x.T.contiguous() for m, x in centred.items()}
    kappas, norms = compiled_constants(columns, Heads(columns).moments(), None)
    plain = tensor_products(centred)
    psi = {s: wick_product(plain, kappas, s, dims_of(features)).numpy() for s in plain}
    squares = [(values**2).sum(axis=1).mean() for values in psi.values()]
    np.testing.assert_allclose(norms.numpy(), squares, rtol=1e-8, atol=1e-300)  # subnormal: few digits
    return psi


@st.composite
def cases(draw: st.DrawFn, largest: int = 4) -> tuple[Form, Features]:
    """Draw a form of the products, and data of the orders that it is for."""
    form = draw(st.sampled_from([shipped, shipped, compiled]))
    return form, draw(data(largest=6, smallest=4) if form is compiled else data(largest))


def error(got: Array, expected: Array) -> float:
    assert got.shape == expected.shape
    return float(np.abs(got - expected).max() / np.abs(expected).max())


# The references: labelled axes throughout, one letter per modality and z for the samples.


def letters(subset: Subset) -> str:
    return "".join("abcdef"[NAMES.index(m)] for m in subset)


def product_of(features: Features, subset: Subset) -> Array:
    spec = ",".join("z" + letters((m,)) for m in subset)
    return np.einsum(f"{spec}->z{letters(subset)}", *(features[m] for m in subset))


def mean_over(features: Features) -> Mean:
    return lambda subset: product_of(features, subset).mean(axis=0)


def closed_form(features: Features, subset: Subset, mean: Mean) -> Array:
    """Sum over l of (-1)^l l! times the sum over all sets of l disjoint non-empty subsets."""
    samples = len(features[subset[0]])
    total = np.zeros((samples, *(features[m].shape[1] for m in subset)))
    for sets in disjoint_sets(subset):
        outside = [m for m in subset if not any(m in s for s in sets)]
        factors = [np.ones(samples), *(features[m] for m in outside), *map(mean, sets)]
        spec = ",".join(["z", *("z" + letters((m,)) for m in outside), *map(letters, sets)])
        term = np.einsum(f"{spec}->z{letters(subset)}", *factors)
        total += (-1) ** len(sets) * factorial(len(sets)) * term
    return total.reshape(samples, -1)


def recursion(features: Features, subset: Subset, mean: Mean) -> Array:
    """psi_I = f^I - sum over non-empty S within I of E[f^S] (x) psi_(I without S), psi_() = 1."""
    if not subset:
        return np.ones(len(next(iter(features.values()))))
    total = product_of(features, subset)
    for size in range(1, len(subset) + 1):
        for inner in combinations(subset, size):
            rest = tuple(m for m in subset if m not in inner)
            spec = f"{letters(inner)},z{letters(rest)}->z{letters(subset)}"
            total = total - np.einsum(spec, mean(inner), recursion(features, rest, mean))
    return total


# Law 1


def test_the_reference_lists_every_set_of_disjoint_subsets_once() -> None:
    actual = [list(disjoint_sets(NAMES[:size])) for size in (1, 2, 3, 4, 5)]
    assert [len(sets) for sets in actual] == [2, 5, 15, 52, 203]  # Bell numbers
    assert all(len(set(map(frozenset, sets))) == len(sets) for sets in actual)


@EXAMPLES
@given(data(largest=5, smallest=3))
def test_law_1_shipped_form_is_the_closed_form_and_the_recursion(features: Features) -> None:
    psi = shipped(features)
    assert list(psi) == subsets(features)
    mean = mean_over(features)
    for subset, got in psi.items():
        assert error(got, closed_form(features, subset, mean)) < 1e-10
        if len(subset) < 5:
            assert error(got, recursion(features, subset, mean).reshape(SAMPLES, -1)) < 1e-10


@EXAMPLES
@given(data(largest=4), st.integers(0, 10**6))
def test_law_1_holds_with_means_of_other_data(features: Features, seed: int) -> None:
    mean = mean_over(dependent({m: x.shape[1] for m, x in features.items()}, seed, samples=5))
    means = {subset: torch.from_numpy(mean(subset).reshape(-1)) for subset in subsets(features)}
    for subset, got in shipped(features, means=means).items():
        assert error(got, closed_form(features, subset, mean)) < 1e-10


@EXAMPLES
@given(data(largest=4))
def test_means_of_the_batch_itself_change_nothing_and_max_order_cuts(features: Features) -> None:
    mean = mean_over(features)
    means = {subset: torch.from_numpy(mean(subset).reshape(-1)) for subset in subsets(features, 2)}
    whole, cut = shipped(features), shipped(features, max_order=2, means=means)
    assert list(cut) == subsets(features, 2)
    for subset in cut:
        assert error(cut[subset], whole[subset]) < 1e-10


# Law 2


@EXAMPLES
@given(cases())
def test_law_2_zero_mean(case: tuple[Form, Features]) -> None:
    form, features = case
    for psi in form(features).values():
        assert np.abs(psi.mean(axis=0)).max() < 1e-10 * np.abs(psi).max()


@settings(max_examples=25)
@given(cases(), st.integers(0, 10**6), st.floats(-3, 3), st.floats(-3, 3))
def test_law_2_multilinear_in_every_modality(
    case: tuple[Form, Features], seed: int, a: float, b: float
) -> None:
    form, features = case
    psi = form(features)
    for m, values in features.items():
        other = {**features, m: dependent({m: values.shape[1]}, seed)[m]}
        mixed = form({**features, m: a * values + b * other[m]})
        psi_other = form(other)
        for subset in psi:
            linear = a * psi[subset] + b * psi_other[subset]
            expected = linear if m in subset else psi[subset]
            largest = max(np.abs(psi[subset]).max(), np.abs(psi_other[subset]).max())
            assert np.abs(mixed[subset] - expected).max() < 1e-10 * largest


@EXAMPLES
@given(cases(), st.randoms(use_true_random=False))
def test_law_2_symmetric_under_reordering_and_renaming(case: tuple[Form, Features], random: Random) -> None:
    form, features = case
    psi = form(features)
    order = list(features)
    random.shuffle(order)
    reordered = form({m: features[m] for m in order})
    for subset, got in reordered.items():
        here = tuple(m for m in features if m in subset)
        cube = psi[here].reshape(-1, *(features[m].shape[1] for m in here))
        expected = cube.transpose(0, *(1 + here.index(m) for m in subset)).reshape(SAMPLES, -1)
        assert error(got, expected) < 1e-10
    names = dict(zip(features, reversed(NAMES), strict=False))
    renamed = form({names[m]: x for m, x in features.items()})
    assert all(np.array_equal(renamed[tuple(names[m] for m in s)], psi[s]) for s in psi)


# Law 3


@EXAMPLES
@given(cases(largest=5), st.data())
def test_law_3_constants_cannot_be_learned(case: tuple[Form, Features], draws: st.DataObject) -> None:
    form, features = case
    number = st.floats(-1e3, 1e3)
    shift = {m: draws.draw(st.lists(number, min_size=d, max_size=d)) for m, d in dims_of(features).items()}
    psi, shifted = form(features), form({m: x + np.array(shift[m]) for m, x in features.items()})
    for subset in psi:
        assert error(shifted[subset], psi[subset]) < 1e-8


def dims_of(features: Features) -> dict[str, int]:
    return {m: x.shape[1] for m, x in features.items()}


# Law 4


def normalised(norm: str, features: Features, max_order: int | None = None) -> dict[Subset, Array]:
    layer = Normalisation(norm, dims_of(features), max_order, eps=0.0)
    blocks: dict[Subset, Tensor] = layer({m: torch.from_numpy(x) for m, x in features.items()})
    return {subset: block.numpy() for subset, block in blocks.items()}


@EXAMPLES
@given(data(smallest=2))
def test_law_4_order_one_is_centring_and_order_two_is_dbn(features: Features) -> None:
    psi = shipped(features, max_order=2)
    vbn, dbn, ibn = (normalised(norm, features, 2) for norm in ("vbn", "dbn", "ibn"))
    for subset in psi:
        scaled = psi[subset] / np.sqrt((psi[subset] ** 2).sum(axis=1).mean())
        assert error(ibn[subset], scaled) < 1e-10
        assert error(dbn[subset], scaled) < 1e-10
        if len(subset) == 1:
            centred = features[subset[0]] - features[subset[0]].mean(axis=0)
            assert error(psi[subset], centred) < 1e-10
            assert error(vbn[subset], scaled) < 1e-10


# Laws 5 and 6: means given one factor of a full product are sums over the rows of the other factors


def full_product(*groups: Features) -> Features:
    """All combinations of one row of every group, modalities in the order of NAMES."""
    sizes = [len(next(iter(group.values()))) for group in groups]
    rows = np.indices(sizes).reshape(len(groups), -1)
    repeated = {m: x[rows[k]] for k, group in enumerate(groups) for m, x in group.items()}
    return {m: repeated[m] for m in NAMES if m in repeated}


def given_group(values: Array, sizes: tuple[int, ...], kept: tuple[int, ...]) -> Array:
    """Conditional means given the rows of the kept groups of a full product."""
    cube = values.reshape(*sizes, -1)
    return cube.mean(axis=tuple(k for k in range(len(sizes)) if k not in kept))


def two_groups(seed: int, widths: list[int]) -> tuple[Features, Features]:
    """Two groups of dependent modalities that interleave, of 5 and of 7 rows."""
    dims = dict(zip(NAMES, widths, strict=False))
    groups = [{m: dims[m] for m in NAMES[first::2] if m in dims} for first in (0, 1)]
    return dependent(groups[0], seed, samples=5), dependent(groups[1], seed + 1, samples=7)


@pytest.mark.parametrize(("form", "count"), [(shipped, 4), (compiled, 4), (compiled, 5), (compiled, 6)])
@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), widths=st.permutations((2, 1, 3, 2, 1, 2)))
def test_law_5_factorises_over_two_independent_groups(
    form: Form, count: int, seed: int, widths: list[int]
) -> None:
    a, b = two_groups(seed, widths[:count])
    features = full_product(a, b)
    psi, psi_a, psi_b = form(features), shipped(a), shipped(b)
    for subset, got in psi.items():
        in_a, in_b = tuple(m for m in subset if m in a), tuple(m for m in subset if m in b)
        if not in_a or not in_b:
            continue
        cubes = [
            part[inner].reshape(-1, *(group[m].shape[1] for m in inner))
            for part, inner, group in ((psi_a, in_a, a), (psi_b, in_b, b))
        ]
        spec = f"x{letters(in_a)},y{letters(in_b)}->xy{letters(subset)}"
        assert error(got, np.einsum(spec, *cubes).reshape(35, -1)) < 1e-10
        for kept in ((0,), (1,)):  # zero mean given a row: uncorrelated with every function of the group
            assert np.abs(given_group(got, (5, 7), kept)).max() < 1e-10 * np.abs(got).max()


@pytest.mark.parametrize(("form", "count"), [(shipped, 4), (compiled, 4), (compiled, 5), (compiled, 6)])
@settings(max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_law_5_full_independence_leaves_no_function_of_other_modalities(
    form: Form, count: int, seed: int
) -> None:
    sizes = (2, 3, 4, 3, 2, 2)[:count]
    groups = [dependent({m: 1 + k % 2}, seed + k, sizes[k]) for k, m in enumerate(NAMES[:count])]
    psi = form(full_product(*groups))
    for subset, values in psi.items():
        for m in subset:  # a subset that does not contain I lacks a modality of I
            others = tuple(k for k in range(count) if NAMES[k] != m)
            assert np.abs(given_group(values, sizes, others)).max() < 1e-10 * np.abs(values).max()


def explained(norm: str, features: Features, sizes: tuple[int, ...], subset: Subset, kept: int) -> float:
    """Share of the variance of phi_I that a function of one group explains."""
    phi = normalised(norm, features)[subset]
    phi = phi - phi.mean(axis=0)
    return float((given_group(phi, sizes, (kept,)) ** 2).sum(axis=1).mean() / (phi**2).sum(axis=1).mean())


@pytest.mark.parametrize("norm", ["none", "bn", "vbn"])
@pytest.mark.parametrize("kept", [0, 1])
def test_law_6_products_of_features_with_means_break_law_5_at_order_two(norm: str, kept: int) -> None:
    rng = np.random.default_rng(1)
    features = full_product({"video": 2 + rng.normal(size=(9, 2))}, {"text": 2 + rng.normal(size=(8, 3))})
    pair = ("video", "text")
    assert explained(norm, features, (9, 8), pair, kept) > 0.1
    assert explained("ibn", features, (9, 8), pair, kept) < 1e-20
    assert explained("dbn", features, (9, 8), pair, kept) < 1e-20


@pytest.mark.parametrize("norm", ["vbn", "dbn"])
def test_law_6_dbn_breaks_law_5_at_order_three_if_two_modalities_depend(norm: str) -> None:
    rng = np.random.default_rng(2)
    text = rng.normal(size=(8, 1))
    features = full_product({"video": rng.normal(size=(9, 2))}, {"text": text, "pulse": text**3 + text})
    triple = ("video", "text", "pulse")
    assert explained(norm, features, (9, 8), triple, kept=0) > 0.2
    assert explained("ibn", features, (9, 8), triple, kept=0) < 1e-20


@pytest.mark.parametrize("count", [4, 5, 6])
def test_law_6_dbn_breaks_law_5_at_higher_orders(count: int) -> None:
    rng = np.random.default_rng(count)
    text = rng.normal(size=(8, 1))
    others = {m: np.hstack([text + text**power, text**power]) for power, m in enumerate(NAMES[2:count], 2)}
    features = full_product({"video": rng.normal(size=(9, 2))}, {"text": text, **others})
    subset = tuple(features)
    for norm in ("vbn", "dbn"):
        assert explained(norm, features, (9, 8), subset, kept=0) > 0.05
    assert explained("ibn", features, (9, 8), subset, kept=0) < 1e-20


def test_dependent_modalities_are_outside_law_5() -> None:
    rng = np.random.default_rng(3)
    video = rng.exponential(size=(200, 1))
    features = {"video": video, "text": video + 0.1 * rng.normal(size=(200, 1))}
    psi = shipped(features)["video", "text"]
    assert np.corrcoef(psi[:, 0], video[:, 0])[0, 1] > 0.5
