"""Whether the libraries that compute peers are installed."""

from __future__ import annotations

from importlib.util import find_spec

LIBRARIES = ("hidimstat", "interpret", "shapiq")
INSTALL_PEERS = "install the extra peers: pip install 'mmfusion[peers]'"


def peers_installed() -> bool:
    """Return whether all of them are."""
    return all(find_spec(name) is not None for name in LIBRARIES)
