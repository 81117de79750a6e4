"""The recipe of the estimators: the grid that it was chosen from, and the data that chose.

Every candidate is fitted with the automatic lambda on training samples and judged by its loss on samples that
it has not seen, relative to the constant's; the generated data and the two small data sets of scikit-learn
are in no other benchmark.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from results import Row, row
from sklearn.datasets import load_diabetes, load_wine
from sklearn.model_selection import train_test_split

from mmfusion import FusionClassifier, FusionRegressor
from mmfusion.estimators import parameter_checks

SEED = 20_000
"""Seeds of the generated data start here, beyond those of all tests and other benchmarks."""
TEST = 3000

Arrays = dict[str, NDArray[np.float32]]


class Task(NamedTuple):
    """Training and test samples of one data set."""

    train: Arrays
    train_y: NDArray[Any]
    test: Arrays
    test_y: NDArray[Any]
    classes: bool


def generated(
    score: Callable[[Arrays, np.random.Generator], NDArray[Any]],
    widths: tuple[int, int],
    n: int,
    classes: bool,
    common: float = 0.5,
) -> Callable[[int], Task]:
    """Return a function of the repetition that draws two modalities with something in common."""

    def draw(repetition: int) -> Task:
        rng = np.random.default_rng(SEED + repetition)
        drawn = []
        for count in (n, TEST):
            shared = rng.normal(size=(count, 1))
            X = {
                "a": (common * shared + rng.normal(size=(count, widths[0]))).astype(np.float32),
                "b": (common * shared + rng.normal(size=(count, widths[1]))).astype(np.float32),
            }
            y = score(X, rng)
            drawn.append((X, y > 0 if classes else y))
        (train, train_y), (test, test_y) = drawn
        return Task(train, train_y, test, test_y, classes)

    return draw


def shipped(load: Callable[..., Any], cut: int, classes: bool) -> Callable[[int], Task]:
    """Return a function of the repetition that cuts up a data set of scikit-learn; first columns are a."""

    def draw(repetition: int) -> Task:
        X, y = load(return_X_y=True)
        rows = train_test_split(np.arange(len(y)), test_size=0.4, random_state=SEED + repetition)
        parts = [{"a": X[r, :cut].astype(np.float32), "b": X[r, cut:].astype(np.float32)} for r in rows]
        return Task(parts[0], y[rows[0]], parts[1], y[rows[1]], classes)

    return draw


def noise(X: Arrays, rng: np.random.Generator) -> NDArray[Any]:
    """Return one standard normal number per sample."""
    return rng.normal(size=len(X["a"]))


TASKS: dict[str, Callable[[int], Task]] = {
    "linear": generated(lambda X, r: X["a"][:, 0] - X["b"][:, 1] + noise(X, r), (6, 5), 300, True),
    "product": generated(lambda X, r: X["a"][:, 0] * X["b"][:, 0] + 0.5 * noise(X, r), (6, 5), 300, True),
    "folded": generated(lambda X, r: np.abs(X["a"][:, 0]) - 0.8 + 0.4 * noise(X, r), (5, 5), 300, True),
    "numbers": generated(
        lambda X, r: X["a"][:, 0] + np.tanh(2 * X["b"][:, 0]) * X["a"][:, 1] + noise(X, r), (6, 5), 300, False
    ),
    "contrast": generated(
        lambda X, r: X["a"][:, 0] - X["b"][:, 0] + 0.3 * noise(X, r), (3, 3), 150, True, 3.0
    ),
    "wide noise": generated(lambda X, r: X["a"][:, :2].sum(1) + 0.7 * noise(X, r), (4, 250), 300, True),
    "wide signal": generated(lambda X, r: X["b"][:, :40].sum(1) / 4 + 0.5 * noise(X, r), (4, 250), 300, True),
    "wine": shipped(load_wine, 7, True),
    "diabetes": shipped(load_diabetes, 4, False),
}
START = {"encoder": "vector", "steps": 300, "learning_rate": 0.02, "dropout": 0.7, "kept": 20}
ADDITIVE = {"encoder": "additive", "steps": 400, "learning_rate": 0.2, "path": (1e-6, 1e-4, 1e-2, 1e-1)}
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"steps": 150},
    {"steps": 600},
    {"learning_rate": 0.005},
    {"learning_rate": 0.01},
    {"dropout": 0.2},
    {"dropout": 0.5},
    {"kept": 60},
    {"linear_path": False},
    {"encoder": "linear"},
    {"encoder": "linear", "steps": 150},
    {"encoder": "linear", "steps": 600},
    {"encoder": "linear", "learning_rate": 0.01},
    {"encoder": "linear", "learning_rate": 0.1},
    {"encoder": "linear", "kept": 60},
    {"encoder": "linear", "kept": 10**9},
    ADDITIVE,
    {**ADDITIVE, "steps": 200},
    {**ADDITIVE, "steps": 800},
    {**ADDITIVE, "learning_rate": 0.02},
    {**ADDITIVE, "path": (1e-4, 1e-3, 1e-2, 1e-1)},
)
"""Candidates, as what they change; "additive" is linear without products, path that of lambda."""
DEFAULTS: tuple[dict[str, Any], ...] = (
    {},
    {"n_seeds": 3},
    {"path": (1e-4, 3e-3, 1e-1)},
    {"path": (1e-4, 1e-3, 5e-3, 2e-2, 1e-1)},
)
"""The defaults of the estimators, which choose out of fold, and changes of them."""


def encoder_of(candidate: dict[str, Any], columns: int) -> dict[str, Any]:
    """Return the encoder of a modality with so many columns."""
    dropped = {"input_dropout": max(0.0, 1 - float(np.sqrt(candidate["kept"] / columns)))}
    if candidate["encoder"] in ("linear", "additive"):
        return {"kind": "linear", **dropped}
    path = {"dropout": candidate["dropout"], "linear_path": candidate.get("linear_path", True)}
    return {"kind": "vector", **dropped, **path}


def parameters_of(candidate: dict[str, Any], task: Task) -> dict[str, Any]:
    """Return the parameters of the estimator for a candidate."""
    if candidate["encoder"] == "chosen":
        return {"n_seeds": candidate.get("n_seeds", 1)}
    n, batch = len(task.train_y), 64
    encoders = {name: encoder_of(candidate, values.shape[1]) for name, values in task.train.items()}
    return {
        "encoders": encoders,
        "max_order": 1 if candidate["encoder"] == "additive" else "auto",
        "epochs": max(1, round(candidate["steps"] / max(1, int(0.8 * n) // batch))),
        "learning_rate": candidate["learning_rate"],
    }


def relative_loss(task: Task, parameters: dict[str, Any], seed: int) -> float:
    """Fit an estimator and return its loss on the test samples over that of the constant."""
    model = (FusionClassifier if task.classes else FusionRegressor)(random_state=seed, **parameters)
    model.fit(task.train, task.train_y)
    if not task.classes:
        return float(
            np.mean((model.predict(task.test) - task.test_y) ** 2)
            / np.mean((task.train_y.mean() - task.test_y) ** 2)
        )
    shares = np.array([np.mean(task.train_y == name) for name in model.classes_])
    truth = np.searchsorted(model.classes_, task.test_y)
    logs = [
        np.log(np.clip(p, 1e-12, 1))
        for p in (model.predict_proba(task.test), np.tile(shares, (len(truth), 1)))
    ]
    model_loss, constant = (-values[np.arange(len(truth)), truth].mean() for values in logs)
    return float(model_loss / constant)


def measure(quick: bool) -> list[Row]:
    """Measure every candidate on every data set."""
    repetitions, rows = range(1 if quick else 2), []
    candidates = [{**START, **change} for change in (CHANGES[:2] if quick else CHANGES)]
    candidates += [{"encoder": "chosen", **change} for change in (DEFAULTS[:1] if quick else DEFAULTS)]
    for candidate in candidates:
        with patch.object(parameter_checks, "PATH", candidate.get("path", parameter_checks.PATH)):
            for name, draw in TASKS.items():
                tasks = [draw(number) for number in repetitions]
                losses = [
                    relative_loss(task, parameters_of(candidate, task), k) for k, task in enumerate(tasks)
                ]
                rows.append(_row(name, losses, candidate))
    return rows


def _row(name: str, losses: list[float], candidate: dict[str, Any]) -> Row:
    case = ", ".join(f"{key} {value}" for key, value in candidate.items())
    return row("recipe", name, float(np.mean(losses)), "of the constant's loss", case=case)
