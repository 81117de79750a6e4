"""The page of evidence has the numbers of its tables."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from mmfusion.study.evidence.recipe_settings import RECIPE
from mmfusion.study.pages.evidence import evidence_markdown

PROVENANCE = {
    "mosi": "CMU-MOSI is part of this study.",
    "seeds": [0, 1],
    "config_digest": "abc",
    "commit": None,
    "python": "3.11",
    "processor": "any",
    "cores": 2,
    "versions": {"torch": "2.13"},
}
SCORES = pd.DataFrame(
    {
        "model": ["networks", "linear"],
        "metric": "mae",
        "value": [0.8614, 0.8596],
        "low": [0.8, 0.79],
        "high": [0.93, 0.92],
        "reference": ["linear", "-"],
        "ahead": [-0.0018, np.nan],
        "ahead_low": [-0.02, np.nan],
        "ahead_high": [0.016, np.nan],
    }
)
GRID = pd.DataFrame(
    {
        "p": ["1", "1", "1", "2"],
        "encoder": ["vector", "vector", "", "vector"],
        "penalty": [0.01, 0.1, np.inf, 0.1],
        "loss": [0.6, 0.57, 1.01, 0.59],
        "score": [0.4, 0.43, -0.01, 0.41],
        "chosen_of_p": [False, True, False, True],
        "loss_of_p": [0.57, 0.57, 0.57, 0.59],
        "chosen_p": [True, True, True, False],
    }
)
MOTIFS = pd.DataFrame(
    {"dataset": "XRel", "seed": [0, 1], "modality": "1", "motif": 0, "recovered": [1.0, 0.5], "chance": 0.25}
)
LP = pd.DataFrame(
    {
        "convention": "mkl",
        "p": ["1", "1", "1", "1", "2", "2"],
        "subset": ["1", "1", "2", "2", "1", "2"],
        "seed": [0, 1, 0, 1, 0, 0],
        "weight_share": [1.0, 1.0, 0.0, 0.01, 0.6, 0.4],
    }
)
MAP = pd.DataFrame(
    {
        "factor": [RECIPE, "epochs"],
        "value": [RECIPE, "40"],
        "XRel vbn 1+2": [0.6789, 0.71],
        "reached": [0, 1],
        "kept": [True, False],
        "accuracy_ibn": [0.981, 0.5],
    }
)


def test_every_table_is_on_the_page() -> None:
    page = evidence_markdown(PROVENANCE, {"MOSICleanReal": ("The answer.", SCORES, GRID)}, MOTIFS, LP, MAP)
    for line in (
        "## CMU-MOSI, real-valued sentiment, clean text: MOSICleanReal",
        "The answer.",
        "| networks | mae | 0.861 [0.800, 0.930] | linear | -0.002 [-0.020, 0.016] |",
        "| linear | mae | 0.860 [0.790, 0.920] | - | - |",
        "| 1 | vector | 0.1 | 0.5700 | 0.430 | chosen |",
        "| 2 | vector | 0.1 | 0.5900 | 0.410 |  |",
        "| XRel | 1 | 0 | 0.75 | 0.25 |",
        "| the study's recipe | - | 0.68 | 0 | yes | 0.98 |",
        "| epochs | 40 | 0.71 | 1 | no | 0.50 |",
        "| mkl | 1 | 2 |",
        "![Motifs found](figures/evidence_motifs.png)",
    ):
        assert line in page
    assert "| inf |" not in page


def test_a_map_without_beta_has_dashes() -> None:
    table = MAP.assign(**{"XRel vbn 1+2": math.nan, "reached": pd.NA, "kept": pd.NA})
    page = evidence_markdown(PROVENANCE, {}, MOTIFS, LP, table)
    assert "| epochs | 40 | - | - | - | 0.50 |" in page


def test_what_knows_the_labels_is_marked() -> None:
    pages = [
        evidence_markdown(PROVENANCE, {name: ("Text.", SCORES, GRID)}, MOTIFS, LP, MAP)
        for name in ("MOSIReal", "MOSICleanReal")
    ]
    assert ["shows this leakage" in page for page in pages] == [True, False]
