"""The linear baseline predicts what plain scikit-learn pipelines predict, whatever the data are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge, RidgeCV
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from mmfusion.estimators import linear_baseline as module
from mmfusion.estimators.fitting import SMALLEST_SHARE
from mmfusion.estimators.linear_baseline import linear_baseline
from mmfusion.measures.losses import mean_loss

Array = NDArray[Any]
TASKS = ("binary", "multiclass", "regression")
SHAPES = [(120, 6), (60, 90)]


def sample(task: str, n: int, columns: int, outputs: int = 1, seed: int = 0) -> tuple[Array, Array]:
    """Draw inputs, some of them alike, and a target; columns have all scales."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, columns))
    latent[:, 1] += latent[:, 0]
    signal = 2 * latent[:, :4] @ rng.normal(size=(4, outputs)) + rng.logistic(size=(n, outputs))
    design = latent * np.logspace(-3, 3, columns) + 10.0
    if task == "multiclass":
        return design, signal.argmax(axis=1)
    target = (signal > 0).astype(np.int64) if task == "binary" else 50.0 + 20.0 * signal
    return design, target[:, 0] if outputs == 1 else target


def folds_of(n: int, count: int = 5) -> list[tuple[Array, Array]]:
    return list(KFold(count, shuffle=True, random_state=1).split(np.zeros(n)))


def run(design: Array, target: Array, task: str, folds: Any = None, weight: Any = None, **more: Any) -> Array:
    """Call the baseline with defaults."""
    outputs = more.pop("outputs", None) or (
        target.max() + 1 if task == "multiclass" else target.reshape(len(target), -1).shape[1]
    )
    folds = folds_of(len(design)) if folds is None else folds
    weight = np.ones(len(design)) if weight is None else weight
    return linear_baseline(design, target, task, int(outputs), weight, folds, more.pop("seed", 0), **more)


def reference(model: Any, design: Array, target: Array, folds: Any, weight: Array | None = None) -> Array:
    """Predict out of fold by a pipeline of scikit-learn, (n, outputs)."""
    weight = np.ones(len(design)) if weight is None else weight
    scores = []
    for train, held_out in folds:
        pipeline = make_pipeline(StandardScaler(), model)
        step = type(model).__name__.lower()
        of_weight = {"standardscaler__sample_weight": weight[train], f"{step}__sample_weight": weight[train]}
        with threadpool_limits(1):  # several threads wait for each other on such small arrays
            pipeline.fit(design[train], target[train], **of_weight)
        predict = pipeline.predict if hasattr(model, "alpha") or hasattr(model, "alphas") else None
        scores.append((held_out, (predict or pipeline.decision_function)(design[held_out])))
    found = np.full((len(design), *scores[0][1].shape[1:]), np.nan)
    for held_out, values in scores:
        found[held_out] = values
    return found.reshape(len(design), -1)


def logistic_regression_cv(**arguments: Any) -> LogisticRegressionCV:
    """Make scikit-learn's search; from version 1.8 on it asks for the form of its results."""
    model = LogisticRegressionCV(scoring="neg_log_loss", max_iter=5000, **arguments)
    if "use_legacy_attributes" in model.get_params():
        model.set_params(l1_ratios=(0,), use_legacy_attributes=False)
    return model


def log_shares(scores: Array) -> Array:
    return np.asarray(torch.from_numpy(scores).log_softmax(dim=1))


@pytest.fixture
def strength(monkeypatch: pytest.MonkeyPatch) -> float:
    """One strength of the penalty, and exact fits."""
    monkeypatch.setattr(module, "STRENGTHS", np.array([3.0]))
    monkeypatch.setattr(module, "CLOSELY", (1e-9, 3000))
    return 3.0


