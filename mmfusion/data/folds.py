"""Folds of cross-fitting: whole groups together, otherwise keeping the shares of the classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmfusion.errors import InputError
from mmfusion.notices import tell

Rows = NDArray[np.intp]
FEWEST, FEWEST_HELD_OUT = 2, 4
"""Samples that are needed to train, and in all folds together to measure anything."""


class Fold(NamedTuple):
    """Rows that the networks of a fold are trained on, and those that they do not see, both ascending."""

    train: Rows
    held_out: Rows


def make_folds(
    cv: Any,
    rows: Rows,
    count: int,
    classes: NDArray[Any] | None = None,
    groups: NDArray[Any] | None = None,
    seed: int = 0,
) -> list[Fold]:
    """Cut samples into folds.

    Parameters
    ----------
    cv : int, splitter, iterable of (train, held-out), or None
        A number of folds: stratified by class, with whole groups where there are groups, in random order. A
        splitter of scikit-learn, or pairs of positions of rows: as they are. None: one fold that is trained
        on all rows and holds out none.
    rows : array of int
        Rows with a positive weight; all others are left out.
    count : int
        n, of all samples.
    classes : array, shape (n,), optional
        Class of every sample, of all of them.
    groups : array, shape (n,), optional
    seed : int, default 0
        Of the random order.

    Returns
    -------
    list of Fold

    Raises
    ------
    InputError
        If samples, classes or groups are too few, or the folds of the user do not fit the samples.

    Warns
    -----
    ChoiceWarning
        If a class or the number of groups allows fewer folds only.
    """
    if cv is None:
        return [Fold(rows, rows[:0])]
    if isinstance(cv, Integral):
        return _in_number(int(cv), rows, classes, groups, seed)
    pairs = cv
    if hasattr(cv, "split") and not isinstance(cv, str):
        try:
            pairs = list(cv.split(np.zeros((count, 1)), classes, groups))
        except (ValueError, TypeError) as error:
            raise InputError(f"cv: {cv!r} cannot split these samples ({error}); use another one.") from None
    return _given(pairs, rows, count, classes, groups)


def check_number_of_folds(
    count: int, samples: int, classes: NDArray[Any] | None = None, groups: NDArray[Any] | None = None
) -> None:
    """Check that samples can be cut into a number of folds, as `make_folds` does, but faster where it can be.

    Parameters
    ----------
    count, samples : int
        Numbers of folds and of samples.
    classes, groups : array, shape (samples,), optional

    Raises
    ------
    InputError
        As `make_folds` does.

    Warns
    -----
    ChoiceWarning
        As `make_folds` does.
    """
    if classes is None or groups is None:  # then every training part has every class
        _possible(count, samples, classes, groups)
    else:
        make_folds(count, np.arange(samples), samples, classes, groups)


def _in_number(
    count: int, rows: Rows, classes: NDArray[Any] | None, groups: NDArray[Any] | None, seed: int
) -> list[Fold]:
    labels = None if classes is None else classes[rows]
    members = None if groups is None else np.unique(groups[rows], return_inverse=True)[1]
    count = _possible(count, len(rows), labels, groups if groups is None else groups[rows])
    # Imported on first use: it takes a second, which checking a file without training does not need.
    from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

    kind: Any = KFold if labels is None else StratifiedKFold
    if members is not None:
        kind = GroupKFold if labels is None else StratifiedGroupKFold
    splitter = kind(count, shuffle=True, random_state=seed)
    folds = [
        Fold(rows[np.sort(train)], rows[np.sort(held_out)])
        for train, held_out in splitter.split(rows, labels, members)
    ]
    folds = [fold for fold in folds if len(fold.held_out)]
    for number, fold in enumerate(folds):
        _check_classes(number, fold, classes, rows)
    return folds


def _possible(count: int, samples: int, labels: NDArray[Any] | None, groups: NDArray[Any] | None) -> int:
    """Return how many folds there can be, at most as many as asked for, and say so if they are fewer."""
    limits = [(samples, "samples")]
    if groups is not None:
        limits.append((len(np.unique(groups)), "groups"))
    elif labels is not None:
        sizes = np.unique(labels, return_counts=True)[1]
        limits.append((int(sizes.min()), "samples of the rarest class"))
    most, what = min(limits)
    if most < FEWEST:
        raise InputError(
            f"{count} folds: the number of {what} is {most}, expected at least 2, as some are held out; "
            "check that the target is the right column, leave rare classes out, or hold nothing out "
            "(cv=None in Python, mmfusion relevance --folds 0 in the shell)."
        )
    if most < count:
        tell(f"{count} folds: there are only {most} {what}, so that {most} folds are used.")
    return min(count, most)


def _given(
    pairs: Any, rows: Rows, count: int, classes: NDArray[Any] | None, groups: NDArray[Any] | None
) -> list[Fold]:
    """Read folds that the user made."""
    if not isinstance(pairs, Iterable) or isinstance(pairs, str):
        raise _not_folds(pairs)
    folds = []
    for number, pair in enumerate(pairs):
        if not isinstance(pair, Sequence | np.ndarray) or len(pair) != 2:
            raise _not_folds(pair)
        train, held_out = (_positions(number, part, count) for part in pair)
        both = np.intersect1d(train, held_out)
        if len(both):
            raise InputError(
                f"cv, fold {number}: {len(both)} samples, such as row {both[0]}, are both trained on and "
                "held out, expected every sample on one side."
            )
        fold = Fold(np.intersect1d(train, rows), np.intersect1d(held_out, rows))
        if len(fold.train) < FEWEST or not len(fold.held_out):
            raise InputError(
                f"cv, fold {number}: {len(fold.train)} samples to train on and {len(fold.held_out)} held "
                "out, expected at least 2 and 1 with positive weights."
            )
        _check_classes(number, fold, classes, rows)
        if groups is not None:
            _check_groups(number, fold, groups)
        folds.append(fold)
    if not folds and isinstance(pairs, Iterator):
        raise InputError(
            "cv: this iterator has no folds left, expected a list of them for more than one fit."
        )
    if not folds:
        raise _not_folds(pairs)
    measured = len(np.unique(np.concatenate([fold.held_out for fold in folds])))
    if measured < FEWEST_HELD_OUT:
        raise InputError(
            f"cv: {measured} samples are held out in all, expected at least {FEWEST_HELD_OUT}; hold out "
            "more, or nothing (cv=None)."
        )
    return folds


def _positions(number: int, part: Any, count: int) -> Rows:
    try:
        values = np.asarray(part)
    except ValueError:  # rows of unequal lengths
        raise _not_folds(part) from None
    if values.dtype == bool and values.ndim == 1:
        if len(values) != count:
            raise InputError(
                f"cv, fold {number}: a mask has {len(values)} entries, expected one per sample, {count}."
            )
        values = np.flatnonzero(values)
    if values.ndim != 1 or (len(values) and values.dtype.kind not in "iu"):
        raise _not_folds(part)
    wrong = values[(values < 0) | (values >= count)]
    if len(wrong):
        raise InputError(
            f"cv, fold {number}: there is no row {wrong[0]}, expected positions from 0 to {count - 1}."
        )
    rows, times = np.unique(values.astype(np.intp), return_counts=True)
    if len(rows) < len(values):
        raise InputError(
            f"cv, fold {number}: the row {rows[times > 1][0]} is there {times.max()} times, expected every "
            "row once on its side; pass sample_weight to let a sample count more than once."
        )
    return rows


def _not_folds(value: Any) -> InputError:
    return InputError(
        f"cv: {value!r:.80}, expected a number of folds (at least 2), a splitter of scikit-learn, a list of "
        "(train rows, held-out rows), or None (nothing is held out)."
    )


def _check_classes(number: int, fold: Fold, classes: NDArray[Any] | None, rows: Rows) -> None:
    """Check that a fold trains on every class."""
    if classes is None:
        return
    known, kept = len(np.unique(classes[rows])), len(np.unique(classes[fold.train]))
    if kept < known:
        raise InputError(
            f"cv, fold {number}: {known - kept} of {known} classes {'is' if known - kept == 1 else 'are'} in "
            "its held-out samples only, expected every class in every training part; check that the target "
            "is the right column, leave rare classes out, or use other folds."
        )


def _check_groups(number: int, fold: Fold, groups: NDArray[Any]) -> None:
    """Check that no group is on both sides of a fold of the user."""
    both = np.intersect1d(groups[fold.train], groups[fold.held_out])
    if len(both):
        raise InputError(
            f"cv, fold {number}: the group {both.tolist()[0]!r} is both trained on and held out, expected "
            "whole groups on one side; use a splitter for groups, such as GroupKFold, or leave groups out."
        )
