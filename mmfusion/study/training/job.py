"""Training several cells one after the other, as one job does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from mmfusion.study.cells import Cell
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.training.cell_training import train_block
from mmfusion.study.training.checkpoint import TrainedBlock


def train_cells(
    cells: Iterable[Cell],
    datasets: Mapping[int, MultimodalDataset],
    settings: Mapping[str, Any],
    progress: bool | None = None,
) -> tuple[list[TrainedBlock], pd.DataFrame, pd.DataFrame]:
    """Train one network per cell and seed.

    Parameters
    ----------
    cells : iterable of Cell
        At least one, all of the same dataset.
    datasets, settings, progress
        See `mmfusion.study.training.cell_training.train_block`.

    Returns
    -------
    tuple of (list of TrainedBlock, DataFrame, DataFrame)
        The networks, one block per cell, the table ``history`` and the table ``seconds``.
    """
    results = [train_block(cell, datasets, settings, progress) for cell in cells]
    blocks, histories, seconds = zip(*results, strict=True)
    return list(blocks), pd.concat(histories, ignore_index=True), pd.concat(seconds, ignore_index=True)
