"""The constants of a batch: precise where features are far from zero, and the same in a stack."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmfusion.fusion.multilinear import Heads
from mmfusion.fusion.normalisation import NORMALISATIONS, Normalisation
from mmfusion.fusion.prediction_statistics import Constants, Setting, vector_gain
from mmfusion.fusion.subsets import Subset, subsets

DIMS = {"video": 3, "audio": 2, "text": 4}  # unequal widths, not alphabetical
SAMPLES = 64
EPS32 = float(torch.finfo(torch.float32).eps)

Array = NDArray[np.float64]


def far_from_zero(mean: float, lead: tuple[int, ...] = ()) -> dict[str, Tensor]:
    """Dependent float32 features of the given mean and deviation one."""
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(*lead, SAMPLES, 1))
    draws = {m: (rng.normal(size=(*lead, SAMPLES, d)) + latent) / np.sqrt(2) for m, d in DIMS.items()}
    return {m: torch.from_numpy(mean + x).float() for m, x in draws.items()}


def product_of(features: dict[str, Array], subset: Subset) -> Array:
    spec = ",".join(f"z{letter}" for letter in "abc"[: len(subset)])
    cube = np.einsum(f"{spec}->z{'abc'[: len(subset)]}", *(features[m] for m in subset))
    return cube.reshape(len(cube), -1)


def centred_blocks(features: dict[str, Tensor]) -> dict[Subset, Array]:
    """f^I - mu_I in float64, formed."""
    exact = {m: x.double().numpy() for m, x in features.items()}
    return {subset: (f := product_of(exact, subset)) - f.mean(0) for subset in subsets(DIMS)}


def reference(name: str, features: dict[str, Tensor]) -> dict[Subset, Array]:
    """phi_I in float64, formed: by coordinate (bn) or by block (vbn)."""
    blocks = {}
    for subset, block in centred_blocks(features).items():
        squares = (block**2).mean(0)
        variance = squares if name == "bn" else squares.sum()
        width = block.shape[1] if name == "bn" else 1
        blocks[subset] = block / np.sqrt((variance + 1e-5) * width)
    return blocks


@pytest.mark.parametrize("name", ["bn", "vbn"])
@pytest.mark.parametrize("mean", [0.0, 1e1, 1e3])
def test_training_scores_of_features_far_from_zero(name: str, mean: float) -> None:
    """Errors stay below four roundings of a float32 product that is (1 + mean) deviations large.

    Variances as differences of float32 moments would be off by eps mean^2, 12 % at 1e3.
    """
    features = far_from_zero(mean)
    blocks = reference(name, features)
    rng = np.random.default_rng(1)
    norm = Normalisation(name, DIMS)
    for subset, block in blocks.items():  # one subset at a time
        weight = {s: np.zeros((3, b.shape[1])) for s, b in blocks.items()}
        weight[subset] = rng.normal(size=weight[subset].shape)
        given = torch.from_numpy(np.concatenate(list(weight.values()), axis=1)).float()
        exact = block @ weight[subset].astype(np.float32).astype(float).T
        actual = norm.scores(features, given, torch.zeros(3)).double().numpy()
        assert np.abs(actual - exact).max() < 4 * EPS32 * (1 + mean) * np.abs(exact).max()


@pytest.mark.parametrize("name", ["bn", "vbn"])
@pytest.mark.parametrize("mean", [0.0, 1e1, 1e3])
def test_gains_of_features_far_from_zero(name: str, mean: float) -> None:
    features = far_from_zero(mean)
    norm = Normalisation(name, DIMS)
    columns = {m: x.mT for m, x in features.items()}
    _, constants = NORMALISATIONS[name].statistics(columns, Setting(None, norm.block_of, norm.eps))
    expected = []
    for block in centred_blocks(features).values():
        squares = (block**2).mean(0)
        variance = squares * len(squares) if name == "bn" else np.full(len(squares), squares.sum())
        width_eps = 1e-5 * (len(squares) if name == "bn" else 1)
        expected.append(1 / np.sqrt(variance + width_eps))
    assert constants.gain is not None
    assert constants.gain.dtype == torch.float32
    np.testing.assert_allclose(constants.gain, np.concatenate(expected), rtol=2 * EPS32 + 1e-14 * mean**2)


@pytest.mark.parametrize("name", NORMALISATIONS)
@pytest.mark.parametrize("max_order", [None, 1, 2])
def test_a_leading_axis_counts_networks(name: str, max_order: int | None) -> None:
    columns = {m: x.double().mT for m, x in far_from_zero(2.0, (3,)).items()}
    norm = Normalisation(name, DIMS, max_order)
    together = NORMALISATIONS[name].statistics(columns, Setting(max_order, norm.block_of, norm.eps))
    for number in range(3):
        single = {m: x[number] for m, x in columns.items()}
        alone = NORMALISATIONS[name].statistics(single, Setting(max_order, norm.block_of, norm.eps))
        expected, actual = (parts(*result) for result in (alone, together))
        assert actual.keys() == expected.keys()
        for key, values in expected.items():
            torch.testing.assert_close(actual[key][number], values, rtol=1e-10, atol=1e-12)


def parts(heads: Heads, constants: Constants) -> dict[str, Tensor]:
    """All arrays of constants and of the features that they belong to."""
    named = {key: getattr(constants, key) for key in ("centre", "input_scale", "mean", "gain")}
    named |= {f"kappa {subset}": kappa for subset, kappa in constants.kappas.items()}
    named |= dict(heads.columns)
    return {key: values for key, values in named.items() if values is not None}


@pytest.mark.parametrize("name", NORMALISATIONS)
def test_the_type_of_the_features_is_that_of_the_constants(name: str) -> None:
    norm = Normalisation(name, DIMS)
    for dtype in (torch.float32, torch.float64):
        columns = {m: x.to(dtype).mT for m, x in far_from_zero(1.0).items()}
        actual = parts(*NORMALISATIONS[name].statistics(columns, Setting(None, norm.block_of, norm.eps)))
        assert {values.dtype for values in actual.values()} == {dtype}


@pytest.mark.parametrize("order", [None, 1, 2, 3])
def test_mean_squared_norms_are_means_of_products_of_norms(order: int | None) -> None:
    names = ["video", "audio", "text", "gaze"]
    norms = np.random.default_rng(2).exponential(size=(2, 4, 7))
    chosen = subsets(names, order)
    columns = dict(zip(names, torch.from_numpy(norms).sqrt().unsqueeze(-2).unbind(1), strict=True))
    count = len(chosen)
    gain = vector_gain(columns, torch.zeros(2, count).double(), Setting(order, torch.arange(count), 0.0))
    rows = [[names.index(m) for m in subset] for subset in chosen]
    expected = np.stack([norms[:, row].prod(1).mean(-1) for row in rows], axis=-1)
    np.testing.assert_allclose(gain**-2, expected, rtol=1e-13)
