"""Small trained blocks: three views of symbols, and two feature vectors without a validation split."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

from mmfusion.study.cells import Cell
from mmfusion.study.data.dataset import MultimodalDataset, Split
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.training.cell_training import train_cell
from mmfusion.study.training.checkpoint import TrainedCell

RECIPE = {
    "penalty": 0.01,
    "batch_size": 50,
    "learning_rate": 5e-3,
    "weight_decay": 0.01,
    "device": "cpu",
    "max_order": None,
    "convention": "mkl",
}
SYMBOLS = {"symbols": {"width": 7, "channels": 6, "dim": 3}}
VECTORS = {"vector": {"hidden": 8, "dropout": 0.0, "dim": 2}}


@pytest.fixture(scope="session")
def views() -> dict[int, MultimodalDataset]:
    """XRelIrrXOR of two seeds: three views of 20 symbols."""
    small = PlantedSettings(length=20, sizes={"train": 150, "validation": 40, "test": 30})
    return {seed: generate("XRelIrrXOR", seed, small) for seed in (3, 1)}


@pytest.fixture(scope="session")
def train_views(views: dict[int, MultimodalDataset]) -> Callable[..., TrainedCell]:
    """Function of norm, p and seeds that trains a block on `views`."""

    def train(norm: str = "ibn", p: str = "1", seeds: Iterable[int] = (3, 1), **changes: Any) -> TrainedCell:
        settings = {**RECIPE, "encoders": SYMBOLS, "epochs": 2, **changes}
        cell = Cell("XRelIrrXOR", norm, p, "1")
        return train_cell(cell, {seed: views[seed] for seed in seeds}, settings, progress=False)[0]

    return train


@pytest.fixture(scope="session")
def block(train_views: Callable[..., TrainedCell]) -> TrainedCell:
    """IBN networks of both seeds; not to be changed."""
    return train_views()


@pytest.fixture(scope="session")
def make_vectors() -> Callable[..., MultimodalDataset]:
    """Function of the task (and of whether there is a sentiment) that makes two vector modalities."""

    def make(
        task: str, sentiment: bool = False, splits: Iterable[str] = ("train", "test")
    ) -> MultimodalDataset:
        rng = np.random.default_rng(5)
        parts = {}
        for split in splits:
            size = {"train": 300, "validation": 50, "test": 40}[split]
            text, audio = rng.normal(size=(size, 4)), rng.normal(size=(size, 2))
            value = np.clip(1.6 * text[:, 0] + 0.5 * audio[:, 1] + 0.3, -3, 3).round(1)
            target = {
                "binary": (value >= 0).astype(np.int64),
                "multiclass": np.digitize(value, [-0.7, 0.9]),
                "regression": value,
            }[task]
            features = {"text": text.astype(np.float32), "audio": audio.astype(np.float32)}
            parts[split] = Split(features, target, {"sentiment": value} if sentiment else {})
        return MultimodalDataset("Vectors", task, ("text", "audio"), parts)  # type: ignore[arg-type]  # a Task

    return make


@pytest.fixture(scope="session")
def train_vectors() -> Callable[..., TrainedCell]:
    """Function of a dataset that trains one network on it, as seed 0."""

    def train(dataset: MultimodalDataset, epochs: int = 30) -> TrainedCell:
        settings = {**RECIPE, "encoders": VECTORS, "epochs": epochs, "learning_rate": 2e-2}
        return train_cell(Cell(dataset.name, "ibn", "4/3", "1"), {0: dataset}, settings, progress=False)[0]

    return train
