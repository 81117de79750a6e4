"""Prediction beside linear models: with a linear model in the place of ours, both are alike."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from calibration import real_data_command
from calibration.prediction import Job, compare_job, expected_calibration_error
from calibration.real_data import SOURCES
from calibration.real_data_command import with_goals

from mmfusion.study.designs.design import CLASSES


class Linear:
    """A linear model on the columns of all modalities."""

    def __init__(self, task: str, parameters: dict[str, Any]) -> None:
        model = (
            LogisticRegression(C=30.0, max_iter=5000) if task == CLASSES else RidgeCV(np.logspace(-2, 4, 9))
        )
        self.model = make_pipeline(StandardScaler(), model)

    def fit(self, X: dict[str, Any], y: Any) -> Self:
        self.model.fit(np.hstack(list(X.values())), y)
        return self

    def predict_proba(self, X: dict[str, Any]) -> Any:
        return self.model.predict_proba(np.hstack(list(X.values())))

    def predict(self, X: dict[str, Any]) -> Any:
        return self.model.predict(np.hstack(list(X.values())))


def test_modalities_of_real_data() -> None:
    widths = {
        "breast_cancer": 30,
        "iris": 4,
        "digits_halves": 64,
        "digits_rows": 64,
    }
    for name, source in SOURCES.items():
        data = source.load(np.random.default_rng(0))
        assert len(data) == len(next(iter(data.X.values())))
        if name in widths:
            assert sum(values.shape[1] for values in data.X.values()) == widths[name]
    halves, rows = (SOURCES[name].load(np.random.default_rng(0)) for name in ("digits_halves", "digits_rows"))
    np.testing.assert_array_equal(halves.y, rows.y)
    np.testing.assert_array_equal(
        halves.X["left"][:, :8].reshape(-1, 2, 4), rows.X["rows 1-2"].reshape(-1, 2, 8)[:, :, :4]
    )


def test_calibration_error() -> None:
    sure = np.tile([0.9, 0.1], (100, 1))
    truth = np.repeat([0, 1], [90, 10])
    assert expected_calibration_error(sure, truth, bins=1) == pytest.approx(0.0)
    assert expected_calibration_error(sure, truth[::-1] * 0 + 1, bins=1) == pytest.approx(0.9)
    assert expected_calibration_error(sure, np.repeat([0, 1], 50), bins=1) == pytest.approx(0.4)
    rng = np.random.default_rng(0)
    chance = rng.uniform(size=20_000)
    honest, hits = np.column_stack([1 - chance, chance]), (rng.uniform(size=20_000) < chance).astype(int)
    assert expected_calibration_error(honest, hits) < 0.015
    overconfident = honest**3 / (honest**3).sum(axis=1, keepdims=True)
    assert expected_calibration_error(overconfident, hits) > 0.1


@pytest.mark.parametrize("name", ["iris", "linear", "numbers"])
def test_prediction_beside_linear_models(name: str) -> None:
    row = compare_job(Job(name, 0), {}, {"settings": "", "code": ""}, Linear)
    assert "error" not in row
    assert row["warning"] == ""
    if SOURCES[name].task == CLASSES:
        assert row["log_loss"] == pytest.approx(row["log_loss_linear"], rel=0.25)
        assert row["accuracy"] == pytest.approx(row["accuracy_linear"], abs=0.03)
        assert 0 <= row["calibration_error"] < 0.15
    else:
        assert row["r2"] == pytest.approx(row["r2_linear"], abs=0.02)


def test_the_command_on_real_data(tmp_path: Path) -> None:
    words = ["--only", "iris", "sum_and_product", "numbers", "--repetitions", "1", "--processes", "1"]
    assert real_data_command.main(words, tmp_path, make=Linear) == 0
    table = pd.read_csv(tmp_path / "real-data.csv").set_index("data_set")
    assert table["goal"].tolist() == ["log-loss <= 1.05 x", "log-loss <= 1 x", "R^2 >= that - 0"]
    assert table["repetitions"].tolist() == [1, 1, 1]
    assert "iris" in (tmp_path / "real-data.md").read_text()


def test_goals() -> None:
    ratio = {"iris": 1.04, "breast_cancer": 1.06, "product": 1.01, "sum_and_product": 0.9}
    table = pd.DataFrame({"ratio": ratio, "r2": {"numbers": 0.49}})
    met = with_goals(table.assign(r2_linear=0.5))["met"].to_dict()
    assert {name for name, value in met.items() if value} == {"iris", "sum_and_product"}
