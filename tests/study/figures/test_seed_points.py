import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mmfusion.measures.intervals import bootstrap_interval
from mmfusion.study.figures.marks import draw_seeds, seeds_sentence


@pytest.fixture
def ax():
    return Figure().subplots()


def test_mean_interval_and_points(ax):
    values = [0.1, np.nan, 0.3, 0.8]
    assert draw_seeds(ax, 2.0, values, color="black") == 3
    points, bar = ax.collections
    np.testing.assert_allclose(points.get_offsets()[:, 1], [0.1, 0.3, 0.8])
    _, low, high = bootstrap_interval([0.1, 0.3, 0.8])
    np.testing.assert_allclose(bar.get_segments()[0], [[2.0, low], [2.0, high]])
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [[2.0, 0.4]])


def test_one_seed_has_no_interval(ax):
    assert draw_seeds(ax, 0.0, [0.5], color="black") == 1
    assert not ax.collections
    assert ax.lines[0].get_ydata()[0] == 0.5


def test_no_value_draws_nothing(ax):
    assert draw_seeds(ax, 0.0, [np.nan, np.inf], color="black") == 0
    assert not ax.has_data()


def test_twenty_seeds_have_no_points(ax):
    draw_seeds(ax, 0.0, np.linspace(0, 1, 20), color="black")
    assert len(ax.collections) == 1


def test_seeds_are_counted_per_cell():
    keys = {"dataset": "XOR", "p": "1", "scale": "1"}
    rows = [
        {**keys, "norm": norm, "seed": seed}
        for norm, seeds in (("bn", 2), ("ibn", 4))
        for seed in range(seeds)
    ]
    table = pd.DataFrame(rows)
    assert "interval over 2 to 4 seeds; small points" in seeds_sentence(table)
    many = pd.DataFrame([{**keys, "norm": "bn", "seed": seed} for seed in range(20)])
    assert seeds_sentence(many).endswith("interval over 20 seeds.")
    assert "interval over 4 seeds; small points" in seeds_sentence(table[table["norm"] == "ibn"])
    assert seeds_sentence(table[table["seed"] == 0]) == "One seed: no interval."
