"""Eigenvector analysis of a block: the direction in which it varies most, and how that separates classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from mmfusion.measures.spectrum import spectrum


@dataclass(frozen=True)
class EigenResult:
    """Spectrum of a block, its leading eigenvector and the projections on it.

    Parameters
    ----------
    eigenvalues : array, shape (D,)
        Of the covariance of the block (divided by n), largest first, none below zero.
    vector : array, shape (D,)
        The leading eigenvector v, of length one, its largest-magnitude entry positive.
    projection : array, shape (n,)
        <phi_I(x), v> of every sample, not centred.
    variance_share : float
        Leading eigenvalue over the sum of all; NaN if the block is constant.
    auroc : float
        max(a, 1 - a), a the area under the ROC curve of the projection; NaN with one class only.
    p_value : float
        Two-sided p-value of `auroc` by Mann and Whitney's U; NaN with one class only.
    """

    eigenvalues: NDArray[np.float64]
    vector: NDArray[np.float64]
    projection: NDArray[np.float64]
    variance_share: float
    auroc: float
    p_value: float


def eigen_analysis(block: NDArray[Any], label: NDArray[Any]) -> EigenResult:
    """Project a block on its covariance's leading eigenvector and test whether that separates the classes.

    Parameters
    ----------
    block : array, shape (n, D)
        phi_I(x) of every sample, flattened.
    label : array, shape (n,)
        Class 0 or 1 of every sample.

    Returns
    -------
    EigenResult
        All NaN if an entry of the block is not finite. Where the leading eigenvalue is multiple, v is one
        vector of its eigenspace.

    Raises
    ------
    ValueError
        If a label is neither 0 nor 1.

    Examples
    --------
    >>> block = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> result = eigen_analysis(block, np.array([1, 0, 1, 0]))
    >>> result.eigenvalues.tolist(), result.vector.tolist(), round(result.variance_share, 6), result.auroc
    ([4.5, 0.5], [1.0, 0.0], 0.9, 0.875)
    """
    block = np.asarray(block, dtype=np.float64)
    eigenvalues, vector = spectrum(block)
    # Row by row, not by BLAS: equal rows must have equal projections, since the AUROC counts ties.
    projection = (block * vector).sum(axis=1)
    auroc, p_value = separation(projection, label)
    total = eigenvalues.sum()
    share = float(eigenvalues[0] / total) if total != 0 else float("nan")
    return EigenResult(eigenvalues, vector, projection, share, auroc, p_value)


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
        If a label is neither 0 nor 1.

    Examples
    --------
    >>> auroc, p_value = separation(np.array([4.0, 3.0, 2.0, 1.0]), np.array([0, 0, 1, 1]))
    >>> auroc, round(p_value, 6)  # two of the six ways to choose two of four samples separate as well
    (1.0, 0.333333)
    """
    projection, label = np.asarray(projection, dtype=np.float64), np.asarray(label)
    if not np.isin(label, (0, 1)).all():
        raise ValueError("label has values other than 0 and 1, expected two classes.")
    ones, zeros = projection[label == 1], projection[label == 0]
    pairs = len(ones) * len(zeros)
    if not pairs or not np.isfinite(projection).all():
        return float("nan"), float("nan")
    test = mannwhitneyu(ones, zeros, alternative="two-sided", method="auto")
    return 0.5 + abs(float(test.statistic) - pairs / 2) / pairs, float(test.pvalue)
