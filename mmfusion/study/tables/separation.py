"""How well a projection separates two classes: the area under the ROC curve and Mann and Whitney's test."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu


def separation(projection: NDArray[Any], label: NDArray[Any]) -> tuple[float, float]:
    """Compute the direction-free AUROC of a projection and its p-value by Mann and Whitney's U.

    With a the area under the ROC curve (ties count one half), the statistic is max(a, 1 - a), since the sign
    of an eigenvector is a convention. a is U over the number of pairs of one sample of each class, so that
    the two-sided test of U (Mann and Whitney, Annals of Mathematical Statistics 18, 1947) is the test of this
    statistic. SciPy's method "auto" computes p: from the exact distribution of U where no values are tied and
    a class has at most 8 samples; else from its normal limit, with corrections for ties and for continuity.

    Parameters
    ----------
    projection : array, shape (n,)
        One number per sample.
    label : array, shape (n,)
        Class 0 or 1 of every sample.

    Returns
    -------
    auroc : float
        In [0.5, 1]; NaN if a class has no sample or a projection is not finite.
    p_value : float
        In [0, 1], 0 where it is below the smallest float; NaN where the AUROC is.

    Raises
    ------
    ValueError
        If the shapes differ or a label is neither 0 nor 1.

    Examples
    --------
    >>> auroc, p_value = separation(np.array([4.0, 3.0, 2.0, 1.0]), np.array([0, 0, 1, 1]))
    >>> auroc, round(p_value, 6)  # two of the six ways to choose two of four samples separate as well
    (1.0, 0.333333)
    """
    projection, label = np.asarray(projection, dtype=np.float64), np.asarray(label)
    if projection.ndim != 1 or projection.shape != label.shape:
        raise ValueError(
            f"projection {projection.shape} and label {label.shape} differ, expected (n,) for both."
        )
    if not np.isin(label, (0, 1)).all():
        raise ValueError("label has values other than 0 and 1, expected two classes.")
    ones, zeros = projection[label == 1], projection[label == 0]
    pairs = len(ones) * len(zeros)
    if not pairs or not np.isfinite(projection).all():
        return float("nan"), float("nan")
    test = mannwhitneyu(ones, zeros, alternative="two-sided", method="auto")
    return 0.5 + abs(float(test.statistic) - pairs / 2) / pairs, float(test.pvalue)
