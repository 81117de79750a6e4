"""The baselines of the study, and their rows for one dataset.

A baseline is a function of a dataset and its seed (None where it has none) that returns one row of the table
``runs``, and a line of `BASELINES`, `SENTIMENT_RULES` or `BAYES_RULES`. To add one, write its function and
add it there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pandas as pd

from mmfusion.study.baselines.bayes import bayes_latent_rows, bayes_sequence_rows
from mmfusion.study.baselines.constant import always_positive_rows, constant_rows
from mmfusion.study.baselines.linear import linear_rows
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS
from mmfusion.study.tables.run_rows import SENTIMENT

Baseline = Callable[[MultimodalDataset, int | None], pd.DataFrame]

BASELINES: Mapping[str, Baseline] = MappingProxyType({"constant": constant_rows, "linear": linear_rows})
"""The baselines of every dataset in the order of their rows, by their name in the column ``model``."""

SENTIMENT_RULES: Mapping[str, Baseline] = MappingProxyType({"always_positive": always_positive_rows})
"""Further ones of the datasets with a sentiment."""

BAYES_RULES: Mapping[str, Baseline] = MappingProxyType(
    {"bayes_latent": bayes_latent_rows, "bayes_sequence": bayes_sequence_rows}
)
"""Further ones of the datasets whose generator is known."""


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
    dataset = next(iter(datasets.values()))
    general = [*BASELINES.values()]
    if SENTIMENT in dataset.splits["train"].latents:
        general += SENTIMENT_RULES.values()
    if dataset.name in PLANTED_DATASETS:
        baselines = (*general, *BAYES_RULES.values())
        rows = [baseline(data, seed) for seed, data in datasets.items() for baseline in baselines]
    else:
        rows = [baseline(dataset, None) for baseline in general]
    return pd.concat(rows, ignore_index=True)