class TestOneStrength:
    """With the strength given, the scores are those of scikit-learn, weights and all."""

    @pytest.mark.parametrize(("n", "columns"), SHAPES)
    @pytest.mark.parametrize("outputs", [1, 3])
    def test_ridge(self, strength: float, n: int, columns: int, outputs: int) -> None:
        design, target = sample("regression", n, columns, outputs)
        weight = np.random.default_rng(0).integers(1, 4, n).astype(float)
        # Strength counts against weights with a mean of one, and standardised targets.
        expected = np.full((n, outputs), np.nan)
        for train, held_out in folds_of(n):
            alpha = strength / 2 * weight[train].mean()
            part = reference(Ridge(alpha), design, target, [(train, held_out)], weight)
            expected[held_out] = part[held_out]
        assert_allclose(run(design, target, "regression", weight=weight), expected, atol=1e-4)

    @pytest.mark.parametrize(("n", "columns"), SHAPES)
    def test_two_classes(self, strength: float, n: int, columns: int) -> None:
        design, target = sample("binary", n, columns)
        model = LogisticRegression(C=1 / strength, tol=1e-9, max_iter=5000)
        expected = reference(model, design, target, folds_of(n))
        assert_allclose(run(design, target, "binary"), expected, atol=1e-4)

    @pytest.mark.parametrize(("n", "columns"), SHAPES)
    def test_more_classes(self, strength: float, n: int, columns: int) -> None:
        design, target = sample("multiclass", n, columns, 4)
        model = LogisticRegression(C=1 / strength, tol=1e-9, max_iter=5000)
        expected = log_shares(reference(model, design, target, folds_of(n)))
        assert_allclose(run(design, target, "multiclass"), expected, atol=1e-4)

    def test_labels_are_fitted_one_by_one(self, strength: float) -> None:
        design, target = sample("binary", 80, 5, 3)
        alone = [run(design, label, "binary") for label in target.T]
        assert_allclose(run(design, target, "binary"), np.hstack(alone), atol=1e-5)

    @pytest.mark.parametrize("task", TASKS)
    def test_a_weight_is_a_number_of_copies(self, strength: float, task: str) -> None:
        design, target = sample(task, 60, 5, 3 if task == "multiclass" else 1)
        weight = np.random.default_rng(0).integers(0, 3, 60)
        train, held_out = np.arange(40), np.arange(40, 60)
        copies = np.repeat(train, weight[:40])
        ones = np.ones(len(copies) + 20)
        joined = np.concatenate([copies, held_out])
        expected = run(
            design[joined], target[joined], task,
            [(np.arange(len(copies)), np.arange(len(copies), len(joined)))], ones,
        )  # fmt: skip
        scale = len(copies) / np.count_nonzero(weight[:40])  # of the sum of the weights, hence of the loss
        module.STRENGTHS = module.STRENGTHS / scale
        found = run(design, target, task, [(train, held_out)], weight.astype(float))
        assert_allclose(found[40:], expected[len(copies) :], rtol=1e-4, atol=1e-4)


