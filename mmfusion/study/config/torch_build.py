"""Where the device ``auto`` can only mean the processor; torch, which is slow to import, is not imported."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version


def meant_device(device: str) -> str:
    """Replace ``auto`` by ``cpu`` where the installed torch cannot have CUDA.

    What is trained must not be trained again when ``auto`` becomes ``cpu`` in a configuration and means the
    same. With a build that has CUDA it stays ``auto``: other machines of a cluster may have a graphics
    processor where this one has none.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda"}

    Returns
    -------
    str
        The device, or ``cpu``.

    Examples
    --------
    >>> meant_device("cuda")
    'cuda'
    """
    return "cpu" if device == "auto" and not _may_have_cuda() else device


def _may_have_cuda() -> bool:
    if sys.platform == "darwin":
        return False
    try:
        return not version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return True
