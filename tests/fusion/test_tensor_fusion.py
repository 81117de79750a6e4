"""The fusion layer: shapes, initial weights, tables and errors, and what the package exports."""

import subprocess
import sys
from math import prod

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

import mmfusion
from mmfusion import TensorFusion, relevance, subsets, wick_products
from mmfusion.errors import FusionError

WIDTHS = {"f": 3, "b": 1, "e": 2, "a": 4, "d": 1, "c": 2}


def batch(dims: dict[str, int], samples: int = 6) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {m: torch.randn(samples, d, generator=generator) for m, d in dims.items()}


@pytest.mark.parametrize("count", range(1, 7))
@pytest.mark.parametrize("max_order", [None, 1, 2])
@pytest.mark.parametrize("norm", ["none", "dbn", "ibn"])
def test_shapes(count: int, max_order: int | None, norm: str) -> None:
    dims = dict(list(WIDTHS.items())[:count])
    layer = TensorFusion(dims, outputs=3, norm=norm, max_order=max_order)
    features = batch(dims)
    expected = {subset: prod(dims[m] for m in subset) for subset in subsets(dims, max_order)}
    assert {s: tuple(phi.shape) for s, phi in layer.block_features(features).items()} == {
        s: (6, width) for s, width in expected.items()
    }
    assert [tuple(block.shape) for block in layer.blocks().values()] == [(3, w) for w in expected.values()]
    assert layer.weight.shape == (3, sum(expected.values()))
    assert layer(features).shape == (6, 3)
    assert layer.penalty().shape == ()
    assert len(layer.relevance()) == len(expected)


def test_defaults() -> None:
    layer = TensorFusion({"b": 2, "a": 3})
    assert (layer.outputs, layer.norm.name, layer.p, layer.q, layer.convention) == (1, "ibn", 1.0, 1.0, "mkl")
    assert layer(batch({"b": 2, "a": 3})).shape == (6, 1)
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]  # nothing affine in the norm


def test_initial_weights_have_variance_one_hundredth_over_the_width_and_biases_are_zero() -> None:
    torch.manual_seed(0)
    layer = TensorFusion({"b": 20, "a": 10}, outputs=500)
    for subset, block in layer.blocks().items():
        entries = block.detach().double()
        sd, n = (0.01 / entries.shape[1]) ** 0.5, entries.numel()
        assert abs(float(entries.mean())) < 4 * sd / n**0.5, subset
        assert abs(float(entries.var()) / sd**2 - 1) < 4 * (2 / n) ** 0.5, subset
        assert float((entries / sd).pow(4).mean()) == pytest.approx(3, abs=4 * (96 / n) ** 0.5)  # normal
    assert not layer.bias.any()


def test_initial_weights_follow_the_generator() -> None:
    layers = [TensorFusion({"b": 2, "a": 3}) for _ in range(3)]
    for layer, seed in zip(layers, (1, 1, 2), strict=True):
        layer.bias.data.fill_(5)
        layer.reset_parameters(torch.Generator().manual_seed(seed))
    assert torch.equal(layers[0].weight, layers[1].weight)
    assert not torch.equal(layers[0].weight, layers[2].weight)
    assert not any(layer.bias.any() for layer in layers)


def test_ibn_features_are_scaled_wick_products() -> None:
    features = batch({"b": 2, "a": 3})
    phi = TensorFusion({"b": 2, "a": 3}).block_features(features)
    for subset, psi in wick_products(features).items():
        torch.testing.assert_close(phi[subset], psi / (psi.square().sum(1).mean() + 1e-5).sqrt())


@pytest.mark.parametrize(("p", "convention", "q"), [(2, "mkl", 4 / 3), (1, "scaled_output", 2 / 3)])
def test_penalty_and_relevance_are_those_of_the_block_norms(p: float, convention: str, q: float) -> None:
    layer = TensorFusion({"b": 2, "a": 3}, outputs=4, p=p, convention=convention)
    norms = np.array([block.detach().double().norm() for block in layer.blocks().values()])
    assert layer.penalty().item() == pytest.approx((norms**q).sum() ** (2 / q), rel=1e-5)
    expected = {
        "subset": ["b", "a", "b+a"],
        "block_norm": norms,
        "beta": relevance(norms, p, convention),
        "weight_share": norms / norms.sum(),
    }
    pd.testing.assert_frame_equal(layer.relevance(), pd.DataFrame(expected))


