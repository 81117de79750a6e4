"""The encoder of sequences is a convolution and a mean over real steps; padding is never seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.data.padding import pad
from mmfusion.encoders import VectorEncoder
from mmfusion.encoders.sequence_encoder import SequenceEncoder
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.optimiser import Optimiser
from mmfusion.training.samples import Samples
from mmfusion.training.stack import NetworkStack

COLUMNS, CHANNELS = 3, 6


def encoder_of(width: int = 5, seed: int = 0, dropout: float = 0.0) -> SequenceEncoder:
    torch.manual_seed(seed)
    return SequenceEncoder(COLUMNS, width, CHANNELS, dropout, dim=4).double()


def sequences_of(lengths: list[int], length: int, seed: int = 0) -> NDArray[np.float64]:
    values = np.random.default_rng(seed).normal(size=(len(lengths), length, COLUMNS))
    return pad(values, lengths)


def averaged(encoder: SequenceEncoder, row: NDArray[np.float64]) -> Tensor:
    """Activations of one sequence without padding by torch's own convolution."""
    width = encoder.conv.kernel_size[0]
    ends = ((width - 1) // 2, width // 2)
    steps = nn.functional.pad(torch.from_numpy(row).T, ends)
    return torch.relu(nn.functional.conv1d(steps, encoder.conv.weight, encoder.conv.bias)).mean(1)


@pytest.mark.parametrize("width", [1, 2, 5, 6, 11])
def test_activations_are_a_convolution_and_a_mean_over_real_steps(width: int) -> None:
    lengths = [9, 1, 4, 2, 7]
    values, encoder = sequences_of(lengths, 9), encoder_of(width)
    actual = encoder.activations(encoder.prepare(values))
    expected = [averaged(encoder, row[:length]) for row, length in zip(values, lengths, strict=True)]
    torch.testing.assert_close(actual, torch.stack(expected, dim=1), rtol=1e-12, atol=1e-13)


def test_an_odd_window_is_that_of_a_same_convolution() -> None:
    encoder, values = encoder_of(5), sequences_of([8, 8], 8)
    inputs = encoder.prepare(values)
    expected = torch.relu(encoder.conv(inputs.mT)).mean(-1).T
    torch.testing.assert_close(encoder.activations(inputs), expected, rtol=1e-12, atol=1e-13)


def test_a_width_of_one_step_by_hand() -> None:
    encoder = SequenceEncoder(1, width=1, channels=2, dropout=0.0, dim=1)
    with torch.no_grad():
        encoder.conv.weight.copy_(torch.tensor([[[1.0]], [[-2.0]]]))
        assert encoder.conv.bias is not None
        encoder.conv.bias.copy_(torch.tensor([0.0, 1.0]))
    values = np.array([[[1.0], [3.0], [np.nan]], [[-1.0], [np.nan], [np.nan]]])
    assert encoder.activations(encoder.prepare(values)).tolist() == [[2.0, 0.0], [0.0, 3.0]]


def test_the_encoder_equals_its_definition() -> None:
    encoder, values = encoder_of(dropout=0.5), sequences_of([6, 2, 5], 6)
    inputs = encoder.prepare(values)
    normed = encoder.eval().batch_norm(encoder.activations(inputs).T)
    expected = torch.relu(normed @ encoder.linear.weight.T + encoder.linear.bias)
    torch.testing.assert_close(encoder(inputs), expected, rtol=1e-11, atol=1e-12)


def test_channels_are_dropped_while_training_only() -> None:
    encoder = encoder_of(dropout=0.5)
    inputs = encoder.prepare(sequences_of([6] * 20, 6))
    assert not torch.equal(encoder.train()(inputs), encoder(inputs))
    assert torch.equal(encoder.eval()(inputs), encoder(inputs))


@given(
    length=st.integers(1, 7),
    behind=st.integers(0, 9),
    before=st.integers(0, 9),
    width=st.integers(1, 8),
    seed=st.integers(0, 99),
)
def test_padding_behind_or_before_changes_nothing(
    length: int, behind: int, before: int, width: int, seed: int
) -> None:
    encoder, values = encoder_of(width), sequences_of([length, max(1, length - 2)], length, seed)
    longer = np.pad(values, ((0, 0), (before, behind), (0, 0)), constant_values=np.nan)
    actual = encoder.activations(encoder.prepare(longer))
    expected = encoder.activations(encoder.prepare(values))
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-13)


