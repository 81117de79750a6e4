"""Encoders equal the networks that they are said to be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.encoders import MotifScanner, VectorEncoder
from mmfusion.errors import DataError

# Alphabet, width, length: windows cut into whole parts and not, a single window, full and part chunks.
CASES = [
    (4, 12, 30),
    (4, 12, 12),
    (4, 12, 13),
    (4, 4, 20),
    (4, 5, 21),
    (4, 7, 23),
    (4, 1, 9),
    (2, 5, 17),
    (2, 8, 40),
    (2, 12, 31),
    (20, 1, 16),
    (20, 5, 12),
    (20, 12, 19),
    (300, 3, 8),
]


def symbols(alphabet: int, length: int, size: int = 16) -> NDArray[np.int64]:
    return np.random.default_rng(length).integers(0, alphabet, (size, length))


def reference(scanner: MotifScanner, values: NDArray[np.int64]) -> Tensor:
    """Encode by the definition: one-hot, convolution, maximum, ReLU, batch norm, linear, ReLU."""
    one_hot = nn.functional.one_hot(torch.from_numpy(values), scanner.alphabet).transpose(1, 2)
    best = scanner.conv(one_hot.to(scanner.conv.weight.dtype)).amax(2)
    return torch.relu(scanner.linear(scanner.batch_norm(torch.relu(best))))


def gradients(scanner: MotifScanner, features: Tensor) -> Iterator[tuple[str, Tensor]]:
    direction = torch.linspace(-1, 2, features.numel(), dtype=features.dtype).view_as(features)
    scanner.zero_grad()
    (features * direction).sum().backward()
    for name, parameter in scanner.named_parameters():
        assert parameter.grad is not None
        yield name, parameter.grad.clone()


@pytest.mark.parametrize(("alphabet", "width", "length"), CASES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-11), (torch.float32, 1e-4)])
def test_motif_scanner_equals_its_definition(alphabet, width, length, dtype, tolerance) -> None:
    torch.manual_seed(width)
    scanner = MotifScanner(alphabet, width, channels=6, dim=3).to(dtype)
    values = symbols(alphabet, length)
    found, expected = scanner(scanner.prepare(values)), reference(scanner, values)
    assert found.shape == (16, 3)
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)
    ours, theirs = dict(gradients(scanner, found)), dict(gradients(scanner, expected))
    for name, gradient in theirs.items():
        scale = gradient.abs().max().clamp(min=1)
        torch.testing.assert_close(ours[name] / scale, gradient / scale, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("alphabet", "width", "length"), CASES)
def test_motif_scanner_of_one_sample(alphabet: int, width: int, length: int) -> None:
    torch.manual_seed(1)
    scanner = MotifScanner(alphabet, width, channels=6, dim=3).double().eval()
    values = symbols(alphabet, length)
    alone = torch.cat([scanner(scanner.prepare(values[row : row + 1])) for row in range(len(values))])
    torch.testing.assert_close(alone, scanner(scanner.prepare(values)), rtol=1e-12, atol=1e-12)


def test_a_motif_is_found_wherever_it_is() -> None:
    scanner = MotifScanner(width=5, channels=1)
    motif = [3, 0, 2, 1, 1]
    with torch.no_grad():
        scanner.conv.weight.zero_()
        scanner.conv.weight[0, motif, torch.arange(5)] = 1.0
        scanner.conv.bias.fill_(-4.0)
    values = np.full((16, 20), 2)
    for position in range(16):
        values[position, position : position + 5] = motif
    hidden: list[Tensor] = []
    scanner.batch_norm.register_forward_pre_hook(lambda _, args: hidden.append(args[0]))
    scanner.eval()(scanner.prepare(values))
    assert torch.equal(hidden[0], torch.ones(16, 1))


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32, np.int64, np.uint16])
def test_prepare_takes_any_integers(dtype: type) -> None:
    scanner = MotifScanner(width=6)
    values = symbols(4, 25)
    prepared = scanner.prepare(values.astype(dtype))
    assert prepared.dtype == torch.int32
    assert prepared.is_contiguous()
    assert torch.equal(prepared, scanner.prepare(values))


def test_prepare_works_row_by_row() -> None:
    scanner = MotifScanner(width=6)
    values = symbols(4, 25)
    assert torch.equal(scanner.prepare(values[::-1]), scanner.prepare(values).flip(0))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.zeros((3, 11), int),
            r"shape \(3, 11\), expected .* from 12 on .*; use longer sequences or a smaller width",
        ),
        (np.zeros(30, int), r"shape \(30,\), expected \(samples, length\)"),
        (np.zeros((2, 20, 4), int), r"shape \(2, 20, 4\), expected \(samples, length\)"),
        (np.full((2, 20), 4, np.uint8), r"symbols reach from 4 to 4, expected 0 to 3"),
        (np.full((2, 20), -1), r"symbols reach from -1 to -1, expected 0 to 3"),
    ],
)
def test_what_is_no_sequence_of_symbols(values: NDArray[np.int64], message: str) -> None:
    with pytest.raises(DataError, match=message):
        MotifScanner().prepare(values)


@pytest.mark.parametrize("encoder", [MotifScanner(), VectorEncoder(5)])
def test_weights_are_the_matrices(encoder: MotifScanner | VectorEncoder) -> None:
    matrices = [parameter for parameter in encoder.parameters() if parameter.ndim > 1]
    assert [id(weight) for weight in encoder.weights()] == [id(matrix) for matrix in matrices]
    assert len(matrices) == 2


@pytest.mark.parametrize("encoder", [MotifScanner(dim=5), VectorEncoder(6, dim=5)])
def test_training_steps_leave_the_moments_alone(encoder: MotifScanner | VectorEncoder) -> None:
    before = encoder.batch_norm.running_var.clone()
    values = (
        symbols(4, 12) if isinstance(encoder, MotifScanner) else np.random.default_rng(0).normal(size=(9, 6))
    )
    features = encoder.train()(encoder.prepare(values))
    assert features.shape == (len(values), encoder.dim)
    assert bool((features >= 0).all())
    assert torch.equal(encoder.batch_norm.running_var, before)
    assert torch.equal(encoder.batch_norm.running_mean, torch.zeros_like(before))


def test_vector_encoder_equals_its_definition() -> None:
    torch.manual_seed(0)
    encoder = VectorEncoder(4, hidden=7, dropout=0.5, dim=3)
    values = np.random.default_rng(0).normal(size=(20, 4))
    inputs = torch.tensor(values, dtype=torch.float32)
    hidden = encoder.batch_norm.eval()(torch.relu(inputs @ encoder.first.weight.T + encoder.first.bias))
    expected = torch.relu(hidden @ encoder.linear.weight.T + encoder.linear.bias)
    torch.testing.assert_close(encoder.eval()(encoder.prepare(values)), expected, rtol=1e-5, atol=1e-6)


def test_vector_encoder_drops_units_while_training_only() -> None:
    torch.manual_seed(0)
    encoder = VectorEncoder(4, hidden=64, dropout=0.5, dim=3)
    inputs = encoder.prepare(np.random.default_rng(0).normal(size=(20, 4)))
    encoder.train()
    assert not torch.equal(encoder(inputs), encoder(inputs))
    encoder.eval()
    assert torch.equal(encoder(inputs), encoder(inputs))


@pytest.mark.parametrize(
    "values", [np.arange(12).reshape(4, 3), np.asfortranarray(np.ones((4, 3))), np.eye(4)[::2, ::-1]]
)
def test_vectors_are_prepared_as_they_read(values: NDArray[np.float64]) -> None:
    prepared = VectorEncoder(3).prepare(values)
    assert prepared.dtype == torch.float32
    assert prepared.is_contiguous()
    assert np.array_equal(prepared.numpy(), values)