def test_as_printed_leaves_beta_empty_and_the_weight_share_is_the_relevance() -> None:
    layer = TensorFusion({"b": 2, "a": 3}, p=2, convention="as_printed")
    table = layer.relevance()
    assert layer.q == 0.75
    assert table["beta"].isna().all()
    np.testing.assert_allclose(table["weight_share"], relevance(table["block_norm"], 2, "as_printed"))


def test_all_blocks_zero_have_no_relevance() -> None:
    layer = TensorFusion({"b": 2, "a": 3})
    layer.weight.data.zero_()
    assert layer.relevance()[["beta", "weight_share"]].isna().all(axis=None)
    layer.penalty().backward()
    assert not layer.weight.grad.any()


def test_the_data_type_of_the_weights_is_that_of_the_scores() -> None:
    layer, features = TensorFusion({"b": 2, "a": 3}), batch({"b": 2, "a": 3})
    assert layer({m: x.double() for m, x in features.items()}).dtype == torch.float32
    assert layer.double()(features).dtype == torch.float64


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dims": {}}, "modalities: none given"),
        ({"dims": {"a+b": 2}}, "'a\\+b' is not a valid name"),
        ({"dims": {"a": 0}}, "dims\\['a'\\]: 0 is not a width"),
        ({"dims": {"a": 2.0}}, "dims\\['a'\\]: 2\\.0 is not a width"),
        ({"dims": {"outputs": 0}}, "dims\\['outputs'\\]: 0 is not a width"),
        ({"outputs": 0}, "outputs: 0 is not a width"),
        ({"norm": "IBN"}, "norm: 'IBN' is unknown, expected one of none, bn, vbn, dbn, ibn"),
        ({"p": 0.5}, "p: 0\\.5 is out of range"),
        ({"convention": "lp"}, "convention: 'lp' is unknown"),
        ({"max_order": 0}, "max_order: 0 is not an order"),
    ],
)
def test_bad_arguments_raise(options: dict[str, object], message: str) -> None:
    with pytest.raises(FusionError, match=message):
        TensorFusion(**{"dims": {"a": 2}, **options})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({("b", "a"): None}, r"no entry for \('b', 'a'\)"),
        ({("a",): torch.zeros(2)}, r"means\[\('a',\)\] has shape \(2,\), expected \(3,\)"),
    ],
)
def test_bad_means_of_wick_products_raise(change: dict[tuple[str, ...], Tensor | None], message: str) -> None:
    means = {("b",): torch.zeros(2), ("a",): torch.zeros(3), ("b", "a"): torch.zeros(6), **change}
    with pytest.raises(FusionError, match=message):
        wick_products(batch({"b": 2, "a": 3}), means={s: x for s, x in means.items() if x is not None})


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({}, "none given"),
        ({"a": torch.ones(3, 2), "b": torch.ones(4, 2)}, "differ in their number of samples"),
        ({"a": torch.ones(3)}, r"features\['a'\] has shape \(3,\)"),
    ],
)
def test_bad_features_of_wick_products_raise(features: dict[str, Tensor], message: str) -> None:
    with pytest.raises(FusionError, match=message):
        wick_products(features)


def test_public_names() -> None:
    layer = {"TensorFusion", "block_norm_exponent", "relevance", "subsets", "wick_products"}
    expected = layer | {"FusionClassifier", "FusionRegressor", "ModalityData", "__version__", "read"}
    assert set(mmfusion.__all__) == expected
    assert expected <= set(dir(mmfusion))
    assert all(hasattr(mmfusion, name) for name in expected)
    with pytest.raises(AttributeError, match="no attribute 'fuse'"):
        _ = mmfusion.fuse


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import sys, mmfusion; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("norm", ["bn", "vbn", "dbn", "ibn"])
def test_statistics_are_not_used_after_another_pass_in_training_mode(norm: str) -> None:
    features = batch({"b": 2, "a": 3})
    layer = TensorFusion({"b": 2, "a": 3}, norm=norm)
    layer.fit_statistics(features)
    before = layer.eval()(features)
    layer.train()(features)
    with pytest.raises(FusionError, match=r"older than the last pass in training mode; call fit_statistics"):
        layer.eval()(features)
    layer.fit_statistics(features)
    torch.testing.assert_close(layer(features), before)


def test_features_are_a_mapping() -> None:
    with pytest.raises(FusionError, match="features: got Tensor, expected a mapping of modality to tensor"):
        TensorFusion({"b": 2})(torch.zeros(4, 2))
