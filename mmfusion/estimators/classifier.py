"""Classification with a relevance per subset of modalities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import column_or_1d

from mmfusion.data.plain_target import plain_values, row_of
from mmfusion.data.task import is_one_hot
from mmfusion.errors import InputError
from mmfusion.estimators.docstrings import documented
from mmfusion.estimators.estimator import FusionEstimator
from mmfusion.estimators.targets import Target, class_target, one_hot_classes
from mmfusion.measures.array_losses import decide


@documented
class FusionClassifier(ClassifierMixin, FusionEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Classifier that says which modalities, and which combinations of them, carry its prediction.

    One class per sample, or several labels per sample as a matrix of zeros and ones, with one score for each
    label. Networks are trained on cross-entropy plus lambda times the block norm of the weights, starting at
    the log-odds of the classes, several side by side on every fold; their scores are averaged.

    {parameters}

    Attributes
    ----------
    classes_ : array, shape (classes,)
        Classes, sorted; positions of the labels if there are several.
    one_hot_ : array
        The class of every column, if y was one-hot in training; else empty.
    {attributes}

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> text, audio = rng.normal(size=(200, 3)), rng.normal(size=(200, 2))
    >>> model = FusionClassifier(penalty=0.01, random_state=0)
    >>> model = model.fit({"text": text, "audio": audio}, text[:, 0] > 0)
    >>> model.relevance_.query("named")["subset"].tolist()
    ['text']
    """

    def _fit_target(self, y: ArrayLike) -> Target:
        target, self.classes_ = class_target(y)
        values = plain_values("y", y) if not hasattr(y, "toarray") else np.empty(0)
        self.one_hot_ = one_hot_classes(y, values) if is_one_hot(values) else np.empty(0)
        return target

    def _target(self, y: ArrayLike) -> Target:
        values, outputs = plain_values("y", y), self.ensemble_.moments.outputs
        if self._labels():
            if values.shape[1:] != (outputs,) or not np.isin(values, (0, 1)).all():
                raise InputError(f"y has shape {values.shape}, expected zeros and ones for {outputs} labels.")
            return Target("binary", values.astype(np.int64), outputs)
        if is_one_hot(values) and values.shape[1] == len(self.one_hot_):
            named = one_hot_classes(y, values) if hasattr(y, "columns") else self.one_hot_
            values = named[values.argmax(axis=1)]
        values = column_or_1d(values, warn=True)
        unknown = np.flatnonzero(~np.isin(values, self.classes_))
        if len(unknown):
            raise InputError(
                f"y, {row_of(y)(int(unknown[0]))}: {values.tolist()[unknown[0]]!r} is not a class of "
                f"training, expected one of {', '.join(repr(name) for name in self.classes_.tolist())}."
            )
        return Target(self.ensemble_.task, np.searchsorted(self.classes_, values).astype(np.int64), outputs)

    def _outputs(self) -> list[Any]:
        count = self.ensemble_.moments.outputs
        return self.classes_.tolist() if count > 1 else [self.classes_.tolist()[-1]]

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the scores: logits of the second class (n,), or one per class or label (n, outputs)."""
        scores = self._scores(X)
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of every class, shape (n, classes), or of every label, (n, labels)."""
        scores = self._scores(X)
        if self.ensemble_.task == "multiclass":
            return np.asarray(softmax(scores, axis=1))
        positive = expit(scores)
        return positive if self._labels() else np.column_stack([1 - positive, positive])

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most likely class of every sample (n,), or zeros and ones of every label (n, labels)."""
        return self._decisions(self._scores(X))

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the share of right predictions; the samples of X and y are joined by their names, if any.

        Of several labels, all labels of a sample have to be right.
        """
        data, given = self._data(X, y=y, sample_weight=sample_weight)
        truth = self._target(given["y"]).array
        names = truth if self._labels() else self.classes_[truth]
        predicted = self._decisions(self.ensemble_.scores(self._prepared(data)))
        return float(accuracy_score(names, predicted, sample_weight=given["sample_weight"]))

    def _decisions(self, scores: NDArray[np.float64]) -> NDArray[Any]:
        """Return the most likely classes, or the zeros and ones of the labels, of scores (n, outputs)."""
        decisions = decide(scores, self.ensemble_.task)
        if self._labels():
            return decisions
        return np.asarray(self.classes_[decisions.reshape(len(scores))])

    def _labels(self) -> bool:
        """Whether there are several labels per sample."""
        return self.ensemble_.task == "binary" and self.ensemble_.moments.outputs > 1

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
