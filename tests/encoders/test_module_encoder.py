"""A user's module as an encoder: what goes in and out, and many of them in one stack."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmfusion.encoders import VectorEncoder
from mmfusion.encoders.dropout import Dropout
from mmfusion.encoders.module_encoder import ModuleEncoder, StackedModules
from mmfusion.errors import DataError, FusionError
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples


class MeanState(nn.Module):
    """A recurrent network whose padding is NaN."""

    def __init__(self, inputs: int, dim: int) -> None:
        super().__init__()
        self.gru = nn.GRU(inputs, dim, batch_first=True)

    def forward(self, steps: Tensor) -> Tensor:
        real = ~steps[..., :1].isnan()
        states, _ = self.gru(steps.nan_to_num())
        return (states * real).sum(1) / real.sum(1).clamp(min=1)


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(9, 4)

    def forward(self, words: Tensor) -> Tensor:
        assert words.dtype == torch.int64
        mean: Tensor = self.table(words).mean(1)
        return mean


class Returning(nn.Module):
    """Returns always the same."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output

    def forward(self, inputs: Tensor) -> Any:
        return self.output


def noisy(seed: int) -> ModuleEncoder:
    """With moving averages, torch's dropout and the one of this package."""
    torch.manual_seed(seed)
    layers = nn.Linear(3, 16), nn.BatchNorm1d(16), nn.Dropout(0.5), nn.Linear(16, 4), Dropout(0.3)
    return ModuleEncoder(nn.Sequential(*layers), dim=4)


def recurrent(seed: int) -> ModuleEncoder:
    torch.manual_seed(seed)
    return ModuleEncoder(MeanState(3, 4), dim=4)


def vectors(networks: int, size: int = 10) -> Tensor:
    generator = torch.Generator().manual_seed(7)
    return torch.randn(networks, size, 3, generator=generator)


def state_of(module: nn.Module) -> dict[str, Tensor]:
    return {name: values.clone() for name, values in module.state_dict().items()}


def test_features_are_the_module_and_a_batch_norm() -> None:
    encoder, inputs = recurrent(0), torch.randn(8, 5, 3)
    nn.init.uniform_(encoder.batch_norm.weight, 0.5, 2.0)
    output = encoder.module(inputs)
    torch.testing.assert_close(encoder.activations(inputs), output.T)
    bn = encoder.batch_norm
    expected = nn.functional.batch_norm(output, None, None, bn.weight, bn.bias, training=True)
    torch.testing.assert_close(encoder.train()(inputs), expected)
    assert bool((expected < 0).any())
    torch.testing.assert_close(encoder.eval()(inputs), bn(output))


def test_the_scale_of_a_module_does_not_reach_the_features() -> None:
    encoder, inputs = noisy(0), vectors(1)[0]
    encoder.module.eval()
    before = encoder(inputs)
    with torch.no_grad():
        encoder.module[3].weight.mul_(1000.0)  # type: ignore[index, union-attr, operator]  # a Sequential
        encoder.module[3].bias.mul_(1000.0)  # type: ignore[index, union-attr, operator]  # a Sequential
    torch.testing.assert_close(encoder(inputs), before, rtol=1e-3, atol=1e-3)


def test_statistics_are_the_moments_of_the_output() -> None:
    encoder, inputs = recurrent(0), torch.randn(20, 5, 3)
    features = encoder.fit_statistics(inputs)
    output = encoder.module(inputs).detach()
    torch.testing.assert_close(encoder.batch_norm.running_mean, output.mean(0))
    torch.testing.assert_close(encoder.batch_norm.running_var, output.var(0, correction=0))
    torch.testing.assert_close(features, encoder(inputs).detach())
    torch.testing.assert_close(features.mean(0), torch.zeros(4), rtol=0, atol=1e-5)


def test_padding_is_left_to_the_module() -> None:
    encoder, values = recurrent(0).eval(), np.random.default_rng(0).normal(size=(4, 6, 3))
    values[1, 3:], values[2] = np.nan, np.nan
    actual = encoder(encoder.prepare(values))
    longer = np.pad(values, ((0, 0), (0, 5), (0, 0)), constant_values=np.nan)
    torch.testing.assert_close(encoder(encoder.prepare(longer)), actual)
    assert bool(actual.isfinite().all())


def test_weights_are_the_parameters_of_two_or_more_axes() -> None:
    encoder = noisy(0)
    assert [tuple(weight.shape) for weight in encoder.weights()] == [(16, 3), (4, 16)]
    parameters = {id(parameter) for parameter in encoder.parameters()}
    assert {id(weight) for weight in encoder.weights()} <= parameters
    assert [tuple(weight.shape) for weight in recurrent(0).weights()] == [(12, 3), (12, 4)]


