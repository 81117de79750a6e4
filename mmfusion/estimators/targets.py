"""From what a user passes as y to the targets of training, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from mmfusion.errors import InputError
from mmfusion.sentences import row_name


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


def refuse_column_name(argument: str, values: Any) -> None:
    """Refuse nothing at all, or the name of a column, where values are expected.

    Raises
    ------
    InputError
        If it is None or a text.
    """
    if values is None:
        raise InputError(
            f"{argument} is None, expected a value for each sample: this estimator requires y to be passed, "
            "but the target y is None."
        )
    if isinstance(values, str):
        raise InputError(
            f"{argument} is the text {values!r}, expected a value for each sample; pass the values, such as "
            f"{argument}=X[{values!r}] if it is a column of a table."
        )


def as_numbers(argument: str, values: ArrayLike, remedy: str) -> NDArray[np.float64]:
    """Convert values of the user to floats.

    Raises
    ------
    InputError
        With the remedy, if they are not numbers.
    """
    refuse_column_name(argument, values)
    try:
        return np.asarray(values, dtype=np.float64)
    except (ValueError, TypeError):
        raise InputError(
            f"{argument} holds values that are not numbers, expected numbers; {remedy}."
        ) from None


def class_target(y: ArrayLike) -> tuple[Target, NDArray[Any]]:
    """Read classes: one per sample, or a matrix of zeros and ones with one column per label.

    Parameters
    ----------
    y : array-like, shape (n,) or (n, labels)

    Returns
    -------
    tuple of (Target, array)
        And the classes, sorted; the positions of the labels for a matrix.

    Raises
    ------
    InputError
        If there is only one class, or y holds numbers that are not classes.
    """
    refuse_column_name("y", y)
    kind = type_of_target(y, input_name="y", raise_unknown=True)
    if kind == "multilabel-indicator":
        matrix = np.asarray(y.toarray() if hasattr(y, "toarray") else y).astype(np.int64)
        constant = np.flatnonzero(matrix.min(axis=0) == matrix.max(axis=0))
        if len(constant):
            raise InputError(
                f"y, column {constant[0]}: all samples have the value {matrix[0, constant[0]]}, expected "
                "two classes in every column; leave this label out."
            )
        return Target("binary", matrix, matrix.shape[1]), np.arange(matrix.shape[1])
    if kind not in ("binary", "multiclass"):
        raise InputError(
            f"y: Unknown label type: {kind}, expected classes or a matrix of zeros and ones; use "
            "FusionRegressor for numbers."
        )
    classes, index = np.unique(column_or_1d(y, warn=True), return_inverse=True)
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
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        raise InputError(
            f"y, {row_name(int(wrong[0][0]))}: the value is {values[tuple(wrong[0])]} (NaN or infinity "
            f"in {len(wrong)} places), expected finite numbers; leave these samples out."
        )
    return Target("regression", values, 1 if values.ndim == 1 else values.shape[1])