def test_padding_changes_nothing_in_float32() -> None:
    encoder, values = encoder_of().float(), sequences_of([6, 3], 6).astype(np.float32)
    longer = np.pad(values, ((0, 0), (0, 40), (0, 0)), constant_values=np.nan)
    actual = encoder.activations(encoder.prepare(longer))
    torch.testing.assert_close(actual, encoder.activations(encoder.prepare(values)), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("behind", [0.0, 1e6, -3.0, np.nan, np.inf])
def test_what_stands_behind_an_end_does_not_matter(behind: float) -> None:
    encoder, lengths = encoder_of(), [2, 5, 3]
    values = sequences_of(lengths, 5)
    other = np.where(np.isnan(values), behind, values)
    actual, expected = (encoder.activations(encoder.prepare(pad(x, lengths))) for x in (other, values))
    assert torch.equal(actual, expected)


def test_the_real_steps_do_matter() -> None:
    encoder, values = encoder_of(), sequences_of([4, 4], 6)
    before = encoder.activations(encoder.prepare(values))
    for step in range(4):
        changed = values.copy()
        changed[0, step] += 1.0
        actual = encoder.activations(encoder.prepare(changed))
        assert not torch.allclose(actual[:, 0], before[:, 0])
        assert torch.equal(actual[:, 1], before[:, 1])


def test_a_gap_counts_as_zero_in_windows_and_not_in_the_mean() -> None:
    encoder, values = encoder_of(3), sequences_of([5], 5)
    values[0, 2] = np.nan
    zero = torch.from_numpy(np.where(np.isnan(values), 0.0, values))
    scores = torch.relu(encoder.conv(zero.mT))[0]  # (channels, 5)
    expected = scores[:, [0, 1, 3, 4]].mean(1)
    torch.testing.assert_close(encoder.activations(encoder.prepare(values))[:, 0], expected)


@pytest.mark.parametrize("lead", [(3,), (2, 2)])
def test_stacked_networks_give_what_each_gives_alone(lead: tuple[int, ...]) -> None:
    count = int(np.prod(lead))
    alone = [encoder_of(seed=seed) for seed in range(count)]
    stack = encoder_of()
    for name, _ in list(stack.named_parameters()):
        owner, _, key = name.rpartition(".")
        together = torch.stack([encoder.get_parameter(name).detach() for encoder in alone])
        shaped = together.view(*lead, *together.shape[1:])
        setattr(stack.get_submodule(owner), key, nn.Parameter(shaped))
    rows = [encoder.prepare(sequences_of([4, 1, 6, 2], 6, seed)) for seed, encoder in enumerate(alone)]
    inputs = torch.stack(rows)
    actual = stack.activations(inputs.view(*lead, *inputs.shape[1:]))
    assert actual.shape == (*lead, CHANNELS, 4)
    expected = torch.stack([e.activations(x) for e, x in zip(alone, rows, strict=True)])
    torch.testing.assert_close(actual.view(expected.shape), expected, rtol=1e-12, atol=1e-13)
    features = stack(inputs.view(*lead, *inputs.shape[1:])).view(count, 4, 4)
    for single, encoder, x in zip(features, alone, rows, strict=True):
        torch.testing.assert_close(single, encoder(x), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("lead", [(), (2,)])
def test_gradients_are_those_of_finite_differences(lead: tuple[int, ...]) -> None:
    encoder, missing = encoder_of(3), sequences_of([4, 1, 2], 4)
    missing[1] = np.nan
    inputs = encoder.prepare(missing).expand(*lead, -1, -1, -1).clone()
    generator = torch.Generator().manual_seed(1)
    shape, options = encoder.conv.weight.shape, {"generator": generator, "dtype": torch.float64}
    weight = torch.randn(*lead, *shape, **options)  # type: ignore[call-overload]  # the options of randn
    bias = torch.randn(*lead, CHANNELS, **options)  # type: ignore[call-overload]  # the options of randn

    def run(kernel: Tensor, offset: Tensor) -> Tensor:
        del encoder.conv.weight, encoder.conv.bias
        encoder.conv.weight, encoder.conv.bias = kernel, offset  # type: ignore[assignment]  # plain tensors
        return encoder.activations(inputs)

    assert torch.autograd.gradcheck(run, (weight.requires_grad_(), bias.requires_grad_()))


def test_a_missing_sequence_has_activations_of_zero_and_no_gradient() -> None:
    encoder, values = encoder_of(), sequences_of([5, 5, 2], 5)
    values[1] = np.nan
    inputs = encoder.prepare(values).requires_grad_()
    hidden = encoder.activations(inputs)
    assert torch.equal(hidden[:, 1], torch.zeros(CHANNELS, dtype=torch.float64))
    assert bool((hidden[:, [0, 2]] != 0).any(0).all())
    encoder(inputs).square().sum().backward()
    for values_of in (inputs, *encoder.parameters()):
        assert values_of.grad is not None
        assert bool(values_of.grad.isfinite().all())
    assert inputs.grad is not None
    assert not bool(inputs.grad[1].any())
    assert not bool(inputs.grad[2, 2:].any())
    assert bool(inputs.grad[2, :2].any())


def test_only_missing_sequences_give_no_nan() -> None:
    encoder = encoder_of()
    inputs = encoder.prepare(np.full((4, 3, COLUMNS), np.nan))
    encoder(inputs).sum().backward()
    assert all(bool(parameter.grad.isfinite().all()) for parameter in encoder.parameters())  # type: ignore[union-attr]  # all have one


def test_a_partly_known_step_that_was_not_checked_is_not_taken_for_padding() -> None:
    encoder = encoder_of()
    inputs = encoder.prepare(sequences_of([4, 4], 4))
    inputs[0, 1, 2] = torch.nan
    hidden = encoder.activations(inputs)
    assert bool(hidden[:, 0].isnan().all())
    assert bool(hidden[:, 1].isfinite().all())


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_share_the_memory_of_their_array(dtype: type) -> None:
    values = sequences_of([4, 2], 4).astype(dtype)
    values.flags.writeable = False
    prepared = encoder_of().prepare(values)
    assert np.shares_memory(prepared.numpy(), values)
    assert np.array_equal(prepared.numpy(), values, equal_nan=True)
    assert encoder_of().float()(prepared).dtype == torch.float32


def test_a_memory_map_stays_in_its_file(tmp_path: Path) -> None:
    path, values = tmp_path / "steps.npy", sequences_of([4, 2, 3], 4).astype(np.float32)
    np.save(path, values)
    mapped = np.load(path, mmap_mode="r+", allow_pickle=False)
    prepared = encoder_of().prepare(mapped)
    assert np.shares_memory(prepared.numpy(), mapped)
    mapped[0, 0, 0] = 7.0
    assert prepared[0, 0, 0] == 7.0


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("i8", "f8"), ("u4", "f8"), ("i2", "f4"), (">f8", "f8"), (">f4", "f4"), ("b1", "f4"), ("f2", "f2")],
)
def test_other_numbers_become_floats_that_hold_them(kind: str, expected: str) -> None:
    values = np.arange(24).reshape(2, 4, 3).astype(kind)
    prepared = encoder_of().prepare(values).numpy()
    assert prepared.dtype == expected
    assert np.array_equal(prepared, values)


