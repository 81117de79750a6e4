"""The relevance table of an ensemble: means over its networks, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mmfusion.estimators.ensemble import parts_of
from mmfusion.fusion.subsets import Subset
from mmfusion.measures.heldout import heldout_relevance
from mmfusion.measures.intervals import bootstrap_interval
from mmfusion.measures.parts import centre_classes
from mmfusion.measures.reducibility import reducibility
from mmfusion.training.network import MultimodalNetwork
from mmfusion.training.samples import Samples

TRAINING = ("block_norm", "beta", "weight_share")
HELD_OUT = ("loss_rise", "variance_share", "covariance_share", "reducibility_single", "reducibility_within")
FEWEST = 4
"""Samples below which nothing held-out is measured: the reducibility halves them."""


def relevance_table(
    networks: Sequence[MultimodalNetwork],
    held_out: Samples | None,
    part_means: Sequence[Mapping[Subset, NDArray[np.float64]]],
    task: str,
    seed: int,
) -> pd.DataFrame:
    """Return the relevance of every subset.

    Parameters
    ----------
    networks : sequence of MultimodalNetwork
    held_out : Samples or None
        Samples that were not trained on, with their target.
    part_means : sequence of mapping of subset to array, shape (outputs,)
        Means of the parts over the training samples, per network.
    task : str
    seed : int
        Of the bootstrap and of the halves between which the reducibility is measured.

    Returns
    -------
    DataFrame
        One row per subset: subset, order, and for every measure its mean, ``_low`` and ``_high``. Measures
        are block_norm, beta and weight_share, from the weights; and, on held-out samples (NaN without these),
        loss_rise, variance_share, covariance_share, reducibility_single and reducibility_within.
    """
    tables = []
    for network, means in zip(networks, part_means, strict=True):
        table = network.fusion.relevance()
        table.insert(1, "order", [len(subset) for subset in network.fusion.subsets])
        if held_out is not None and len(held_out) >= FEWEST:
            table = table.merge(_held_out(network, held_out, means, task, seed), on="subset", sort=False)
        tables.append(table.reindex(columns=["subset", "order", *TRAINING, *HELD_OUT]))
    return _summary(tables, seed)


def _held_out(
    network: MultimodalNetwork,
    samples: Samples,
    means: Mapping[Subset, NDArray[np.float64]],
    task: str,
    seed: int,
) -> pd.DataFrame:
    parts = parts_of(network, samples)
    bias = network.fusion.bias.detach().numpy()
    table = heldout_relevance(parts, bias, means, samples.target.double().numpy(), task)
    features = network.encode_all(samples.inputs, samples.present)
    raw = {name: values.double().numpy() for name, values in features.items()}
    centred = centre_classes(parts) if task == "multiclass" else parts
    return table.drop(columns="order").merge(reducibility(centred, raw, seed), on="subset", sort=False)


def _summary(tables: Sequence[pd.DataFrame], seed: int) -> pd.DataFrame:
    columns: dict[str, Any] = {name: tables[0][name] for name in ("subset", "order")}
    for measure in (*TRAINING, *HELD_OUT):
        values = np.stack([table[measure].to_numpy(dtype=float) for table in tables])  # (networks, subsets)
        intervals = [bootstrap_interval(column, seed=seed) for column in values.T]
        columns[measure] = [interval.mean for interval in intervals]
        columns[f"{measure}_low"] = [interval.low for interval in intervals]
        columns[f"{measure}_high"] = [interval.high for interval in intervals]
    return pd.DataFrame(columns)
