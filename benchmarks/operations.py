"""Counts of operations and of multiply-adds, which do not depend on the machine."""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from measure import Work
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode


class _Counter(TorchDispatchMode):
    """Counts the operations that reach a kernel, including the backward pass and the optimiser."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operations += 1
        return func(*args, **(kwargs or {}))


def operations(work: Work) -> int:
    """Return the number of aten operations, views included."""
    with _Counter() as counter:
        work()
    return counter.operations


def _elementwise(*_: Any, out_shape: Any = None, **__: Any) -> int:
    return 2 * prod(out_shape)  # two per number: FlopCounterMode counts a multiply-add as two


def multiply_adds(work: Work) -> int:
    """Return the number of multiply-adds: matrix products, convolutions and elementwise products.

    `torch.utils.flop_counter` counts the first two; an elementwise product counts one per number that
    it makes. Sums, maxima, roots, look-ups and the optimiser are not counted.
    """
    aten = torch.ops.aten
    elementwise = dict.fromkeys((aten.mul, aten.mul_, aten.addcmul, aten.addcmul_), _elementwise)
    with FlopCounterMode(display=False, custom_mapping=elementwise) as counter:
        work()
    return int(counter.get_total_flops()) // 2
