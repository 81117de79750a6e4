"""AdamW with a cosine schedule, in its functional form."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

BETAS = (0.9, 0.999)
EPS = 1e-8
LANES = 16
"""Numbers in the widest vector of a processor; torch rounds numbers that do not fill one in another way."""


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
        self.moved = [_padded(x.detach()) for x in self.parameters]
        self.first = [torch.zeros_like(x) for x in self.moved]
        self.second = [torch.zeros_like(x) for x in self.moved]
        self.steps = [torch.zeros((), device=x.device) for x in self.moved]
        for parameter, moved in zip(self.parameters, self.moved, strict=True):
            if moved.numel() != parameter.numel():
                parameter.data = moved[: parameter.numel()].view(parameter.shape)

    @torch.no_grad()
    def step(self, rate: float) -> None:
        given = [index for index, x in enumerate(self.parameters) if x.grad is not None]
        adamw(
            [self.moved[index] for index in given],
            [_padded(x.grad) for x in self.parameters if x.grad is not None],
            [self.first[index] for index in given],
            [self.second[index] for index in given],
            [],
            [self.steps[index] for index in given],
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


def _padded(values: Tensor) -> Tensor:
    """Return values, on the CPU in a row with zeros at its end where they do not fill whole vectors.

    A number is then rounded alike wherever it stands: else what a network learns would depend on how many
    networks are in the stack.
    """
    missing = -values.numel() % LANES
    if missing == 0 or values.device.type != "cpu":
        return values
    return nn.functional.pad(values.reshape(-1), (0, missing))
