"""What classifier and regressor share: parameters and fitting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from mmfusion.data.check_values import check_values
from mmfusion.data.conversion import as_pandas
from mmfusion.data.folds import make_folds
from mmfusion.data.repeated_rows import ask_about_repeated_rows
from mmfusion.errors import InputError
from mmfusion.estimators.answering import answer_of
from mmfusion.estimators.fit_plan import Given, Plan, plan_fit
from mmfusion.estimators.fit_settings import fit_settings
from mmfusion.estimators.fitting import FittedEnsemble, ensemble_of
from mmfusion.estimators.inputs import check_count, is_one_table
from mmfusion.estimators.modalities import choose_modalities, symbols_of, with_alphabets
from mmfusion.estimators.parameter_checks import check_parameters, group_labels, sample_weights
from mmfusion.estimators.persistence import SavingMixin
from mmfusion.estimators.pictures import PlottingMixin
from mmfusion.estimators.predicting import PredictingMixin
from mmfusion.estimators.stacks import train
from mmfusion.estimators.summary import Answer
from mmfusion.estimators.targets import Target, check_classes
from mmfusion.estimators.variants import network_variants
from mmfusion.measures.cross_fitted import FLOOR
from mmfusion.notices import tell
from mmfusion.training.device import one_thread


class FusionEstimator(PredictingMixin, PlottingMixin, SavingMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Base class; see `FusionClassifier` and `FusionRegressor`."""

    penalty_: float
    penalties_: pd.DataFrame
    history_: pd.DataFrame
    information_: pd.DataFrame | None
    modality_information_: pd.DataFrame | None
    synergy_: pd.DataFrame | None
    summary_: Answer

    def __init__(
        self,
        modalities: Mapping[str, str | Sequence[Any]] | None = None,
        *,
        norm: str = "ibn",
        p: float = 1.0,
        penalty: float | Sequence[float] | str = "auto",
        cv: Any = 5,
        information: bool | str = False,
        floor: float = FLOOR,
        max_order: int | str | None = "auto",
        convention: str = "mkl",
        encoders: Mapping[str, Any] | None = None,
        dim: int = 8,
        epochs: int | None = None,
        batch_size: int = 64,
        learning_rate: float | None = None,
        weight_decay: float = 0.01,
        n_seeds: int = 1,
        nonfinite: str = "error",
        unmatched: str = "error",
        random_state: Any = None,
        device: str = "auto",
        verbose: bool = False,
    ) -> None:
        self.modalities = modalities
        self.norm = norm
        self.p = p
        self.penalty = penalty
        self.cv = cv
        self.information = information
        self.floor = floor
        self.max_order = max_order
        self.convention = convention
        self.encoders = encoders
        self.dim = dim
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.n_seeds = n_seeds
        self.nonfinite = nonfinite
        self.unmatched = unmatched
        self.random_state = random_state
        self.device = device
        self.verbose = verbose

    def _fit_target(self, y: ArrayLike) -> Target:
        """Read the target of training, and remember its classes."""
        raise NotImplementedError

    def fit(
        self, X: Any, y: ArrayLike, groups: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train networks on every fold, choose lambda, and measure on the samples that each has not seen.

        Parameters
        ----------
        X : mapping of str to array, ModalityData, DataFrame or array (n, d)
            See `mmfusion.ModalityData`; tables and arrays are cut by the parameter `modalities`.
        y : array-like, shape (n,) or (n, outputs)
            Target.
        groups : array-like, shape (n,), optional
            Samples of one group, such as one speaker, stay in one fold, and intervals and tests are over
            groups.
        sample_weight : array-like, shape (n,), optional
            Weights of the samples, zero or more, in the loss and in every mean, of training and of the
            held-out samples, and hence in the choice of lambda. Default: all one.

        Returns
        -------
        self

        Raises
        ------
        InputError
            With what is wrong, where, and what was expected.

        Warns
        -----
        UserWarning
            If something is chosen that you may want otherwise, such as fewer folds.
        """
        before = dict(self.__dict__)
        try:
            with one_thread():
                plan = self._plan(X, y, groups, sample_weight)
                fitted = ensemble_of(plan, (trained for _, trained in train([plan.training])))
                answer = answer_of(fitted, plan.given, plan.seed)
        except BaseException:  # an interrupt included: what an earlier fit has found stays as it was
            self.__dict__ = before
            raise
        self._set_fit(plan, fitted)
        self.summary_ = answer
        return self

    def _plan(
        self, X: Any, y: ArrayLike, groups: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Plan:
        """Check parameters and samples, and list the networks to train."""
        parameters = self.get_params(deep=False)
        check_parameters(parameters)
        X = as_pandas(X)
        kinds = symbols_of(self.encoders)
        data, given = self._given_data(X, kinds, y=y, groups=groups, sample_weight=sample_weight)
        target = self._fit_target(given["y"])
        check_count("y", target.array, len(data))
        if len(data) < 2:
            raise InputError(f"n_samples={len(data)}: there is one sample, expected at least 2.")
        weight = sample_weights(given["sample_weight"], len(data))
        labels = group_labels(given["groups"], len(data))
        check_classes(target, weight)
        modalities = choose_modalities(data, self.encoders, self.dim)
        data = with_alphabets(data, modalities)
        present = check_values(data, {m.name: m.kind for m in modalities}, all_occur=True)
        random = check_random_state(self.random_state)
        if labels is not None and self.cv is None:
            tell("groups: nothing is held out (cv=None), so that they have no effect.")
        rows = np.flatnonzero(weight > 0)
        folds = make_folds(self.cv, rows, len(data), target.classes, labels, random.randint(2**31 - 2))
        if labels is None and self.cv is not None:
            ask_about_repeated_rows(data, target.array, rows)
        seeds = random.randint(2**31 - 2, size=(len(folds), self.n_seeds)).tolist()
        variants = network_variants(
            modalities,
            self.encoders,
            chosen=isinstance(self.penalty, str) and self.cv is not None,
            products=len(modalities) > 1 and self.max_order != 1,
        )
        settings = fit_settings(parameters, variants, target.outputs, min(len(fold.train) for fold in folds))
        if is_one_table(X):
            validate_data(self, X, skip_check_array=True)
        else:  # those of an earlier fit
            for name in ("n_features_in_", "feature_names_in_"):
                self.__dict__.pop(name, None)
        return plan_fit(
            settings, Given(data, present, target, weight, labels, folds), seeds, self.information
        )

    def _set_fit(self, plan: Plan, fitted: FittedEnsemble) -> None:
        """Keep what a fit has found, but its summary."""
        data = plan.given.data
        self.ensemble_, self.layout_, self.columns_ = fitted.ensemble, fitted.modalities, data.columns
        self.modalities_ = data.modalities
        self.penalty_, self.penalties_ = fitted.chosen.penalty, fitted.penalties
        self.history_ = fitted.history
        self.relevance_ = fitted.evaluation.relevance
        tables = fitted.information or (None, None, None)
        self.information_, self.modality_information_, self.synergy_ = tables

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = False
        return tags
