"""Deliberate mistakes: the rates of false alarms have to show them, or they would not show ours either."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmfusion.study.designs.design import Array, DataSet

NO_FAULT, LEAKY_FOLDS, GROUPS_IGNORED = "none", "leaky_folds", "groups_ignored"
FAULTS = (LEAKY_FOLDS, GROUPS_IGNORED)
NULLS_OF = {LEAKY_FOLDS: ("balanced", "normal"), GROUPS_IGNORED: ("grouped",)}
"""The nulls in which a fault has to show."""
FOLDS = 5


def with_fault(
    fault: str, data: DataSet, rng: np.random.Generator
) -> tuple[DataSet, dict[str, Any], dict[str, Any]]:
    """Return what is fitted under a fault.

    Parameters
    ----------
    fault : {"none", "leaky_folds", "groups_ignored"}
        Leaky folds: a copy of every held-out sample is among the training samples, since an estimator
        refuses folds that overlap openly. Ignored groups: samples of one group are on both sides.
    data : DataSet
    rng : Generator
        For the folds.

    Returns
    -------
    tuple of (DataSet, dict, dict)
        The samples, parameters of the estimator, and arguments of `fit` beside X and y.
    """
    if fault == LEAKY_FOLDS:
        twice = np.tile(np.arange(len(data)), 2)
        return data.rows(twice), {"cv": leaky_folds(len(data), rng)}, {}
    given = {} if data.groups is None or fault == GROUPS_IGNORED else {"groups": data.groups}
    return data, {}, given


def leaky_folds(n: int, rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Return folds (train, held out) of n samples, each held out once, and n copies, never held out."""
    parts = [np.sort(part) for part in np.array_split(rng.permutation(n), FOLDS)]
    return [(np.setdiff1d(np.arange(2 * n), held_out), held_out) for held_out in parts]