@pytest.mark.parametrize("kind", ["b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", ">i4"])
def test_whole_numbers_stay_whole(kind: str) -> None:
    encoder = ModuleEncoder(Words(), dim=4)
    values = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 1]]).astype(kind)
    prepared = encoder.prepare(values)
    assert not prepared.is_floating_point()
    assert np.array_equal(prepared.numpy(), values)
    assert encoder(prepared).shape == (3, 4)


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", ">f4", ">f8"])
def test_floats_keep_their_type_until_they_meet_the_weights(kind: str) -> None:
    encoder, values = recurrent(0), np.ones((3, 5, 3), dtype=kind)
    prepared = encoder.prepare(values)
    assert prepared.numpy().dtype == np.dtype(kind).newbyteorder("=")
    assert np.array_equal(prepared.numpy(), values)
    assert encoder(prepared).dtype == torch.float32
    assert encoder.double()(prepared).dtype == torch.float64


def test_contiguous_arrays_are_not_copied_also_from_a_file(tmp_path: Path) -> None:
    encoder, path = recurrent(0), tmp_path / "steps.npy"
    np.save(path, np.ones((4, 5, 3), dtype=np.float32))
    for values in (np.ones((4, 5, 3)), np.load(path, mmap_mode="r", allow_pickle=False)):
        assert np.shares_memory(encoder.prepare(values).numpy(), values)
    turned = np.arange(60.0).reshape(3, 5, 4).T
    assert np.array_equal(encoder.prepare(turned).numpy(), turned)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array(["a", "b"]), r"array \(2,\) of <U1, expected numbers of at most 8 bytes .*; convert them"),
        (np.array([None, 1]), r"array \(2,\) of object, expected numbers"),
        (np.ones(3, dtype=complex), r"of complex128, expected numbers"),
        (np.ones(3, dtype=np.longdouble), r"of float128, expected numbers of at most 8 bytes"),
        (np.array(1.0), r"array \(\) of float64, expected .* with the samples on the first axis"),
    ],
    ids=str,
)
def test_what_torch_cannot_hold(values: Any, message: str) -> None:
    if values.dtype == np.longdouble and values.dtype.itemsize == 8:
        pytest.skip("long double is double here")
    with pytest.raises(DataError, match=message):
        recurrent(0).prepare(values)


@pytest.mark.parametrize(
    ("output", "described"),
    [
        (torch.zeros(6, 5), r"float32 \(6, 5\)"),
        (torch.zeros(4, 6), r"float32 \(4, 6\)"),
        (torch.zeros(6), r"float32 \(6,\)"),
        (torch.zeros(6, 1, 4), r"float32 \(6, 1, 4\)"),
        (torch.zeros(6, 4, dtype=torch.int64), r"int64 \(6, 4\)"),
        ((torch.zeros(6, 4), torch.zeros(1)), "a tuple"),
        (None, "a NoneType"),
    ],
    ids=str,
)
def test_what_a_module_must_not_return(output: Any, described: str) -> None:
    message = (
        rf"the module Returning returned {described} for inputs \(6, 3\), expected floats \(6, 4\), one row "
        "per sample; change its forward method, or the `dim` of the encoder"
    )
    with pytest.raises(FusionError, match=message):
        ModuleEncoder(Returning(output), dim=4)(torch.zeros(6, 3))


def test_what_is_not_a_module() -> None:
    with pytest.raises(FusionError, match=r"<class '.*MeanState'>, expected a torch.nn.Module; pass an inst"):
        ModuleEncoder(MeanState, dim=4)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(FusionError, match=r"LazyLinear has parameters of unknown shape.*; call it once on"):
        ModuleEncoder(nn.LazyLinear(4), dim=4)
    lazy = nn.LazyLinear(4)
    lazy(torch.zeros(2, 3))
    assert ModuleEncoder(lazy, dim=4)(torch.randn(5, 3)).shape == (5, 4)


def test_stacked_modules_give_what_each_gives_alone() -> None:
    encoders = [recurrent(seed) for seed in range(3)]
    inputs, weight = torch.randn(3, 8, 5, 3), torch.rand(3, 8)
    stack = StackedModules(encoders)
    assert isinstance(stack, StackedModules)
    for weights in (None, weight):
        actual = stack(inputs, weights)
        assert actual.shape == (3, 8, 4)
        for position, encoder in enumerate(encoders):
            single = None if weights is None else weights[position]
            assert torch.equal(actual[position], encoder(inputs[position], single))
    assert len(stack.weights()) == 3 * len(encoders[0].weights())
    own_parameters = {id(parameter) for parameter in stack.parameters()}
    assert {id(x) for x in stack.weights()} <= own_parameters
    assert not own_parameters & {id(x) for encoder in encoders for x in encoder.parameters()}


def test_gradients_reach_their_own_copy() -> None:
    encoders = [recurrent(seed) for seed in range(3)]
    stack, inputs = StackedModules(encoders), torch.randn(3, 8, 5, 3)
    direction = torch.linspace(-1, 2, 32).view(8, 4)
    (stack(inputs)[1] * direction).sum().backward()
    (encoders[1](inputs[1]) * direction).sum().backward()
    for position, member in enumerate(stack.copies):
        for name, parameter in member.named_parameters():
            expected = encoders[1].get_parameter(name).grad if position == 1 else torch.zeros_like(parameter)
            assert expected is not None
            actual = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            torch.testing.assert_close(actual, expected)


