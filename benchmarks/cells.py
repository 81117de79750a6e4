"""Small versions of the study's cells: their settings, their data, and the cost of training them.

Training is measured from outside, through `train_cell`, with two numbers of epochs: their difference is the
cost of epochs alone, without preparing data, building networks and fitting the statistics of prediction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from measure import Work

from mmfusion.study.cells import Cell
from mmfusion.study.config.yaml_file import load_config_file
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.plan import Study
from mmfusion.study.training.cell_training import train_cell

ROOT = Path(__file__).resolve().parents[1]
EPOCHS = (1, 3)
"""The two numbers of epochs that are compared."""


@dataclass(frozen=True)
class Sample:
    """One dataset of the study, with fewer training samples and without a validation split.

    Parameters
    ----------
    name : str
    datasets : mapping of int to MultimodalDataset
        By seed.
    settings : mapping
        The study's settings of training.
    """

    name: str
    datasets: Mapping[int, MultimodalDataset]
    settings: Mapping[str, Any]

    @property
    def steps(self) -> int:
        """Steps per epoch of one seed."""
        size: int = self.settings["batch_size"]
        return len(next(iter(self.datasets.values())).splits["train"]) // size

    @property
    def samples(self) -> int:
        """Samples that training uses per epoch of one seed: those in full batches."""
        size: int = self.settings["batch_size"]
        return self.steps * size

    def training(self, norm: str, epochs: int) -> Work:
        """Return the training of all seeds under a normalisation, p = 1, scale 1."""
        cell, settings = Cell(self.name, norm, "1", "1"), {**self.settings, "epochs": epochs}
        return lambda: train_cell(cell, self.datasets, settings, progress=False)

    def first_seeds(self, number: int) -> Sample:
        """Return the same dataset with the first seeds only."""
        return replace(self, datasets=dict(list(self.datasets.items())[:number]))


def sample_of_study(name: str, seeds: int, train: int) -> Sample:
    """Draw a dataset of the study with `train` training samples, for that many seeds."""
    study = Study(load_config_file(ROOT / "config/config.yaml"))
    settings = study.generation_settings(name)
    drawn = PlantedSettings(**{**settings, "sizes": {"train": train, "test": 4}})
    datasets = {seed: generate(name, seed, drawn) for seed in range(seeds)}
    return Sample(name, datasets, study.training_settings(name))


def per_epoch(seconds: pd.DataFrame, name: Any, epochs: tuple[int, int] = EPOCHS) -> pd.Series[float]:
    """Return the seconds of one epoch by repetition, from columns (name, number of epochs)."""
    few, many = epochs
    return (seconds[(name, many)] - seconds[(name, few)]) / (many - few)
