"""Arithmetic per second of a training step, against a large matrix product on the same thread."""

from __future__ import annotations

from typing import Any

import pandas as pd
import torch
from cells import EPOCHS, Sample, per_epoch, sample_of_study
from measure import Work, in_turn, spread
from operations import multiply_adds, operations
from parts.throughput import NORMS, PLAIN_SEEDS, plain_training
from results import Row, row
from yardstick import PlainNetwork, plain_step

PART = "arithmetic"
SIZE = 2048
"""Rows and columns of the matrix product."""


def measure(quick: bool) -> list[Row]:
    """Measure GFLOP/s (2 per multiply-add) and operations per step."""
    sample = sample_of_study("XRelIrrXOR", *((4, 512) if quick else (10, 2048)))
    work: dict[Any, Work] = {("matrix", 0): matrix_product()}
    for norm in NORMS:
        for epochs in EPOCHS:
            work[(f"mmfusion {norm}", epochs)] = sample.training(norm, epochs)
            work[(f"plain {norm}", epochs)] = plain_training(sample.first_seeds(PLAIN_SEEDS), norm, epochs)
    seconds = in_turn(work, 20.0 if quick else 90.0)
    peak = 2e-9 * SIZE**3 / seconds[("matrix", 0)]
    rows = [row(PART, f"matrix product, {SIZE} x {SIZE}", spread(peak), "GFLOP/s")]
    for norm in NORMS:
        rows += of_norm(sample, norm, seconds, peak)
    return rows


def of_norm(sample: Sample, norm: str, seconds: pd.DataFrame, peak: pd.Series[float]) -> list[Row]:
    """Report one normalisation: how fast mmfusion and the plain loop do the work of a plain step."""
    keys = {
        "norm": norm,
        "case": sample.name,
        "modalities": 3,
        "dim": 8,
        "batch": sample.settings["batch_size"],
    }
    plain = multiply_adds_of_plain_step(sample, norm)
    one = sample.first_seeds(1)
    executed = per_step(one, lambda epochs: multiply_adds(one.training(norm, epochs)))
    rows = [
        row(PART, "plain step", 1e-6 * plain, "million multiply-adds", **keys),
        row(PART, "mmfusion's step", 1e-6 * executed, "million multiply-adds", **keys),
    ]
    for name, title, seeds in (
        ("mmfusion", "plain step's work, done by mmfusion", len(sample.datasets)),
        ("plain", "plain step's work, done by the plain loop", PLAIN_SEEDS),
    ):
        step = per_epoch(seconds, f"{name} {norm}") / seeds / sample.steps
        achieved = 2e-9 * plain / step
        rows.append(row(PART, title, spread(achieved), "GFLOP/s", **keys))
        rows.append(row(PART, title, spread(achieved / peak), "x matrix product", **keys))
    count = per_step(sample, lambda epochs: operations(sample.training(norm, epochs)))
    title = f"operations per step of all {len(sample.datasets)} seeds"
    return [*rows, row(PART, title, count, "aten operations", **keys)]


def per_step(sample: Sample, count: Any) -> float:
    """Return a count per step of training: the difference between two numbers of epochs, over its steps."""
    few, many = EPOCHS
    return float(count(many) - count(few)) / ((many - few) * sample.steps)


def multiply_adds_of_plain_step(sample: Sample, norm: str) -> int:
    """Count forward and backward of the plain network on one batch."""
    size = sample.settings["batch_size"]
    views = next(iter(sample.datasets.values())).splits["train"].features
    network = PlainNetwork(len(views), sample.settings["encoders"]["symbols"], norm)
    torch.nn.init.normal_(network.fusion.weight)
    inputs = [torch.rand(size, 4, x.shape[1]) for x in views.values()]
    target = torch.ones(size)
    return multiply_adds(lambda: plain_step(network, inputs, target, sample.settings["penalty"]))


def matrix_product() -> Work:
    """Return a large square product in float32."""
    left, right = torch.rand(2, SIZE, SIZE)
    return lambda: left @ right
