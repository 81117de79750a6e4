"""From what a user passes as y to the targets of training, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmfusion.data.plain_target import missing_value, plain_values, row_of
from mmfusion.data.task import REGRESSION, infer_task, is_one_hot
from mmfusion.errors import InputError
from mmfusion.notices import tell
from mmfusion.sentences import joined_names, spaced_alike


@dataclass(frozen=True)
class Target:
    """Targets as training takes them.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        Which loss.
    array : array, shape (n,) or (n, outputs)
        Class indices (int64), zeros and ones of several labels, or numbers in the user's unit.
    outputs : int
        Scores per sample.
    """

    task: str
    array: NDArray[Any]
    outputs: int

    @property
    def several(self) -> bool:
        """Whether every sample has several targets."""
        return self.array.ndim == 2

    @property
    def classes(self) -> NDArray[Any] | None:
        """Class of every sample, None for numbers and for several labels."""
        return None if self.several or self.task == "regression" else self.array


def as_numbers(argument: str, values: ArrayLike, remedy: str) -> NDArray[np.float64]:
    """Convert values of the user to floats.

    Raises
    ------
    InputError
        With the remedy, if they are not numbers.
    """
    plain = plain_values(argument, values)
    try:
        return np.array(plain, dtype=np.float64)  # a copy: those of pandas may be read-only
    except (ValueError, TypeError):
        raise InputError(
            f"{argument} holds values that are not numbers, expected numbers; {remedy}."
        ) from None


def class_target(y: ArrayLike) -> tuple[Target, NDArray[Any]]:
    """Read classes: one per sample, or a matrix of zeros and ones with one column per label.

    A matrix whose rows hold a single one each is taken as classes.

    Parameters
    ----------
    y : array-like, shape (n,) or (n, labels)

    Returns
    -------
    tuple of (Target, array)
        And the classes, sorted; for a matrix the positions of its columns, or their names if these are
        classes.

    Raises
    ------
    InputError
        If there is only one class, a value is missing, or y holds numbers that are not classes.

    Warns
    -----
    UserWarning
        If the rows are one-hot, or there are so many different numbers that they are hardly classes.
    """
    values = y.toarray() if hasattr(y, "toarray") else plain_values("y", y)
    if values.ndim not in (1, 2):
        raise InputError(f"y has shape {values.shape}, expected (samples,) or (samples, labels).")
    _check_not_missing(y, values)
    if is_one_hot(values):
        classes = one_hot_classes(y, values)
        tell(
            f"y has {values.shape[1]} columns with a single one in every row (one-hot), which are taken as "
            f"classes: {joined_names(map(str, classes.tolist()))}; use two or more ones in a row for labels."
        )
        return _classes(classes[values.argmax(axis=1)])
    kind = _kind_of(values)
    if kind == "multilabel-indicator":
        return _labels(values)
    if kind not in ("binary", "multiclass"):
        raise InputError(
            f"y: Unknown label type: {kind}, expected classes or a matrix of zeros and ones; use "
            "FusionRegressor for numbers."
        )
    labels = values if values.ndim == 1 else _one_column(values)
    task = infer_task(labels)
    if task.word == REGRESSION:
        tell(f"y holds {task.reason}; they are taken as classes: use FusionRegressor if they are numbers.")
    return _classes(labels)


def one_hot_classes(y: Any, values: NDArray[Any]) -> NDArray[Any]:
    """Return the class of every column of a one-hot matrix: its name in a table, else its position."""
    names = getattr(y, "columns", None)
    return np.arange(values.shape[1]) if names is None else np.asarray(names)


def _check_not_missing(y: Any, values: NDArray[Any]) -> None:
    if values.dtype.kind == "f" and np.isnan(values).any():
        row = int(np.argwhere(np.isnan(values))[0][0])
        raise missing_value("y", row_of(y)(row), int(np.isnan(values).sum()))


def _one_column(values: NDArray[Any]) -> NDArray[Any]:
    """Return a matrix of one column as it is expected, with the warning of scikit-learn's estimators."""
    from sklearn.utils.validation import column_or_1d  # takes a second

    labels: NDArray[Any] = column_or_1d(values, warn=True)
    return labels


def _kind_of(values: NDArray[Any]) -> str:
    mixed = values.dtype.kind == "O" and values.ndim == 1 and len({isinstance(x, str) for x in values}) > 1
    if mixed:
        raise InputError("y mixes text and numbers, expected one type for all classes; convert one of them.")
    two_numbers = values.dtype.kind == "f" and values.ndim == 1 and len(np.unique(values)) == 2
    if two_numbers and bool(np.isfinite(values).all()):
        return "binary"  # whatever the numbers are, as elsewhere
    if values.dtype.kind in "biuU" and values.ndim == 1:
        return "binary" if len(np.unique(values)) <= 2 else "multiclass"
    from sklearn.utils.multiclass import type_of_target  # takes a second; most targets end above

    try:
        with np.errstate(invalid="ignore"):
            return str(type_of_target(values, input_name="y", raise_unknown=True))
    except (ValueError, TypeError) as error:
        raise InputError(f"y: {' '.join(str(error).split())}") from None


def _labels(values: NDArray[Any]) -> tuple[Target, NDArray[Any]]:
    matrix = values.astype(np.int64)
    constant = np.flatnonzero(matrix.min(axis=0) == matrix.max(axis=0))
    if len(constant):
        raise InputError(
            f"y, column {constant[0]}: all samples have the value {matrix[0, constant[0]]}, expected two "
            "classes in every column; leave this label out."
        )
    return Target("binary", matrix, matrix.shape[1]), np.arange(matrix.shape[1])


def _classes(labels: NDArray[Any]) -> tuple[Target, NDArray[Any]]:
    classes, index = np.unique(labels, return_inverse=True)
    if alike := spaced_alike(classes.tolist()):
        raise InputError(
            f"y: the classes {alike[0]!r} and {alike[1]!r} differ by spaces only, expected one spelling of a "
            "class; correct them."
        )
    if len(classes) < 2:
        raise InputError(
            f"y has one class only ({classes.tolist()[0]!r}), expected at least 2: there is nothing to "
            "classify."
        )
    task = "binary" if len(classes) == 2 else "multiclass"
    return Target(task, index.astype(np.int64), 1 if task == "binary" else len(classes)), classes


def check_classes(target: Target, weight: NDArray[np.float64]) -> None:
    """Check that at least two classes have samples of positive weight.

    Raises
    ------
    InputError
        If only one has.
    """
    if target.classes is not None and len(np.unique(target.classes[weight > 0])) < 2:
        raise InputError("sample_weight: one class only has samples of positive weight, expected at least 2.")


def number_target(y: ArrayLike) -> Target:
    """Read numbers, one or several per sample.

    Parameters
    ----------
    y : array-like, shape (n,) or (n, outputs)

    Raises
    ------
    InputError
        If a value is not a finite number.
    """
    values = as_numbers("y", y, "use FusionClassifier")
    if values.ndim not in (1, 2) or 0 in values.shape[1:]:
        raise InputError(f"y has shape {values.shape}, expected (samples,) or (samples, outputs).")
    _check_not_missing(y, values)
    wrong = np.argwhere(np.isinf(values))
    if len(wrong):
        raise InputError(
            f"y, {row_of(y)(int(wrong[0][0]))}: the value is {values[tuple(wrong[0])]} (NaN or infinity in "
            f"{len(wrong)} places), expected finite numbers; leave these samples out."
        )
    return Target("regression", values, 1 if values.ndim == 1 else values.shape[1])
