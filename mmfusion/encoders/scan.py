"""Maximum over positions of the convolution of symbols, by look-up of short symbol patterns.

A kernel (width, alphabet, channels) is cut into `parts` along its width. The scores of all patterns of a part
are summed once into a table, and the score of a window is the sum of one row per part. The gradient of a
maximum reaches one window per channel, so that the backward pass touches only those. On the CPU both passes
are compiled loops (`mmfusion.encoders.scan_cpu`); on other devices they are torch's.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def scan(kernel: Tensor, codes: Tensor, parts: int) -> Tensor:
    """Return the best score of every channel over all positions; NaN where the score of a position is NaN.

    Parameters
    ----------
    kernel : Tensor, shape (..., width, alphabet, channels)
        The width is a multiple of `parts`.
    codes : Tensor of int, shape (..., B, positions)
        Number of the pattern of width / parts symbols that starts at every position.
    parts : int
        Number of tables.

    Returns
    -------
    Tensor, shape (..., channels, B)
    """
    lead = kernel.shape[:-3]
    kernels = kernel.reshape(-1, *kernel.shape[-3:])
    rows = codes.reshape(len(kernels), *codes.shape[-2:])
    best = (
        scan_compiled(kernels, rows, parts)
        if kernel.device.type == "cpu"
        else scan_torch(kernels, rows, parts)
    )
    return best.view(*lead, *best.shape[1:])


def scan_torch(kernel: Tensor, codes: Tensor, parts: int) -> Tensor:
    """Compute `scan` by torch's own operations, on any device; with one leading axis."""
    networks, width, alphabet, channels = kernel.shape
    part = width // parts
    cut = kernel.view(networks, parts, part, alphabet, channels)
    tables = cut[:, :, 0]
    for position in range(1, part):
        tables = (tables.unsqueeze(3) + cut[:, :, position].unsqueeze(2)).flatten(2, 3)
    positions = codes.shape[-1] - (parts - 1) * part
    scores = kernel.new_zeros(())
    offset = torch.arange(networks, device=codes.device).view(-1, 1, 1) * tables.shape[2]
    for index in range(parts):
        start = index * part
        rows = codes[..., start : start + positions].long() + offset
        scores = scores + tables[:, index].flatten(0, 1)[rows]  # (networks, B, positions, channels)
    return scores.max(2).values.mT


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernel: Tensor, codes: Tensor, parts: int) -> Tensor:
        from mmfusion.encoders.scan_cpu import scan_forward

        best, winner = scan_forward(kernel.detach().numpy(), codes.numpy(), parts)
        ctx.codes, ctx.winner, ctx.shape = codes, winner, (parts, kernel.shape[2], kernel.shape[1] // parts)
        return torch.from_numpy(best)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        from mmfusion.encoders.scan_cpu import scan_backward

        gradient = scan_backward(grad.contiguous().numpy(), ctx.winner, ctx.codes.numpy(), *ctx.shape)
        return torch.from_numpy(gradient), None, None


def scan_compiled(kernel: Tensor, codes: Tensor, parts: int) -> Tensor:
    """Compute `scan` by compiled loops, on the CPU; with one leading axis."""
    best: Tensor = _Scan.apply(kernel.contiguous(), codes, parts)  # type: ignore[no-untyped-call]  # torch lacks the type
    return best
