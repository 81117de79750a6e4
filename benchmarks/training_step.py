"""What a training step costs under each normalisation, against ``none``.

All normalisations are timed in turn within every repetition, so that a machine that slows down for a while
does so for all of them. One thread, M = 3 views, d = 8, batches of 64, sequences of 100 symbols.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from mmfusion import TensorFusion
from mmfusion.training.loop import Samples, train_network
from mmfusion.training.network import build_network

NORMS = ("none", "bn", "vbn", "dbn", "ibn")
VIEWS = ("1", "2", "3")
DIM, BATCH, LENGTH = 8, 64, 100
ENCODER = {"kind": "symbols", "width": 12, "channels": 32, "dim": DIM}
SETTINGS = {"penalty": 0.01, "batch_size": BATCH, "learning_rate": 5e-3, "weight_decay": 0.01, "epochs": 1}
Work = Callable[[], object]


def whole_step(norm: str, steps: int) -> Work:
    """Return an epoch of the study's training: forward, loss and penalty, backward, AdamW; motif scanners."""
    torch.manual_seed(0)
    network = build_network(dict.fromkeys(VIEWS, LENGTH), ENCODER, 1.0, norm=norm, p=1.0)
    rng, n = np.random.default_rng(0), steps * BATCH
    inputs = {
        view: scanner.prepare(rng.integers(0, 4, (n, LENGTH), dtype=np.uint8))  # type: ignore[operator]  # an Encoder, in a ModuleList
        for view, scanner in zip(VIEWS, network.encoders, strict=True)
    }
    samples = Samples(inputs, torch.from_numpy(rng.integers(0, 2, n)).float())
    generator = torch.Generator().manual_seed(0)
    return lambda: train_network(network, samples, None, "binary", SETTINGS, generator, lambda: None)


def fusion_step(norm: str, steps: int) -> Work:
    """Return steps of the fusion layer alone: forward, loss and penalty, backward to weights and features."""
    torch.manual_seed(0)
    layer = TensorFusion(dict.fromkeys(VIEWS, DIM), norm=norm)
    features = {view: torch.rand(BATCH, DIM, requires_grad=True) for view in VIEWS}
    target = torch.randint(0, 2, (BATCH,)).float()

    def work() -> None:
        for _ in range(steps):
            loss = binary_cross_entropy_with_logits(layer(features)[:, 0], target)
            (loss + SETTINGS["penalty"] * layer.penalty()).backward()  # type: ignore[no-untyped-call]  # torch lacks the type
            for leaf in (*layer.parameters(), *features.values()):
                leaf.grad = None

    return work


def measure(make: Callable[[str, int], Work], steps: int, repetitions: int) -> pd.DataFrame:
    """Time every normalisation once per repetition, each repetition starting with another one.

    Returns
    -------
    DataFrame
        Seconds per step, one row per repetition and one column per normalisation.
    """
    work = {norm: make(norm, steps) for norm in NORMS}
    for function in work.values():
        function()
    seconds = pd.DataFrame(index=range(repetitions), columns=list(NORMS), dtype=float)
    for repetition in range(repetitions):
        first = repetition % len(NORMS)
        for norm in NORMS[first:] + NORMS[:first]:
            start = time.perf_counter()
            work[norm]()
            seconds.loc[repetition, norm] = (time.perf_counter() - start) / steps
    return seconds


def step_report(repetitions: int = 15) -> list[str]:
    """Compare medians of the whole step and of the fusion layer alone; lines of text."""
    torch.set_num_threads(1)
    lines = [f"M = {len(VIEWS)}, d = {DIM}, batch {BATCH}, one thread, {repetitions} repetitions in turn"]
    for title, make, steps in (
        ("whole training step", whole_step, 32),
        ("fusion layer alone, without optimiser", fusion_step, 100),
    ):
        seconds = measure(make, steps, repetitions)
        base = seconds["none"]
        lines += ["", f"{title}: median of none {1e3 * base.median():.2f} ms"]
        for norm in NORMS[1:]:
            low, high = (seconds[norm] / base).quantile([0.25, 0.75])
            ratio = seconds[norm].median() / base.median()
            lines.append(f"  {norm:<4}{ratio:5.2f} x none (half of the repetitions: {low:.2f} to {high:.2f})")
    return lines
