"""Splitting samples at random: whole groups together, otherwise keeping the shares of the classes."""

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

    If there are groups, whole groups are held out; otherwise the shares of the classes are kept.

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
    labels = None if classes is None else classes[rows]
    ungrouped = ShuffleSplit if labels is None else StratifiedShuffleSplit
    kind: Any = ungrouped if groups is None else GroupShuffleSplit
    splitter = kind(n_splits=1, test_size=fraction, random_state=seed)
    group_labels = None if groups is None else groups[rows]
    _check_enough(labels, group_labels)
    try:
        train, held_out = next(splitter.split(rows, labels, group_labels))
    except ValueError:
        raise InputError(
            f"{len(rows)} samples cannot be split with a held-out share of {fraction}, expected some of "
            "every class or group on both sides; use more samples or another share."
        ) from None
    whole, train, held_out = rows, rows[np.sort(train)], rows[np.sort(held_out)]
    known, kept = (0, 0) if classes is None else (len(np.unique(classes[part])) for part in (whole, train))
    if kept < known:
        raise InputError(
            f"held-out share {fraction}: {known - kept} of {known} classes are in held-out groups "
            "only, expected every class in the training part; check that the target is the right column, "
            "leave rare classes out, or use another seed or a smaller share."
        )
    return train, held_out


def _check_enough(classes: NDArray[Any] | None, groups: NDArray[Any] | None) -> None:
    """Check that there are two groups, or two samples of every class."""
    if groups is not None:
        if len(np.unique(groups)) < 2:
            raise InputError(
                f"groups: all {len(groups)} samples are in the group {groups.tolist()[0]!r}, expected at "
                "least two groups, one of which is held out; take another column or leave groups out."
            )
    elif classes is not None:
        counts = np.unique(classes, return_counts=True)[1]
        single = int((counts < 2).sum())
        if single:
            raise InputError(
                f"{single} of {len(counts)} classes have only one sample, expected at least two of each, as "
                "some are held out; check that the target is the right column, or leave these classes out."
            )
