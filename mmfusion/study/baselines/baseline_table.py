"""The baselines of the study, and their rows for one dataset.

A baseline is a line of `BASELINES`. To add one, write its function and add it there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from mmfusion.study.baselines.bayes import bayes_latent_rows, bayes_sequence_rows, has_bayes_rule
from mmfusion.study.baselines.constant import constant_rows
from mmfusion.study.baselines.linear import linear_rows
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS


class Baseline(NamedTuple):
    """A model without a network.

    Parameters
    ----------
    rows : callable
        Takes a dataset and its seed (None where it has none) and returns one row of the table ``runs``.
    applies : callable
        Whether the baseline exists for a dataset.
    """

    rows: Callable[[MultimodalDataset, int | None], pd.DataFrame]
    applies: Callable[[MultimodalDataset], bool]


def every_dataset(_: MultimodalDataset) -> bool:
    """Accept any dataset."""
    return True


BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        "constant": Baseline(constant_rows, every_dataset),
        "linear": Baseline(linear_rows, every_dataset),
        "bayes_latent": Baseline(bayes_latent_rows, has_bayes_rule),
        "bayes_sequence": Baseline(bayes_sequence_rows, has_bayes_rule),
    }
)
"""All baselines in the order of their rows, by their name in the column ``model``."""


def baseline_table(datasets: Mapping[int, MultimodalDataset]) -> pd.DataFrame:
    """Return the rows of all baselines that exist for a dataset.

    Parameters
    ----------
    datasets : mapping of int to MultimodalDataset
        The dataset of every seed. If it is the same for all seeds, there is one set of rows, without a seed.

    Returns
    -------
    DataFrame
        As the table ``runs``.
    """
    rows: list[pd.DataFrame] = []
    for seed, dataset in datasets.items():
        generated = dataset.name in PLANTED_DATASETS
        rows += [
            baseline.rows(dataset, seed if generated else None)
            for baseline in BASELINES.values()
            if baseline.applies(dataset)
        ]
        if not generated:
            break
    return pd.concat(rows, ignore_index=True)
