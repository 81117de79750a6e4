"""scikit-learn's own checks of estimators."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from mmfusion import FusionClassifier, FusionRegressor

EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "batches and dropout are drawn; the law is tested "
    "without them",
    "check_regressor_data_not_an_array": "a table with more than eight columns needs the parameter "
    "modalities",
}
ESTIMATORS = [FusionClassifier(epochs=40, random_state=0), FusionRegressor(epochs=40, random_state=0)]
CHECKS = [
    pair
    for model in ESTIMATORS
    for pair in estimator_checks_generator(model, expected_failed_checks=EXPECTED, mark="skip")
]


def _name(pair: Any) -> str:
    check = pair[1]
    return f"{type(pair[0]).__name__}-{getattr(check, 'func', check).__name__}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("pair", CHECKS, ids=_name)
def test_estimator_check(pair: Any) -> None:
    estimator, check = pair
    check(estimator)
