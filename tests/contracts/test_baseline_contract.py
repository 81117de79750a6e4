"""What every baseline must keep: a row of the run table, its name, no look at the test target."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmfusion.study.baselines.baseline_table import BASELINES, BAYES_RULES, baseline_table
from mmfusion.study.data.dataset import MultimodalDataset, Split
from mmfusion.study.data.planted import PLANTED_DATASETS, PlantedSettings, generate
from mmfusion.study.tables.definitions import TABLES, check_table
from mmfusion.study.tables.run_rows import METRIC_COLUMNS

TASKS = ("binary", "multiclass", "regression")
SIZES = {"train": 80, "validation": 20, "test": 40}


def made(task: str, missing: bool = False) -> MultimodalDataset:
    """A dataset with one modality of each kind: a vector, a sequence and symbols."""
    rng = np.random.default_rng(1)
    splits = {}
    for split, size in SIZES.items():
        vector = rng.normal(size=(size, 3))
        sequence = rng.normal(size=(size, 5, 2)).astype(np.float32)
        real = np.ones((size, 5), dtype=bool)
        real[::4, 3:] = False
        sequence[~real] = 0.0  # padded
        symbols = rng.integers(0, 4, (size, 6))
        mean = sequence[:, :, 1].sum(axis=1) / real.sum(axis=1)
        value = vector[:, 0] + mean + (symbols[:, 0] == 2)
        if missing:
            vector[::5], sequence[1::5], symbols[2::5] = np.nan, np.nan, -1
        classes = {"binary": value > 0.2, "multiclass": (value > -0.3) * 1 + (value > 0.6)}
        target = value if task == "regression" else classes[task].astype(np.int64)
        features = {"text": vector, "audio": sequence, "tokens": symbols}
        splits[split] = Split(features, target, real={"audio": real})
    return MultimodalDataset("Made", task, ("text", "audio", "tokens"), splits)  # type: ignore[arg-type]  # a task given as text


def planted(name: str) -> MultimodalDataset:
    return generate(name, 3, PlantedSettings(length=12, sizes=SIZES))


def without_validation(data: MultimodalDataset) -> MultimodalDataset:
    return replace(data, splits={name: part for name, part in data.splits.items() if name != "validation"})


DATASETS = {
    **{task: made(task) for task in TASKS},
    **{f"{task}, missing modalities": made(task, missing=True) for task in TASKS},
    "without validation": without_validation(made("binary")),
    "one modality": replace(made("regression"), modalities=("audio",)),
    **{name: planted(name) for name in PLANTED_DATASETS},
    "planted, without validation": without_validation(planted("XRel")),
}
ALL = {**BASELINES, **BAYES_RULES}


def models_of(dataset: MultimodalDataset) -> list[str]:
    return list(ALL if dataset.name in PLANTED_DATASETS else BASELINES)


PAIRS = [(name, label) for name in ALL for label, data in DATASETS.items() if name in models_of(data)]
KNOWS_THE_TARGET = "bayes_latent"
"""It decides with the coins behind the motifs, one of which is the target."""
every_pair = pytest.mark.parametrize(("name", "dataset"), PAIRS, indirect=["dataset"])
every_pair_that_predicts = pytest.mark.parametrize(
    ("name", "dataset"), [pair for pair in PAIRS if pair[0] != KNOWS_THE_TARGET], indirect=["dataset"]
)


@pytest.fixture
def dataset(request: pytest.FixtureRequest) -> MultimodalDataset:
    return DATASETS[request.param]


def row_of(name: str, dataset: MultimodalDataset, seed: int | None = 3) -> pd.DataFrame:
    return ALL[name](dataset, seed)


def with_target(dataset: MultimodalDataset, split: str, target: np.ndarray) -> MultimodalDataset:
    part = replace(dataset.splits[split], target=target)
    return replace(dataset, splits={**dataset.splits, split: part})


def inside(value: float, values: str) -> bool:
    """Tell whether a value lies in a range as the definition of its column writes it, such as "[0, 1]"."""
    if interval := re.match(r"\[(-?[\d.]+), (-?[\d.]+)\]", values):
        low, high = map(float, interval.groups())
        return low <= value <= high
    sign, bound = re.match(r"([≥≤]) (-?[\d.]+)", values).groups()  # type: ignore[union-attr]  # it matches
    return value >= float(bound) if sign == "≥" else value <= float(bound)


def test_every_baseline_meets_a_dataset() -> None:
    assert {name for name, _ in PAIRS} == set(ALL)


@every_pair
def test_row_is_one_of_the_run_table(name: str, dataset: MultimodalDataset) -> None:
    row = row_of(name, dataset)
    check_table("runs", row)
    assert list(row.columns) == TABLES["runs"].names
    assert row.index.to_list() == [0]
    assert row.loc[0, ["dataset", "task", "seed"]].to_list() == [dataset.name, dataset.task, 3]
    assert row.loc[0, ["norm", "p", "scale"]].to_list() == ["-", "-", "-"]
    assert pd.isna(row.loc[0, "converged"])


@every_pair
def test_knows_its_name(name: str, dataset: MultimodalDataset) -> None:
    assert row_of(name, dataset).loc[0, "model"] == name


@every_pair
def test_seed_enters_the_row_only(name: str, dataset: MultimodalDataset) -> None:
    row = row_of(name, dataset, None)
    assert row["seed"].isna().all()
    assert row.drop(columns="seed").equals(row_of(name, dataset).drop(columns="seed"))


@every_pair
def test_same_data_give_the_same_row(name: str, dataset: MultimodalDataset) -> None:
    assert row_of(name, dataset).equals(row_of(name, dataset))


@every_pair
def test_scores_are_those_of_the_task_and_lie_in_their_ranges(name: str, dataset: MultimodalDataset) -> None:
    row = row_of(name, dataset).loc[0]
    ranges = {column.name: column.range for column in TABLES["runs"].columns}
    scores = {column: float(row[column]) for column in METRIC_COLUMNS if not np.isnan(row[column])}
    assert {column for column, value in scores.items() if not inside(value, ranges[column])} == set()
    kinds = {"mae", "r2"} if dataset.task == "regression" else {"accuracy", "f1"}
    assert {f"{kind}_{split}" for kind in kinds for split in ("train", "test")} <= set(scores)
    assert {column.rsplit("_", 1)[1] for column in scores} <= set(dataset.splits)


@every_pair
def test_the_test_target_does_not_enter_the_fit(name: str, dataset: MultimodalDataset) -> None:
    order = np.random.default_rng(0).permutation(SIZES["test"])
    other = with_target(dataset, "test", dataset.splits["test"].target[order])
    before, after = row_of(name, dataset).loc[0], row_of(name, other).loc[0]
    elsewhere = [column for column in METRIC_COLUMNS if not column.endswith("_test")]
    assert before[elsewhere].equals(after[elsewhere])


@every_pair_that_predicts
def test_the_test_target_does_not_enter_the_prediction(name: str, dataset: MultimodalDataset) -> None:
    """The scores of fixed predictions obey a law when the targets turn."""
    target = dataset.splits["test"].target

    def score(column: str, turned: np.ndarray) -> float:
        return float(row_of(name, with_target(dataset, "test", turned)).loc[0, column])

    if dataset.task == "regression":  # the parallelogram law of squared errors
        both = score("loss_test", target) + score("loss_test", -target)
        variance = dataset.splits["train"].target.var()
        twice = 2 * (score("loss_test", 0 * target) + np.mean(target**2) / variance)
        assert both == pytest.approx(twice)
    else:  # a prediction is right for exactly one of the turns of the classes
        classes = int(target.max()) + 1
        turns = [score("accuracy_test", (target + shift) % classes) for shift in range(classes)]
        assert sum(turns) == pytest.approx(1)


def test_every_row_of_the_table_is_that_of_a_baseline() -> None:
    for dataset in DATASETS.values():
        assert baseline_table({3: dataset})["model"].to_list() == models_of(dataset)


def test_the_definition_of_the_column_names_baselines_that_exist() -> None:
    column = next(column for column in TABLES["runs"].columns if column.name == "model")
    named = re.findall(r"\w+", column.range.partition("such as")[2].replace(" or ", " "))
    assert named
    assert set(named) <= set(ALL)
