"""Time and memory of fitting an estimator against the number of samples, each size in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from measure import exponent
from pandas import DataFrame
from results import Row, row

PART = "estimator"
COLUMNS, LARGEST = 64, 100_000
LIMIT = ("<=", 8.0)
CASES = ((5, 3), (8, 2))
"""(modalities, largest order)."""
PROGRAM = """
import json, resource, sys, time
import numpy as np
from mmfusion import FusionClassifier

samples, modalities, order, columns = (int(word) for word in sys.argv[1:])
rng = np.random.default_rng(0)
X = {str(m): rng.normal(size=(samples, columns)).astype(np.float32) for m in range(modalities)}
y = X["0"][:, 0] + X["1"][:, 0] > 0
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
    sizes = [LARGEST // 32, LARGEST // 16] if quick else [LARGEST // 4, LARGEST // 2, LARGEST]
    rows: list[Row] = []
    for modalities, order in CASES:
        runs = {samples: _run(samples, modalities, order) for samples in sizes}
        keys: dict[str, Any] = {"modalities": modalities, "order": order, "dim": 8}
        for samples, facts in runs.items():
            case = f"samples = {samples}"
            rows.append(row(PART, "fit, two epochs", facts["seconds"], "s", case=case, **keys))
            rows.append(
                row(PART, "peak of the process", facts["bytes"] / 2**30, "GiB", LIMIT, case=case, **keys)
            )
        seconds = DataFrame([{samples: facts["seconds"] for samples, facts in runs.items()}])
        case = f"{sizes[0]} to {sizes[-1]}"
        rows.append(
            row(PART, "fit: exponent of samples", exponent(sizes, seconds), "exponent", case=case, **keys)
        )
    return rows


def _run(samples: int, modalities: int, order: int) -> dict[str, float]:
    words = [str(number) for number in (samples, modalities, order, COLUMNS)]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True)
    facts: dict[str, float] = json.loads(done.stdout)
    return facts
