"""All scores are rescaled alike: by the slope that suits held-out samples, or to the constant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmfusion.data.folds import make_folds
from mmfusion.study.peers.calibration import LARGEST, calibrated, gathered, losses
from mmfusion.study.peers.contract import BINARY, REGRESSION, PeerData, PeerScores

COUNT = 600


def data_of(task: str) -> tuple[PeerData, Any]:
    """Draw targets with known log-odds, or known means."""
    rng = np.random.default_rng(0)
    right = 2 * rng.normal(size=COUNT)
    y = (rng.random(COUNT) < 1 / (1 + np.exp(-right))).astype(int) if task == BINARY else 50 + right
    X = {"a": rng.normal(size=(COUNT, 1))}
    return PeerData(X, y, task, make_folds(5, np.arange(COUNT), COUNT), X), right


@pytest.mark.parametrize("factor", [0.5, 1.0, 4.0])
def test_log_odds_get_their_size_back(factor: float) -> None:
    data, right = data_of(BINARY)
    found = calibrated(PeerScores(factor * right, factor * right), data)
    assert np.polyfit(right, found.unknown, 1)[0] == pytest.approx(
        1, abs=0.15
    )  # the prior of the slope shrinks
    assert losses(found.held_out, data).mean() < 1.01 * losses(right, data).mean()


def test_numbers_get_their_size_back() -> None:
    data, right = data_of(REGRESSION)
    found = calibrated(PeerScores(50 + right / 3, 50 + right / 3), data)
    assert np.polyfit(right, found.unknown, 1)[0] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("task", [BINARY, REGRESSION])
def test_scores_without_a_use_become_the_constant(task: str) -> None:
    data, _ = data_of(task)
    noise = np.random.default_rng(1).normal(size=COUNT)
    found = calibrated(PeerScores(noise, noise), data)
    assert np.ptp(found.unknown) == 0
    mean = data.y.mean()
    expected = np.log(mean / (1 - mean)) if task == BINARY else mean
    assert found.unknown[0] == pytest.approx(expected, abs=1e-3)


def test_calibrated_scores_stay() -> None:
    data, right = data_of(BINARY)
    scores = PeerScores(None, right)
    assert calibrated(scores, data) is scores


def test_the_scores_of_folds_are_put_together() -> None:
    data, right = data_of(BINARY)
    parts = [right[fold.held_out] for fold in data.folds]
    found = gathered(parts, [right, right + 5, right - 5, right, right], data)
    np.testing.assert_array_equal(found.held_out, right)
    np.testing.assert_allclose(found.unknown, right)


def test_no_sample_has_an_infinite_loss() -> None:
    data, _ = data_of(BINARY)
    scores = np.where(data.y > 0, -1e6, 1e6)
    np.testing.assert_allclose(losses(scores, data), LARGEST, rtol=1e-6)
