"""What a fitted estimator says of new samples: scores, relevance, contributions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted, validate_data

from mmfusion.data.check_values import check_values
from mmfusion.data.conversion import as_pandas
from mmfusion.data.modality_data import ModalityData
from mmfusion.data.nonfinite import without_nonfinite
from mmfusion.data.part import SYMBOLS
from mmfusion.estimators.as_in_training import as_in_training
from mmfusion.estimators.encoder_checks import check_encoders
from mmfusion.estimators.ensemble import Ensemble
from mmfusion.estimators.inputs import check_count, is_one_table, modality_data, same_samples
from mmfusion.estimators.modalities import INTERCEPT, with_alphabets
from mmfusion.estimators.motif_tables import chosen_subsets, motif_table
from mmfusion.estimators.parameter_checks import group_labels, sample_weights
from mmfusion.estimators.targets import Target
from mmfusion.fusion.subsets import subset_label
from mmfusion.measures.weighting import relative_weights
from mmfusion.notices import tell
from mmfusion.training.modality import MODULE, Modality
from mmfusion.training.samples import Samples, prepare_samples


class PredictingMixin:
    """Reads new samples as those of training were read, and predicts them."""

    modalities: Mapping[str, str | Sequence[Any]] | None
    nonfinite: str
    unmatched: str
    ensemble_: Ensemble
    relevance_: pd.DataFrame
    layout_: tuple[Modality, ...]
    columns_: dict[str, tuple[Any, ...]]

    def _target(self, y: ArrayLike) -> Target:
        """Read a target as that of training was read."""
        raise NotImplementedError

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
        data = self._as_trained(data)
        present = check_values(data, {m.name: m.kind for m in self.layout_})
        if target is not None:
            check_count("y", target.array, len(data))
        network, moments, task = self.ensemble_.networks[0], self.ensemble_.moments, self.ensemble_.task
        standardised = None if target is None else moments.standardise(target.array, task)
        samples = prepare_samples(network.encoder_of_modality, data, present, standardised, weight)
        check_encoders([m for m in self.layout_ if m.kind == MODULE], network, samples, "X")
        return samples

    def _as_trained(self, data: ModalityData) -> ModalityData:
        """Bring samples into the order and the symbols of training."""
        return with_alphabets(as_in_training(data, self.layout_, self.columns_), self.layout_)

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

    def motifs(self, X: Any, subset: str | None = None) -> pd.DataFrame:
        """List the motifs of sequences of symbols, such as DNA, that drive a subset.

        A filter of a motif scanner drives a subset by as much as the projection of the subset's features on
        the leading eigenvector of their covariance changes, where the filter has its mean activation instead
        of its own. Its motif is counted in its windows: those where it fits best, of the quarter of the
        samples that activate it most (of at most 5,000 samples, evenly spaced). Every filter fits some
        windows best, and so has a motif: one that does not come back in other networks is no evidence.

        Parameters
        ----------
        X : as in `fit`
        subset : str, optional
            Label of one subset. Default: all that are named in `relevance_` and hold such a sequence.

        Returns
        -------
        DataFrame
            One row per subset, modality, network, filter (the three that drive most, by ``rank``) and
            ``position`` in the window: ``drive`` (share of what all filters of the modality drive), ``bits``
            (information of the position), ``consensus`` (most frequent letter, ``.`` below half a bit) and
            the share of every letter, ``share_A`` and so on. No rows if no such subset is named.

        Raises
        ------
        InputError
            If the subset does not exist or holds no sequence of symbols, or fewer than four samples have all
            of its modalities.
        """
        data, _ = self._data(X)
        chosen = chosen_subsets(subset, self.relevance_, self.layout_)
        samples = self._prepared(data)
        return motif_table(self.ensemble_.networks, samples, self._as_trained(data), chosen, self.layout_)

    def _outputs(self) -> list[Any]:
        """Names of the outputs."""
        return list(range(self.ensemble_.moments.outputs))

    @property
    def subsets_(self) -> list[str]:
        """Labels of the subsets, in the order of all tables."""
        check_is_fitted(self, "ensemble_")
        return [subset_label(subset) for subset in self.ensemble_.networks[0].fusion.subsets]
