"""The linear baseline predicts what plain scikit-learn pipelines predict, whatever the data are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from mmfusion.estimators import linear_baseline as module
from mmfusion.estimators.fit_plan import SMALLEST_SHARE
from mmfusion.estimators.linear_baseline import linear_baseline
from mmfusion.measures.array_losses import mean_loss
from mmfusion.measures.constant_prediction import constant_scores

Array = NDArray[Any]
OUTPUTS = {"binary": 1, "multiclass": 3, "regression": 1}
TRAIN, UNSEEN, PAIRS = np.arange(40), np.arange(40, 60), np.arange(60) // 2
every_task = pytest.mark.parametrize("task", OUTPUTS)


def sample(task: str, n: int = 60, columns: int = 4, outputs: int | None = None) -> tuple[Array, Array]:
    """Draw inputs of all scales, two of them alike, and a target."""
    rng, outputs = np.random.default_rng(0), outputs or OUTPUTS[task]
    latent = rng.normal(size=(n, columns))
    latent[:, 1] += latent[:, 0]
    signal = 2 * latent[:, :4] @ rng.normal(size=(4, outputs)) + rng.logistic(size=(n, outputs))
    design = latent * np.logspace(-3, 3, columns) + 10.0
    if task == "multiclass":
        return design, signal.argmax(axis=1)
    target = (signal > 0).astype(np.int64) if task == "binary" else 50.0 + 20.0 * signal
    return design, target[:, 0] if outputs == 1 else target


def run(design: Array, target: Array, task: str, folds: Any = None, **more: Any) -> Array:
    """Train on the first 40 samples, unless there are other folds; return what is predicted of the others."""
    outputs = target.shape[1] if target.ndim > 1 else OUTPUTS[task]
    folds = folds or [(TRAIN, np.arange(40, len(design)))]
    arguments = {"outputs": outputs, "weight": np.ones(len(design)), "folds": folds, "seed": 0, **more}
    return linear_baseline(design, target, task, **arguments)[np.unique(np.hstack([x for _, x in folds]))]


def only_strength(monkeypatch: pytest.MonkeyPatch, strength: float) -> None:
    monkeypatch.setattr(module, "ALPHAS", np.array([strength]))
    monkeypatch.setattr(module, "STRENGTHS", np.array([1 / strength]))


def pipeline_scores(model: Any, design: Array, target: Array, train: int) -> Array:
    """Predict the samples after the first ones by a plain pipeline, (m, outputs)."""
    with threadpool_limits(1):  # several threads wait for each other on such small arrays
        pipeline = make_pipeline(StandardScaler(), model).fit(design[:train], target[:train])
    name = "predict" if isinstance(model, Ridge | RidgeCV) else "decision_function"
    scores = np.asarray(getattr(pipeline, name)(design[train:])).reshape(len(design) - train, -1)
    return np.asarray(log_softmax(scores, axis=1)) if scores.shape[1] > 1 else scores


@pytest.fixture(scope="class")
def few_strengths() -> Iterator[None]:
    """Search less, which is faster, where it does not matter which strength is chosen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "STRENGTHS", np.array([0.1, 10.0]))
        yield


