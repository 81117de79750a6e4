"""The covariance of a block of features: its eigenvalues, and the direction in which it varies most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def spectrum(block: Floats) -> tuple[Floats, Floats]:
    """Compute the eigenvalues of the covariance (divided by n) of a block, and the leading eigenvector.

    Parameters
    ----------
    block : array, shape (n, D)
        phi_I(x) of every sample, flattened.

    Returns
    -------
    eigenvalues : array, shape (D,)
        Largest first, none below zero.
    vector : array, shape (D,)
        Of length one, its entry of largest magnitude positive; of a multiple eigenvalue, one of its vectors.
        All NaN if an entry of the block is not finite.

    Examples
    --------
    >>> spectrum(np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]]))
    (array([4.5, 0.5]), array([1., 0.]))
    """
    if not np.isfinite(block).all():
        undefined = np.full(block.shape[1], np.nan)
        return undefined, undefined.copy()
    centred = block - block[0]  # makes a constant block exactly zero
    centred -= centred.mean(axis=0)
    eigenvalues, vectors = np.linalg.eigh(centred.T @ centred / len(block))
    vector = vectors[:, -1]
    vector = vector * np.sign(vector[np.argmax(np.abs(vector))])
    return np.maximum(eigenvalues[::-1], 0.0), vector + 0.0  # no negative zeros
