"""scikit-learn's own checks of estimators."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from mmfusion import FusionClassifier, FusionRegressor

pytestmark = pytest.mark.usefixtures("no_linear_baseline")
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "batches and dropout are drawn; the law is tested "
    "without them",
    "check_regressor_data_not_an_array": "a table with more than eight columns needs the parameter "
    "modalities",
}
EXPECTED_OF_FOLDS = EXPECTED | {
    "check_classifier_data_not_an_array": "columns of a table are modalities of their own, those of an array "
    "are one: of samples that not all networks have seen, they say different things"
}
QUICK: dict[str, Any] = {"random_state": 0, "penalty": 0.01}
CHECKS = [
    pair
    for model, expected in (
        (FusionClassifier(**QUICK, epochs=40, cv=None), EXPECTED),
        (FusionRegressor(**QUICK, epochs=40, cv=None), EXPECTED),
        (FusionClassifier(**QUICK, epochs=10, cv=2), EXPECTED_OF_FOLDS),
    )
    for pair in estimator_checks_generator(model, expected_failed_checks=expected, mark="skip")
]


def _name(pair: Any) -> str:
    check = pair[1]
    folds = "" if pair[0].cv is None else "-folds"
    return f"{type(pair[0]).__name__}{folds}-{getattr(check, 'func', check).__name__}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("pair", CHECKS, ids=_name)
def test_estimator_check(pair: Any) -> None:
    estimator, check = pair
    check(estimator)
