"""The training loop: its optimiser, its schedule, its batches, and which model is its result."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from mmfusion.measures.losses import batch_loss
from mmfusion.training import optimiser
from mmfusion.training.loop import Randomness, Recipe, fit_networks
from mmfusion.training.modality import Modality
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.samples import NetworkSamples, Samples

SETTINGS = {"batch_size": 32, "learning_rate": 0.01, "weight_decay": 0.3, "epochs": 3}
PENALTY = 0.1
ROWS = 110


def network(norm: str = "ibn", **fusion: Any) -> MultimodalNetwork:
    torch.manual_seed(0)
    # Sizes that fill vectors of the processor, so that AdamW is called with parameters of their own shapes.
    arguments = {"hidden": 16, "dropout": 0.5, "dim": 8}
    modalities = [Modality("b", "vector", 4, arguments), Modality("a", "vector", 2, arguments)]
    return build_network(modalities, {"norm": norm, **fusion})


def samples(rows: int = ROWS) -> Samples:
    generator = torch.Generator().manual_seed(rows)
    inputs = {name: torch.randn(rows, width, generator=generator) for name, width in (("b", 4), ("a", 2))}
    return Samples(inputs, (inputs["b"][:, 0] > 0).float())


def noise(seed: int = 7) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def train(
    net: MultimodalNetwork, validation: Samples | None = None, after_epoch=lambda: None, **changes: Any
):
    checked = None if validation is None else NetworkSamples.of([validation])
    streams = [Randomness(order=torch.Generator().manual_seed(5), noise=noise())]
    penalty = changes.pop("penalty", PENALTY)
    recipe = Recipe(**{**SETTINGS, **changes})
    train, cpu = NetworkSamples.of([samples()]), torch.device("cpu")
    (fit,) = fit_networks(
        [net], train, checked, "binary", recipe, [penalty], streams, cpu, after_epoch=after_epoch
    )
    return fit.history


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What AdamW was called with: per step a call for the decayed parameters and one for the others."""
    calls: list[dict[str, Any]] = []
    adamw = optimiser.adamw

    def noted(parameters: list[torch.Tensor], *rest: Any, **options: Any) -> None:
        calls.append({"shapes": [tuple(x.shape) for x in parameters], **options})
        adamw(parameters, *rest, **options)

    monkeypatch.setattr(optimiser, "adamw", noted)
    return calls


def test_only_the_encoders_matrices_decay(steps: list[dict[str, Any]]) -> None:
    net = network()
    train(net, epochs=1)
    decayed, others = steps[:2]
    matrices = [(1, *weight.shape) for encoder in net.encoders for weight in encoder.weights()]
    assert decayed["weight_decay"] == 0.3
    assert sorted(decayed["shapes"]) == sorted(matrices)
    assert others["weight_decay"] == 0.0
    assert len(decayed["shapes"]) + len(others["shapes"]) == len(list(net.parameters()))
    assert (1, *net.fusion.weight.shape) in others["shapes"]


def test_adamw_is_that_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten steps on a quadratic give the weights of torch.optim.AdamW with the cosine schedule."""
    ours = [torch.linspace(-1, 2, 5).requires_grad_(), torch.ones(2, 3).requires_grad_()]
    theirs = [x.detach().clone().requires_grad_() for x in ours]
    groups = [{"params": theirs[:1], "weight_decay": 0.3}, {"params": theirs[1:], "weight_decay": 0.0}]
    reference = torch.optim.AdamW(groups, lr=0.05)
    schedule = torch.optim.lr_scheduler.LambdaLR(reference, lambda t: 0.5 * (1 + math.cos(math.pi * t / 10)))
    mine = optimiser.Optimiser(ours[:1], ours[1:], 0.05, 0.3, 10)
    for _ in range(10):
        for parameters in (ours, theirs):
            ((parameters[0] - 3).square().sum() + (parameters[1] * torch.arange(3)).square().sum()).backward()
        mine.step()
        reference.step()
        reference.zero_grad()
        schedule.step()
    for ours_moved, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(ours_moved, other, rtol=1e-5, atol=1e-6)
        assert ours_moved.grad is None


def test_a_number_is_moved_alike_wherever_it_stands() -> None:
    count, taken = 21, 2000

    def moved(rows: slice) -> torch.Tensor:
        generator = torch.Generator().manual_seed(0)
        parameter = torch.nn.Parameter(torch.randn(count, 1, generator=generator)[rows].clone())
        steps = optimiser.Optimiser([parameter], [], 0.005, 0.01, taken)
        for _ in range(taken):
            parameter.grad = torch.randn(count, 1, generator=generator)[rows].clone()
            steps.step()
        return parameter.detach()

    alone = torch.cat([moved(slice(index, index + 1)) for index in range(0, count, 5)])
    assert torch.equal(moved(slice(None))[::5], alone)


def test_the_decay_acts_on_weights_without_gradient() -> None:
    """With all scores at a constant, an encoder's matrix shrinks by (1 - rate * decay) at every step."""
    net = network("none")
    with torch.no_grad():
        net.fusion.weight.zero_()
    before = net.encoders[0].first.weight.detach().clone()
    bias = net.encoders[0].first.bias.detach().clone()
    net.fusion.weight.requires_grad_(False)
    train(net, epochs=1, penalty=0.0)
    rates = [0.01 * 0.5 * (1 + math.cos(math.pi * step / 3)) for step in range(3)]
    shrunk = before * math.prod(1 - rate * 0.3 for rate in rates)
    torch.testing.assert_close(net.encoders[0].first.weight.detach(), shrunk, rtol=1e-5, atol=0)
    assert torch.equal(net.encoders[0].first.bias, bias)