class TestChosenStrength:
    """With the same inner folds, the losses are those of scikit-learn's own search; with others nearly so."""

    @pytest.mark.parametrize(("n", "columns"), SHAPES)
    @pytest.mark.parametrize("task", TASKS)
    def test_the_same_inner_folds(
        self, monkeypatch: pytest.MonkeyPatch, task: str, n: int, columns: int
    ) -> None:
        strengths = np.logspace(3, -1, 9)
        monkeypatch.setattr(module, "STRENGTHS", strengths)
        design, target = sample(task, n, columns, 3 if task == "multiclass" else 1)
        groups = np.arange(n) % 20
        expected = np.full((n, 3 if task == "multiclass" else 1), np.nan)
        for train, held_out in folds_of(n, 3):
            inner = list(GroupKFold(5).split(train, groups=groups[train]))
            model: Any
            if task == "regression":
                model = RidgeCV(strengths / 2, cv=inner, scoring="neg_mean_squared_error")
            else:
                model = logistic_regression_cv(Cs=1 / strengths, cv=inner)
            expected[held_out] = reference(model, design, target, [(train, held_out)])[held_out]
        found = run(design, target, task, folds_of(n, 3), groups=groups)
        constant = run(np.zeros((n, 1)), target, task, folds_of(n, 3))
        losses = [mean_loss(scores, target, task) for scores in (found, expected, constant)]
        assert losses[0] == pytest.approx(losses[1], rel=0.005)
        assert losses[0] < 0.96 * losses[2]

    def test_other_inner_folds(self) -> None:
        design, target = sample("binary", 300, 8)
        expected = reference(logistic_regression_cv(Cs=np.logspace(-4, 4, 9)), design, target, folds_of(300))
        found = mean_loss(run(design, target, "binary"), target, "binary")
        assert found == pytest.approx(mean_loss(expected, target, "binary"), rel=0.03)

    def test_leaving_one_out(self) -> None:
        design, target = sample("regression", 300, 8)
        expected = reference(RidgeCV(np.logspace(-4, 6, 21)), design, target, folds_of(300))
        found = mean_loss(run(design, target, "regression"), target, "regression")
        assert found == pytest.approx(mean_loss(expected, target, "regression"), rel=0.02)

    def test_every_target_has_its_own_strength(self) -> None:
        design, target = sample("regression", 60, 90, 2)
        target[:, 1] = np.random.default_rng(0).normal(size=60)
        alone = np.hstack([run(design, one, "regression") for one in target.T])
        found = run(design, target, "regression")
        assert_allclose(found, alone, atol=0.01 * target.std(axis=0).max())

    @pytest.mark.parametrize("task", TASKS)
    def test_noise_is_hardly_worse_than_the_constant(self, task: str) -> None:
        rng = np.random.default_rng(0)
        design, target = (
            rng.normal(size=(120, 200)),
            sample(task, 120, 5, 3 if task == "multiclass" else 1)[1],
        )
        zero = run(np.zeros((120, 1)), target, task)
        found = mean_loss(run(design, target, task), target, task)
        assert found < 1.05 * mean_loss(zero, target, task)

    def test_big_problems_are_searched_less_closely(self, monkeypatch: pytest.MonkeyPatch) -> None:
        design, target = sample("binary", 200, 8)
        closely = mean_loss(run(design, target, "binary"), target, "binary")
        monkeypatch.setattr(module, "BIG", 10)
        monkeypatch.setattr(module, "INNER_FOLDS", None)  # not read
        assert mean_loss(run(design, target, "binary"), target, "binary") == pytest.approx(closely, rel=0.03)

    def test_groups_stay_together(self) -> None:
        """Copies of a sample on both sides of an inner fold would choose a penalty that learns by heart."""
        design, target = sample("regression", 60, 50)
        copies = np.repeat(np.arange(60), 4)
        folds = [(np.flatnonzero(copies < 40), np.flatnonzero(copies >= 40))]
        rest = (target[copies], "regression", folds)
        apart, together = run(design[copies], *rest), run(design[copies], *rest, groups=copies)
        unseen = folds[0][1]
        losses = [mean_loss(x[unseen], target[copies][unseen], "regression") for x in (together, apart)]
        assert losses[0] < 0.8 * losses[1]
        one_group = run(design[copies], *rest, groups=np.zeros(240))
        assert_array_equal(one_group, apart)