class TestReference:
    @pytest.mark.parametrize("columns", [6, 90])  # the latter are rotated
    @every_task
    def test_one_strength(self, monkeypatch: pytest.MonkeyPatch, task: str, columns: int) -> None:
        only_strength(monkeypatch, 3.0)
        design, target = sample(task, 60, columns)
        model = Ridge(3.0) if task == "regression" else LogisticRegression(C=1 / 3, max_iter=999, tol=1e-8)
        expected = pipeline_scores(model, design, target, 40)
        assert_allclose(run(design, target, task), expected, atol=0.01 * expected.std())

    @every_task
    def test_chosen_strength(self, task: str) -> None:
        """The loss is that of scikit-learn's own search, whose inner folds are others."""
        design, target = sample(task, 400, 8)
        arguments: dict[str, Any] = {"Cs": 9, "cv": 4, "scoring": "neg_log_loss"}
        if "use_legacy_attributes" in LogisticRegressionCV().get_params():  # asked for since version 1.8
            arguments |= {"l1_ratios": (0,), "use_legacy_attributes": False}
        search = RidgeCV(np.logspace(-2, 4, 9)) if task == "regression" else LogisticRegressionCV(**arguments)
        folds = [(np.arange(150), np.arange(150, 400))]
        constant = run(np.ones((400, 1)), target, task, folds)
        predictions = run(design, target, task, folds), pipeline_scores(search, design, target, 150), constant
        found, expected, least = (mean_loss(scores, target[150:], task) for scores in predictions)
        assert found == pytest.approx(expected, rel=0.03)
        assert found < 0.8 * least

    @every_task
    def test_groups_stay_together(self, task: str) -> None:
        """Copies of noise on both sides of an inner fold choose a penalty that learns by heart."""
        copies = np.repeat(np.arange(60), 3)
        design, target = np.random.default_rng(1).normal(size=(60, 50))[copies], sample(task)[1][copies]
        folds = [(np.flatnonzero(copies < 40), np.flatnonzero(copies >= 40))]
        predictions = [run(design, target, task, folds, groups=groups) for groups in (copies, None)]
        together, apart = (mean_loss(scores, target[folds[0][1]], task) for scores in predictions)
        assert together < 0.9 * apart
        assert np.isfinite(run(design, target, task, folds, groups=np.zeros(180))).all()

    @pytest.mark.parametrize(
        ("task", "groups"), [("binary", None), ("regression", None), ("regression", PAIRS)]
    )
    def test_several_targets_are_fitted_one_by_one(self, task: str, groups: Any) -> None:
        design, target = sample(task, outputs=2)
        target[:, 1] = np.random.default_rng(1).integers(0, 2, 60)  # noise: another strength
        alone = [run(design, one, task, groups=groups) for one in target.T]
        assert_allclose(run(design, target, task, groups=groups), np.hstack(alone))


@pytest.mark.usefixtures("few_strengths")
class TestSamples:
    @every_task
    def test_held_out_samples_are_not_learned_from(self, task: str) -> None:
        design, target = sample(task)
        found = run(design, target, task)
        target[40:], design[41:] = target[40:][::-1].copy(), 1e30
        assert_allclose(run(design, target, task)[0], found[0])

    def test_several_predictions_are_averaged_and_none_is_nan(self) -> None:
        design, target = sample("regression")
        folds = [(np.arange(30), np.arange(40, 50)), (np.arange(10, 40), np.arange(45, 55))]
        one, two = (run(design, target, "regression", [fold]) for fold in folds)
        expected = np.concatenate([one[:5], (one[5:] + two[:5]) / 2, two[5:], np.full((5, 1), np.nan)])
        assert_allclose(run(design, target, "regression", [*folds, (TRAIN[:0], UNSEEN)]), expected)

    @every_task
    def test_samples_without_weight_do_not_count(self, task: str) -> None:
        design, target = sample(task)
        weight = np.where(np.arange(60) < 10, 0.0, 7.0)  # nor does what all weights have in common
        without = run(design, target, task, [(TRAIN[10:], UNSEEN)])
        assert_allclose(run(design, target, task, weight=weight), without)
        assert np.isnan(run(design, target, task, [(TRAIN[:10], UNSEEN)], weight=weight)).all()

    @every_task
    def test_a_weight_is_a_number_of_copies(self, monkeypatch: pytest.MonkeyPatch, task: str) -> None:
        design, target = sample(task)
        weight = np.random.default_rng(0).integers(0, 4, 60)
        copies = np.repeat(TRAIN, weight[:40])
        only_strength(monkeypatch, 3.0)
        expected = run(design, target, task, [(copies, UNSEEN)])
        only_strength(
            monkeypatch, 3.0 * np.count_nonzero(weight[:40]) / len(copies)
        )  # of weights with mean 1
        found = run(design, target, task, weight=weight.astype(float))
        assert_allclose(found, expected, atol=0.01 * expected.std())

    def test_of_many_samples_some_are_drawn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MOST_NUMBERS", 0)
        monkeypatch.setattr(module, "FEWEST_DRAWN", 20)
        one, again, other = (run(*sample("regression"), "regression", seed=seed) for seed in (0, 0, 1))
        assert_array_equal(one, again)
        assert not np.allclose(one, other)

    @every_task
    def test_deterministic_whatever_the_threads(self, task: str) -> None:
        design, target = sample(task, 60, 90)
        found = run(design, target, task)
        with threadpool_limits(3):
            assert_array_equal(run(design, target, task), found)


