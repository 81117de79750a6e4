"""The main columns of an answer's tables as text, the same for the terminal and the page."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmfusion.estimators.estimator import FusionEstimator
from mmfusion.estimators.regressor import FusionRegressor
from mmfusion.measures.catalogue import LABELS

COLUMNS = ("loss_rise", "p_adjusted", "named", "beta", "covariance_share", "reducibility_within")
OF_MODALITIES = ("alone", "needed", "shapley")

MEANINGS = {
    **{name: LABELS[name] for name in COLUMNS if name in LABELS},
    "p_adjusted": "p-value that the loss rises, adjusted over all subsets (Holm)",
    "named": "shown, with an adjusted p below 5 %, and not tiny",
    "alone": "what networks with this modality only explain",
    "needed": "what networks with all others lose without it",
    "shapley": "what it adds, averaged over all orders in which modalities can be added",
    "synergy": "what both explain together beyond the sum of what each explains alone",
}
"""What every column of the printed tables is, by its name."""
NAMED = f"* named: {MEANINGS['named']}"


def meanings(table: pd.DataFrame) -> dict[str, str]:
    """Say what the columns of a printed table are; a unit behind a name is not part of it.

    Parameters
    ----------
    table : DataFrame
        From `subset_cells` or `information_cells`.

    Returns
    -------
    dict of str to str
    """
    names = [str(column).split(" (")[0] for column in table.columns]
    return {name: MEANINGS[name] for name in names if name in MEANINGS}


def subset_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Write the main columns of a relevance table, with intervals in brackets; columns without a number drop.

    Parameters
    ----------
    table : DataFrame
        ``relevance_`` of an estimator.

    Returns
    -------
    DataFrame
        Of text, one row per subset.
    """
    printed = pd.DataFrame({"subset": table["subset"]})
    for name in COLUMNS:
        if table[name].notna().any() and not (name == "named" and table["loss_rise"].isna().all()):
            printed[name] = _cells(table, name)
    return printed


def information_cells(model: FusionEstimator) -> list[pd.DataFrame]:
    """Write what modalities say, and what pairs say together; a star behind what is named.

    Parameters
    ----------
    model : FusionEstimator
        A fitted one.

    Returns
    -------
    list of DataFrame
        Of text: modalities, then pairs; shorter, or empty, where that was not measured.
    """
    by_modality, pairs = model.modality_information_, model.synergy_
    if by_modality is None or pairs is None:
        return []
    unit = "share of the constant's loss" if isinstance(model, FusionRegressor) else "nats"
    known = [name for name in OF_MODALITIES if by_modality[name].notna().any()]
    columns = {f"{name} ({unit})": _marked(by_modality, name, f"{name}_named") for name in known}
    tables = [pd.DataFrame({"modality": by_modality["modality"], **columns})]
    if len(pairs):
        columns = {f"synergy ({unit})": _marked(pairs, "synergy", "named")}
        tables.append(pd.DataFrame({"pair": pairs["pair"], **columns}))
    return tables


def _marked(table: pd.DataFrame, name: str, named: str) -> list[str]:
    """Write a column with its interval, and a star behind what is named."""
    cells = zip(_cells(table, name), table[named].eq(True), strict=True)
    return [f"{cell} {'*' if mark else ' '}" for cell, mark in cells]


def _cells(table: pd.DataFrame, name: str) -> list[str]:
    """Write a column, with its interval where it has one."""
    if table[name].dtype == bool:
        return ["yes" if value else "" for value in table[name]]
    if name == "p_adjusted":
        return ["-" if np.isnan(p) else "<0.001" if p < 0.0005 else f"{p:.3f}" for p in table[name]]
    bounds = [f"{name}_low", f"{name}_high"] if f"{name}_low" in table else [name, name]
    return [_cell(*row) for row in table[[name, *bounds]].to_numpy(dtype=float).tolist()]


def _cell(value: float, low: float, high: float) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:z.3f}" if np.isnan(low) or low == high else f"{value:z.3f} [{low:z.3f}, {high:z.3f}]"
