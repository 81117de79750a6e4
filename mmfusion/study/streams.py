"""Random streams of the study: one per seed, dataset and purpose, so that none depends on another."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, dataset: str, purpose: str) -> np.random.Generator:
    """Open a random stream; equal arguments give the same one.

    Parameters
    ----------
    seed : int
        At least 0.
    dataset, purpose : str
        Names of the dataset and of what is drawn, such as the split. Each enters as the eight little-endian
        32-bit words of its SHA-256.

    Returns
    -------
    numpy.random.Generator

    Examples
    --------
    >>> first, again = (stream(0, "XOR", "train").random(3) for _ in range(2))
    >>> bool((first == again).all()), bool((first == stream(0, "XOR", "test").random(3)).any())
    (True, False)
    """
    names = b"".join(hashlib.sha256(name.encode()).digest() for name in (dataset, purpose))
    return np.random.default_rng(np.random.SeedSequence([seed, *np.frombuffer(names, "<u4").tolist()]))
