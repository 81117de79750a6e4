"""The motif scanner equals its definition, and its codes are those of patterns."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmfusion.encoders import MotifScanner, motif_scanner
from mmfusion.errors import DataError

# Alphabet, width, length: windows cut into whole parts and not, a single window, full and part tables.
# Best scores have to differ between samples, or batch norm divides by almost nothing: short where width is 1.
CASES = [
    (4, 12, 30),
    (4, 12, 12),
    (4, 12, 13),
    (4, 4, 20),
    (4, 5, 21),
    (4, 7, 23),
    (4, 1, 3),
    (2, 5, 17),
    (2, 8, 40),
    (2, 12, 31),
    (1, 9, 14),
    (16, 5, 12),
    (20, 1, 8),
    (20, 5, 12),
    (20, 12, 19),
    (256, 3, 8),
    (300, 3, 8),
]


def symbols(alphabet: int, length: int, size: int = 16) -> NDArray[np.int64]:
    return np.random.default_rng(length).integers(0, alphabet, (size, length))


def one_hot_of(scanner: MotifScanner, values: NDArray[np.int64]) -> Tensor:
    one_hot = nn.functional.one_hot(torch.from_numpy(values), scanner.alphabet).transpose(1, 2)
    return one_hot.to(scanner.conv.weight.dtype)


def reference(scanner: MotifScanner, values: NDArray[np.int64]) -> Tensor:
    """Encode by the definition, in float64: one-hot, convolution, maximum, ReLU, batch norm, linear, ReLU."""
    best = scanner.conv(one_hot_of(scanner, values)).amax(2)
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
    scanner = MotifScanner(alphabet, width, channels=6, dim=3)
    exact, scanner = copy.deepcopy(scanner).double(), scanner.to(dtype)
    values = symbols(alphabet, length)
    actual, expected = scanner(scanner.prepare(values)), reference(exact, values)
    assert (actual.shape, actual.dtype) == ((16, 3), dtype)
    torch.testing.assert_close(actual.double(), expected, rtol=tolerance, atol=tolerance)
    ours, theirs = dict(gradients(scanner, actual)), dict(gradients(exact, expected))
    for name, gradient in theirs.items():
        scale = gradient.abs().max().clamp(min=1)
        torch.testing.assert_close(ours[name].double() / scale, gradient / scale, rtol=0, atol=tolerance)


@pytest.mark.parametrize(("alphabet", "width", "length"), CASES)
def test_motif_scanner_of_one_sample(alphabet: int, width: int, length: int) -> None:
    torch.manual_seed(1)
    scanner = MotifScanner(alphabet, width, channels=6, dim=3).double().eval()
    values = symbols(alphabet, length)
    alone = torch.cat([scanner(scanner.prepare(values[row : row + 1])) for row in range(len(values))])
    torch.testing.assert_close(alone, scanner(scanner.prepare(values)), rtol=1e-12, atol=1e-12)


def test_features_are_the_head_of_normalised_activations() -> None:
    torch.manual_seed(2)
    scanner, values = MotifScanner(width=7, channels=6, dim=3).double(), symbols(4, 23)
    hidden = scanner.activations(scanner.prepare(values))
    best = scanner.conv(one_hot_of(scanner, values)).amax(2)
    torch.testing.assert_close(hidden, torch.relu(best).T, rtol=1e-12, atol=1e-12)
    expected = torch.relu(scanner.linear.weight @ hidden + scanner.linear.bias[:, None])
    torch.testing.assert_close(scanner.head(hidden), expected, rtol=1e-12, atol=1e-12)


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
    assert torch.equal(scanner.activations(scanner.prepare(values)), torch.ones(1, 16))


def test_symbols_beyond_the_end_have_no_weight() -> None:
    """A window of width 5 takes two parts of four symbols, the last three of weight zero."""
    torch.manual_seed(0)
    scanner = MotifScanner(width=5, channels=3)
    assert (scanner.part, scanner.parts) == (4, 2)
    values = symbols(4, 9, size=1)
    codes = scanner.prepare(values)
    assert codes.shape == (1, 9)
    hidden = scanner.activations(codes)
    hidden.sum().backward()
    assert scanner.conv.weight.grad is not None
    assert scanner.conv.weight.grad.shape == (3, 4, 5)
    expected = torch.relu(scanner.conv(one_hot_of(scanner, values)).amax(2))
    torch.testing.assert_close(hidden, expected.T)


@pytest.mark.parametrize(
    ("alphabet", "width", "part", "dtype"),
    [
        (4, 12, 4, torch.uint8),
        (4, 3, 3, torch.uint8),
        (1, 9, 8, torch.uint8),
        (2, 12, 8, torch.uint8),
        (16, 5, 2, torch.uint8),
        (20, 5, 1, torch.uint8),
        (256, 3, 1, torch.uint8),
        (257, 3, 1, torch.int32),
        (70_000, 2, 1, torch.int32),
    ],
)
def test_codes_are_patterns_read_as_numbers(alphabet: int, width: int, part: int, dtype) -> None:
    scanner, values = MotifScanner(alphabet, width, channels=1), symbols(alphabet, 14, size=3)
    values[0] = alphabet - 1
    codes = scanner.prepare(values)
    assert scanner.part == part
    assert codes.dtype == dtype
    for sample, row in enumerate(values.tolist()):
        for start in range(14 - part + 1):
            number = 0
            for symbol in row[start : start + part]:
                number = number * alphabet + symbol
            assert int(codes[sample, start]) == number


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32, np.int64, np.uint16])
def test_prepare_takes_any_integers(dtype: type) -> None:
    scanner = MotifScanner(width=6)
    values = symbols(4, 25)
    prepared = scanner.prepare(values.astype(dtype))
    assert prepared.dtype == torch.uint8
    assert prepared.is_contiguous()
    assert torch.equal(prepared, scanner.prepare(values))


@pytest.mark.parametrize("at_once", [1, 7, 16, 2048])
def test_prepare_works_row_by_row(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scanner = MotifScanner(width=6)
    values = symbols(4, 25)
    expected = scanner.prepare(values)
    monkeypatch.setattr(motif_scanner, "ROWS_AT_ONCE", at_once)
    assert torch.equal(scanner.prepare(values), expected)
    assert torch.equal(scanner.prepare(values[::-1]), expected.flip(0))
    values[-1, -1] = 4
    with pytest.raises(DataError, match="symbols reach from 0 to 4, expected 0 to 3; correct them, or use"):
        scanner.prepare(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.zeros((3, 11), int),
            r"shape \(3, 11\), expected .* of at least 12 .*; use longer sequences or a smaller width",
        ),
        (np.zeros(30, int), r"shape \(30,\), expected \(samples, length\)"),
        (np.zeros((2, 20, 4), int), r"shape \(2, 20, 4\), expected \(samples, length\)"),
        (np.full((2, 20), 4, np.uint8), r"symbols reach from 4 to 4, expected 0 to 3"),
        (np.full((2, 20), -1), r"symbols reach from -1 to -1, expected 0 to 3"),
    ],
)
def test_arrays_that_are_not_symbol_sequences(values: NDArray[np.int64], message: str) -> None:
    with pytest.raises(DataError, match=message):
        MotifScanner().prepare(values)


def test_windows_beyond_the_real_steps_do_not_count() -> None:
    """An independent reference: the largest score over the windows that lie within a sequence."""
    rng = np.random.default_rng(0)
    for width in (3, 5, 12):
        encoder = MotifScanner(
            4, width, channels=3, padded=True, generator=torch.Generator().manual_seed(width)
        )
        encoder = encoder.double()
        symbols, lengths = rng.integers(0, 4, (6, 20)), np.array([20, 1, 13, 12, 4, 7])
        real = np.arange(20) < lengths[:, np.newaxis]
        found = encoder.activations(encoder.prepare(symbols, real)).detach().numpy()
        weight, bias = (
            encoder.conv.weight.detach().numpy(),
            encoder.conv.bias.detach().numpy(),
        )  # (channels, 4, width)
        for row, length in enumerate(lengths):
            for channel in range(3):
                scores = [
                    sum(weight[channel, symbols[row, start + step], step] for step in range(width))
                    + bias[channel]
                    for start in range(length - width + 1)
                ]
                assert found[channel, row] == pytest.approx(max([*scores, 0.0]), abs=1e-9)


def test_padding_of_an_encoder_that_knows_none_is_refused() -> None:
    with pytest.raises(DataError, match="symbols have padding, expected none as in training"):
        MotifScanner().prepare(np.zeros((2, 20), dtype=int), np.ones((2, 20), dtype=bool))
