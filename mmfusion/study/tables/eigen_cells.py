"""The eigenvector analysis of all networks of a trained cell."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch

from mmfusion.study.cells import cell_keys
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.tables.eigen import eigen_analysis, eigen_table, projection_table, spectrum_table
from mmfusion.study.training.cell_training import prepared_splits, use_one_thread
from mmfusion.study.training.checkpoint import TrainedCell


@torch.no_grad()
def eigen_cell(
    trained: TrainedCell, datasets: Mapping[int, MultimodalDataset]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
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
        The tables ``eigen``, ``eigen_spectrum`` and ``eigen_projections``.
    """
    use_one_thread()
    tables: list[tuple[pd.DataFrame, ...]] = []
    for run_seed, network in trained.networks.items():
        keys = cell_keys(trained.cell, run_seed)
        test = prepared_splits(trained, run_seed, datasets[run_seed])["test"]
        features = network.fusion.block_features(network.encode_all(test.inputs, test.present))
        label = datasets[run_seed].splits["test"].target
        results = {
            subset: eigen_analysis(phi.detach().double().numpy(), label) for subset, phi in features.items()
        }
        tables.append(
            (eigen_table(results, keys), spectrum_table(results, keys), projection_table(results, keys))
        )
    eigen, spectrum, projections = (
        pd.concat(group, ignore_index=True) for group in zip(*tables, strict=True)
    )
    return eigen, spectrum, projections
