"""Losses of the tasks as torch functions, mean over samples."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from mmfusion.fusion.multilinear import batch_mean

Loss = Callable[[Tensor, Tensor, Tensor | None], Tensor]


def _binary(scores: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    logits = _like(scores, target)
    losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return _mean(losses, target.ndim == scores.ndim, weight)


def _multiclass(scores: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    flat = functional.cross_entropy(scores.flatten(0, -2), target.flatten(), reduction="none")
    return batch_mean(flat.view(target.shape), weight)


def _squared(scores: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    return _mean((_like(scores, target) - target).square(), target.ndim == scores.ndim, weight)


def _like(scores: Tensor, target: Tensor) -> Tensor:
    """Drop the axis of the one output where the target has none."""
    return scores if target.ndim == scores.ndim else scores[..., 0]


def _mean(losses: Tensor, several: bool, weight: Tensor | None) -> Tensor:
    """Mean over outputs, where there are several, then over samples."""
    return batch_mean(losses.mean(-1) if several else losses, weight)


LOSSES: dict[str, Loss] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _squared,
}
"""Task: binary cross-entropy on logits (..., B, 1), cross-entropy on logits (..., B, C), squared error on
(..., B, 1); targets are (..., B), losses (...). The first and the last also take several outputs with a
target of its own each, (..., B, outputs), and average over these. The third argument, weights of the samples
(..., B) that multiply their losses, is None for equal weights."""


def target_tensor(target: Tensor, task: str) -> Tensor:
    """Convert a target to the type that its loss takes: class indices for multiclass, else float32."""
    return target.long() if task == "multiclass" else target.to(torch.float32)