def test_the_rate_falls_to_zero_as_a_cosine(steps: list[dict[str, Any]]) -> None:
    train(network())
    number = SETTINGS["epochs"] * (ROWS // SETTINGS["batch_size"])
    expected = [0.01 * 0.5 * (1 + math.cos(math.pi * step / number)) for step in range(number)]
    assert [call["lr"] for call in steps] == pytest.approx(np.repeat(expected, 2))


def test_the_last_epoch_is_the_result_and_nothing_is_selected() -> None:
    net, other = network(), network()
    epochs: list[int] = []
    history = train(net, samples(50), lambda: epochs.append(1), epochs=4)
    assert len(epochs) == 4
    norms = [part["block_norm"].to_numpy() for _, part in history.groupby("epoch")]
    assert np.array_equal(norms[-1], net.fusion.block_norms().numpy())
    assert not np.allclose(norms[-1], norms[-2])
    blind = train(other, None, epochs=4)
    assert torch.equal(net.fusion.weight, other.fusion.weight)
    assert history["loss_validation"].notna().all()
    assert blind["loss_validation"].isna().all()


def test_validation_uses_its_own_batch_statistics_and_no_dropout() -> None:
    net, validation = network(), samples(50)
    history = train(net, validation)
    net.train()
    for encoder in net.encoders:
        encoder.dropout.eval()
    with torch.no_grad():
        loss = batch_loss(net(validation.inputs), validation.target, "binary")
    assert history["loss_validation"].iloc[-1] == pytest.approx(float(loss), rel=1e-6)


def test_batches_are_full_and_random(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[torch.Tensor] = []
    rows = NetworkSamples.rows
    monkeypatch.setattr(
        NetworkSamples, "rows", lambda self, index: (taken.append(index[0]), rows(self, index))[1]
    )
    train(network())
    assert [len(index) for index in taken] == [32] * 9
    epochs = [torch.cat(taken[start : start + 3]) for start in (0, 3, 6)]
    assert all(len(epoch.unique()) == 96 for epoch in epochs)
    assert not torch.equal(epochs[0], epochs[1])
    assert len(torch.cat(epochs).unique()) > 96  # the samples left over differ


def test_a_batch_larger_than_the_split_is_the_split() -> None:
    assert len(train(network(), batch_size=1000)) == SETTINGS["epochs"] * 3


@pytest.mark.parametrize(("norm", "convention"), [("none", "mkl"), ("ibn", "mkl"), ("vbn", "as_printed")])
def test_the_objective_is_loss_plus_penalty(norm: str, convention: str) -> None:
    """One step on one batch moves W_I as Adam does by the gradient of the objective."""
    net, other = network(norm, convention=convention), network(norm, convention=convention)
    train(net, epochs=1, batch_size=ROWS)
    order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(5))
    batch, shared = samples().rows(order), noise()
    for encoder in other.encoders:
        encoder.dropout.generators = (shared,)
    scores = other.train()(batch.inputs)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(scores[:, 0], batch.target)
    (loss + 0.1 * other.fusion.penalty()).backward()
    moved = (net.fusion.weight - other.fusion.weight).detach()
    gradient = other.fusion.weight.grad
    assert gradient is not None
    torch.testing.assert_close(moved, -0.01 * gradient / (gradient.abs() + 1e-8), rtol=1e-3, atol=1e-6)


def test_networks_of_unequal_rows_are_trained_as_each_alone() -> None:
    """Their bias starts where each has its own constant; all take as many steps as the smallest."""
    store, cpu = samples(), torch.device("cpu")
    rows = [torch.arange(40, ROWS), torch.arange(0, ROWS, 2)[:40], torch.arange(0, 66)]
    bias = np.array([[0.3], [-0.2], [0.1]])
    recipe = Recipe(**SETTINGS)

    def fit(chosen: list[int]) -> list[MultimodalNetwork]:
        networks = [network() for _ in chosen]
        streams = [Randomness(noise(k), noise(10 + k)) for k in chosen]
        given = NetworkSamples.of_rows(store, [rows[k] for k in chosen])
        fits = fit_networks(
            networks, given, None, "binary", recipe, [0.01] * len(chosen), streams, cpu, bias=bias[chosen]
        )
        assert [len(one.history) for one in fits] == [SETTINGS["epochs"] * 3] * len(chosen)
        return networks

    together = fit([1, 0, 2])
    (smallest,) = fit([1])
    for actual, expected in ((together[0], smallest), (together[2], fit([1, 2])[1])):
        for name, values in expected.state_dict().items():
            torch.testing.assert_close(actual.state_dict()[name], values, rtol=1e-4, atol=1e-5, msg=name)
    assert not torch.allclose(together[0].fusion.weight, together[1].fusion.weight)
