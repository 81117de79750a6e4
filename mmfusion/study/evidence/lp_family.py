"""The lp family: relevance against p under a convention of the exponent q, by training anew under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmfusion.measures.subset_measures import weights_of_subsets
from mmfusion.study.cells import Cell, cell_keys
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.training.cell_training import train_cells

DATASET, NORM = "ConditionallyIndependent", "vbn"
"""Views whose strength is known; at order one, VBN, DBN and IBN are the same."""
P_VALUES = ("1", "4/3", "2", "4", "inf")


def lp_family(
    datasets: Mapping[int, MultimodalDataset],
    settings: Mapping[str, Any],
    convention: str,
    p_values: Sequence[str] = P_VALUES,
) -> pd.DataFrame:
    """Train networks at every p under a convention, and read relevance off their weights.

    Parameters
    ----------
    datasets : mapping of int to MultimodalDataset
        `DATASET` of every seed.
    settings : mapping
        As `mmfusion.study.plan.Study.training_settings` gives them; their convention is replaced, and their
        largest order is one.
    convention : {"mkl", "scaled_output", "as_printed"}
        See `mmfusion.fusion.blocknorm.block_norm_exponent`.
    p_values : sequence of str

    Returns
    -------
    DataFrame
        One row per p, seed and view: dataset, norm, p, scale, seed, convention, subset, order, block_norm,
        beta (NaN as printed, where none is defined) and weight_share.
    """
    cells = [Cell(DATASET, NORM, p, "1") for p in p_values]
    trained, _, _ = train_cells(cells, datasets, {**settings, "convention": convention, "max_order": 1})
    tables = [
        weights_of_subsets(network.fusion).assign(**cell_keys(one.cell, seed), convention=convention)
        for one in trained
        for seed, network in one.networks.items()
    ]
    keys = [*cell_keys(cells[0], 0), "convention", "subset", "order", "block_norm", "beta", "weight_share"]
    return pd.concat(tables, ignore_index=True)[keys]
