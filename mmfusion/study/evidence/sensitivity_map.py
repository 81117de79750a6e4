"""Which of the poster's cells every setting of the recipe reaches."""

from __future__ import annotations

import math

import pandas as pd

from mmfusion.study.evidence.recipe_settings import TARGETS, WANTED


def sensitivity_map(table: pd.DataFrame) -> pd.DataFrame:
    """Say of every setting which of the poster's cells it reaches.

    Parameters
    ----------
    table : DataFrame
        As `mmfusion.study.evidence.sensitivity.sensitivity` gives it, of all settings.

    Returns
    -------
    DataFrame
        One row per setting: factor, value, the mean beta over seeds of every target (such as
        ``XRel vbn 1+2``), ``reached`` (how many of the cells that the study does not reach), ``kept``
        (whether IBN keeps {1} at .99) and ``accuracy_ibn`` (on the test split under IBN, of the dataset in
        which its mean is lower): where it is low, training has not succeeded. Where beta is not defined
        (``convention: as_printed``), ``reached`` and ``kept`` are missing values.
    """
    rows = []
    for (factor, value), part in table.groupby(["factor", "value"], sort=False):
        means: dict[str, float] = {}
        inside = []
        for target in TARGETS:
            cell = (part["dataset"] == target.cell.dataset) & (part["norm"] == target.cell.norm)
            mean = float(part.loc[cell & (part["subset"] == target.subset), "beta"].mean())
            means[f"{target.cell.dataset} {target.cell.norm} {target.subset}"] = mean
            inside.append(target.low <= mean <= target.high)
        accuracy = part[part["norm"] == "ibn"].groupby("dataset")["accuracy_test"].mean().min()
        defined = not any(math.isnan(mean) for mean in means.values())
        ends = {
            "reached": sum(inside[:WANTED]) if defined else None,
            "kept": all(inside[WANTED:]) if defined else None,
            "accuracy_ibn": accuracy,
        }
        rows.append({"factor": factor, "value": value, **means, **ends})
    return pd.DataFrame(rows).astype({"reached": "Int64", "kept": "boolean"})
