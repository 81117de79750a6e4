"""All baseline rows of one dataset."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mmfusion.study.baselines.bayes import bayes_rows
from mmfusion.study.baselines.constant import constant_rows
from mmfusion.study.baselines.linear import linear_rows
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS


def baseline_table(datasets: Mapping[int, MultimodalDataset]) -> pd.DataFrame:
    """Return the rows of the constant predictor, the linear floor and, if generated, the Bayes accuracy.

    Parameters
    ----------
    datasets : mapping of int to MultimodalDataset
        The dataset of every seed; one that is the same for all seeds gives one set of rows, without a seed.

    Returns
    -------
    DataFrame
        As the table ``runs``.
    """
    rows: list[pd.DataFrame] = []
    for seed, dataset in datasets.items():
        generated = dataset.name in PLANTED_DATASETS
        own = seed if generated else None
        rows += [constant_rows(dataset, own), linear_rows(dataset, own)]
        if not generated:
            break
        rows.append(bayes_rows(dataset))
    return pd.concat(rows, ignore_index=True)
