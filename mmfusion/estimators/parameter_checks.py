"""Checks of the arguments of an estimator."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Number, Real
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray

from mmfusion.data.alignment import UNMATCHED
from mmfusion.data.nonfinite import NONFINITE
from mmfusion.data.plain_target import missing_value, plain_values, row_of
from mmfusion.errors import FusionError, InputError
from mmfusion.estimators.targets import as_numbers
from mmfusion.fusion.blocknorm import block_norm_exponent
from mmfusion.fusion.normalisation import NORMALISATIONS
from mmfusion.notices import tell

DEVICES = ("auto", "cpu", "cuda")
AUTO = "auto"
PATH = (1e-4, 1e-3, 1e-2, 1e-1)
"""Candidates for lambda if none are given; the constant predictor, all blocks zero, is the last one."""
HUGE = 1e100
"""Weights of which the largest is beyond this number, or below one over it, are scaled first."""
MOST_SEEDS = 10_000
"""Networks per fold; a typing mistake rather than a wish beyond."""
WITHOUT_CHOICE = 0.01
"""lambda where none is given and nothing is held out to choose it."""


def is_whole(value: Any, least: int) -> bool:
    """Say whether a value is a whole number of at least `least`."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _is_one_of(value: Any, names: Iterable[str]) -> bool:
    return isinstance(value, str) and value in names


_CONSTRAINTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "dim": (lambda x: is_whole(x, 1), "a whole number, at least 1"),
    "batch_size": (lambda x: is_whole(x, 2), "a whole number, at least 2"),
    "n_seeds": (lambda x: is_whole(x, 1) and x <= MOST_SEEDS, f"a whole number from 1 to {MOST_SEEDS}"),
    "epochs": (lambda x: x is None or is_whole(x, 1), "a whole number, at least 1, or None"),
    "learning_rate": (
        lambda x: x is None or (_is_number(x) and 0 < x < math.inf),
        "a finite number above 0, or None",
    ),
    "weight_decay": (lambda x: _is_number(x) and 0 <= x < math.inf, "a finite number of at least 0"),
    "norm": (lambda x: _is_one_of(x, NORMALISATIONS), f"one of {', '.join(NORMALISATIONS)}"),
    "penalty": (
        lambda x: all(_is_number(one) and 0 <= one < math.inf for one in candidates(x)),
        "'auto', a number, 0 or more, or a list of them to choose from",
    ),
    "floor": (lambda x: _is_number(x) and 0 <= x < 1, "a number of at least 0 and below 1"),
    "information": (lambda x: _is_flag(x) or _is_one_of(x, ("pairs",)), "True, False or 'pairs'"),
    "cv": (
        lambda x: not isinstance(x, Number) or is_whole(x, 2),
        "a whole number of folds, at least 2, a splitter, pairs of rows, or None",
    ),
    "max_order": (
        lambda x: x is None or _is_one_of(x, (AUTO,)) or is_whole(x, 1),
        "a whole number, at least 1, 'auto' or None (all subsets)",
    ),
    "nonfinite": (lambda x: _is_one_of(x, NONFINITE), f"one of {', '.join(NONFINITE)}"),
    "unmatched": (lambda x: _is_one_of(x, UNMATCHED), f"one of {', '.join(UNMATCHED)}"),
    "verbose": (lambda x: _is_flag(x) or is_whole(x, 0), "True or False"),
    "random_state": (
        lambda x: x is None or isinstance(x, np.random.RandomState) or (is_whole(x, 0) and x < 2**32),
        "a whole number from 0 to 2**32 - 1, a numpy.random.RandomState, or None",
    ),
}
"""What every parameter must be: a test, and the words for it."""


