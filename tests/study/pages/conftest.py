"""Small tables of runs and predictions, and the facts of a study, for the tests of its pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmfusion.study.tables.definitions import TABLES

WITHOUT = "CMU-MOSI is not part of this study: no files were found in <here> (mosi.mode: auto)."


def run(
    dataset: str, model: str, seed: int | None, converged: bool | None = None, **other: Any
) -> pd.DataFrame:
    """One row of the table ``runs``."""
    row = {name: [np.nan] for name in TABLES["runs"].names}
    keys = {"task": "binary", "norm": "-", "p": "-", "scale": "-"}
    row |= {name: [value] for name, value in {"dataset": dataset, "model": model, **keys, **other}.items()}
    frame = pd.DataFrame(row)
    return frame.assign(
        seed=pd.array([seed], dtype="Int64"), converged=pd.array([converged], dtype="boolean")
    )


def fusion(dataset: str, norm: str, seed: int, converged: bool, **other: Any) -> pd.DataFrame:
    cell = {"norm": norm, "p": "4/3", "scale": "1", **other}
    return run(dataset, "fusion", seed, converged, **cell)


@pytest.fixture
def planted() -> pd.DataFrame:
    parts = [
        fusion("XOR", "vbn", 0, True, accuracy_test=0.5),
        fusion("XOR", "vbn", 1, False, accuracy_test=0.75),
        fusion("XOR", "vbn", 1, True, accuracy_test=0.0, scale="3"),
        fusion("XOR", "ibn", 0, False, accuracy_test=0.9),
        fusion("XRel", "ibn", 0, True, accuracy_test=0.25),
        run("XOR", "constant", 0, accuracy_test=0.4),
        run("XOR", "constant", 1, accuracy_test=0.6),
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def real() -> pd.DataFrame:
    known = {"accuracy_test": 0.3, "acc2_zeros_positive_test": 0.7, "f1_weighted_test": 0.5}
    parts = [
        fusion("MOSIReal", "ibn", 0, True, mae_test=1.0, **known),
        fusion("MOSIReal", "ibn", 1, True, mae_test=1.5, **known),
        run("MOSIReal", "linear", None, mae_test=0.75, acc2_zeros_positive_test=0.75),
        fusion("MOSIBinary", "ibn", 0, False, **known),
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def facts() -> dict[str, Any]:
    return {
        "versions": {"mmfusion": "0.1.0", "torch": "2.13.0", "seaborn": None},
        "python": "3.11.9",
        "platform": "Linux",
        "processor": "Some <fast> & good one",
        "cores": 2,
        "config_digest": "0123456789ab",
        "commit": "f00d",
        "seeds": [4, 1, 7],
        "mosi": WITHOUT,
    }


@pytest.fixture
def predictions() -> pd.DataFrame:
    row = {"name": "a", "dataset": "XRel", "norm": "ibn", "statement": "a|b", "measured": "m"}
    rows = [{**row, "threshold": "beta < 0.5", "holds": holds} for holds in (True, False, None)]
    return pd.DataFrame(rows).astype({"holds": "boolean"})


@pytest.fixture
def fusion_run() -> Callable[..., pd.DataFrame]:
    """Make one row of a network in the table ``runs``."""
    return fusion


@pytest.fixture
def any_run() -> Callable[..., pd.DataFrame]:
    """Make one row of any model in the table ``runs``."""
    return run
