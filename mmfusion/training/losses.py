"""Losses of the tasks as torch functions, mean over samples."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor], Tensor]


def _binary(scores: Tensor, target: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(scores[:, 0], target)


def _squared(scores: Tensor, target: Tensor) -> Tensor:
    return functional.mse_loss(scores[:, 0], target)


LOSSES: dict[str, Loss] = {
    "binary": _binary,
    "multiclass": functional.cross_entropy,
    "regression": _squared,
}
"""Task: binary cross-entropy on logits (B, 1), cross-entropy on logits (B, C), squared error on (B, 1)."""


def target_tensor(target: Tensor, task: str) -> Tensor:
    """Convert a target to the type that its loss takes: class indices for multiclass, else float32."""
    return target.long() if task == "multiclass" else target.to(torch.float32)
