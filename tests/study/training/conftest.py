"""Small datasets and settings on which a network trains in a tenth of a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mmfusion.study.cells import Cell
from mmfusion.study.data.dataset import MultimodalDataset, Split
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.training.cell_training import train_cell

SIZES = {"train": 200, "validation": 60, "test": 50}


@pytest.fixture
def settings() -> dict[str, Any]:
    """What the configuration says about training, in small."""
    return {
        "penalty": 0.01,
        "batch_size": 64,
        "learning_rate": 5e-3,
        "weight_decay": 0.01,
        "epochs": 2,
        "device": "cpu",
        "max_order": None,
        "convention": "mkl",
        "encoders": {"symbols": {"width": 7, "channels": 8, "dim": 3}},
    }


@pytest.fixture
def vector_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The same for feature vectors."""
    return {**settings, "encoders": {"vector": {"hidden": 8, "dropout": 0.2, "dim": 3}}}


@pytest.fixture(scope="session")
def sequences() -> dict[int, MultimodalDataset]:
    """XRelIrrXOR of three seeds: three views of 30 symbols."""
    small = PlantedSettings(length=30, sizes=SIZES)
    return {seed: generate("XRelIrrXOR", seed, small) for seed in (0, 1, 5)}


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], MultimodalDataset]:
    """Function of the task that makes two modalities of unequal width, without a validation split."""

    def make(task: str) -> MultimodalDataset:
        rng = np.random.default_rng(3)
        splits = {}
        for name, size in (("train", 150), ("test", 40)):
            text, audio = rng.normal(size=(size, 5)), rng.normal(size=(size, 2))
            score = 2.0 * text[:, 0] + audio[:, 1] + 7.0
            target = (
                score
                if task == "regression"
                else np.digitize(score, [6.0, 8.0] if task == "multiclass" else [7.0])
            )
            splits[name] = Split({"text": text.astype(np.float32), "audio": audio.astype(np.float32)}, target)
        return MultimodalDataset("vectors", task, ("text", "audio"), splits)  # type: ignore[arg-type]  # a Task

    return make


@pytest.fixture
def cell() -> Cell:
    return Cell("XRelIrrXOR", "ibn", "1", "1")


@pytest.fixture
def train_seeds(sequences, settings, cell):
    """Function of seeds (and changes of cell and settings) that trains a block on `sequences`."""

    def train(*seeds: int, at: Cell = cell, **changes: Any):
        return train_cell(
            at, {seed: sequences[seed] for seed in seeds}, {**settings, **changes}, progress=False
        )

    return train
