"""The device that networks are trained on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits

from mmfusion.errors import ConfigError


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch and linear algebra on one thread, and on as many as before when the block ends.

    The steps of small networks are so short that several threads wait for each other most of the time.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


def device_of(name: str) -> torch.device:
    """Return the device of a setting.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda"}
        ``auto`` is CUDA where torch finds it, else the CPU.

    Returns
    -------
    torch.device

    Raises
    ------
    ConfigError
        If CUDA is asked for and torch does not find it.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            [
                "training.device: cuda is not available to torch here; write auto or cpu, or install a "
                "build of torch with CUDA on a machine that has it."
            ]
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
