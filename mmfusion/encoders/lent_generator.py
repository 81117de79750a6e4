"""Layers that know only torch's global generator draw from another one, one thread at a time."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

Module = TypeVar("Module", bound=nn.Module)

_LOAN = threading.RLock()
"""Held while the global generator has the state of another one: it is one for all threads."""


@contextmanager
def drawing_from(generator: torch.Generator | None) -> Iterator[None]:
    """Let torch's global generator of a device draw the numbers of another generator within the block.

    The generator goes on where the block ends, and the global generator is put back, also after an error.
    Threads enter such a block one after the other, so that several of them draw what each would draw alone.

    Parameters
    ----------
    generator : torch.Generator or None
        None: the global generator itself, while no other thread lends it.
    """
    with _LOAN:
        if generator is None:
            yield
            return
        usual = _global_generator(generator.device)
        before = usual.get_state()
        usual.set_state(generator.get_state())
        try:
            yield
            generator.set_state(usual.get_state())
        finally:
            usual.set_state(before)


def _global_generator(device: torch.device) -> torch.Generator:
    """Return torch's global generator of a device; "cuda" without a number is the current one."""
    if device.type == "cpu":
        return torch.default_generator
    index = torch.cuda.current_device() if device.index is None else device.index
    return torch.cuda.default_generators[index]


def with_new_weights(module: Module, generator: torch.Generator | None = None) -> Module:
    """Copy a module, and draw the weights of the copy anew by ``reset_parameters`` of its layers.

    Parameters
    ----------
    module : Module
        It is left as it is. Parameters of layers without ``reset_parameters`` are copied.
    generator : torch.Generator, optional
        Source of the new weights; the copy is on its device, and torch's global random state stays as it is.
        Default: torch's global generator.

    Returns
    -------
    Module
    """
    renewed = copy.deepcopy(module)
    if generator is not None:
        renewed = renewed.to(generator.device)
    with drawing_from(generator):
        for layer in renewed.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()  # type: ignore[operator]  # a method
    return renewed
