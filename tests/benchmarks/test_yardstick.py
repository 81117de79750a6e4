"""The plain training loop trains the same networks: the same losses, epoch by epoch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmfusion.study.cells import Cell
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.training.cell_training import train_cell

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from yardstick import starting_weights, train_plainly

SETTINGS: dict[str, Any] = {
    "penalty": 0.01,
    "batch_size": 32,
    "learning_rate": 5e-3,
    "weight_decay": 0.01,
    "epochs": 4,
    "max_order": None,
    "convention": "mkl",
    "encoders": {"symbols": {"width": 7, "channels": 8, "dim": 4}},
    "device": "cpu",
}


def data(name: str, seeds: tuple[int, ...]) -> dict[int, MultimodalDataset]:
    small = PlantedSettings(length=30, sizes={"train": 200, "test": 4})
    return {seed: generate(name, seed, small) for seed in seeds}


@pytest.mark.parametrize("norm", ["none", "ibn"])
@pytest.mark.parametrize("name", ["Parity", "XRelIrrXOR"])
def test_losses_are_those_of_the_shipped_training(name: str, norm: str) -> None:
    cell, datasets = Cell(name, norm, "1", "1"), data(name, (0, 3))
    _, history, _ = train_cell(cell, datasets, SETTINGS, progress=False)
    weights = starting_weights(cell, datasets, SETTINGS)
    for seed, dataset in datasets.items():
        rows = history[history["seed"] == seed]
        expected = rows.groupby("epoch")["loss_train"].first().to_numpy()
        got = np.array(train_plainly(dataset, seed, norm, weights[seed], SETTINGS))
        assert got == pytest.approx(expected, rel=1e-4)
        assert np.ptp(expected) > 1e-3  # there is something to agree on


def test_another_order_or_start_gives_other_losses() -> None:
    cell, datasets = Cell("Parity", "ibn", "1", "1"), data("Parity", (0, 3))
    weights = starting_weights(cell, datasets, SETTINGS)
    runs = [
        train_plainly(datasets[0], seed, "ibn", weights[start], SETTINGS)
        for seed, start in ((0, 0), (0, 3), (3, 0))
    ]
    for other in runs[1:]:
        assert np.abs(np.array(other) - runs[0]).max() > 1e-3