def check_parameters(values: Mapping[str, Any]) -> None:
    """Check the parameters of an estimator by name.

    Raises
    ------
    InputError
        If one is out of range or of another type.
    """
    for name, (holds, expected) in _CONSTRAINTS.items():
        if not holds(values[name]):
            raise InputError(f"{name}: {values[name]!r}, expected {expected}.")
    if not _is_one_of(values["device"], DEVICES) or (
        values["device"] == "cuda" and not torch.cuda.is_available()
    ):
        known = "auto, cpu or cuda" if torch.cuda.is_available() else "auto or cpu (torch finds no CUDA here)"
        raise InputError(f"device: {values['device']!r}, expected {known}.")
    try:
        block_norm_exponent(values["p"], values["convention"])
    except FusionError as error:
        raise InputError(str(error)) from None
    if values["cv"] is None and not _is_auto(values["penalty"]) and len(candidates(values["penalty"])) > 1:
        raise InputError(
            "penalty: a list needs samples that are held out to choose from it, expected one number with "
            "cv=None; use folds (cv=5)."
        )
    if values["cv"] is None and values["information"]:
        raise InputError(
            f"information: {values['information']!r} needs samples that are held out, expected False with "
            "cv=None; use folds (cv=5)."
        )


def _is_auto(penalty: Any) -> bool:
    return isinstance(penalty, str) and penalty == AUTO


def penalties_of(penalty: Any, cv: Any) -> list[float]:
    """Return the values of lambda that are trained; with "auto" and nothing held out, one, and say which.

    Warns
    -----
    ChoiceWarning
        In that case.
    """
    if cv is None and _is_auto(penalty):
        tell(f"penalty: nothing is held out (cv=None) to choose lambda, so that it is {WITHOUT_CHOICE:g}.")
        return [WITHOUT_CHOICE]
    return [float(one) for one in candidates(penalty)]


def candidates(penalty: Any) -> list[Any]:
    """Return the candidates for lambda: the one number, the list of them, or the path of "auto".

    Raises
    ------
    InputError
        If the list is empty.
    """
    if _is_auto(penalty):
        return list(PATH)
    if not isinstance(penalty, Sequence | np.ndarray | pd.Series) or isinstance(penalty, str):
        return [penalty]
    if not len(penalty):
        raise InputError("penalty: the list is empty, expected at least one number.")
    return list(penalty)


def sample_weights(weight: ArrayLike | None, count: int) -> NDArray[np.float64]:
    """Check the weights of the samples.

    Parameters
    ----------
    weight : array-like, shape (n,), or None
    count : int
        n.

    Returns
    -------
    array, shape (n,)
        All one for None.

    Raises
    ------
    InputError
        If there is not one finite weight, zero or more, per sample, or fewer than two are positive.
    """
    if weight is None:
        return np.ones(count)
    values = as_numbers("sample_weight", weight, "convert them first")
    if values.shape != (count,):
        raise InputError(
            f"sample_weight has shape {values.shape}, expected one number for each of the {count} samples."
        )
    wrong = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if len(wrong):
        raise InputError(
            f"sample_weight, {row_of(weight)(int(wrong[0]))}: {values[wrong[0]]}, expected a finite number, "
            "0 or more."
        )
    if np.count_nonzero(values) < 2:
        raise InputError("sample_weight: all samples but at most one have zero weight, expected at least 2.")
    most = values.max()
    return values if 1 / HUGE < most < HUGE else values / most


def group_labels(groups: ArrayLike | None, count: int) -> NDArray[Any] | None:
    """Check that there is a group for every sample.

    Raises
    ------
    InputError
        If there is another number of groups, or one is missing.
    """
    if groups is None:
        return None
    labels = plain_values("groups", groups)
    if labels.shape != (count,):
        raise InputError(
            f"groups has shape {labels.shape}, expected one label for each of the {count} samples."
        )
    if labels.dtype.kind == "O" and len({isinstance(label, str) for label in labels}) > 1:
        raise InputError(
            "groups mixes text and numbers, expected one type for all labels; convert one of them."
        )
    missing = np.flatnonzero(pd.isna(labels))
    if len(missing):
        raise missing_value("groups", row_of(groups)(int(missing[0])), len(missing))
    return labels
