"""Training throughput of a cell, against the plain loop."""

from __future__ import annotations

from typing import Any

import torch
from cells import EPOCHS, Sample, per_epoch, sample_of_study
from measure import Work, in_turn, spread
from results import Row, row
from yardstick import starting_weights, train_plainly

from mmfusion.study.cells import Cell

PART = "throughput"
DATASETS = ("XRelIrrXOR", "Parity")
NORMS = ("none", "ibn")
PLAIN_SEEDS = 2
"""Seeds of the plain loop, which trains one after the other: ten would take five times as long."""


def measure(quick: bool) -> list[Row]:
    """Measure samples per second, ratio and quartiles."""
    seeds, train, budget = (4, 512, 25.0) if quick else (10, 4000, 120.0)
    rows: list[Row] = []
    for dataset in DATASETS[:1] if quick else DATASETS:
        rows += compare(sample_of_study(dataset, seeds, train), budget)
    return rows


def compare(sample: Sample, budget: float, norms: tuple[str, ...] = NORMS) -> list[Row]:
    """Time mmfusion and the plain loop in turn; the ratio is the last row of every normalisation."""
    work: dict[Any, Work] = {}
    for norm in norms:
        for epochs in EPOCHS:
            work[(f"mmfusion {norm}", epochs)] = sample.training(norm, epochs)
            work[(f"plain {norm}", epochs)] = plain_training(sample.first_seeds(PLAIN_SEEDS), norm, epochs)
    seconds = in_turn(work, budget)
    rows = []
    for norm in norms:
        ours = per_epoch(seconds, f"mmfusion {norm}") / len(sample.datasets)
        plain = per_epoch(seconds, f"plain {norm}") / PLAIN_SEEDS
        keys = {"case": sample.name, "norm": norm, "modalities": 3, "dim": 8}
        keys["batch"] = sample.settings["batch_size"]
        rate = "samples / s and core"
        rows.append(row(PART, "mmfusion", spread(sample.samples / ours), rate, **keys))
        rows.append(row(PART, "plain loop", spread(sample.samples / plain), rate, **keys))
        rows.append(row(PART, "mmfusion / plain loop", spread(plain / ours), "x plain", **keys))
    return rows


def plain_training(sample: Sample, norm: str, epochs: int) -> Work:
    """Return the training of all seeds by the plain loop, one after the other."""
    cell, settings = Cell(sample.name, norm, "1", "1"), {**sample.settings, "epochs": epochs}
    weights = starting_weights(cell, sample.datasets, settings)

    def work() -> None:
        deterministic = torch.are_deterministic_algorithms_enabled()
        torch.use_deterministic_algorithms(False)
        for seed, dataset in sample.datasets.items():
            train_plainly(dataset, seed, norm, weights[seed], settings)
        torch.use_deterministic_algorithms(deterministic)

    return work
