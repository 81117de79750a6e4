"""Training several cells in turn, as one job does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from mmfusion.study.cells import Cell
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.training.cell_training import train_cell
from mmfusion.study.training.checkpoint import TrainedCell


def train_cells(
    cells: Iterable[Cell],
    datasets: Mapping[int, MultimodalDataset],
    settings: Mapping[str, Any],
    progress: bool | None = None,
) -> tuple[list[TrainedCell], pd.DataFrame, pd.DataFrame]:
    """Train one network per cell and seed.

    Parameters
    ----------
    cells : iterable of Cell
        At least one, all of the same dataset.
    datasets, settings, progress
        See `mmfusion.study.training.cell_training.train_cell`.

    Returns
    -------
    tuple of (list of TrainedCell, DataFrame, DataFrame)
        The networks, the table ``history`` and the table ``seconds``.
    """
    results = [train_cell(cell, datasets, settings, progress) for cell in cells]
    trained, histories, seconds = zip(*results, strict=True)
    return list(trained), pd.concat(histories, ignore_index=True), pd.concat(seconds, ignore_index=True)
