"""What every normalisation must keep, alone and inside the fusion layer."""

from collections.abc import Callable
from math import prod

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmfusion import TensorFusion
from mmfusion.errors import FusionError
from mmfusion.fusion.normalisation import NORMALISATIONS, Normalisation
from mmfusion.fusion.subsets import subset_label

Array = NDArray[np.float64]
DIMS = {"video": 3, "audio": 2, "text": 4}  # unequal widths, not alphabetical
STATISTICAL = [name for name in NORMALISATIONS if name != "none"]


def features(
    samples: int = 40, seed: int = 0, mean: float = 1.0, dims: dict[str, int] = DIMS
) -> dict[str, Tensor]:
    """Dependent, skewed features in float64 with the given mean, standard deviations of about one."""
    rng = np.random.default_rng(seed)
    latent = rng.exponential(size=(samples, 1))
    draws = {m: rng.normal(size=(samples, d)) + latent * rng.normal(size=d) for m, d in dims.items()}
    return {m: torch.from_numpy(mean + x) for m, x in draws.items()}


def fitted(norm: str, inputs: dict[str, Tensor], **options: int | None) -> TensorFusion:
    """A float32 layer in eval mode whose statistics are those of the inputs."""
    torch.manual_seed(1)
    layer = TensorFusion(DIMS, norm=norm, **options).eval()
    layer.bias.data += 0.5
    layer.fit_statistics(inputs)
    return layer


