"""Initial weights are those of torch's own layers, and come from an explicit generator alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

import pytest
import torch
from torch import Tensor, nn

from mmfusion import TensorFusion
from mmfusion.encoders import encoder_of
from mmfusion.encoders.encoder import new_layer
from mmfusion.encoders.lent_generator import drawing_from, with_new_weights

pytestmark = pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
Build = Callable[[torch.Generator | None], nn.Module]


class ByHand(nn.Module):
    """A user's module with layers of several kinds, one inside another."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(3, 4)
        self.inner = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Embedding(6, 2))
        self.kept = nn.Parameter(torch.arange(3.0))  # no layer, no reset_parameters


USER_MODULE = ByHand()

# What is built here, and the layers of torch that draw in the same order.
BUILDS: dict[str, tuple[Build, Callable[[], list[nn.Module]]]] = {
    "linear": (lambda generator: new_layer(nn.Linear, 7, 5, generator=generator), lambda: [nn.Linear(7, 5)]),
    "no_inputs": (
        lambda generator: new_layer(nn.Linear, 0, 5, generator=generator),
        lambda: [nn.Linear(0, 5)],
    ),
    "conv1d": (
        lambda generator: new_layer(nn.Conv1d, 3, 5, 4, padding="same", generator=generator),
        lambda: [nn.Conv1d(3, 5, 4, padding="same")],
    ),
    "vector": (
        lambda generator: encoder_of("vector", 6, {"hidden": 5, "dim": 3}, generator),
        lambda: [nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Linear(5, 3)],
    ),
    "sequence": (
        lambda generator: encoder_of("sequence", 4, {"width": 3, "channels": 7, "dim": 2}, generator),
        lambda: [nn.Conv1d(4, 7, 3, padding="same"), nn.Linear(7, 2)],
    ),
    "symbols": (
        lambda generator: encoder_of("symbols", 4, {"width": 6, "channels": 9, "dim": 2}, generator),
        lambda: [nn.Conv1d(4, 9, 6), nn.Linear(9, 2)],
    ),
    "users_module": (
        lambda generator: with_new_weights(USER_MODULE, generator),
        lambda: [nn.GRU(3, 4), nn.Linear(4, 5), nn.Embedding(6, 2)],
    ),
}


@pytest.fixture(params=BUILDS)
def case(request: pytest.FixtureRequest) -> tuple[Build, Callable[[], list[nn.Module]]]:
    return BUILDS[request.param]


def weights_of(*modules: nn.Module) -> list[Tensor]:
    """Parameters that are drawn: all but those of batch norms and of no layer."""
    layers = [layer for module in modules for layer in module.modules()]
    drawn = [layer for layer in layers if isinstance(layer, nn.Linear | nn.Conv1d | nn.GRU | nn.Embedding)]
    return [parameter.detach() for layer in drawn for parameter in layer.parameters()]


def same(left: list[Tensor], right: list[Tensor]) -> bool:
    return len(left) == len(right) > 0 and all(torch.equal(a, b) for a, b in zip(left, right, strict=True))


def test_weights_are_bit_for_bit_those_of_torchs_layers(case) -> None:
    build, torchs = case
    for seed in (0, 5):
        torch.manual_seed(seed)
        expected = weights_of(*torchs())
        after = torch.get_rng_state()
        torch.manual_seed(seed)
        assert same(weights_of(build(None)), expected)  # the global generator, as torch's layers do
        assert torch.equal(torch.get_rng_state(), after)
        generator = torch.Generator().manual_seed(seed)
        assert same(weights_of(build(generator)), expected)
        assert torch.equal(generator.get_state(), after)  # it goes on where torch's would


def test_with_a_generator_the_global_random_state_is_neither_read_nor_changed(case) -> None:
    build, _ = case
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = build(torch.Generator().manual_seed(3))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert same(weights_of(build(torch.Generator().manual_seed(3))), weights_of(first))
    if len(weights_of(first)[0].flatten()):
        assert not same(weights_of(build(torch.Generator().manual_seed(4))), weights_of(first))


