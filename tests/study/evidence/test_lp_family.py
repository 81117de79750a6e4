"""The lp family: every convention is trained with its own exponent, and the figure has a column for each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmfusion.fusion.blocknorm import CONVENTIONS, block_norm_exponent
from mmfusion.plotting.layout import figure_of
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.evidence.lp_family import DATASET, lp_family
from mmfusion.study.figures.relevance_against_p import conventions_against_p
from mmfusion.study.names import EXPONENTS

SETTINGS = {
    "penalty": 0.01,
    "batch_size": 50,
    "learning_rate": 0.01,
    "weight_decay": 0.01,
    "device": "cpu",
    "max_order": 2,  # of no effect
    "convention": "mkl",
    "epochs": 3,
    "encoders": {"symbols": {"width": 8, "channels": 6, "dim": 2}},
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    small = PlantedSettings(length=20, sizes={"train": 300, "validation": 40, "test": 40})
    views = {seed: generate(DATASET, seed, small) for seed in (0, 1)}
    parts = [lp_family(views, SETTINGS, convention, ["1", "2"]) for convention in CONVENTIONS]
    return pd.concat(parts, ignore_index=True)


def test_one_row_per_convention_p_seed_and_view(table: pd.DataFrame) -> None:
    sizes = table.groupby(["convention", "p", "seed"]).size()
    assert len(sizes) == 3 * 2 * 2
    assert (sizes == 5).all()
    shares = table.groupby(["convention", "p", "seed"])["weight_share"].sum()
    assert shares.to_numpy() == pytest.approx(np.ones(12))


def test_conventions_are_trained_apart(table: pd.DataFrame) -> None:
    norms = table.pivot_table(
        index=["p", "seed", "subset"], columns="convention", values="block_norm", sort=False
    )
    exponents = {(p, name): block_norm_exponent(float(p), name) for p in ("1", "2") for name in CONVENTIONS}
    for p in ("1", "2"):
        here = norms.loc[p]
        for first in CONVENTIONS:
            for second in CONVENTIONS:
                same = exponents[p, first] == exponents[p, second]
                assert np.allclose(here[first], here[second], rtol=1e-6) == same


def test_beta_has_a_p_norm_of_one_and_is_not_defined_as_printed(table: pd.DataFrame) -> None:
    defined = table[table["convention"] != "as_printed"]
    for (_, p, _), rows in defined.groupby(["convention", "p", "seed"]):
        assert (rows["beta"] ** float(p)).sum() == pytest.approx(1.0)
    assert table.loc[table["convention"] == "as_printed", "beta"].isna().all()


def test_figure_has_a_column_per_convention(table: pd.DataFrame) -> None:
    assert list(EXPONENTS) == list(CONVENTIONS)
    grid = conventions_against_p(table)
    assert grid.shape == (2, 3)
    assert [ax.get_title().split("\n")[0] for ax in grid[0]] == list(CONVENTIONS)
    assert figure_of(grid).legends
