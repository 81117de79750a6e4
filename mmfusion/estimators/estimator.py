"""What classifier and regressor share: parameters, fitting, scores, relevance and contributions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from mmfusion.data.check_values import check_values
from mmfusion.data.conversion import as_pandas
from mmfusion.data.folds import make_folds
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.nonfinite import without_nonfinite
from mmfusion.data.part import SYMBOLS
from mmfusion.errors import InputError
from mmfusion.estimators.answering import answer_of
from mmfusion.estimators.as_in_training import as_in_training
from mmfusion.estimators.encoder_checks import check_encoders
from mmfusion.estimators.fit_settings import fit_settings
from mmfusion.estimators.fitting import FittedEnsemble, Given, fit_ensemble
from mmfusion.estimators.inputs import check_count, is_one_table, modality_data, same_samples
from mmfusion.estimators.modalities import (
    INTERCEPT,
    choose_modalities,
    encoder_variants,
    symbols_of,
    with_alphabets,
)
from mmfusion.estimators.parameter_checks import AUTO, check_parameters, group_labels, sample_weights
from mmfusion.estimators.persistence import SavingMixin
from mmfusion.estimators.pictures import PlottingMixin
from mmfusion.estimators.summary import Answer
from mmfusion.estimators.targets import Target, check_classes
from mmfusion.fusion.subsets import subset_label
from mmfusion.measures.cross_fitted import FLOOR
from mmfusion.measures.weighting import relative_weights
from mmfusion.notices import tell
from mmfusion.training.modality import MODULE
from mmfusion.training.samples import Samples, prepare_samples


class FusionEstimator(PlottingMixin, SavingMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
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

    def _target(self, y: ArrayLike) -> Target:
        """Read a target as that of training was read."""
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
        seeds = random.randint(2**31 - 2, size=(len(folds), self.n_seeds)).tolist()
        variants = encoder_variants(
            modalities, self.encoders, chosen=self.penalty == AUTO and self.cv is not None
        )
        settings = fit_settings(parameters, variants, target.outputs, min(len(fold.train) for fold in folds))
        if is_one_table(X):
            validate_data(self, X, skip_check_array=True)
        else:  # those of an earlier fit
            for name in ("n_features_in_", "feature_names_in_"):
                self.__dict__.pop(name, None)
        given_samples = Given(data, present, target, weight, labels, folds)
        fitted = fit_ensemble(settings, given_samples, seeds, self.information)
        self.ensemble_, self.layout_, self.columns_ = fitted.ensemble, fitted.modalities, data.columns
        self.modalities_ = data.modalities
        self._set_tables(fitted)
        self.summary_ = answer_of(fitted, given_samples, seeds[0][0])
        return self

    def _set_tables(self, fitted: FittedEnsemble) -> None:
        self.penalty_, self.penalties_ = fitted.chosen.penalty, fitted.penalties
        self.history_ = fitted.history
        self.relevance_ = fitted.evaluation.relevance
        tables = fitted.information or (None, None, None)
        self.information_, self.modality_information_, self.synergy_ = tables

    def _given_data(
        self, X: Any, kinds: Mapping[str, str], **values: Any
    ) -> tuple[ModalityData, dict[str, Any]]:
        """Return X by modality, and the values of the same samples in the same order."""
        data = modality_data(X, self.modalities, kinds, self.unmatched)
        data, given = same_samples(data, values, self.unmatched)
        data, notes = without_nonfinite(data, self.nonfinite)
        for note in notes:
            tell(note)
        return data, given

    def _prepared(
        self, data: ModalityData, target: Target | None = None, weight: NDArray[np.float64] | None = None
    ) -> Samples:
        """Check samples against those of training, and prepare them for the networks."""
        data = as_in_training(data, self.layout_, self.columns_)
        data = with_alphabets(data, self.layout_)
        present = check_values(data, {m.name: m.kind for m in self.layout_})
        if target is not None:
            check_count("y", target.array, len(data))
        network, moments, task = self.ensemble_.networks[0], self.ensemble_.moments, self.ensemble_.task
        standardised = None if target is None else moments.standardise(target.array, task)
        samples = prepare_samples(network.encoder_of_modality, data, present, standardised, weight)
        check_encoders([m for m in self.layout_ if m.kind == MODULE], network, samples, "X")
        return samples

    def _data(self, X: Any, **values: Any) -> tuple[ModalityData, dict[str, Any]]:
        """Return X by modality for a fitted estimator, and the values of the same samples."""
        check_is_fitted(self, "ensemble_")
        X = as_pandas(X)
        kinds = {m.name: m.kind for m in self.layout_ if m.kind == SYMBOLS}
        data, given = self._given_data(X, kinds, **values)
        if hasattr(self, "n_features_in_") and is_one_table(X) and not isinstance(X, pd.DataFrame):
            validate_data(self, X, skip_check_array=True, reset=False)
        return data, given

    def _scores(self, X: Any) -> NDArray[np.float64]:
        data, _ = self._data(X)
        return self.ensemble_.scores(self._prepared(data))

    def relevance(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> pd.DataFrame:
        """Measure the relevance of every subset on samples that were not trained on.

        Parameters
        ----------
        X : as in `fit`
        y : array-like, shape (n,) or (n, outputs)
        sample_weight : array-like, shape (n,), optional
            Weights of the samples, zero or more, in every held-out measure. Default: all one.
        groups : array-like, shape (n,), optional
            Intervals and tests are over groups, if there are any.

        Returns
        -------
        DataFrame
            As `relevance_`, with the held-out columns measured on these samples.
        """
        data, given = self._data(X, y=y, sample_weight=sample_weight, groups=groups)
        weights = given["sample_weight"]
        weight = None if weights is None else relative_weights(sample_weights(weights, len(data)))
        samples = self._prepared(data, self._target(given["y"]), weight)
        return self.ensemble_.evaluate(samples, group_labels(given["groups"], len(data))).relevance

    def contributions(self, X: Any) -> pd.DataFrame:
        """Return what every subset of modalities adds to the score of every sample.

        The score N(x) = sum over I of <phi_I(x), W_I> + b is the mean over the networks: a logit, or a
        prediction in the unit of the target.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        DataFrame
            One row per sample, one column per subset and ``intercept``, which sum to the score; with several
            outputs, columns of two levels: output and subset.
        """
        data, _ = self._data(X)
        samples = self._prepared(data)
        parts, intercept = self.ensemble_.parts(samples)
        columns = {}
        for index, output in enumerate(self._outputs()):
            for subset, part in parts.items():
                columns[output, subset_label(subset)] = part[:, index]
            columns[output, INTERCEPT] = np.full(len(samples), intercept[index])
        table = pd.DataFrame(columns)
        if data.ids is not None:
            table.index = data.ids
        return table[self._outputs()[0]] if len(self._outputs()) == 1 else table

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = False
        return tags

    def _outputs(self) -> list[Any]:
        """Names of the outputs."""
        return list(range(self.ensemble_.moments.outputs))

    @property
    def subsets_(self) -> list[str]:
        """Labels of the subsets, in the order of all tables."""
        check_is_fitted(self, "ensemble_")
        return [subset_label(subset) for subset in self.ensemble_.networks[0].fusion.subsets]