def test_the_fusion_layer_draws_from_its_generator() -> None:
    torch.manual_seed(8)
    expected = TensorFusion({"b": 2, "a": 3}, outputs=2)
    before = torch.get_rng_state()
    layer = TensorFusion({"b": 2, "a": 3}, outputs=2, generator=torch.Generator().manual_seed(8))
    assert torch.equal(layer.weight, expected.weight)
    assert not layer.bias.any()
    assert torch.equal(torch.get_rng_state(), before)


def test_the_layers_have_the_type_and_the_gradients_of_torchs() -> None:
    for layer in (new_layer(nn.Linear, 3, 2), new_layer(nn.Conv1d, 3, 2, 5)):
        assert all(parameter.requires_grad and parameter.is_leaf for parameter in layer.parameters())
    torch.set_default_dtype(torch.float64)
    try:
        assert new_layer(nn.Linear, 3, 2).weight.dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert str(new_layer(nn.Conv1d, 3, 2, 5, padding="same")) == str(nn.Conv1d(3, 2, 5, padding="same"))
    for layer, torchs in (
        (new_layer(nn.Linear, 3, 2), nn.Linear(3, 2)),
        (new_layer(nn.Conv1d, 3, 2, 5), nn.Conv1d(3, 2, 5)),
    ):
        assert type(layer) is type(torchs)
        before = layer.weight.clone()
        layer.reset_parameters()  # torch's
        assert not torch.equal(layer.weight, before)


def test_a_users_module_is_copied_and_only_its_layers_are_drawn() -> None:
    module = ByHand()
    with torch.no_grad():
        module.kept.add_(1.0)
        module.inner[1].weight.fill_(7.0)  # type: ignore[union-attr, operator]  # a tensor
    before = {name: values.clone() for name, values in module.state_dict().items()}
    copy = with_new_weights(module, torch.Generator().manual_seed(0))
    assert all(torch.equal(values, before[name]) for name, values in module.state_dict().items())
    assert torch.equal(copy.kept, module.kept)
    assert torch.equal(copy.inner[1].weight, torch.ones(5))  # type: ignore[arg-type]  # a tensor
    assert not any(
        a is b or torch.equal(a, b) for a, b in zip(weights_of(copy), weights_of(module), strict=True)
    )


def test_threads_that_build_at_once_get_the_same_weights_as_one_after_the_other(case) -> None:
    build, _ = case
    ready, before = Barrier(4), torch.get_rng_state()

    def run(seed: int) -> list[list[Tensor]]:
        ready.wait()
        generator = torch.Generator().manual_seed(seed)
        return [weights_of(build(generator)) for _ in range(20)]

    with ThreadPoolExecutor(4) as threads:
        actual = list(threads.map(run, [9, 9, 9, 9]))
    assert torch.equal(torch.get_rng_state(), before)
    for others in actual[1:]:
        assert all(same(a, b) for a, b in zip(actual[0], others, strict=True))


def test_threads_that_draw_noise_at_once_draw_what_each_draws_alone() -> None:
    """Dropout of a user's module knows the global generator only, which is one for all threads."""
    ready, before = Barrier(4), torch.get_rng_state()

    def run(seed: int) -> Tensor:
        ready.wait()
        generator, drawn = torch.Generator().manual_seed(seed), []
        for _ in range(50):
            with drawing_from(generator):
                drawn.append(torch.rand(40))
                sleep(1e-4)  # the other threads have their turn
        return torch.stack(drawn)

    with ThreadPoolExecutor(4) as threads:
        actual = list(threads.map(run, range(4)))
    assert torch.equal(torch.get_rng_state(), before)
    for seed, drawn in enumerate(actual):
        generator = torch.Generator().manual_seed(seed)
        assert torch.equal(drawn, torch.stack([torch.rand(40, generator=generator) for _ in range(50)]))


def test_a_loan_may_be_taken_within_a_loan() -> None:
    outer, inner = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    before = torch.get_rng_state()
    with drawing_from(outer):
        first = torch.rand(3)
        with drawing_from(inner), drawing_from(None):
            between = torch.rand(3)
        last = torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(between, torch.rand(3, generator=torch.Generator().manual_seed(2)))
    expected = torch.rand(6, generator=torch.Generator().manual_seed(1))
    assert torch.equal(torch.cat([first, last]), expected)
