"""Several cells in one job: each as if it were trained alone."""

from __future__ import annotations

import pandas as pd
import pytest
import torch

from mmfusion.study.cells import Cell
from mmfusion.study.tables.definitions import check_table
from mmfusion.study.training.cell_training import train_cells

CELLS = [Cell("XRelIrrXOR", "vbn", "1", "1"), Cell("XRelIrrXOR", "vbn", "4/3", "1/3")]
KEYS = ["dataset", "norm", "p", "scale"]


@pytest.fixture(scope="module")
def datasets(sequences):
    return {seed: sequences[seed] for seed in (5, 0)}


def test_cells_in_their_order(datasets, settings) -> None:
    trained, history, seconds = train_cells(CELLS, datasets, settings, progress=False)
    assert [cell.cell for cell in trained] == CELLS
    for name, table in (("history", history), ("seconds", seconds)):
        check_table(name, table)
        assert list(table.index) == list(range(len(table)))
        actual = table[[*KEYS, "seed"]].drop_duplicates().to_numpy().tolist()
        assert actual == [[*vars(cell).values(), seed] for cell in CELLS for seed in (5, 0)]


def test_a_cell_does_not_depend_on_those_that_share_its_job(datasets, settings) -> None:
    together, history, _ = train_cells(CELLS, datasets, settings, progress=False)
    (alone,), own_history, _ = train_cells(CELLS[1:], datasets, settings, progress=False)
    rows = history[history["p"] == "4/3"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, own_history, check_exact=True)
    for seed, network in alone.networks.items():
        other = together[1].networks[seed].state_dict()
        assert all(torch.equal(value, other[name]) for name, value in network.state_dict().items())
