"""How well a projection separates two classes: the area under the ROC curve and its permutation test."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata


def separation(
    projection: NDArray[Any], label: NDArray[Any], permutations: int = 999, seed: int = 0
) -> tuple[float, float]:
    """Compute the direction-free AUROC of a projection and its p-value by permutation of the labels.

    With a the area under the ROC curve (ties count one half: mid-ranks), the statistic is max(a, 1 - a),
    since the sign of an eigenvector is a convention. Of `permutations` random relabellings, r reach the
    statistic; the p-value is (1 + r) / (1 + permutations) (Phipson and Smyth, Statistical Applications in
    Genetics and Molecular Biology 9(1), 2010).

    Parameters
    ----------
    projection : array, shape (n,)
        One number per sample.
    label : array, shape (n,)
        Class 0 or 1 of every sample.
    permutations : int
        Number of random relabellings.
    seed : int
        Seed of the relabellings.

    Returns
    -------
    auroc : float
        In [0.5, 1]; NaN if a class has no sample or a projection is not finite.
    p_value : float
        In [1 / (1 + permutations), 1]; NaN where the AUROC is.

    Raises
    ------
    ValueError
        If the shapes differ or a label is neither 0 nor 1.

    Examples
    --------
    >>> auroc, p_value = separation(np.array([3.0, 2.0, 1.0, 1.0]), np.array([0, 0, 1, 1]))
    >>> auroc, 0.2 < p_value < 0.5
    (1.0, True)
    """
    projection, label = np.asarray(projection, dtype=np.float64), np.asarray(label)
    if projection.ndim != 1 or projection.shape != label.shape:
        raise ValueError(
            f"projection {projection.shape} and label {label.shape} differ, expected (n,) for both."
        )
    if not np.isin(label, (0, 1)).all():
        raise ValueError("label has values other than 0 and 1, expected two classes.")
    ones = int(np.count_nonzero(label))
    pairs = ones * (len(label) - ones)
    if not pairs or not np.isfinite(projection).all():
        return float("nan"), float("nan")
    # Twice the mid-ranks are whole numbers, so that equal statistics compare as equal.
    doubled = np.rint(2 * rankdata(projection)).astype(np.int64)
    expected = ones * (len(label) + 1)
    observed = abs(int(doubled[label == 1].sum()) - expected)  # 2 |U - pairs / 2|
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(doubled, (permutations, 1)), axis=1)  # (permutations, n)
    reached = np.count_nonzero(np.abs(shuffled[:, :ones].sum(axis=1) - expected) >= observed)
    return 0.5 + observed / (2 * pairs), float((1 + reached) / (1 + permutations))
