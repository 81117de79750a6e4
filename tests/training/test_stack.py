"""Networks side by side are the networks alone: scores, gradients, parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmfusion.encoders import ModuleEncoder, MotifScanner, VectorEncoder
from mmfusion.encoders.dropout import Dropout
from mmfusion.training.modality import Modality
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.samples import Samples
from mmfusion.training.stack import NetworkStack

NORMS = ("none", "bn", "vbn", "dbn", "ibn")
WIDTHS = {"text": 5, "audio": 2, "video": 5}
BATCH = 64


def vector_network(seed: int, norm: str = "ibn", dropout: float = 0.0, **options: Any) -> MultimodalNetwork:
    torch.manual_seed(seed)
    arguments = {"hidden": 16, "dropout": dropout, "dim": 8}
    modalities = [Modality(name, "vector", width, arguments) for name, width in WIDTHS.items()]
    scale = options.pop("scale", 1.0)
    network = build_network(modalities, {"norm": norm, **options}, scale=scale)
    torch.nn.init.normal_(network.fusion.bias)
    return network


def symbol_network(seed: int, norm: str = "ibn", **options: Any) -> MultimodalNetwork:
    torch.manual_seed(seed)
    arguments = {"width": 6, "channels": 16, "dim": 8}
    modalities = [Modality(name, "symbols", 4, arguments) for name in ("1", "2", "3")]
    return build_network(modalities, {"norm": norm, **options})


def inputs_of(network: MultimodalNetwork, seed: int = 0, size: int = BATCH) -> dict[str, Tensor]:
    rng = np.random.default_rng(seed)
    inputs = {}
    for name, encoder in zip(network.modalities, network.encoders, strict=True):
        symbols = isinstance(encoder, MotifScanner)
        values = rng.integers(0, 4, (size, 20)) if symbols else rng.normal(size=(size, WIDTHS[name]))
        inputs[name] = encoder.prepare(values)
    return inputs


def together(inputs: list[dict[str, Tensor]]) -> Samples:
    stacked = {name: torch.stack([given[name] for given in inputs]) for name in inputs[0]}
    return Samples(stacked, torch.zeros(next(iter(stacked.values())).shape[:2]))


def gradients_of(network: torch.nn.Module) -> dict[str, Tensor]:
    actual = {name: parameter.grad for name, parameter in network.named_parameters()}
    assert all(gradient is not None for gradient in actual.values())
    return {name: gradient.clone() for name, gradient in actual.items() if gradient is not None}


def backward(scores: Tensor) -> None:
    (scores * torch.linspace(-1, 2, scores.shape[-2], dtype=scores.dtype)[:, None]).sum().backward()


def written_gradients(stack: NetworkStack) -> list[dict[str, Tensor]]:
    """Put the gradients of the stack into its place of the parameters, and read them network by network."""
    with torch.no_grad():
        for parameter in stack.parameters():
            assert parameter.grad is not None
            parameter.copy_(parameter.grad)
    stack.write_back()
    return [
        {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
        for network in stack.networks
    ]


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    ("make", "options"),
    [
        (vector_network, {}),
        (vector_network, {"scale": 3.0, "outputs": 3, "max_order": 2}),
        (symbol_network, {}),
        (symbol_network, {"outputs": 2}),
    ],
)
def test_scores_and_gradients_are_those_of_each_alone(make, options: dict[str, Any], norm: str) -> None:
    networks = [make(seed, norm, **options).double() for seed in range(3)]
    inputs = [inputs_of(network, seed) for seed, network in enumerate(networks)]
    if make is vector_network:
        inputs = [{name: x.double() for name, x in given.items()} for given in inputs]
    stack = NetworkStack(networks).train()
    scores = stack(together(inputs))
    assert scores.shape == (3, BATCH, options.get("outputs", 1))
    backward(scores)
    expected = []
    for network, given, actual in zip(networks, inputs, scores, strict=True):
        alone = network.train()(given)
        torch.testing.assert_close(actual, alone, rtol=1e-10, atol=1e-10)
        backward(alone)
        expected.append(gradients_of(network))
    for found_gradients, own_gradients in zip(written_gradients(stack), expected, strict=True):
        for name, gradient in own_gradients.items():
            scale = max(1.0, float(gradient.abs().max()))
            torch.testing.assert_close(found_gradients[name], gradient, rtol=0, atol=1e-9 * scale)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("make", [vector_network, symbol_network])
def test_scores_in_float32_are_those_of_each_alone(make, norm: str) -> None:
    networks = [make(seed, norm) for seed in range(3)]
    inputs = [inputs_of(network, seed) for seed, network in enumerate(networks)]
    scores = NetworkStack(networks).train()(together(inputs)).detach()
    for network, given, actual in zip(networks, inputs, scores, strict=True):
        alone = network.train()(given).detach()
        assert float((actual - alone).abs().max()) < 1e-5 * float(alone.std())


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("make", [vector_network, symbol_network])
def test_a_stack_of_one_gives_the_same_bits_at_the_sizes_of_the_study(make, norm: str) -> None:
    networks = [make(seed, norm) for seed in range(3)]
    inputs = [inputs_of(network, seed) for seed, network in enumerate(networks)]
    stack = NetworkStack(networks).train()
    scores = stack(together(inputs))
    backward(scores)
    actual = written_gradients(stack)
    for position in range(3):
        single = NetworkStack([make(position, norm)]).train()
        alone = single(together([inputs[position]]))
        backward(alone)
        assert torch.equal(alone[0], scores[position])
        (gradients,) = written_gradients(single)
        assert all(torch.equal(gradient, actual[position][name]) for name, gradient in gradients.items())


@pytest.mark.parametrize("calls", [1, 2])
def test_dropout_is_that_of_each_alone(calls: int) -> None:
    """With several modalities in a group and a group of its own."""
    networks = [vector_network(seed, dropout=0.5) for seed in range(3)]
    inputs = [inputs_of(network, seed) for seed, network in enumerate(networks)]
    noise = [torch.Generator().manual_seed(seed) for seed in range(3)]
    stack = NetworkStack(networks, noise).train()
    actual = [stack(together(inputs)) for _ in range(calls)]
    for position, network in enumerate(networks):
        single = NetworkStack([network], [torch.Generator().manual_seed(position)]).train()
        alone = [single(together([inputs[position]]))[0] for _ in range(calls)]
        for given, scores in zip(alone, actual, strict=True):
            assert torch.equal(given, scores[position])
    assert not torch.equal(actual[0], stack(together(inputs)))  # the noise goes on


def test_without_dropout_in_eval_mode_of_dropout() -> None:
    """As the loss of a validation split is taken: batch statistics, and no unit is dropped."""
    networks = [vector_network(seed, dropout=0.5) for seed in range(3)]
    inputs = [inputs_of(network, seed) for seed, network in enumerate(networks)]
    stack = NetworkStack(networks, [torch.Generator() for _ in networks]).train()
    for module in [*stack.modules(), *(part for network in networks for part in network.modules())]:
        if hasattr(module, "share"):
            module.eval()
    scores = stack(together(inputs))
    for network, given, actual in zip(networks, inputs, scores, strict=True):
        torch.testing.assert_close(actual, network(given), rtol=1e-4, atol=1e-5)


def test_groups_of_encoders_that_are_alike() -> None:
    """Widths 5, 2, 5: two groups; scores keep the order of the modalities."""
    stack = NetworkStack([vector_network(seed) for seed in range(3)])
    assert stack.groups == [("text", "video"), ("audio",)]
    assert [encoder.first.weight.shape for encoder in stack.encoders] == [(6, 16, 5), (3, 16, 2)]
    assert stack.fusion.dims == dict.fromkeys(WIDTHS, 8)
    assert list(stack.fusion.dims) == list(WIDTHS)
    assert NetworkStack([symbol_network(0)]).groups == [("1", "2", "3")]


def test_encoders_of_unlike_architecture_are_no_group() -> None:
    encoders = {
        "a": VectorEncoder(5, hidden=6, dim=3),
        "b": VectorEncoder(5, hidden=7, dim=3),
        "c": VectorEncoder(5, hidden=6, dim=2),
        "d": MotifScanner(width=5, channels=6, dim=3),
        "e": MotifScanner(width=6, channels=6, dim=3),
        "f": VectorEncoder(5, hidden=6, dim=3),
    }
    stack = NetworkStack([MultimodalNetwork(encoders, max_order=1)])
    assert stack.groups == [("a", "f"), ("b",), ("c",), ("d",), ("e",)]


def states(networks: list[MultimodalNetwork]) -> list[Mapping[str, Tensor]]:
    return [{key: x.clone() for key, x in network.state_dict().items()} for network in networks]


def test_every_parameter_returns_to_its_own_network() -> None:
    networks = [vector_network(seed) for seed in range(3)]
    before = states(networks)
    stack = NetworkStack(networks)
    stack.write_back()
    for network, state in zip(networks, before, strict=True):
        assert all(torch.equal(x, state[key]) for key, x in network.state_dict().items())
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.mul_(2.0)
    for network, state in zip(networks, before, strict=True):  # nothing changes until then
        assert all(torch.equal(x, state[key]) for key, x in network.state_dict().items())
    stack.write_back()
    for network, state in zip(networks, before, strict=True):
        trained = {name for name, _ in network.named_parameters()}
        for key, x in network.state_dict().items():
            assert torch.equal(x, 2 * state[key] if key in trained else state[key])


def test_a_step_on_the_loss_of_one_network_moves_this_one_alone() -> None:
    networks = [vector_network(seed) for seed in range(3)]
    before = states(networks)
    stack = NetworkStack(networks).train()
    backward(stack(together([inputs_of(network) for network in networks]))[1])
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.sub_(parameter.grad)
    stack.write_back()
    for position, (network, state) in enumerate(zip(networks, before, strict=True)):
        for name, parameter in network.named_parameters():
            assert torch.equal(parameter, state[name]) == (position != 1), name


def test_only_the_stacks_own_parameters_are_trained() -> None:
    networks = [vector_network(seed) for seed in range(3)]
    stack = NetworkStack(networks)
    given = {id(parameter) for network in networks for parameter in network.parameters()}
    assert not given & {id(parameter) for parameter in stack.parameters()}
    numbers = sum(parameter.numel() for network in networks for parameter in network.parameters())
    assert sum(parameter.numel() for parameter in stack.parameters()) == numbers


def test_decayed_weights_are_the_matrices_of_all_encoders() -> None:
    networks = [vector_network(seed) for seed in range(2)]
    actual = NetworkStack(networks).decayed_weights()
    numbers = sum(weight.numel() for network in networks for e in network.encoders for weight in e.weights())
    assert sum(weight.numel() for weight in actual) == numbers
    assert all(weight.ndim == 3 for weight in actual)


@pytest.mark.parametrize("frozen", ["fusion.weight", "encoders.1.first.weight"])
def test_frozen_parameters_stay_frozen(frozen: str) -> None:
    networks = [vector_network(seed) for seed in range(3)]
    for network in networks:
        network.get_parameter(frozen).requires_grad_(False)
    stack = NetworkStack(networks).train()
    backward(stack(together([inputs_of(network) for network in networks])))
    still = [name for name, parameter in stack.named_parameters() if not parameter.requires_grad]
    assert still == [frozen]  # audio, the second modality, is the second group too
    assert stack.get_parameter(frozen).grad is None
    assert all(parameter.grad is not None for parameter in stack.parameters() if parameter.requires_grad)


def test_encoders_that_differ_in_dropout_or_freezing_are_not_alike() -> None:
    encoders = {"a": VectorEncoder(5, dropout=0.0), "b": VectorEncoder(5, dropout=0.9)}
    assert NetworkStack([MultimodalNetwork(encoders)]).groups == [("a",), ("b",)]
    frozen = MultimodalNetwork({"a": VectorEncoder(5), "b": VectorEncoder(5)})
    frozen.encoders[1].requires_grad_(False)
    assert NetworkStack([frozen]).groups == [("a",), ("b",)]


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("make", [vector_network, symbol_network])
def test_a_stack_in_eval_mode_scores_as_its_networks_do(make, norm: str) -> None:
    """By their own constants of prediction, and with the parameters that the stack has now."""
    networks = [make(seed, norm) for seed in range(3)]
    inputs = [inputs_of(network, seed) for seed, network in enumerate(networks)]
    for network, given in zip(networks, inputs, strict=True):
        network.fit_statistics(Samples(given, torch.zeros(BATCH)))
    stack = NetworkStack(networks).eval()
    scores = stack(together(inputs))
    assert scores.shape == (3, BATCH, 1)
    for network, given, actual in zip(networks, inputs, scores, strict=True):
        torch.testing.assert_close(actual, network(given))
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.mul_(1.5)
    changed = stack(together(inputs)).detach()
    assert not torch.allclose(changed, scores)
    stack.write_back()
    for network, given, actual in zip(networks, inputs, changed, strict=True):
        torch.testing.assert_close(actual, network(given))


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_modalities_that_a_network_is_not_given_take_no_part(norm: str, dropout: float) -> None:
    """Scores, gradients and noise are those of each alone; of a modality that is absent, nothing is used."""
    missing = [(), ("text",), ("audio", "video")]

    def network(seed: int) -> MultimodalNetwork:
        modalities = [
            Modality(name, "vector", width, {"hidden": 16, "dropout": dropout, "dim": 8})
            for name, width in WIDTHS.items()
        ]
        source = torch.Generator().manual_seed(seed)
        return build_network(modalities, {"norm": norm}, source, absent=missing[seed])

    def noise(seed: int) -> torch.Generator:
        return torch.Generator().manual_seed(10 + seed)

    networks = [network(seed) for seed in range(3)]
    inputs = [inputs_of(networks[0], seed) for seed in range(3)]
    stack = NetworkStack(networks, [noise(seed) for seed in range(3)]).train()
    scores = stack(together(inputs))
    backward(scores)
    gradients = written_gradients(stack)
    for seed, absent in enumerate(missing):
        single = NetworkStack([network(seed)], [noise(seed)]).train()
        other = {name: 7.0 + 0 * x if name in absent else x for name, x in inputs[seed].items()}
        alone = single(together([other]))
        torch.testing.assert_close(scores[seed], alone[0], rtol=1e-4, atol=1e-5)
        backward(alone)
        for key, gradient in written_gradients(single)[0].items():
            encoder = key.split(".")[1] if key.startswith("encoders") else None
            if encoder is not None and single.modalities[int(encoder)] in absent:
                continue
            scale = max(1.0, float(gradient.abs().max()))
            assert float((gradients[seed][key] - gradient).abs().max()) < 1e-4 * scale, key
    stack.eval()
    for seed in range(3):
        networks[seed].fit_statistics(Samples(inputs[seed], torch.zeros(BATCH)))
    for one, given, actual in zip(networks, inputs, stack(together(inputs)), strict=True):
        torch.testing.assert_close(actual, one(given))


def test_networks_of_unlike_training_samples_have_their_own_standardisers() -> None:
    arguments = {"hidden": 16, "dropout": 0.0, "dim": 8}
    modalities = [Modality(name, "vector", 3, arguments, standardised=True) for name in ("a", "b")]
    networks = [build_network(modalities, {}, torch.Generator().manual_seed(seed)) for seed in range(3)]
    stores = []
    for seed, network in enumerate(networks):
        generator = torch.Generator().manual_seed(seed)
        inputs = {name: seed + (seed + 1) * torch.randn(BATCH, 3, generator=generator) for name in ("a", "b")}
        stores.append(Samples(inputs, torch.zeros(BATCH)))
        network.fit_standardisers(stores[-1])
    scores = NetworkStack(networks).train()(together([store.inputs for store in stores]))
    for network, store, actual in zip(networks, stores, scores, strict=True):
        torch.testing.assert_close(actual, network.train()(store.inputs), rtol=1e-4, atol=1e-5)


def test_dropout_within_a_users_module_draws_for_its_network_alone() -> None:
    """Also the dropout of this package, which in other encoders draws for all networks of a stack."""

    def network(seed: int) -> MultimodalNetwork:
        torch.manual_seed(seed)
        layers = nn.Linear(3, 16), nn.Dropout(0.5), nn.Linear(16, 4), Dropout(0.3)
        return MultimodalNetwork({"own": ModuleEncoder(nn.Sequential(*layers), dim=4)})

    inputs = torch.randn(2, 10, 3, generator=torch.Generator().manual_seed(7))
    noise = [torch.Generator().manual_seed(seed) for seed in (11, 12)]
    scores = NetworkStack([network(0), network(1)], noise).train()(together([{"own": x} for x in inputs]))
    for number, seed in enumerate((11, 12)):
        alone = NetworkStack([network(number)], [torch.Generator().manual_seed(seed)]).train()
        assert torch.equal(alone(together([{"own": inputs[number]}]))[0], scores[number])
