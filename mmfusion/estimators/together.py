"""Fitting many estimators at once, each to a data set of its own, as in simulations of error rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmfusion.estimators.estimator import FusionEstimator
from mmfusion.estimators.fitting import ensemble_of
from mmfusion.estimators.jobs import Trained
from mmfusion.estimators.stacks import train
from mmfusion.training.device import one_thread


def fit_together(estimators: Sequence[FusionEstimator], data_sets: Sequence[Mapping[str, Any]]) -> None:
    """Fit every estimator to its data set, with the networks of all in shared stacks.

    A step of many small networks costs less than many steps of one, above all on a GPU. What an estimator
    finds is what `fit` finds, up to rounding, and up to the noise of dropout where vectors have unequal
    numbers of columns. There is no `summary_`: simulations do not need it, and its linear baseline takes
    time.

    Parameters
    ----------
    estimators : sequence of FusionClassifier or FusionRegressor
        On one device.
    data_sets : sequence of mapping
        The arguments of `fit` for every estimator: ``X``, ``y`` and, where needed, ``groups`` and
        ``sample_weight``.

    Raises
    ------
    InputError
        As `fit`; then no estimator is changed.
    ValueError
        If an estimator occurs twice, or there are not as many data sets as estimators.
    """
    if len({id(model) for model in estimators}) < len(estimators):
        raise ValueError("estimators: one occurs twice, expected a new one for every data set.")
    with one_thread():
        plans = [model._plan(**given) for model, given in zip(estimators, data_sets, strict=True)]
        trained: list[list[Trained]] = [[] for _ in plans]
        for number, one in train([plan.training for plan in plans]):
            trained[number].append(one)
        for model, plan, networks in zip(estimators, plans, trained, strict=True):
            model._set_fit(plan, ensemble_of(plan, networks))
            model.__dict__.pop("summary_", None)  # that of an earlier fit
            networks.clear()  # only those that are kept stay in memory
