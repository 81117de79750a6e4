"""The constant predictor and the linear floor, on data where the answer is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from mmfusion.errors import DataError
from mmfusion.study.baselines.constant import constant_rows
from mmfusion.study.baselines.linear import STRENGTHS, linear_inputs, linear_rows
from mmfusion.study.data.dataset import MultimodalDataset, Split
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.tables.definitions import check_table
from mmfusion.study.tables.run_rows import METRIC_COLUMNS, metric_columns, run_row

REGRESSION = ("mae", "pearson_r", "r2")
SENTIMENT_COLUMNS = [
    name
    for name in METRIC_COLUMNS
    if name.split("_")[0] not in ("accuracy", "f1", "loss") and name.rsplit("_", 1)[0] not in REGRESSION
]


def linear_data(task: str, sentiment: bool = False) -> MultimodalDataset:
    """Make two vector modalities and one of symbols with a linear signal in all of them."""
    rng = np.random.default_rng(0)
    splits = {}
    for split, size in (("train", 200), ("validation", 50), ("test", 100)):
        features = {
            "a": rng.normal(size=(size, 3)),
            "b": rng.normal(size=(size, 2)).astype(np.float32),
            "c": rng.integers(0, 3, (size, 2), dtype=np.uint8),
        }
        signal = features["a"][:, 0] + features["b"][:, 1] + (features["c"][:, 0] == 2) - 0.4
        value = np.round(signal + 0.3 * rng.normal(size=size), 1)
        target = {"binary": value >= 0, "multiclass": (value > -0.5) * 1 + (value > 0.5), "regression": value}
        latents = {"sentiment": value} if sentiment else {}
        kind = np.float64 if task == "regression" else np.int64
        splits[split] = Split(features, target[task].astype(kind), latents)
    return MultimodalDataset("Linear", task, ("a", "b", "c"), splits)


BASELINES: list[Callable[[MultimodalDataset, int | None], pd.DataFrame]] = [constant_rows, linear_rows]
TASKS = ["binary", "multiclass", "regression"]


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("seed", [3, None])
def test_contract(baseline, task: str, seed: int | None) -> None:
    data = linear_data(task)
    row = baseline(data, seed)
    check_table("runs", row)
    assert len(row) == 1
    assert row.loc[0, "dataset"] == "Linear"
    assert row.loc[0, "task"] == task
    assert row.loc[0, "model"] == baseline.__name__.removesuffix("_rows")
    assert row.loc[0, ["norm", "p", "scale"]].tolist() == ["-", "-", "-"]
    assert pd.isna(row.loc[0, "converged"])
    assert (row.loc[0, "seed"] == 3) if seed else pd.isna(row.loc[0, "seed"])
    assert row[["f1_weighted_test", *SENTIMENT_COLUMNS]].isna().all(axis=None)
    assert row["accuracy_test"].notna().all() == (task != "regression")
    for split in ("train", "test"):
        for name in ("mae", "r2"):
            assert row[f"{name}_{split}"].notna().all() == (task == "regression")
    assert baseline(data, seed).equals(row)


def test_rows_of_many_models_share_one_table() -> None:
    rows = [baseline(linear_data(task, task != "multiclass"), 0) for task in TASKS for baseline in BASELINES]
    table = pd.concat(rows, ignore_index=True)
    check_table("runs", table)
    assert len(table) == 6


def test_constant_class_is_the_training_prior() -> None:
    data = linear_data("binary")
    row = constant_rows(data, 0).loc[0]
    prior = data.splits["train"].target.mean()
    for split, part in data.splits.items():
        share = part.target.mean()
        assert row[f"accuracy_{split}"] == pytest.approx(share if prior >= 0.5 else 1 - share)
        loss = -share * np.log(prior) - (1 - share) * np.log(1 - prior)
        assert row[f"loss_{split}"] == pytest.approx(loss)


def with_train_target(data: MultimodalDataset, target: np.ndarray) -> MultimodalDataset:
    part = data.splits["train"]
    features = {name: values[: len(target)] for name, values in part.features.items()}
    return replace(data, splits={**data.splits, "train": replace(part, features=features, target=target)})


def test_constant_tie_goes_to_class_one() -> None:
    data = with_train_target(linear_data("binary"), np.array([0, 1, 1, 0]))
    row = constant_rows(data, 0).loc[0]
    assert row["accuracy_test"] == pytest.approx(data.splits["test"].target.mean())
    assert row["loss_test"] == pytest.approx(np.log(2))


def test_constant_with_a_single_training_class() -> None:
    row = constant_rows(with_train_target(linear_data("binary"), np.array([1, 1])), 0).loc[0]
    assert (row["loss_train"], row["loss_test"]) == (0.0, np.inf)


def test_constant_of_several_classes() -> None:
    data = linear_data("multiclass")
    row = constant_rows(data, 0).loc[0]
    shares = np.bincount(data.splits["train"].target) / 200
    target = data.splits["test"].target
    assert row["accuracy_test"] == pytest.approx(np.mean(target == shares.argmax()))
    assert row["loss_test"] == pytest.approx(-np.mean(np.log(shares[target])))


def test_constant_of_a_regression_is_the_training_mean() -> None:
    data = linear_data("regression", sentiment=True)
    row = constant_rows(data, 0).loc[0]
    assert row["loss_train"] == pytest.approx(1.0)
    target, mean = data.splits["test"].target, data.splits["train"].target.mean()
    assert row["mae_test"] == pytest.approx(np.mean(np.abs(target - mean)))
    assert np.isnan(row["pearson_r_test"])


def test_linear_equals_ridge_on_one_hot_symbols() -> None:
    data = linear_data("regression", sentiment=True)

    def one_hot(part: Split) -> np.ndarray:
        symbols = np.eye(3)[part.features["c"]].reshape(len(part), -1)
        return np.hstack([part.features["a"], part.features["b"], symbols])

    inputs, target = one_hot(data.splits["train"]), data.splits["train"].target
    errors = []
    for strength in STRENGTHS:  # leave-one-out error from the hat matrix
        centred = inputs - inputs.mean(axis=0)
        hat = centred @ np.linalg.solve(centred.T @ centred + strength * np.eye(11), centred.T) + 1 / 200
        errors.append(np.mean(((target - hat @ target) / (1 - np.diag(hat))) ** 2))
    best = STRENGTHS[int(np.argmin(errors))]
    prediction = Ridge(alpha=best).fit(inputs, target).predict(one_hot(data.splits["test"]))
    expected = metric_columns(data, {"test": prediction})
    row = linear_rows(data, 0).loc[0]
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-6)


def test_contrasts_keep_the_distances_of_one_hot_symbols() -> None:
    data = linear_data("binary")
    inputs = linear_inputs(data)["train"]
    assert inputs.shape == (200, 3 + 2 + 2 * 2)
    symbols = data.splits["train"].features["c"]
    one_hot = np.eye(3)[symbols].reshape(200, -1)
    for one, other in ((0, 1), (5, 9), (3, 120)):
        distance = np.sum((inputs[one, 5:] - inputs[other, 5:]) ** 2)
        assert distance == pytest.approx(np.sum((one_hot[one] - one_hot[other]) ** 2))


@pytest.mark.parametrize(("task", "floor"), [("binary", 0.85), ("multiclass", 0.7)])
def test_linear_finds_a_linear_signal_and_has_no_loss(task: str, floor: float) -> None:
    row = linear_rows(linear_data(task), 0).loc[0]
    constant = constant_rows(linear_data(task), 0).loc[0]
    assert row["accuracy_test"] > max(floor, constant["accuracy_test"])
    assert row[["loss_train", "loss_validation", "loss_test"]].isna().all()


def test_both_tasks_of_a_sentiment_share_one_ridge() -> None:
    binary = linear_rows(linear_data("binary", sentiment=True), 0).loc[0]
    real = linear_rows(linear_data("regression", sentiment=True), 0).loc[0]
    for name in (
        "acc2_zeros_positive",
        "acc2_zeros_omitted",
        "acc2_zeros_negative",
        "f1_weighted",
        "pearson_r",
    ):
        assert binary[f"{name}_test"] == real[f"{name}_test"]
    assert binary["accuracy_test"] == binary["acc2_zeros_positive_test"]
    assert np.isnan([binary["acc7_test"], binary["mae_test"], binary["loss_test"]]).all()
    assert real[["acc7_test", "mae_test", "loss_test"]].notna().all()


def test_parity_is_beyond_a_linear_model() -> None:
    settings = PlantedSettings(length=8, sizes={"train": 400, "test": 400})
    row = linear_rows(generate("Parity", 0, settings), 0).loc[0]
    assert abs(row["accuracy_test"] - 0.5) < 4 * np.sqrt(0.25 / 400)


def test_scores_of_a_perfect_model() -> None:
    data = linear_data("regression", sentiment=True)
    metrics = metric_columns(data, {split: part.target for split, part in data.splits.items()})
    row = run_row(data, "perfect", 1, metrics).loc[0]
    for name in ("acc2_zeros_positive", "acc2_zeros_omitted", "acc2_zeros_negative", "f1_weighted", "acc7"):
        assert row[f"{name}_test"] == row[f"{name}_train"] == 1.0
    assert row[["loss_train", "loss_validation", "loss_test", "mae_test"]].tolist() == [0.0] * 4
    assert row["pearson_r_test"] == pytest.approx(1.0)


def test_regression_on_a_constant_target_is_refused() -> None:
    data = with_train_target(linear_data("regression"), np.ones(5))
    with pytest.raises(DataError, match="the target is constant, all training values are 1"):
        constant_rows(data, 0)


def test_metric_without_a_column_is_refused() -> None:
    with pytest.raises(ValueError, match="auc_test"):
        check_table("runs", run_row(linear_data("binary"), "x", 0, {"auc_test": 1.0}))
