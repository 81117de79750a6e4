"""AdamW with a cosine schedule, in its functional form."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim.adamw import adamw

BETAS = (0.9, 0.999)
EPS = 1e-8


class Optimiser:
    """AdamW (Loshchilov and Hutter, ICLR 2019) whose rate falls to zero as a half cosine over all steps.

    The functional form of torch is used: constructing `torch.optim.AdamW` imports torch's compiler, which
    takes longer than training a small network.

    Parameters
    ----------
    decayed, others : iterable of Tensor
        Parameters with and without decoupled weight decay.
    learning_rate : float
        At the first step.
    weight_decay : float
        Of `decayed`.
    steps : int
        Number of all steps.
    """

    def __init__(
        self,
        decayed: Iterable[Tensor],
        others: Iterable[Tensor],
        learning_rate: float,
        weight_decay: float,
        steps: int,
    ) -> None:
        self.groups = [_Group(decayed, weight_decay), _Group(others, 0.0)]
        self.learning_rate, self.steps, self.taken = learning_rate, steps, 0

    def step(self) -> None:
        """Move all parameters that have a gradient, and drop the gradients."""
        rate = self.learning_rate * 0.5 * (1 + math.cos(math.pi * self.taken / self.steps))
        for group in self.groups:
            group.step(rate)
        self.taken += 1


class _Group:
    def __init__(self, parameters: Iterable[Tensor], weight_decay: float) -> None:
        self.parameters = [x for x in parameters if x.requires_grad]
        self.weight_decay = weight_decay
        self.first = [torch.zeros_like(x) for x in self.parameters]
        self.second = [torch.zeros_like(x) for x in self.parameters]
        self.steps = [torch.zeros((), device=x.device) for x in self.parameters]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        moved = [index for index, x in enumerate(self.parameters) if x.grad is not None]
        gradients = [x.grad for x in self.parameters if x.grad is not None]
        adamw(
            [self.parameters[index] for index in moved],
            gradients,
            [self.first[index] for index in moved],
            [self.second[index] for index in moved],
            [],
            [self.steps[index] for index in moved],
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=rate,
            weight_decay=self.weight_decay,
            eps=EPS,
            maximize=False,
        )
        for parameter in self.parameters:
            parameter.grad = None
