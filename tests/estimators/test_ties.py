"""A score of exactly 0 is decided in one way, wherever decisions are made."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmfusion import FusionClassifier
from mmfusion.measures.array_losses import decide, mean_score
from mmfusion.study.tables.metrics import classification_metrics

pytestmark = pytest.mark.usefixtures("quick_baseline")


@pytest.mark.parametrize("classes", [2, 3])
def test_a_tie_is_decided_alike_by_predictions_scores_and_metrics(arrays, classes: int) -> None:
    y = np.arange(400) % classes
    model: FusionClassifier = FusionClassifier(epochs=1, dim=4, random_state=0, cv=None, penalty=0.01).fit(
        arrays, y
    )
    with torch.no_grad():
        for network in model.ensemble_.networks:
            network.fusion.weight.zero_()
            network.fusion.bias.zero_()
    scores = model.decision_function(arrays)
    assert not scores.any()
    columns = scores.reshape(400, -1)
    predicted = model.predict(arrays)
    expected = 1 if classes == 2 else 0  # class 1 where a logit is 0 or more; the first of equal scores
    assert predicted.tolist() == [expected] * 400
    task = model.ensemble_.task
    np.testing.assert_array_equal(decide(columns, task).reshape(400), predicted)
    assert mean_score(columns, predicted, task) == 1.0
    assert mean_score(columns, y, task) == model.score(arrays, y)
    assert classification_metrics(columns, predicted)["accuracy"] == 1.0
    assert classification_metrics(columns, y)["accuracy"] == model.score(arrays, y)
