"""Pictures of a fitted estimator, and the sentences where there is nothing to draw."""

from __future__ import annotations

import pytest
from matplotlib.text import Text

from mmfusion import FusionClassifier, FusionRegressor
from mmfusion.errors import InputError

pytestmark = pytest.mark.usefixtures("quick_baseline")


def test_relevance_is_drawn_by_any_measured_column(classifier, regressor) -> None:
    assert len(classifier.plot_relevance("covariance_share").patches) == 7
    intervals = classifier.plot_relevance("loss_rise").containers[-1]
    assert intervals.has_xerr  # over samples
    assert classifier.plot_relevance("beta").collections  # over networks
    assert regressor.plot_relevance().get_xlabel() == "relevance beta"
    with pytest.raises(InputError, match="'loss_rise' has no value"):
        regressor.plot_relevance("loss_rise")
    with pytest.raises(InputError, match="'order' has no value"):
        classifier.plot_relevance("order")


def test_predictive_information_is_drawn_where_it_was_measured(arrays, binary, classifier) -> None:
    settings = {"epochs": 2, "dim": 4, "penalty": 0.01, "cv": 2, "random_state": 0, "information": True}
    X = {name: arrays[name] for name in ("video", "audio")}
    for model, y in (
        (FusionClassifier(**settings), binary),
        (FusionRegressor(**settings), arrays["audio"][:, 0]),
    ):
        figure = model.fit(X, y).plot_information("what they say")
        words = " ".join(text.get_text() for text in figure.findobj(Text))
        assert "what they say" in words
        assert ("nats" in words) == (model.summary_.classes)
        assert ("share of the constant's loss" in words) != (model.summary_.classes)
    with pytest.raises(InputError, match="information_ was not measured"):
        classifier.plot_information()


def test_contributions_of_a_sample_of_training_or_of_others(arrays, classifier) -> None:
    ax = classifier.plot_contributions(3, arrays)
    score = classifier.decision_function(arrays)[3]
    assert ax.get_title() == "sample 3, score of 'yes'"
    last = ax.patches[-1]
    assert last.get_x() + last.get_width() == pytest.approx(score, rel=1e-6)
    other = classifier.plot_contributions(0, {name: values[3:5] for name, values in arrays.items()})
    assert other.patches[-1].get_x() + other.patches[-1].get_width() == pytest.approx(score, rel=1e-6)
    with pytest.raises(InputError, match="i: 999 is not a row of X, expected 0 to 399"):
        classifier.plot_contributions(999, arrays)
    with pytest.raises(InputError, match="i is a dict, expected the position of a sample"):
        classifier.plot_contributions(arrays, 0)
    with pytest.raises(InputError, match="output: 'maybe' is unknown, expected one of 'yes'"):
        classifier.plot_contributions(0, arrays, output="maybe")
    with pytest.raises(InputError, match="an estimator does not keep the samples of `fit`"):
        classifier.plot_contributions(0)