@pytest.mark.usefixtures("few_strengths")
class TestColumns:
    @given(shift=st.floats(-1e6, 1e6), exponent=st.integers(-20, 20), task=st.sampled_from(list(OUTPUTS)))
    @settings(deadline=None, max_examples=6)
    def test_units_do_not_matter(self, shift: float, exponent: int, task: str) -> None:
        design, target = sample(task)
        found = run((shift + design / design.std(axis=0)) * 2.0**exponent, target, task)
        assert_allclose(found, run(design, target, task), rtol=1e-3, atol=1e-3)

    @pytest.mark.parametrize(("unit", "shift"), [(1e-300, 0), (1e-9, 100), (1e9, -100), (1e300, 0)])
    def test_the_unit_of_the_target_is_kept(self, unit: float, shift: float) -> None:
        design, target = sample("regression")
        expected = (run(design, target, "regression") + shift) * unit
        assert_allclose(run(design, (target + shift) * unit, "regression"), expected, rtol=1e-5)

    @every_task
    def test_constant_columns_change_nothing_and_unknown_values_are_the_mean(self, task: str) -> None:
        design, target = sample(task)
        design[:5, 1] = np.nan
        more = np.hstack([np.full((60, 1), 0.1), design, np.full((60, 1), np.nan), np.full((60, 1), 1e30)])
        more[45, 2], design[45, 1] = np.nan, design[5:40, 1].mean()
        assert_allclose(run(more, target, task), run(design, target, task), rtol=1e-3, atol=1e-3)

    @every_task
    def test_far_off_values_give_finite_losses(self, task: str) -> None:
        design, target = sample(task)
        design[50:], design[:40, 0] = 3e38, np.linspace(0, 1e-150, 40)
        for train in (TRAIN, np.arange(60)):
            found = run(design, target, task, [(train, UNSEEN)])
            assert np.isfinite(mean_loss(found, target[40:], task))


@pytest.mark.usefixtures("few_strengths")
class TestRareTargets:
    @every_task
    def test_constant_inputs_predict_the_constant(self, task: str) -> None:
        target = sample(task)[1]
        expected = constant_scores(target[:40], task, OUTPUTS[task])
        assert_allclose(run(np.ones((60, 2)), target, task), np.tile(expected, (20, 1)), atol=1e-3)

    def test_a_class_without_training_samples_has_the_smallest_share(self) -> None:
        design, target = sample("multiclass", 80, 4, 4)
        folds = [(np.flatnonzero(target % 2 == 0), np.flatnonzero(target == 1))]
        shares = np.exp(run(design, target, "multiclass", folds, outputs=4))
        assert_allclose(shares[:, [1, 3]], SMALLEST_SHARE)
        assert_allclose(shares[:, [0, 2]].sum(axis=1), 1.0)
        assert np.ptp(shares[:, 0]) > 0.1

    @pytest.mark.parametrize(("task", "value"), [("binary", np.log(SMALLEST_SHARE)), ("regression", 0.1)])
    def test_targets_that_are_constant_in_training(self, task: str, value: float) -> None:
        design, target = sample(task, outputs=3)
        target[:40, 1] = max(value, 0)
        found = run(design, target, task)
        assert_allclose(found[:, 1], value)
        assert_allclose(found[:, [0, 2]], run(design, target[:, [0, 2]], task))
        shares = np.exp(run(design, np.where(np.arange(60) < 40, 1, 2), "multiclass"))
        assert_allclose(shares, np.tile([SMALLEST_SHARE, 1.0, SMALLEST_SHARE], (20, 1)))

    @every_task
    @pytest.mark.parametrize("count", [1, 2, 3, 5])
    def test_very_few_training_samples(self, task: str, count: int) -> None:
        for groups in (None, PAIRS):
            found = run(*sample(task), task, [(TRAIN[:count], UNSEEN)], groups=groups)
            assert np.isfinite(found).all()

    @pytest.mark.parametrize("groups", [None, PAIRS])
    def test_a_class_of_a_single_sample_does_not_spoil_the_others(self, groups: Any) -> None:
        design, target = sample("multiclass")
        expected = mean_loss(run(design, target, "multiclass"), target[40:], "multiclass")
        target[0] = 3
        found = run(design, target, "multiclass", outputs=4, groups=groups)
        assert mean_loss(found, target[40:], "multiclass") < 1.3 * expected
