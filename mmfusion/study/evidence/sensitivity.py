"""Whether the relevance that the study finds depends on its recipe: training with one factor changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from mmfusion.measures.subset_measures import weights_of_subsets
from mmfusion.study.cells import cell_keys
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.evidence.recipe_settings import MAPPED, TARGETS, changed
from mmfusion.study.training.cell_training import prepared_splits, train_cells

COLUMNS = ("factor", "value", "dataset", "norm", "p", "scale", "seed", "subset", "beta", "accuracy_test")


def sensitivity(
    factor: str,
    value: str,
    settings: Mapping[str, Mapping[str, Any]],
    generation: Mapping[str, Mapping[str, Any]],
    seeds: Sequence[int],
) -> pd.DataFrame:
    """Train the cells of `mmfusion.study.evidence.recipe_settings.TARGETS` at one setting.

    Parameters
    ----------
    factor, value
        See `mmfusion.study.evidence.recipe_settings.changed`.
    settings, generation : mapping of str to mapping
        By dataset, see there.
    seeds : sequence of int
        Of data and networks.

    Returns
    -------
    DataFrame
        One row per cell, seed and subset, with the columns `COLUMNS`; beta from the weights, accuracy on the
        test split.
    """
    cells = list(dict.fromkeys(target.cell for target in TARGETS))
    tables = []
    for name in MAPPED:
        recipe, data = changed(factor, value, settings[name], generation[name])
        datasets = {seed: generate(name, seed, PlantedSettings(**data)) for seed in seeds}
        trained, _, _ = train_cells([cell for cell in cells if cell.dataset == name], datasets, recipe)
        for one in trained:
            for seed, network in one.networks.items():
                test = prepared_splits(one, seed, datasets[seed])["test"]
                right = (network.scores(test.inputs)[:, 0] >= 0) == (test.target > 0)
                table = weights_of_subsets(network.fusion)[["subset", "beta"]]
                accuracy = float(right.double().mean())
                tables.append(table.assign(**cell_keys(one.cell, seed), accuracy_test=accuracy))
    return pd.concat(tables, ignore_index=True).assign(factor=factor, value=value)[[*COLUMNS]]