class TestFolds:
    @pytest.mark.parametrize("task", TASKS)
    def test_held_out_samples_are_not_learned_from(self, task: str) -> None:
        design, target = sample(task, 90, 5, 3 if task == "multiclass" else 1)
        train, held_out = np.arange(50), np.arange(50, 80)
        found = run(design, target, task, [(train, held_out)], outputs=3 if task == "multiclass" else 1)
        assert np.isfinite(found[held_out]).all()
        assert np.isnan(found[:50]).all()
        assert np.isnan(found[80:]).all()
        other = target.copy()
        other[50:] = target[50:][::-1]
        alone = design.copy()
        alone[51:] = 1e30
        again = run(alone, other, task, [(train, held_out)], outputs=3 if task == "multiclass" else 1)
        assert_array_equal(again[50], found[50])

    def test_several_predictions_of_a_sample_are_averaged(self) -> None:
        design, target = sample("regression", 60, 4)
        first, second = (np.arange(30), np.arange(40, 50)), (np.arange(10, 40), np.arange(45, 60))
        one, two = (run(design, target, "regression", [fold]) for fold in (first, second))
        both = run(design, target, "regression", [first, second])
        assert_allclose(both[45:50], (one + two)[45:50] / 2)
        assert_array_equal(both[40:45], one[40:45])

    def test_training_samples_without_weight_do_not_count(self) -> None:
        design, target = sample("binary", 80, 5)
        weight = np.ones(80)
        weight[:20] = 0.0
        held_out = np.arange(60, 80)
        without = run(design, target, "binary", [(np.arange(20, 60), held_out)])
        assert_array_equal(run(design, target, "binary", [(np.arange(60), held_out)], weight), without)
        assert np.isnan(run(design, target, "binary", [(np.arange(20), held_out)], weight)).all()
        assert np.isnan(run(design, target, "binary", [(np.arange(20), held_out[:0])])).all()

    def test_too_many_samples_and_columns_are_drawn_from(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MOST_DIRECTIONS", 20)
        design, target = sample("regression", 100, 30)
        one, again, other = (run(design, target, "regression", seed=seed) for seed in (0, 0, 1))
        assert_array_equal(one, again)
        assert not np.allclose(one, other)
        narrow = run(design[:, :19], target, "regression")
        monkeypatch.setattr(module, "MOST_DIRECTIONS", 1000)
        assert_array_equal(run(design[:, :19], target, "regression"), narrow)


class TestColumns:
    @given(shift=st.floats(-1e6, 1e6), exponent=st.integers(-20, 20), task=st.sampled_from(TASKS))
    @settings(deadline=None, max_examples=10)
    def test_units_of_columns_do_not_matter(self, shift: float, exponent: int, task: str) -> None:
        design, target = sample(task, 40, 4, 3 if task == "multiclass" else 1)
        expected = run(design / design.std(axis=0), target, task, folds_of(40, 2))
        other = design / design.std(axis=0)
        other[:, 1] = shift * 2.0**exponent + 2.0**exponent * other[:, 1]
        assert_allclose(run(other, target, task, folds_of(40, 2)), expected, rtol=1e-3, atol=1e-3)

    @given(unit=st.sampled_from([1e-300, 1e-9, 1.0, 1e9, 1e300]), shift=st.floats(-100, 100))
    @settings(deadline=None, max_examples=10)
    def test_predictions_are_in_the_unit_of_the_target(self, unit: float, shift: float) -> None:
        design, target = sample("regression", 40, 4)
        expected = (run(design, target, "regression", folds_of(40, 2)) + shift) * unit
        found = run(design, (target + shift) * unit, "regression", folds_of(40, 2))
        assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * unit)

    @pytest.mark.parametrize("task", TASKS)
    def test_columns_without_information_change_nothing(self, task: str) -> None:
        design, target = sample(task, 60, 4, 3 if task == "multiclass" else 1)
        constant, unknown = np.full((60, 1), 0.1), np.full((60, 1), np.nan)
        more = np.hstack([constant, design, unknown, 1e30 * constant])
        assert_allclose(run(more, target, task), run(design, target, task), rtol=1e-4, atol=1e-4)

    def test_unknown_values_become_the_training_mean(self) -> None:
        design, target = sample("regression", 60, 4)
        train, held_out = np.arange(40), np.arange(40, 60)
        design[:10, 1] = np.nan
        unknown = design.copy()
        unknown[45, 1] = np.nan
        known = design.copy()
        known[45, 1] = design[10:40, 1].mean()
        fold = [(train, held_out)]
        assert_allclose(run(unknown, target, "regression", fold), run(known, target, "regression", fold))

    @pytest.mark.parametrize("task", TASKS)
    def test_without_any_column_that_varies_the_constant_is_predicted(self, task: str) -> None:
        target = sample(task, 60, 4, 3 if task == "multiclass" else 1)[1]
        train, held_out = np.arange(40), np.arange(40, 60)
        found = run(np.ones((60, 2)), target, task, [(train, held_out)])[40:]
        expected = {
            "regression": lambda y: [y.mean()],
            "binary": lambda y: [np.log(y.mean() / (1 - y.mean()))],
            "multiclass": lambda y: np.log(np.bincount(y) / len(y)),
        }[task](target[:40])
        assert_allclose(found, np.tile(expected, (20, 1)), atol=1e-4)

    @pytest.mark.parametrize("task", TASKS)
    def test_scores_of_samples_that_are_far_off_are_finite(self, task: str) -> None:
        design, target = sample(task, 60, 4, 3 if task == "multiclass" else 1)
        design[50:] = 3e38
        design[:, 0] = np.linspace(0, 1e-30, 60)
        found = run(design, target, task, [(np.arange(50), np.arange(50, 60))])
        assert np.isfinite(found[50:]).all()
        assert np.isfinite(run(design, target, task)).all()