@pytest.mark.parametrize("layout", [lambda x: np.asfortranarray(x), lambda x: x[::-1], lambda x: x[:, ::2]])
def test_arrays_of_any_layout(layout: Any) -> None:
    values = layout(sequences_of([6, 3, 5], 6))
    assert np.array_equal(encoder_of().prepare(values).numpy(), values, equal_nan=True)


def test_moments_are_those_of_all_rows() -> None:
    encoder = encoder_of()
    inputs = encoder.prepare(sequences_of([1, 5, 3, 2, 4, 5], 5))
    features = encoder.fit_statistics(inputs)
    hidden = encoder.activations(inputs).detach()
    torch.testing.assert_close(encoder.batch_norm.running_mean, hidden.mean(1))
    torch.testing.assert_close(encoder.batch_norm.running_var, hidden.var(1, correction=0))
    torch.testing.assert_close(features, encoder(inputs).detach())


def network_of(seed: int, dropout: float = 0.2) -> MultimodalNetwork:
    torch.manual_seed(seed)
    encoders = {
        "speech": SequenceEncoder(COLUMNS, 3, CHANNELS, dropout, dim=4),
        "gesture": SequenceEncoder(COLUMNS, 3, CHANNELS, dropout, dim=4),
        "text": VectorEncoder(2, hidden=5, dropout=dropout, dim=4),
    }
    return MultimodalNetwork(encoders)


