"""Losses of the three tasks as training takes them; `mmfusion.measures.array_losses` has those of arrays.

With scores s and target y of a sample, the loss is log(1 + exp(s)) - y s for ``binary``,
log(sum_c exp(s_c)) - s_y for ``multiclass`` and (s - y)^2 for ``regression``. Binary and regression take
several outputs with a target each, over which the loss is averaged.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mmfusion.fusion.multilinear import batch_mean


def sample_losses(scores: Tensor, target: Tensor, task: str) -> Tensor:
    """Return the loss of every sample, differentiable in the scores.

    Parameters
    ----------
    scores : Tensor, shape (..., B, outputs)
        Logits, or predictions of the standardised target; one per class for ``multiclass``.
    target : Tensor, shape (..., B) or (..., B, outputs)
        As `task_target` gives it.
    task : {"binary", "multiclass", "regression"}

    Returns
    -------
    Tensor, shape (..., B)
        In nats, or in variances of the target.
    """
    if task == "multiclass":
        flat = functional.cross_entropy(scores.flatten(0, -2), target.flatten(), reduction="none")
        return flat.view(target.shape)
    several = target.ndim == scores.ndim
    outputs = scores if several else scores[..., 0]
    if task == "binary":
        losses = functional.binary_cross_entropy_with_logits(outputs, target, reduction="none")
    else:
        losses = (outputs - target).square()
    return losses.mean(-1) if several else losses


def batch_loss(scores: Tensor, target: Tensor, task: str, weight: Tensor | None = None) -> Tensor:
    """Average `sample_losses` over the batch, with weights (..., B) of the samples; shape (...)."""
    return batch_mean(sample_losses(scores, target, task), weight)


def task_target(target: Tensor, task: str) -> Tensor:
    """Convert a target to the type that its loss takes: class indices for multiclass, else float32."""
    return target.long() if task == "multiclass" else target.to(torch.float32)
