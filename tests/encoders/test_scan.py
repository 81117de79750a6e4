"""The compiled scan, torch's and nn.functional.conv1d with a maximum are one function, gradients too."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mmfusion.encoders.scan import scan, scan_compiled, scan_torch

# Alphabet, symbols per part, parts, channels, positions.
CASES = [
    (4, 4, 3, 5, 19),
    (4, 4, 1, 5, 19),
    (4, 1, 4, 3, 6),
    (4, 3, 2, 1, 8),
    (2, 8, 2, 3, 11),
    (2, 2, 5, 4, 1),
    (1, 3, 2, 2, 4),
    (20, 1, 1, 2, 7),
    (20, 1, 3, 1, 1),
    (300, 1, 3, 4, 6),
]
BATCH = 7


def symbols_of(networks: int, length: int, alphabet: int, seed: int) -> Tensor:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.integers(0, alphabet, (networks, BATCH, length)))


def codes_of(symbols: Tensor, alphabet: int, part: int) -> Tensor:
    """Number of the pattern that starts at every position, digit by digit."""
    positions = symbols.shape[-1] - part + 1
    codes = torch.zeros(*symbols.shape[:-1], positions, dtype=torch.int64)
    for position in range(part):
        codes = codes * alphabet + symbols[..., position : position + positions]
    return codes.to(torch.uint8 if alphabet**part <= 256 else torch.int32)


def problem(alphabet: int, part: int, parts: int, channels: int, positions: int, networks: int = 3):
    """A kernel (networks, width, alphabet, channels), symbols and their codes."""
    generator = torch.Generator().manual_seed(part + parts)
    width = part * parts
    shape = (networks, width, alphabet, channels)
    kernel = torch.randn(shape, generator=generator, dtype=torch.float64)
    symbols = symbols_of(networks, width + positions - 1, alphabet, seed=channels)
    return kernel, symbols, codes_of(symbols, alphabet, part)


def convolved(kernel: Tensor, symbols: Tensor) -> Tensor:
    """Convolve one-hot symbols network by network and take the largest value, (networks, channels, B)."""
    best = []
    for single, rows in zip(kernel, symbols, strict=True):
        one_hot = nn.functional.one_hot(rows, single.shape[1]).to(single).transpose(1, 2)
        best.append(nn.functional.conv1d(one_hot, single.permute(2, 1, 0)).amax(2).T)
    return torch.stack(best)


def value_and_gradient(function, kernel: Tensor, *arguments) -> tuple[Tensor, Tensor]:
    given_kernel = kernel.clone().requires_grad_()
    value = function(given_kernel, *arguments)
    direction = torch.linspace(-1, 2, value.numel(), dtype=value.dtype).view(value.shape)
    (gradient,) = torch.autograd.grad((value * direction).sum(), given_kernel)
    return value.detach(), gradient


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("function", [scan_compiled, scan_torch])
def test_scan_is_a_convolution_and_a_maximum(function, case: tuple[int, ...]) -> None:
    kernel, symbols, codes = problem(*case)
    expected, slope = value_and_gradient(convolved, kernel, symbols)
    actual, gradient = value_and_gradient(function, kernel, codes, case[2])
    assert actual.shape == (3, case[3], BATCH)
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradient, slope, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("lead", [(), (1,), (3,), (2, 3)])
def test_leading_axes_count_networks(case: tuple[int, ...], lead: tuple[int, ...]) -> None:
    networks = int(np.prod(lead, dtype=int))
    kernel, symbols, codes = problem(*case, networks=networks)
    kernel = kernel.float()
    expected, slope = value_and_gradient(convolved, kernel.double(), symbols)
    shaped = kernel.view(*lead, *kernel.shape[1:]), codes.view(*lead, *codes.shape[1:])
    actual, gradient = value_and_gradient(scan, *shaped, case[2])
    assert (actual.shape, actual.dtype) == ((*lead, case[3], BATCH), torch.float32)
    torch.testing.assert_close(actual.double().view(expected.shape), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient.double().view(slope.shape), slope, rtol=1e-5, atol=1e-5)


@settings(max_examples=40)
@given(
    alphabet=st.integers(1, 6),
    part=st.integers(1, 3),
    parts=st.integers(1, 4),
    channels=st.integers(1, 4),
    positions=st.integers(1, 9),
)
def test_any_shape(alphabet: int, part: int, parts: int, channels: int, positions: int) -> None:
    kernel, symbols, codes = problem(alphabet, part, parts, channels, positions, networks=2)
    expected, slope = value_and_gradient(convolved, kernel, symbols)
    for function in (scan_compiled, scan_torch):
        actual, gradient = value_and_gradient(function, kernel, codes, parts)
        torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(gradient, slope, rtol=1e-12, atol=1e-12)


def test_the_gradient_is_that_of_finite_differences() -> None:
    kernel, _, codes = problem(3, 2, 2, 2, 4, networks=2)
    for function in (scan_compiled, scan_torch):
        assert torch.autograd.gradcheck(lambda x, f=function: f(x, codes, 2), kernel.requires_grad_())


@pytest.mark.parametrize("case", [(4, 4, 3, 32, 89), (20, 1, 5, 7, 16), (300, 1, 3, 4, 6)])
def test_no_network_depends_on_others_in_its_stack(case: tuple[int, ...]) -> None:
    kernel, _, codes = problem(*case, networks=5)
    kernel = kernel.float()
    direction = torch.linspace(-1, 2, BATCH)

    def run(chosen: list[int]) -> tuple[Tensor, Tensor]:
        single = kernel[chosen].requires_grad_()
        best = scan_compiled(single, codes[chosen], case[2])
        (gradient,) = torch.autograd.grad((best * direction).sum(), single)
        return best.detach(), gradient

    best, gradient = run([0, 1, 2, 3, 4])
    for chosen in ([0], [3], [4, 1], [2, 0, 3]):
        some, slope = run(chosen)
        assert torch.equal(some, best[chosen])
        assert torch.equal(slope, gradient[chosen])


def test_ties_go_to_the_first_position() -> None:
    """A symbol that occurs twice: the gradient reaches the symbol after its first position only."""
    kernel = torch.zeros(1, 2, 4, 1, dtype=torch.float64)
    kernel[0, 0, 1, 0] = 5.0
    symbols = torch.tensor([[[0, 1, 2, 0, 1, 3]]])
    for part in (1, 2):
        codes = codes_of(symbols, 4, part)
        given_kernel = kernel.clone().requires_grad_()
        best = scan_compiled(given_kernel, codes, 2 // part)
        best.sum().backward()
        assert best.item() == 5.0
        expected = torch.zeros_like(kernel)
        expected[0, 0, 1, 0] = expected[0, 1, 2, 0] = 1.0
        assert torch.equal(given_kernel.grad, expected)


def test_a_window_of_all_equal_scores_is_the_first() -> None:
    symbols = torch.tensor([[[3, 1, 0, 2]]])
    kernel = torch.full((1, 1, 4, 2), -2.5, requires_grad=True)
    scan_compiled(kernel, codes_of(symbols, 4, 1), 1).sum().backward()
    assert kernel.grad is not None
    assert kernel.grad[0, 0, :, 0].tolist() == [0, 0, 0, 1]


def test_the_kernel_may_have_any_layout_in_memory() -> None:
    kernel, symbols, codes = problem(4, 2, 2, 3, 8)
    turned = kernel.permute(3, 2, 0, 1).contiguous().permute(2, 3, 1, 0)
    assert not turned.is_contiguous()
    expected, slope = value_and_gradient(convolved, kernel, symbols)
    for function in (scan_compiled, scan_torch, scan):
        given_kernel = turned.detach().requires_grad_()
        actual = function(given_kernel, codes, 2)
        direction = torch.linspace(-1, 2, actual.numel(), dtype=actual.dtype).view(actual.shape)
        (gradient,) = torch.autograd.grad((actual * direction).sum(), given_kernel)
        torch.testing.assert_close(actual.detach(), expected, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(gradient, slope, rtol=1e-12, atol=1e-12)


def test_weights_that_are_nan_give_scores_that_are_nan() -> None:
    """Only in samples with a window that has the symbol of such a weight at its position."""
    kernel, symbols, _ = problem(4, 2, 2, 3, 8)
    symbols[1, ::2] = symbols[1, ::2].clamp(max=2)
    codes = codes_of(symbols, 4, 2)
    kernel[1, 2, 3, 0] = torch.nan
    expected = convolved(kernel.masked_fill(kernel.isnan(), 0.0), symbols)
    holds = (symbols[1, :, 2:-1] == 3).any(1)  # the symbol at the third position of some window
    assert bool(holds.any())
    assert not bool(holds.all())
    expected[1, 0, holds] = torch.nan
    for function in (scan_compiled, scan_torch, scan):
        actual = function(kernel, codes, 2)
        torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("lost", [torch.nan, torch.inf, -torch.inf])
def test_a_kernel_of_one_lost_channel(lost: float) -> None:
    kernel, _, codes = problem(4, 2, 2, 3, 8)
    kernel[0, :, :, 1] = lost
    for function in (scan_compiled, scan_torch):
        actual, gradient = value_and_gradient(function, kernel, codes, 2)
        torch.testing.assert_close(actual[0, 1], torch.full((BATCH,), lost).double(), equal_nan=True)
        assert bool(actual[0, [0, 2]].isfinite().all())
        assert bool(actual[1:].isfinite().all())
        assert gradient.shape == kernel.shape


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
def test_no_samples_have_no_scores(lead: tuple[int, ...]) -> None:
    kernel = torch.randn(*lead, 4, 4, 5, requires_grad=True)
    codes = torch.zeros(*lead, 0, 7, dtype=torch.uint8)
    actual = scan(kernel, codes, 2)
    assert actual.shape == (*lead, 5, 0)
    actual.sum().backward()
    assert kernel.grad is not None
    assert not kernel.grad.any()
    one = kernel.detach().reshape(-1, 4, 4, 5)
    assert scan_torch(one, codes.reshape(len(one), 0, 7), 2).shape == (len(one), 5, 0)
