"""A weight is a number of copies, in the loss and in every mean; a missing modality moves no mean of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mmfusion.fusion.normalisation import NORMALISATIONS
from mmfusion.measures.losses import batch_loss
from mmfusion.training.modality import Modality
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.samples import Samples
from mmfusion.training.stack import NetworkStack

WIDTHS = {"text": 3, "audio": 2, "video": 3, "touch": 2}  # four modalities: order four is formed, not closed
SIZE = 24
COPIES = torch.from_numpy(np.random.default_rng(4).integers(1, 4, SIZE))


def networks(norm: str, count: int = 2, **fusion: Any) -> list[MultimodalNetwork]:
    torch.manual_seed(0)
    arguments = {"hidden": 5, "dropout": 0.0, "dim": 2}
    modalities = [
        Modality(name, "vector", width, arguments, standardised=True) for name, width in WIDTHS.items()
    ]
    built = [build_network(modalities, {"norm": norm, **fusion}, scale=1.3) for _ in range(count)]
    return [network.double() for network in built]


def samples(missing: tuple[str, ...] = ()) -> Samples:
    rng = np.random.default_rng(1)
    inputs = {name: torch.from_numpy(rng.normal(size=(SIZE, width))) for name, width in WIDTHS.items()}
    present = {name: torch.from_numpy(rng.random(SIZE) < 0.6) for name in missing}
    target = torch.from_numpy(rng.integers(0, 2, SIZE)).double()
    return Samples(inputs, target, None, present)


def repeated(given: Samples) -> Samples:
    return given.rows(torch.repeat_interleave(torch.arange(len(given)), COPIES))


def weighted(given: Samples) -> Samples:
    weight = COPIES / COPIES.double().mean()
    return Samples(given.inputs, given.target, weight, given.present)


def side_by_side(given: Samples, count: int = 2) -> Samples:
    return given.rows(torch.arange(len(given)).expand(count, -1))


def loss_and_gradients(norm: str, given: Samples, **fusion: Any) -> tuple[Tensor, dict[str, Tensor]]:
    stack, batch = NetworkStack(networks(norm, **fusion)).train(), side_by_side(given)
    loss = batch_loss(stack(batch), batch.target, "binary", batch.weight)
    loss.sum().backward()
    actual = {name: x.grad for name, x in stack.named_parameters() if x.grad is not None}
    assert len(actual) == len(list(stack.parameters()))
    return loss.detach(), actual


@pytest.mark.parametrize("missing", [(), ("audio",), ("audio", "text")])
@pytest.mark.parametrize("norm", NORMALISATIONS)
def test_a_weight_is_a_number_of_copies_in_a_training_step(norm: str, missing: tuple[str, ...]) -> None:
    given = samples(missing)
    loss, gradients = loss_and_gradients(norm, weighted(given))
    expected, others = loss_and_gradients(norm, repeated(given))
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-12)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, others[name], rtol=1e-6, atol=1e-9, msg=name)
    unweighted, _ = loss_and_gradients(norm, given)
    assert not torch.allclose(loss, unweighted)


@pytest.mark.parametrize("missing", [(), ("audio", "text")])
@pytest.mark.parametrize("norm", NORMALISATIONS)
def test_a_weight_is_a_number_of_copies_in_the_statistics_of_prediction(
    norm: str, missing: tuple[str, ...]
) -> None:
    given = samples(missing)
    one, other = networks(norm)[0], networks(norm)[0]
    one.fit_statistics(weighted(given))
    other.fit_statistics(repeated(given))
    for name, value in one.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name], rtol=1e-9, atol=1e-11, msg=name)


@pytest.mark.parametrize("norm", NORMALISATIONS)
def test_values_in_the_place_of_a_missing_modality_do_not_matter(norm: str) -> None:
    given = samples(("audio",))
    other = {**given.inputs, "audio": given.inputs["audio"].clone()}
    other["audio"][~given.present["audio"]] = 77.0
    changed = Samples(other, given.target, None, given.present)
    loss, gradients = loss_and_gradients(norm, given)
    same, others = loss_and_gradients(norm, changed)
    torch.testing.assert_close(loss, same)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, others[name], rtol=1e-9, atol=1e-12)
    one, two = networks(norm)[0], networks(norm)[0]
    one.fit_statistics(given)
    two.fit_statistics(changed)
    torch.testing.assert_close(one(given.inputs, given.present), two(changed.inputs, changed.present))


@pytest.mark.parametrize("norm", NORMALISATIONS)
def test_a_mask_that_misses_nothing_changes_nothing(norm: str) -> None:
    given = samples()
    everywhere = {name: torch.ones(SIZE, dtype=torch.bool) for name in WIDTHS}
    loss, gradients = loss_and_gradients(norm, given)
    same, others = loss_and_gradients(norm, Samples(given.inputs, given.target, None, everywhere))
    torch.testing.assert_close(loss, same, rtol=1e-9, atol=1e-12)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, others[name], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("norm", ["dbn", "ibn"])
def test_a_missing_modality_adds_nothing_alone(norm: str) -> None:
    """Its centred feature is zero, and so is its own block."""
    given = samples(("audio",))
    network = networks(norm)[0]
    network.fit_statistics(given)
    features = network.encode(given.inputs, given.present)
    block = network.fusion.block_features(features)[("audio",)].detach()
    gone = ~given.present["audio"]
    assert float(block[gone].abs().max()) < 1e-6 * float(block[~gone].abs().max())


def test_a_batch_without_any_sample_of_a_modality_is_finite() -> None:
    given = samples(("audio",))
    nobody = Samples(given.inputs, given.target, None, {"audio": torch.zeros(SIZE, dtype=torch.bool)})
    loss, gradients = loss_and_gradients("ibn", nobody)
    assert bool(loss.isfinite().all())
    assert all(bool(gradient.isfinite().all()) for gradient in gradients.values())