class TestRareTargets:
    def test_a_class_without_training_samples_has_the_smallest_share(self) -> None:
        design, target = sample("multiclass", 80, 4, 4)
        train, held_out = np.flatnonzero((target == 0) | (target == 2)), np.flatnonzero(target == 1)
        shares = np.exp(run(design, target, "multiclass", [(train, held_out)], outputs=4)[held_out])
        assert_allclose(shares[:, [1, 3]], SMALLEST_SHARE)
        assert_allclose(shares[:, [0, 2]].sum(axis=1), 1.0)
        assert np.ptp(shares[:, 0]) > 0.1

    def test_one_class_only(self) -> None:
        design, target = sample("multiclass", 40, 4, 3)
        target[:30] = 1
        found = run(design, target, "multiclass", [(np.arange(30), np.arange(30, 40))], outputs=3)[30:]
        assert_allclose(np.exp(found), np.tile([SMALLEST_SHARE, 1.0, SMALLEST_SHARE], (10, 1)))
        binary = run(design, (target == 1) * 1, "binary", [(np.arange(30), np.arange(30, 40))])[30:]
        assert_allclose(binary, -np.log(SMALLEST_SHARE))

    def test_labels_and_numbers_that_are_constant_in_training(self) -> None:
        design, labels = sample("binary", 60, 4, 3)
        numbers = sample("regression", 60, 4, 3)[1]
        labels[:40, 1], numbers[:40, 1] = 0, 0.1
        fold = [(np.arange(40), np.arange(40, 60))]
        for task, target, expected in (
            ("binary", labels, np.log(SMALLEST_SHARE)),
            ("regression", numbers, 0.1),
        ):
            found = run(design, target, task, fold)[40:]
            assert_allclose(found[:, 1], expected)
            others = run(design, target[:, [0, 2]], task, fold)[40:]
            assert_allclose(found[:, [0, 2]], others, atol=1e-3)

    @pytest.mark.parametrize("task", TASKS)
    @pytest.mark.parametrize("count", [1, 2, 3, 5])
    def test_very_few_training_samples(self, task: str, count: int) -> None:
        design, target = sample(task, 30, 4, 3 if task == "multiclass" else 1)
        outputs = 3 if task == "multiclass" else 1
        found = run(design, target, task, [(np.arange(count), np.arange(10, 30))], outputs=outputs)
        assert np.isfinite(found[10:]).all()

    def test_a_class_of_a_single_sample(self) -> None:
        design, target = sample("multiclass", 60, 4, 3)
        target[0] = 3
        fold = [(np.arange(40), np.arange(40, 60))]
        assert np.isfinite(run(design, target, "multiclass", fold, outputs=4)[40:]).all()


@pytest.mark.parametrize("task", TASKS)
def test_the_same_arguments_give_the_same_scores_whatever_the_threads(task: str) -> None:
    design, target = sample(task, 80, 6, 3 if task == "multiclass" else 1)
    before = torch.get_num_threads()
    found = run(design, target, task)
    torch.set_num_threads(3)
    try:
        assert_array_equal(run(design, target, task), found)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
