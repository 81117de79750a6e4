"""The choice among candidates: lowest out-of-fold loss, rescaled scores, and the constant in doubt."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmfusion.data.folds import Fold
from mmfusion.estimators.jobs import Candidate, Job, Material
from mmfusion.estimators.lambda_path import ALL_ZERO, STEEPEST, Candidates, Choice, calibration_slope
from mmfusion.measures.cross_fitted import Truth

N = 40
ROWS = np.arange(N)
FOLDS = [Fold(ROWS[1::2], ROWS[::2]), Fold(ROWS[::2], ROWS[1::2])]
SMALL, LARGE = Candidate("vector", 0.01), Candidate("linear", 0.1)
NAMES = ("a", "b")
Floats = NDArray[np.float64]


def candidates(
    truth: Truth | None, scores: dict[Any, Floats], *, all_zero: bool = True, constants: Any = (0.1, -0.1)
) -> Candidates:
    """Two folds with a network each; scores (n,) by candidate, or by coalition and candidate."""
    keyed = {key if key[0] in (("a",), NAMES) else (NAMES, key): values for key, values in scores.items()}
    coalitions = list(dict.fromkeys(coalition for coalition, _ in keyed))
    material = Material(None, FOLDS, np.array(constants)[:, None], "regression")  # type: ignore[arg-type]  # not used
    found = Candidates(coalitions, [SMALL, LARGE], all_zero, material, ROWS, truth)
    for (coalition, candidate), values in keyed.items():
        for fold, (_, held_out) in enumerate(FOLDS):
            job = Job(coalition, candidate, fold, 0)
            trained: Any = SimpleNamespace(job=job, scores=values[held_out, None])
            found.add(trained, keep=coalition == NAMES)
    return found


def constant() -> Floats:
    return np.where(ROWS % 2 == 0, 0.1, -0.1)


@given(st.integers(0, 10**6), st.floats(0.01, 3.0))
def test_the_slope_of_numbers_has_a_closed_form(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    deviation, weight = size * rng.normal(size=N), rng.uniform(0.1, 3.0, N)
    y = constant() + rng.normal() * deviation + rng.normal(size=N)
    truth = Truth(y, "regression", weight)
    prior = 1 / (2 * N)
    covariance = np.average(deviation * (y - constant()), weights=weight) + prior
    expected = np.clip(covariance / (np.average(deviation**2, weights=weight) + prior), 0, STEEPEST)
    scores = constant() + deviation
    assert calibration_slope(scores[:, None], constant()[:, None], truth) == pytest.approx(expected, abs=1e-3)


def test_the_slope_of_classes_undoes_shrinkage_and_is_bounded() -> None:
    rng = np.random.default_rng(0)
    logits = 2.0 * rng.normal(size=4000)
    y = (rng.random(4000) < 1 / (1 + np.exp(-logits))).astype(float)
    nothing = np.zeros((4000, 1))
    for factor in (0.25, 1.0, 2.0):
        slope = calibration_slope(factor * logits[:, None], nothing, Truth(y, "binary"))
        assert slope == pytest.approx(1 / factor, rel=0.1)
    assert calibration_slope(-logits[:, None], nothing, Truth(y, "binary")) < 1e-3
    right = 0.01 * (2 * y[:, None] - 1)
    assert 1.0 < calibration_slope(right, nothing, Truth(y, "binary")) <= STEEPEST
    assert calibration_slope(np.full((4000, 1), np.nan), nothing, Truth(y, "binary")) == 1.0


def test_scores_are_rescaled_about_the_constant_of_their_fold_on_a_path_only() -> None:
    rng = np.random.default_rng(1)
    deviation = rng.normal(size=N)
    truth = Truth(constant() + 2.0 * deviation, "regression")
    given_scores = {SMALL: constant() + deviation, LARGE: constant() + 0.1 * deviation}
    path = candidates(truth, given_scores)
    assert path.slope(NAMES, SMALL) == pytest.approx(2.0, rel=0.05)
    assert path.slope(NAMES, ALL_ZERO) == 0.0
    expected = constant() + path.slope(NAMES, SMALL) * deviation
    np.testing.assert_allclose(path.scores(NAMES, SMALL)[:, 0], expected)
    np.testing.assert_allclose(path.scores(NAMES, ALL_ZERO)[:, 0], constant())
    chosen = candidates(truth, given_scores, all_zero=False)
    assert chosen.slope(NAMES, SMALL) == 1.0
    np.testing.assert_allclose(chosen.scores(NAMES, SMALL)[:, 0], given_scores[SMALL])


@given(st.integers(0, 10**6), st.floats(0.0, 0.6))
def test_the_constant_is_kept_unless_the_lowest_loss_is_clearly_lower(seed: int, effect: float) -> None:
    """At the end of a path: by more than one standard error of the difference."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=N)
    truth = Truth(effect * signal + rng.normal(size=N), "regression", rng.uniform(0.5, 2.0, N), ROWS // 3)
    scores = {one: constant() + signal + rng.normal(size=N) for one in (SMALL, LARGE)}
    found = candidates(truth, scores)
    losses = found.table(NAMES).set_index(["encoder", "penalty"])["loss"]
    assert len(losses) == 3
    lowest = Candidate(*losses.idxmin())
    gain = truth.losses(constant()[:, None]) - truth.losses(found.scores(NAMES, lowest))
    tested = truth.tested(gain)
    assert found.best(NAMES) == (lowest if tested.mean > tested.error else ALL_ZERO)
    listed = candidates(truth, scores, all_zero=False)
    losses = listed.table(NAMES).set_index(["encoder", "penalty"])["loss"]
    assert listed.best(NAMES) == Candidate(*losses.idxmin())


def test_a_candidate_that_diverged_is_not_chosen_and_without_any_loss_the_first_one_is() -> None:
    truth = Truth(np.random.default_rng(0).normal(size=N), "regression")
    broken = np.where(ROWS == 5, np.inf, 0.0)
    found = candidates(truth, {SMALL: broken, LARGE: truth.target}, all_zero=False)
    assert np.isnan(found.table(NAMES)["loss"][0])
    assert found.best(NAMES) == LARGE
    assert candidates(truth, {SMALL: broken, LARGE: broken}, all_zero=False).best(NAMES) == SMALL
    assert candidates(truth, {SMALL: broken, LARGE: broken}).best(NAMES) == ALL_ZERO
    assert candidates(None, {SMALL: broken, LARGE: broken}).best(NAMES) == SMALL


def test_the_end_of_the_path_has_the_networks_of_the_largest_lambda() -> None:
    truth = Truth(np.zeros(N), "regression")
    found = candidates(truth, {SMALL: np.ones(N), LARGE: np.ones(N)})
    assert [one.job.candidate for one in found.networks(ALL_ZERO)] == [LARGE, LARGE]
    assert [one.job.fold for one in found.networks(SMALL)] == [0, 1]


def test_a_coalition_may_predict_with_the_networks_of_one_within_it_or_the_constant() -> None:
    rng = np.random.default_rng(0)
    truth = Truth(rng.normal(size=N), "regression")
    good, bad = truth.target + 0.1 * rng.normal(size=N), truth.target + 3.0 * rng.normal(size=N)
    scores = {(("a",), one): good for one in (SMALL, LARGE)} | {(NAMES, one): bad for one in (SMALL, LARGE)}
    found = candidates(truth, scores, all_zero=False)
    nested = found.nested([("a",), NAMES])
    assert nested[NAMES] == nested[("a",)]
    assert nested[NAMES].coalition == ("a",)
    losses = found.losses(nested)
    np.testing.assert_allclose(losses[NAMES], truth.losses(good[:, None]))
    np.testing.assert_allclose(losses[()], truth.losses(constant()[:, None]))
    swapped = {(S, one): bad if S == ("a",) else good for S, one in scores}
    other = candidates(truth, swapped, all_zero=False).nested([("a",), NAMES])
    assert other[NAMES].coalition == NAMES
    assert other[("a",)] == Choice((), ALL_ZERO)  # its own networks are worse than the constant