def test_parameters_and_moving_averages_return_to_their_own_encoder() -> None:
    encoders = [noisy(seed) for seed in range(3)]
    before = [state_of(encoder) for encoder in encoders]
    stack = StackedModules(encoders).train()
    stack(vectors(3))
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.mul_(2.0)
    for encoder, state in zip(encoders, before, strict=True):
        assert all(torch.equal(values, state[name]) for name, values in encoder.state_dict().items())
    stack.write_back()
    for encoder, state, trained in zip(encoders, before, stack.copies, strict=True):
        for name, values in encoder.named_parameters():
            assert torch.equal(values, 2 * state[name])
        for name, values in encoder.named_buffers():
            assert torch.equal(values, trained.get_buffer(name))
        for name in ("running_mean", "num_batches_tracked"):  # of the module's own batch norm
            assert not torch.equal(encoder.get_buffer(f"module.1.{name}"), state[f"module.1.{name}"])
        assert torch.equal(encoder.batch_norm.get_buffer("running_mean"), state["batch_norm.running_mean"])


def test_shared_and_frozen_parameters_stay_so() -> None:
    layers = nn.Linear(3, 3), nn.Linear(3, 3)
    layers[1].weight = layers[0].weight
    layers[0].bias.requires_grad_(False)
    encoder = ModuleEncoder(nn.Sequential(*layers), dim=3)
    assert len(encoder.weights()) == 1
    stack = StackedModules([encoder, copy.deepcopy(encoder)])
    assert len(stack.weights()) == 2
    stack(vectors(2)).square().sum().backward()
    frozen = [name for name, parameter in stack.named_parameters() if not parameter.requires_grad]
    assert frozen == ["copies.0.module.0.bias", "copies.1.module.0.bias"]
    with torch.no_grad():
        for parameter in stack.weights():
            parameter.fill_(5.0)
    stack.write_back()
    assert layers[1].weight is layers[0].weight
    assert bool((layers[0].weight == 5.0).all())


def generators(*seeds: int) -> tuple[torch.Generator, ...]:
    return tuple(torch.Generator().manual_seed(seed) for seed in seeds)


@pytest.mark.parametrize("modalities", [1, 2])
def test_random_numbers_belong_to_one_network(modalities: int) -> None:
    """Copies are counted by networks within modalities; layers of any origin draw from one generator."""
    seeds, inputs = (11, 12, 13), vectors(3 * modalities)
    together = StackedModules([noisy(seed) for seed in range(3 * modalities)])
    together.noise = generators(*seeds)
    before = torch.get_rng_state()
    actual = [together(inputs) for _ in range(2)]
    assert torch.equal(torch.get_rng_state(), before)
    for position, seed in enumerate(seeds):
        chosen = [position + 3 * modality for modality in range(modalities)]
        alone = StackedModules([noisy(number) for number in chosen])
        alone.noise = generators(seed)
        for features in actual:
            torch.manual_seed(99)  # of no importance
            assert torch.equal(alone(inputs[chosen]), features[chosen])
    assert not torch.equal(actual[0], actual[1])
    other = StackedModules([noisy(0)])
    other.noise = generators(14)
    assert not torch.equal(other(inputs[:1])[0], actual[0][0])


def test_without_generators_the_numbers_are_torchs() -> None:
    stack, inputs = StackedModules([noisy(0), noisy(1)]), vectors(2)
    torch.manual_seed(1)
    first = stack(inputs)
    torch.manual_seed(1)
    assert torch.equal(stack(inputs), first)
    stack.noise = ()
    assert not torch.equal(stack(inputs), first)


def test_torchs_generator_is_put_back_after_a_mistake() -> None:
    stack = StackedModules([ModuleEncoder(Returning(None), dim=4)])
    stack.noise = generators(3)
    before = torch.get_rng_state()
    with pytest.raises(FusionError, match="Returning returned"):
        stack(torch.zeros(1, 6, 3))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_network_with_a_module_learns() -> None:
    torch.manual_seed(0)
    encoders = {"steps": recurrent(0), "vector": VectorEncoder(2, hidden=5, dropout=0.0, dim=4)}
    network, rng = MultimodalNetwork(encoders), np.random.default_rng(0)
    steps, vector, target = rng.normal(size=(64, 5, 3)), rng.normal(size=(64, 2)), rng.integers(0, 2, 64)
    steps += 2.0 * target[:, np.newaxis, np.newaxis]
    inputs = {"steps": encoders["steps"].prepare(steps), "vector": encoders["vector"].prepare(vector)}
    samples = Samples(inputs, torch.from_numpy(target).float())
    optimiser, losses = torch.optim.SGD(network.parameters(), lr=0.3), []
    for _ in range(40):
        loss = nn.functional.binary_cross_entropy_with_logits(network(inputs).squeeze(-1), samples.target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
    network.fit_statistics(samples)
    hits = (network(inputs).squeeze(-1) > 0) == (samples.target > 0)
    assert float(hits.float().mean()) > 0.9
