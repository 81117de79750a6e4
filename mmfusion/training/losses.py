"""Losses of the tasks as torch functions, mean over samples."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]


def _binary(scores: Tensor, target: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(scores[..., 0], target, reduction="none").mean(-1)


def _multiclass(scores: Tensor, target: Tensor) -> Tensor:
    flat = functional.cross_entropy(scores.flatten(0, -2), target.flatten(), reduction="none")
    return flat.view(target.shape).mean(-1)


def _squared(scores: Tensor, target: Tensor) -> Tensor:
    return (scores[..., 0] - target).square().mean(-1)


LOSSES: dict[str, Loss] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _squared,
}
"""Task: binary cross-entropy on logits (..., B, 1), cross-entropy on logits (..., B, C), squared error on
(..., B, 1); targets are (..., B), losses (...)."""


def target_tensor(target: Tensor, task: str) -> Tensor:
    """Convert a target to the type that its loss takes: class indices for multiclass, else float32."""
    return target.long() if task == "multiclass" else target.to(torch.float32)