def samples_of(size: int = 64) -> Samples:
    """Samples whose target is whether speech contains a rise."""
    rng = np.random.default_rng(5)
    values = {name: rng.normal(size=(size, 7, COLUMNS)).astype(np.float32) for name in ("speech", "gesture")}
    target = rng.integers(0, 2, size)
    values["speech"][:, 2] += 3.0 * target[:, np.newaxis]
    lengths, first = rng.integers(3, 8, size), network_of(0)
    padded = {name: pad(x, lengths) for name, x in values.items()}
    given = {**padded, "text": rng.normal(size=(size, 2))}
    pairs = zip(first.modalities, first.encoders, strict=True)
    inputs = {name: encoder.prepare(given[name]) for name, encoder in pairs}  # type: ignore[operator]  # an Encoder
    return Samples(inputs, torch.from_numpy(target).float())


def losses_of(networks: list[MultimodalNetwork], samples: Samples, steps: int = 60) -> Tensor:
    """Train networks in one stack on all samples, and return the losses (steps, networks)."""
    noise = [torch.Generator().manual_seed(seed) for seed in range(len(networks))]
    stack = NetworkStack(networks, noise).train()
    batch = samples.rows(torch.arange(len(samples)).expand(len(networks), -1))
    decayed = stack.decayed_weights()
    others = [x for x in stack.parameters() if id(x) not in {id(weight) for weight in decayed}]
    optimiser, losses = Optimiser(decayed, others, 3e-2, 0.01, steps), []
    for _ in range(steps):
        scores = stack(batch).squeeze(-1)
        loss = nn.functional.binary_cross_entropy_with_logits(scores, batch.target, reduction="none").mean(1)
        loss.sum().backward()
        optimiser.step()
        losses.append(loss.detach())
    stack.write_back()
    return torch.stack(losses)


def test_networks_with_sequences_learn_and_predict() -> None:
    networks, samples = [network_of(seed) for seed in (0, 1)], samples_of()
    losses = losses_of(networks, samples)
    assert NetworkStack(networks).groups == [("speech", "gesture"), ("text",)]
    assert bool(losses.isfinite().all())
    assert bool((losses[-1] < 0.5 * losses[0]).all())
    for network in networks:
        network.fit_statistics(samples)
        scores = network(samples.inputs).squeeze(-1)
        assert float(((scores > 0) == (samples.target > 0)).float().mean()) > 0.9
        alone = network({name: x[:1] for name, x in samples.inputs.items()})
        torch.testing.assert_close(alone[0, 0], scores[0], rtol=1e-4, atol=1e-4)


def test_a_network_learns_the_same_alone_and_in_a_stack() -> None:
    samples = samples_of()
    together = losses_of([network_of(seed) for seed in (0, 1)], samples, steps=5)
    alone = losses_of([network_of(0)], samples, steps=5)
    torch.testing.assert_close(together[:, 0], alone[:, 0], rtol=1e-5, atol=1e-6)
