"""Which task a target asks for, classification or regression: one rule for Python, shell and workflow."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmfusion.errors import InputError

CLASSIFICATION, REGRESSION = "classification", "regression"
TASKS = ("auto", CLASSIFICATION, REGRESSION)
MOST_CLASSES = 20
"""Most different whole numbers that are classes."""
THRESHOLD = "threshold"
SAMPLES_PER_CLASS = 4
"""Samples that there are for each of these numbers, on average, at least."""


class Task(NamedTuple):
    """A task, why it is this one, and the other one that the target allows.

    `other` is `THRESHOLD` where only a threshold makes classes of the target, and empty where there is none.
    """

    word: str
    reason: str
    other: str = ""

    def sentence(self, task: str, threshold: str) -> str:
        """Say what the task is, why, and how to change it.

        Parameters
        ----------
        task, threshold : str
            What the user writes in front of a task or of a threshold, such as ``--task`` and ``--threshold``.

        Examples
        --------
        >>> infer_task(np.arange(50)).sentence("--task", "--threshold")
        'Task: regression (50 different whole numbers in 50 samples, many; --task classification changes it).'
        """
        change = f"; {task} {self.other} changes it" if self.other else ""
        if self.other == THRESHOLD:
            change = f"; {threshold} NUMBER makes two classes of it"
        return f"Task: {self.word} ({self.reason}{change})."


def infer_task(target: NDArray[Any]) -> Task:
    """Infer the task from the values of a target.

    Text and truth values are classes. Two different numbers are classes. More are classes if they are whole
    numbers, at most `MOST_CLASSES` different ones, each with `SAMPLES_PER_CLASS` samples on average. One-hot
    rows and several columns of zeros and ones are classes, several columns of other numbers are a regression.

    Parameters
    ----------
    target : array, shape (n,) or (n, outputs)
        Text, truth values or numbers.

    Returns
    -------
    Task

    Examples
    --------
    >>> infer_task(np.array([0, 1, 1, 0])).word, infer_task(np.arange(50)).word
    ('classification', 'regression')
    """
    values = np.asarray(target)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2:
        binary = values.dtype.kind in "biuf" and bool(np.isin(values, (0, 1)).all())
        word = CLASSIFICATION if binary else REGRESSION
        reason = f"{values.shape[1]} columns of {'zeros and ones' if binary else 'numbers'}"
        return Task(word, reason, REGRESSION if binary else "")
    if values.dtype.kind not in "iuf":
        count = len(np.unique(values.astype(str)))
        return Task(
            CLASSIFICATION, f"{count} different {'truth values' if values.dtype.kind == 'b' else 'texts'}"
        )
    count, samples = len(np.unique(values)), len(values)
    if count <= 2:
        return Task(CLASSIFICATION, f"{count} different numbers in {samples} samples", REGRESSION)
    if not bool((values == np.round(values)).all()):
        return Task(REGRESSION, "numbers with fractions", THRESHOLD)
    few = count <= MOST_CLASSES and samples >= SAMPLES_PER_CLASS * count
    word, other = (CLASSIFICATION, REGRESSION) if few else (REGRESSION, CLASSIFICATION)
    reason = f"{count} different whole numbers in {samples} samples, {'few' if few else 'many'}"
    return Task(word, reason, other)


def threshold_task(threshold: float) -> Task:
    """Return the task of a target of which a threshold made two classes.

    Examples
    --------
    >>> threshold_task(12).sentence("--task", "--threshold")
    'Task: classification (class 1 is a target of at least 12, class 0 one below).'
    """
    return Task(CLASSIFICATION, f"class 1 is a target of at least {threshold:g}, class 0 one below")


def chosen_task(target: NDArray[Any], chosen: str, where: str, threshold: float | None = None) -> Task:
    """Return the task that the user chose, or else the inferred one.

    Parameters
    ----------
    target : array, shape (n,) or (n, outputs)
    chosen : {"auto", "classification", "regression"}
    where : str
        Begins the message of an error.
    threshold : float, optional
        What made two classes of the target, if something did.

    Returns
    -------
    Task

    Raises
    ------
    InputError
        If the word is unknown, or the target does not fit the task.
    """
    if threshold is not None and chosen == REGRESSION:
        raise InputError(
            f"{where}: threshold {threshold:g} makes two classes, expected no regression; leave one of them "
            "out."
        )
    if chosen not in TASKS:
        raise InputError(f"{where}: the task {chosen!r} is unknown, expected one of {', '.join(TASKS)}.")
    if threshold is not None:
        return threshold_task(threshold)
    inferred = infer_task(target)
    if chosen == "auto":
        return inferred
    if chosen == REGRESSION and target.dtype.kind not in "biuf":
        raise InputError(
            f"{where}: the target is text, expected numbers for a regression; choose classification."
        )
    fractions = target.dtype.kind == "f" and not bool((target == np.round(target)).all())
    if chosen == CLASSIFICATION and fractions and inferred.word == REGRESSION:
        raise InputError(
            f"{where}: the target has fractions, expected classes for a classification; choose regression, "
            "or give a threshold, which makes two classes."
        )
    return Task(
        chosen, f"as chosen; {inferred.reason}", inferred.other if chosen == inferred.word else inferred.word
    )


def is_one_hot(values: NDArray[Any]) -> bool:
    """Say whether every row of a matrix holds a single one beside zeros.

    Examples
    --------
    >>> is_one_hot(np.eye(3)), is_one_hot(np.array([[1, 1], [0, 1]]))
    (True, False)
    """
    return bool(
        values.ndim == 2
        and values.shape[1] > 1
        and values.dtype.kind in "biuf"
        and np.isin(values, (0, 1)).all()
        and (values.sum(axis=1) == 1).all()
    )
