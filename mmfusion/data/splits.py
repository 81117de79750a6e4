"""Splitting samples at random: whole groups together, else with the shares of the classes kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit

from mmfusion.errors import InputError

Rows = NDArray[np.intp]


def split_rows(
    rows: Rows,
    fraction: float | None,
    classes: NDArray[Any] | None,
    groups: NDArray[Any] | None,
    seed: int,
) -> tuple[Rows, Rows]:
    """Split rows into those that are trained on and those that are held out.

    Whole groups are held out where there are groups; else the shares of the classes are kept.

    Parameters
    ----------
    rows : array of int
        Rows with a positive weight.
    fraction : float or None
        Share of the samples, or of the groups, that is held out; None: nothing is.
    classes : array, shape (n,), optional
        Class of every sample.
    groups : array, shape (n,), optional
    seed : int

    Returns
    -------
    tuple of arrays of int
        Rows of training, and held-out rows, in ascending order.

    Raises
    ------
    InputError
        If there are too few samples, classes or groups to split.
    """
    if fraction is None:
        return rows, rows[:0]
    given = None if classes is None else classes[rows]
    splitter: Any
    if groups is not None:
        splitter = GroupShuffleSplit(n_splits=1, test_size=fraction, random_state=seed)
    elif given is not None:
        splitter = StratifiedShuffleSplit(n_splits=1, test_size=fraction, random_state=seed)
    else:
        splitter = ShuffleSplit(n_splits=1, test_size=fraction, random_state=seed)
    own = None if groups is None else groups[rows]
    try:
        train, held_out = next(splitter.split(rows, given, own))
    except ValueError as error:
        raise InputError(
            f"{len(rows)} samples cannot be split with a held-out share of {fraction} ({error}), expected "
            "some of every class or group on both sides; use more samples or another share."
        ) from None
    whole, train, held_out = rows, rows[np.sort(train)], rows[np.sort(held_out)]
    if classes is not None and len(np.unique(classes[train])) < len(np.unique(classes[whole])):
        raise InputError(
            f"held-out share {fraction}: a class is in held-out groups only, expected every class in the "
            "training part; use another seed or a smaller share."
        )
    return train, held_out
