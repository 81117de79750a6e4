"""Time and memory of fitting an estimator against the number of samples, each size in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, NamedTuple

from measure import exponent
from pandas import DataFrame
from results import Row, row

PART = "estimator"
COLUMNS = 64


class Case(NamedTuple):
    """Modalities, largest order, largest number of samples, GiB of the goal; mapped: read from npy files."""

    modalities: int
    order: int
    largest: int
    limit: float
    mapped: bool = False


CASES = (Case(5, 3, 100_000, 8.0), Case(8, 2, 100_000, 8.0), Case(3, 3, 1_000_000, 6.0, mapped=True))
PROGRAM = """
import json, resource, sys, tempfile, time
from pathlib import Path
import numpy as np
from mmfusion import FusionClassifier

samples, modalities, order, columns, mapped = (int(word) for word in sys.argv[1:])
rng = np.random.default_rng(0)

def draw(folder, m):
    if not mapped:
        return rng.normal(size=(samples, columns)).astype(np.float32)
    path = Path(folder, f"{m}.npy")
    file = np.lib.format.open_memmap(path, "w+", np.float32, (samples, columns))
    for start in range(0, samples, 10_000):
        rows = file[start : start + 10_000]
        rows[:] = rng.normal(size=rows.shape)
    del file
    return np.load(path, mmap_mode="r")

with tempfile.TemporaryDirectory() as folder:
    X = {str(m): draw(folder, m) for m in range(modalities)}
    y = np.asarray(X["0"][:, 0] + X["1"][:, 0] > 0)
    settings = {"max_order": order, "penalty": 0.01, "cv": 5, "random_state": 0}
    FusionClassifier(epochs=1, **settings).fit({m: x[:256] for m, x in X.items()}, y[:256])
    start = time.perf_counter()
    FusionClassifier(epochs=2, **settings).fit(X, y)
    seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB
print(json.dumps({"seconds": seconds, "bytes": peak}))
"""


def measure(quick: bool) -> list[Row]:
    """Fit five networks for two epochs on vectors of 64 numbers; the peak is that of the whole process."""
    rows: list[Row] = []
    for case in CASES:
        sizes = [case.largest // part for part in ((32, 16) if quick else (4, 2, 1))]
        runs = {samples: _run(samples, case) for samples in sizes}
        keys: dict[str, Any] = {"modalities": case.modalities, "order": case.order, "dim": 8}
        mapped = ", mapped" if case.mapped else ""
        limit = ("<=", case.limit)
        for samples, facts in runs.items():
            name = f"samples = {samples}{mapped}"
            rows.append(row(PART, "fit, two epochs", facts["seconds"], "s", case=name, **keys))
            rows.append(
                row(PART, "peak of the process", facts["bytes"] / 2**30, "GiB", limit, case=name, **keys)
            )
        seconds = DataFrame([{samples: facts["seconds"] for samples, facts in runs.items()}])
        name = f"{sizes[0]} to {sizes[-1]}{mapped}"
        rows.append(
            row(PART, "fit: exponent of samples", exponent(sizes, seconds), "exponent", case=name, **keys)
        )
    return rows


def _run(samples: int, case: Case) -> dict[str, float]:
    words = [str(number) for number in (samples, case.modalities, case.order, COLUMNS, int(case.mapped))]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True)
    facts: dict[str, float] = json.loads(done.stdout)
    return facts
