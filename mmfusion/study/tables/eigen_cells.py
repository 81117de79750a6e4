"""The eigenvector analysis of all networks of a trained cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mmfusion.fusion.subsets import Subset, subset_label
from mmfusion.study.cells import cell_keys
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.tables.eigen import EigenResult, eigen_analysis
from mmfusion.study.training.cell_training import prepared_splits, use_one_thread
from mmfusion.study.training.checkpoint import TrainedCell

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


@torch.no_grad()
def eigen_cell(trained: TrainedCell, datasets: Mapping[int, MultimodalDataset]) -> Tables:
    """Analyse the covariance of every block of features phi_I over the test split.

    Parameters
    ----------
    trained : TrainedCell
        Networks for a binary task.
    datasets : mapping of int to MultimodalDataset
        The dataset of every seed.

    Returns
    -------
    tuple of three DataFrame
        The tables ``eigen``, ``eigen_spectrum`` and ``eigen_projections``, see `eigen_tables`.
    """
    use_one_thread()
    parts = []
    for seed, network in trained.networks.items():
        test = prepared_splits(trained, seed, datasets[seed])["test"]
        features = network.fusion.block_features(network.encode_all(test.inputs, test.present))
        label = datasets[seed].splits["test"].target
        results = {subset: eigen_analysis(phi.double().numpy(), label) for subset, phi in features.items()}
        parts.append(eigen_tables(results, label, cell_keys(trained.cell, seed)))
    return _stacked(parts)


def eigen_tables(
    results: Mapping[Subset, EigenResult], label: NDArray[np.int64], keys: Mapping[str, object]
) -> Tables:
    """List the results of one run: leading eigenvalues, all eigenvalues, and projections.

    Parameters
    ----------
    results : mapping of subset to EigenResult
        Results of one run.
    label : array, shape (n,)
        Class of every sample.
    keys : mapping of str to object
        Key columns of the run (dataset, norm, p, scale, seed), repeated in every row.

    Returns
    -------
    eigen : DataFrame
        One row per subset, its leading eigenvalue and how it separates the classes: keys, subset, eigenvalue,
        variance_share, auroc, p_value, n.
    spectrum : DataFrame
        One row per subset and component: keys, subset, component (from 1), eigenvalue, share (of the sum of
        the subset's eigenvalues; NaN if that is zero).
    projections : DataFrame
        One row per subset and sample, its projection on the subset's leading eigenvector: keys, subset,
        sample (row of the split, from 0), label, projection.
    """
    parts = []
    for subset, result in results.items():
        row, values = {**keys, "subset": subset_label(subset)}, result.eigenvalues
        leading = {
            "eigenvalue": values[:1],
            "variance_share": result.variance_share,
            "auroc": result.auroc,
            "p_value": result.p_value,
            "n": len(label),
        }
        total = values.sum()
        spectrum = {
            "component": np.arange(1, len(values) + 1),
            "eigenvalue": values,
            "share": values / (total if total != 0 else np.nan),
        }
        samples = {"sample": np.arange(len(label)), "label": label, "projection": result.projection}
        parts.append(tuple(pd.DataFrame({**row, **columns}) for columns in (leading, spectrum, samples)))
    return _stacked(parts)


def _stacked(parts: Iterable[tuple[pd.DataFrame, ...]]) -> Tables:
    """Stack the first, the second and the third table of all parts."""
    first, second, third = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
    return first, second, third
