"""Eigenvector analysis of a block: the direction in which it varies most, and how that separates classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.fusion.subsets import Subset, subset_label
from mmfusion.study.tables.separation import separation


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
    label : array of int64, shape (n,)
        Class of every sample.
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
    label: NDArray[np.int64]
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
        If the shapes do not fit, the block is empty or a label is neither 0 nor 1.

    Examples
    --------
    >>> block = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> result = eigen_analysis(block, np.array([1, 0, 1, 0]))
    >>> result.eigenvalues.tolist(), result.vector.tolist(), round(result.variance_share, 6), result.auroc
    ([4.5, 0.5], [1.0, 0.0], 0.9, 0.875)
    """
    block, label = np.asarray(block, dtype=np.float64), np.asarray(label)
    if block.ndim != 2 or label.shape != block.shape[:1] or not block.size:
        raise ValueError(f"block {block.shape} and label {label.shape}: expected (n, D) and (n,), not empty.")
    eigenvalues, vector = _spectrum(block)
    # Row by row, not by BLAS: equal rows must have equal projections, since the AUROC counts ties.
    projection = (block * vector).sum(axis=1)
    auroc, p_value = separation(projection, label)
    total = eigenvalues.sum()
    share = float(eigenvalues[0] / total) if total != 0 else float("nan")
    return EigenResult(eigenvalues, vector, projection, label.astype(np.int64), share, auroc, p_value)


def _spectrum(block: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the eigenvalues, descending, and the leading eigenvector of the covariance of a block."""
    if not np.isfinite(block).all():
        undefined = np.full(block.shape[1], np.nan)
        return undefined, undefined.copy()
    centred = block - block[0]  # makes a constant block exactly zero
    centred -= centred.mean(axis=0)
    eigenvalues, vectors = np.linalg.eigh(centred.T @ centred / len(block))
    vector = vectors[:, -1]
    vector = vector * np.sign(vector[np.argmax(np.abs(vector))])
    return np.maximum(eigenvalues[::-1], 0.0), vector + 0.0  # no negative zeros


def eigen_table(results: Mapping[Subset, EigenResult], keys: Mapping[str, object]) -> pd.DataFrame:
    """List the leading eigenvalue of every subset and how it separates the classes.

    Parameters
    ----------
    results : mapping of subset to EigenResult
        Results of one run.
    keys : mapping of str to object
        Key columns of the run (dataset, norm, p, scale, seed), repeated in every row.

    Returns
    -------
    DataFrame
        One row per subset: keys, subset, eigenvalue, variance_share, auroc, p_value, n.
    """
    rows = [
        (subset_label(subset), r.eigenvalues[0], r.variance_share, r.auroc, r.p_value, len(r.projection))
        for subset, r in results.items()
    ]
    names = ["subset", "eigenvalue", "variance_share", "auroc", "p_value", "n"]
    return _with_keys(pd.DataFrame(rows, columns=names), keys)


def spectrum_table(results: Mapping[Subset, EigenResult], keys: Mapping[str, object]) -> pd.DataFrame:
    """List the eigenvalues of every subset.

    Parameters
    ----------
    results, keys : mapping
        See `eigen_table`.

    Returns
    -------
    DataFrame
        One row per subset and component: keys, subset, component (from 1), eigenvalue, share (of the sum of
        the subset's eigenvalues; NaN if that is zero).
    """
    tables = []
    for subset, result in results.items():
        total = result.eigenvalues.sum()
        columns = {
            "subset": subset_label(subset),
            "component": np.arange(1, len(result.eigenvalues) + 1),
            "eigenvalue": result.eigenvalues,
            "share": result.eigenvalues / (total if total != 0 else np.nan),
        }
        tables.append(pd.DataFrame(columns))
    return _with_keys(pd.concat(tables, ignore_index=True), keys)


def projection_table(results: Mapping[Subset, EigenResult], keys: Mapping[str, object]) -> pd.DataFrame:
    """List every sample's projection on every subset's leading eigenvector.

    Parameters
    ----------
    results, keys : mapping
        See `eigen_table`.

    Returns
    -------
    DataFrame
        One row per subset and sample: keys, subset, sample (row of the split, from 0), label, projection.
    """
    tables = []
    for subset, result in results.items():
        columns = {
            "subset": subset_label(subset),
            "sample": np.arange(len(result.projection)),
            "label": result.label,
            "projection": result.projection,
        }
        tables.append(pd.DataFrame(columns))
    return _with_keys(pd.concat(tables, ignore_index=True), keys)


def _with_keys(table: pd.DataFrame, keys: Mapping[str, object]) -> pd.DataFrame:
    repeated = pd.DataFrame({name: [value] * len(table) for name, value in keys.items()}, index=table.index)
    return pd.concat([repeated, table], axis=1)
