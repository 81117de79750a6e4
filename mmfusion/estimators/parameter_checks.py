"""Checks of the arguments of an estimator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from mmfusion.errors import InputError
from mmfusion.estimators.targets import refuse_column_name
from mmfusion.fusion.blocknorm import block_norm_exponent
from mmfusion.fusion.normalisation import NORMALISATIONS
from mmfusion.sentences import row_name

DEVICES = ("auto", "cpu", "cuda")
WHOLE = {"dim": 1, "batch_size": 2, "n_seeds": 1}
POSITIVE = ("learning_rate",)
NOT_NEGATIVE = ("weight_decay",)


def check_parameters(values: dict[str, Any]) -> None:
    """Check the parameters of an estimator by name.

    Raises
    ------
    InputError
        If one is out of range or of another type.
    """
    for name, least in WHOLE.items():
        if not _whole(values[name], least):
            raise InputError(f"{name}: {values[name]!r}, expected a whole number, at least {least}.")
    if values["epochs"] is not None and not _whole(values["epochs"], 1):
        raise InputError(f"epochs: {values['epochs']!r}, expected a whole number, at least 1, or None.")
    for name in (*POSITIVE, *NOT_NEGATIVE):
        low = 0.0 if name in NOT_NEGATIVE else math.ulp(0.0)
        if not _real(values[name]) or not low <= values[name] < math.inf:
            bound = "of at least" if name in NOT_NEGATIVE else "above"
            raise InputError(f"{name}: {values[name]!r}, expected a finite number {bound} 0.")
    if values["norm"] not in NORMALISATIONS:
        raise InputError(f"norm: {values['norm']!r} is unknown, expected one of {', '.join(NORMALISATIONS)}.")
    if values["device"] not in DEVICES or (values["device"] == "cuda" and not torch.cuda.is_available()):
        here = "auto, cpu or cuda" if torch.cuda.is_available() else "auto or cpu (torch finds no CUDA here)"
        raise InputError(f"device: {values['device']!r}, expected {here}.")
    block_norm_exponent(values["p"], values["convention"])
    for penalty in candidates(values["penalty"]):
        if not _real(penalty) or not 0 <= penalty < math.inf:
            raise InputError(
                f"penalty: {penalty!r}, expected a number, 0 or more, or a list of them to choose from."
            )
    order, fraction = values["max_order"], values["validation_fraction"]
    if order is not None and order != "auto" and not _whole(order, 1):
        raise InputError(
            f"max_order: {order!r}, expected a whole number, at least 1, 'auto' or None (all subsets)."
        )
    if fraction is not None and not (_real(fraction) and 0 < fraction < 1):
        raise InputError(f"validation_fraction: {fraction!r}, expected a number between 0 and 1, or None.")


def candidates(penalty: Any) -> list[Any]:
    """Return the candidates for lambda: the one number, or the list of them.

    Raises
    ------
    InputError
        If the list is empty.
    """
    if not isinstance(penalty, Sequence | np.ndarray) or isinstance(penalty, str):
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
    refuse_column_name("sample_weight", weight)
    try:
        values = np.asarray(weight, dtype=np.float64)
    except (ValueError, TypeError):
        raise InputError(
            f"sample_weight holds values that are not numbers, expected one number for each of the {count} "
            "samples; convert them first."
        ) from None
    if values.shape != (count,):
        raise InputError(
            f"sample_weight has shape {values.shape}, expected one number for each of the {count} samples."
        )
    wrong = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if len(wrong):
        raise InputError(
            f"sample_weight, {row_name(int(wrong[0]))}: {values[wrong[0]]}, expected a finite number, "
            "0 or more."
        )
    if np.count_nonzero(values) < 2:
        raise InputError("sample_weight: all samples but at most one have zero weight, expected at least 2.")
    return values


def group_labels(groups: ArrayLike | None, count: int) -> NDArray[Any] | None:
    """Check that there is a group for every sample.

    Raises
    ------
    InputError
        If there is another number of groups.
    """
    if groups is None:
        return None
    refuse_column_name("groups", groups)
    labels = np.asarray(groups)
    if labels.shape != (count,):
        raise InputError(
            f"groups has shape {labels.shape}, expected one label for each of the {count} samples."
        )
    return labels


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def _real(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)
