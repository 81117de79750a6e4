"""Pictures of a fitted estimator, and the sentences where there is nothing to draw."""

from __future__ import annotations

import pytest

from mmfusion.errors import InputError


def test_relevance_is_drawn_by_any_measured_column(classifier, regressor) -> None:
    assert len(classifier.plot_relevance("covariance_share").patches) == 7
    assert regressor.plot_relevance().get_xlabel() == "relevance beta"
    with pytest.raises(InputError, match="'loss_rise' was not measured"):
        regressor.plot_relevance("loss_rise")
    with pytest.raises(InputError, match="'order' was not measured"):
        classifier.plot_relevance("order")


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
