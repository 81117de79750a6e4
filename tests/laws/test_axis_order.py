"""Third-order centring with axes left in (1,3,2) or (2,3,1) order must be told apart from the right one."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mmfusion import wick_products

Array = NDArray[np.float64]
TRIPLE = ("z", "a", "m")  # not alphabetical
RIGHT = "ijk"
WIDTHS = [(2, 3, 4), (4, 3, 2), (3, 3, 3)]


def third_order(x: Array, y: Array, z: Array, pair_13: str = RIGHT, pair_23: str = RIGHT) -> Array:
    """psi_{123} written out on centred features; the layouts name the axes in the order they are left in."""
    x, y, z = (values - values.mean(axis=0) for values in (x, y, z))
    samples = len(x)
    terms = (
        ("ij,sk->s" + RIGHT, np.einsum("si,sj->ij", x, y), z),
        ("ik,sj->s" + pair_13, np.einsum("si,sk->ik", x, z), y),
        ("jk,si->s" + pair_23, np.einsum("sj,sk->jk", y, z), x),
    )
    total = np.einsum("si,sj,sk->sijk", x, y, z).reshape(samples, -1)
    for spec, moment, feature in terms:
        total = total - np.einsum(spec, moment / samples, feature).reshape(samples, -1)
    return total - total.mean(axis=0)


def shipped(x: Array, y: Array, z: Array) -> Array:
    features = dict(zip(TRIPLE, map(torch.from_numpy, (x, y, z)), strict=True))
    return wick_products(features)[TRIPLE].numpy()


WRONG = [{"pair_13": "ikj"}, {"pair_23": "jki"}]


@pytest.mark.parametrize("widths", WIDTHS)
def test_right_layout_is_the_shipped_form_and_wrong_layouts_are_not(widths: tuple[int, ...]) -> None:
    rng = np.random.default_rng(4)
    latent = rng.exponential(size=(40, 1))
    features = [rng.normal(size=(40, d)) + latent * rng.normal(size=d) for d in widths]
    psi = shipped(*features)
    scale = np.abs(psi).max()
    assert np.abs(third_order(*features) - psi).max() < 1e-12 * scale
    for layout in WRONG:
        assert np.abs(third_order(*features, **layout) - psi).max() > 0.05 * scale


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("alone", [1, 0], ids=["modality 2 alone: (1,3,2)", "modality 1 alone: (2,3,1)"])
def test_wrong_layout_keeps_a_function_of_the_modality_that_is_independent(
    widths: tuple[int, ...], alone: int
) -> None:
    rng = np.random.default_rng(5)
    latent = rng.normal(size=(8, 1))
    rows = np.indices((9, 8)).reshape(2, -1)  # a full product of one modality and of the two others
    features = [
        rng.normal(size=(9, d))[rows[0]]
        if index == alone
        else (latent * rng.normal(size=d) + 0.1 * rng.normal(size=(8, d)))[rows[1]]
        for index, d in enumerate(widths)
    ]
    layout = WRONG[0] if alone == 1 else WRONG[1]
    assert explained_by_alone(shipped(*features)) < 1e-20
    assert explained_by_alone(third_order(*features)) < 1e-20
    assert explained_by_alone(third_order(*features, **layout)) > 0.05


def explained_by_alone(psi: Array) -> float:
    """Share of the variance that a function of the independent modality explains."""
    return float((psi.reshape(9, 8, -1).mean(axis=1) ** 2).sum() * 8 / (psi**2).sum())
