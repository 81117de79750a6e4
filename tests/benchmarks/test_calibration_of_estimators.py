"""The estimators name nothing where there is nothing: a small calibration, and faults that it shows."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binom

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from calibration.faults import GROUPS_IGNORED, LEAKY_FOLDS, NO_FAULT
from calibration.fits import Job, fit_job

from mmfusion.study.designs.nulls import NULLS
from mmfusion.study.designs.verdict import NOTHING

pytestmark = pytest.mark.long
SETTINGS: dict[str, Any] = {
    "information": True,
    "penalty": [0.001, 0.01, 0.1],
    "epochs": 40,
    "dim": 4,
    "device": "cpu",
}
TABLES = ("subsets", "needed", "synergy")
N, MODALITIES = 100, 2
SURE = 0.001
"""Probability with which a test may fail although the error rate is what it should be."""


def named(family: str, numbers: range, fault: str = NO_FAULT) -> dict[str, int]:
    """Count the data sets in which a table names something."""
    rows = [fit_job(Job(family, N, MODALITIES, number, fault), SETTINGS, "code") for number in numbers]
    assert not [row["error"] for row in rows if row.get("error")]
    return {table: sum(row[table] not in (NOTHING, "") for row in rows) for table in TABLES}


def test_noise_is_not_named() -> None:
    """Two data sets of each family; the bound is that of a rate of 5 %."""
    counts = [named(case.name, range(2)) for case in NULLS]
    most = binom.ppf(1 - SURE, 2 * len(NULLS), 0.05)
    for table in TABLES:
        assert sum(count[table] for count in counts) <= most


@pytest.mark.parametrize(("family", "fault"), [("balanced", LEAKY_FOLDS), ("grouped", GROUPS_IGNORED)])
def test_a_fault_is_shown(family: str, fault: str) -> None:
    """Held-out samples that were trained on, and groups on both sides, are named more often than at 5 %."""
    count = 4
    assert named(family, range(count), fault)["subsets"] > binom.ppf(1 - SURE, count, 0.05)