def single(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    return {m: x.float() for m, x in inputs.items()}


@pytest.fixture(params=NORMALISATIONS)
def norm(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# The map itself


@pytest.mark.parametrize("max_order", [None, 1, 2])
@pytest.mark.parametrize("mean", [0.0, 100.0])
def test_training_and_prediction_agree_on_the_batch_of_the_statistics(
    norm: str, max_order: int | None, mean: float
) -> None:
    layer, inputs = Normalisation(norm, DIMS, max_order), features(mean=mean)
    trained = layer(inputs)
    layer.fit(features(seed=3))
    layer.fit(inputs)  # a second fit replaces the first
    predicted = layer.eval()(inputs)
    assert list(trained) == list(predicted) == layer.subsets
    for subset, block in trained.items():
        assert block.shape == (40, prod(DIMS[m] for m in subset))
        torch.testing.assert_close(predicted[subset], block, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", STATISTICAL)
@pytest.mark.parametrize("mean", [0.0, 100.0])
def test_blocks_have_mean_zero_and_unit_mean_squared_norm(name: str, mean: float) -> None:
    for block in Normalisation(name, DIMS, eps=0.0)(features(mean=mean)).values():
        # a variance is a difference of moments: its relative error grows with (mean / deviation)^2
        assert float(block.square().sum(1).mean()) == pytest.approx(1, abs=max(1e-12, 1e-14 * mean**2))
        assert float(block.mean(0).abs().max()) < 1e-9


def products(inputs: dict[str, Array]) -> dict[tuple[str, ...], Array]:
    blocks: dict[tuple[str, ...], Array] = {(): np.ones((40, 1))}
    for m, x in inputs.items():
        blocks |= {(*subset, m): np.array([np.kron(a, b) for a, b in zip(block, x, strict=True)])
                   for subset, block in blocks.items()}  # fmt: skip
    return {subset: block for subset, block in blocks.items() if subset}


def vector_batch_norm(values: Array, eps: float) -> Array:
    centred = values - values.mean(axis=0)
    return centred / np.sqrt((centred**2).sum(axis=1).mean() + eps)


def batch_norm(values: Array, eps: float) -> Array:
    variance = values.var(axis=0)  # biased
    return (values - values.mean(axis=0)) / np.sqrt(variance + eps) / np.sqrt(values.shape[1])


DEFINITIONS: dict[str, Callable[[dict[str, Array], float], dict[tuple[str, ...], Array]]] = {
    "none": lambda inputs, eps: products(inputs),
    "bn": lambda inputs, eps: {i: batch_norm(f, eps) for i, f in products(inputs).items()},
    "vbn": lambda inputs, eps: {i: vector_batch_norm(f, eps) for i, f in products(inputs).items()},
    "dbn": lambda inputs, eps: {
        i: vector_batch_norm(f, eps)
        for i, f in products({m: vector_batch_norm(x, eps) for m, x in inputs.items()}).items()
    },
}


@pytest.mark.parametrize("name", DEFINITIONS)
@pytest.mark.parametrize("eps", [0.0, 1e-5, 0.3])
def test_definition_in_plain_numpy(name: str, eps: float) -> None:
    inputs = features()
    expected = DEFINITIONS[name]({m: x.numpy() for m, x in inputs.items()}, eps)
    blocks = Normalisation(name, DIMS, eps=eps)(inputs)
    assert blocks.keys() == expected.keys()
    for subset, block in blocks.items():
        np.testing.assert_allclose(block.numpy(), expected[subset], rtol=1e-10, atol=1e-12)


def test_eps_is_in_the_scale_of_ibn() -> None:
    inputs = features()
    plain, damped = (Normalisation("ibn", DIMS, eps=eps)(inputs) for eps in (0.0, 0.3))
    for subset in plain:
        wick = Normalisation("ibn", DIMS, eps=0.0)
        wick.fit(inputs)
        scale = wick.by_subset(wick.get_buffer("scale").unsqueeze(0))[subset]  # sqrt(E||psi||^2)
        torch.testing.assert_close(damped[subset], plain[subset] * scale / (scale**2 + 0.3).sqrt())


def test_default_eps_keeps_a_constant_batch_finite(norm: str) -> None:
    blocks = Normalisation(norm, DIMS)({m: torch.ones(5, d) for m, d in DIMS.items()})
    expected = 1.0 if norm == "none" else 0.0
    assert all(torch.equal(block, torch.full_like(block, expected)) for block in blocks.values())


def test_gradients_flow_through_the_statistics(norm: str) -> None:
    dims = {"b": 2, "a": 1, "c": 2}
    layer = Normalisation(norm, dims)
    inputs = [x.requires_grad_() for x in features(5, dims=dims).values()]

    def whole(*values: Tensor) -> Tensor:
        return torch.cat(list(layer(dict(zip(dims, values, strict=True))).values()), dim=1)

    assert torch.autograd.gradcheck(whole, inputs)


# Bad input


@pytest.mark.parametrize("name", STATISTICAL)
def test_a_training_batch_of_one_raises(name: str) -> None:
    with pytest.raises(FusionError, match=f"{name}: a training batch of 1 sample"):
        TensorFusion(DIMS, norm=name)(features(1))
    with pytest.raises(FusionError, match="a training batch of 1 sample"):
        TensorFusion(DIMS, norm=name).eval().fit_statistics(features(1))


@pytest.mark.parametrize("name", STATISTICAL)
def test_predicting_without_statistics_raises(name: str) -> None:
    layer = TensorFusion(DIMS, norm=name).eval()
    with pytest.raises(FusionError, match="call fit_statistics"):
        layer(features())
    with pytest.raises(FusionError, match="call fit_statistics"):
        layer.fold()


def test_an_empty_training_batch_raises(norm: str) -> None:
    for layer in (TensorFusion(DIMS, norm=norm), fitted(norm, features()).train()):
        with pytest.raises(FusionError, match=f"{norm}: a training batch of 0 samples has no mean, expected"):
            layer(features(0))
        with pytest.raises(FusionError, match="0 samples has no mean"):
            layer(features(0), torch.ones(0))
        with pytest.raises(FusionError, match="0 samples has no mean"):
            layer.block_features(features(0))
        with pytest.raises(FusionError, match="0 samples has no mean"):
            layer.eval().fit_statistics(features(0))


def test_without_normalisation_no_statistics_are_needed() -> None:
    layer = TensorFusion(DIMS, norm="none")
    one = features(1)
    torch.testing.assert_close(layer(one), layer.eval()(one))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": None}, "got modalities"),
        ({"speech": torch.ones(40, 2)}, "got modalities"),
        ({"text": torch.ones(40, 5)}, "got widths"),
        ({"text": torch.ones(39, 4)}, "differ in their number of samples"),
        ({"text": torch.ones(40)}, r"expected \(samples, width\)"),
    ],
)
def test_features_that_do_not_fit_raise(
    norm: str, training: bool, change: dict[str, Tensor | None], message: str
) -> None:
    layer, inputs = fitted(norm, features()).train(training), {**features(), **change}
    with pytest.raises(FusionError, match=message):
        layer({m: x for m, x in inputs.items() if x is not None})


# Prediction


def test_a_sample_scores_the_same_alone_and_in_any_batch(norm: str) -> None:
    inputs = features(60, mean=3.0)
    layer = fitted(norm, inputs, outputs=3)
    whole = layer(single(inputs))
    tolerance = 1e-5 * whole.std(0)
    for size in (1, 2, 7):
        for start in range(0, 60 - size, 5):
            part = layer({m: x[start : start + size].float() for m, x in inputs.items()})
            assert ((part - whole[start : start + size]).abs() <= tolerance).all()


def test_an_empty_batch_has_no_scores(norm: str) -> None:
    layer = fitted(norm, features(), outputs=2)
    for scores in (layer(features(0)), layer.fold()(features(0)), *layer.contributions(features(0)).values()):
        assert scores.shape == (0, 2)


@pytest.mark.parametrize("max_order", [1, 2, None])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("mean", [0.0, 100.0])
def test_fold_predicts_the_same(norm: str, max_order: int | None, outputs: int, mean: float) -> None:
    inputs, new = features(mean=mean), features(20, seed=2, mean=mean)
    layer = fitted(norm, inputs, outputs=outputs, max_order=max_order)
    plain = layer.fold()
    assert (plain.norm.name, plain.training, plain.weight.dtype) == ("none", False, torch.float64)
    exact = layer.double()(new)
    deviation = exact.std(0)
    assert ((plain(new) - exact).abs() < 1e-8 * deviation).all()
    again = fitted(norm, inputs, outputs=outputs, max_order=max_order)
    assert ((again(single(new)) - exact).abs() < 1e-4 * deviation).all()


def test_fold_of_four_modalities_in_an_order_that_is_not_alphabetical(norm: str) -> None:
    dims = {"d": 2, "a": 3, "c": 1, "b": 2}
    inputs = features(dims=dims, mean=2.0)
    layer = TensorFusion(dims, norm=norm).double().eval()
    layer.fit_statistics(inputs)
    torch.testing.assert_close(layer.fold()(inputs), layer(inputs), rtol=1e-9, atol=1e-9)


def test_state_dict_keeps_predictions_bitwise(norm: str) -> None:
    inputs = features()
    layer = fitted(norm, inputs, outputs=2)
    copy = TensorFusion(DIMS, outputs=2, norm=norm).eval()
    copy.load_state_dict(layer.state_dict())
    assert torch.equal(copy(single(inputs)), layer(single(inputs)))


# What is constant in training


def with_constant(
    inputs: dict[str, Tensor], changed: bool, whole: bool, dtype: torch.dtype
) -> dict[str, Tensor]:
    """Give audio, or only its last column, a constant value, or values that vary around that."""
    values = inputs["audio"].clone()
    part = slice(0 if whole else 1, None)
    values[:, part] = 7.1 + (values[:, part] if changed else 0.0)
    return {**{m: x.to(dtype) for m, x in inputs.items()}, "audio": values.to(dtype)}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_constant_in_training_has_no_effect_in_prediction(
    norm: str, whole: bool, dtype: torch.dtype
) -> None:
    layer = fitted(norm, with_constant(features(), False, whole, dtype), outputs=2)
    new = features(20, seed=2)
    constant, changed = (with_constant(new, change, whole, dtype) for change in (False, True))
    blocks = layer.block_features(constant)
    assert all(torch.equal(x, blocks[i]) for i, x in layer.block_features(changed).items())
    assert torch.equal(layer(changed), layer(constant))
    plain = layer.fold()
    assert torch.equal(plain(changed), plain(constant))
    exact = layer.double()(changed)
    assert ((plain(changed) - exact).abs() < 1e-8 * exact.std(0)).all()
    assert whole or not torch.allclose(layer(features(20, seed=2)), layer(features(20, seed=3)))


@pytest.mark.parametrize("whole", [True, False])
def test_a_constant_changes_no_score_of_training(norm: str, whole: bool) -> None:
    """In eval mode, the samples of training have the scores that they have as one batch; up to rounding."""
    inputs = with_constant(features(), False, whole, torch.float64)
    layer = fitted(norm, inputs).double()
    torch.testing.assert_close(layer(inputs), layer.train()(inputs), rtol=1e-9, atol=1e-9)


def test_a_layer_with_constants_survives_its_state_dict(norm: str) -> None:
    inputs = with_constant(features(), False, True, torch.float32)
    layer, copy = fitted(norm, inputs), TensorFusion(DIMS, norm=norm).eval()
    copy.load_state_dict(layer.state_dict())
    assert torch.equal(copy(single(features(seed=2))), layer(single(features(seed=2))))


# One order of blocks


def test_modality_order_is_that_of_dims(norm: str) -> None:
    dims = {"b": 2, "a": 3}
    inputs = features(dims=dims)
    layer = TensorFusion(dims, norm=norm)
    phi = layer.block_features(inputs)
    assert list(phi) == layer.subsets == [("b",), ("a",), ("b", "a")]
    assert list(layer.relevance()["subset"]) == ["b", "a", "b+a"]
    swapped = {"a": inputs["a"], "b": inputs["b"]}
    assert torch.equal(layer(swapped), layer(inputs))


def test_outer_products_are_row_major_in_modality_order() -> None:
    inputs = features(dims={"b": 2, "a": 3})
    product = TensorFusion({"b": 2, "a": 3}, norm="none").double().block_features(inputs)["b", "a"]
    assert float(product[4, 1 * 3 + 2]) == float(inputs["b"][4, 1] * inputs["a"][4, 2])


@pytest.mark.parametrize("position", range(7))
def test_a_change_of_one_block_changes_its_score_and_norm_alone(norm: str, position: int) -> None:
    inputs = features()
    layer = fitted(norm, inputs, outputs=2)
    subset = layer.subsets[position]
    before, norms, scores = layer.contributions(inputs), layer.block_norms(), layer(inputs)
    torch.testing.assert_close(sum(before.values()) + layer.bias, scores)
    layer.blocks()[subset].data.mul_(3)
    after = layer.contributions(inputs)
    torch.testing.assert_close(after[subset], 3 * before[subset])
    assert all(torch.equal(after[other], before[other]) for other in before if other != subset)
    torch.testing.assert_close(layer(inputs) - scores, 2 * before[subset], rtol=1e-3, atol=1e-4)
    factors = torch.ones(7, dtype=torch.float64)
    factors[position] = 3
    torch.testing.assert_close(layer.block_norms(), norms * factors)


@pytest.mark.parametrize("position", range(7))
def test_a_single_block_has_all_relevance_penalty_and_score(norm: str, position: int) -> None:
    inputs = features()
    layer = fitted(norm, inputs)
    subset = layer.subsets[position]
    for other, block in layer.blocks().items():
        block.data.mul_(other == subset)
    weight = layer.blocks()[subset]
    table = layer.relevance().set_index("subset")
    assert (table["beta"] == (table.index == subset_label(subset))).all()
    torch.testing.assert_close(layer.penalty(), weight.square().sum())
    phi = layer.block_features(inputs)[subset]
    torch.testing.assert_close(layer(inputs), phi @ weight.T + layer.bias)
    layer.penalty().backward()
    expected = torch.cat([2 * block for block in layer.blocks().values()], dim=1)
    torch.testing.assert_close(layer.weight.grad, expected)  # zero at zero blocks


def test_every_normalisation_is_registered_under_its_own_name(norm: str) -> None:
    assert Normalisation(norm, DIMS).name == norm
