"""The trained networks of a study on disk: the cells of one training job in one file.

A *trained cell* holds the networks of one cell for a batch of seeds. The networks of the cell at position i
of a file have the names ``<i>/<seed>``; the description lists the cells in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mmfusion.study.cells import Cell
from mmfusion.study.config.numbers import number
from mmfusion.study.intermediates import AGAIN
from mmfusion.training.modality import Modality
from mmfusion.training.network import MultimodalNetwork, build_network
from mmfusion.training.network_file import load_networks, save_networks
from mmfusion.training.target_moments import TargetMoments

FORMAT = "mmfusion-networks-6"


@dataclass(frozen=True)
class TrainedCell:
    """The networks of one cell for one batch of seeds.

    Parameters
    ----------
    description : mapping
        JSON values: ``cell``, ``task``, ``modalities`` (arguments of `Modality`), ``fusion`` (arguments of
        `TensorFusion`), ``settings`` of training and per seed ``target`` (see
        `mmfusion.training.target_moments.TargetMoments.as_json`).
    networks : mapping of int to MultimodalNetwork
        By seed, in eval mode.
    """

    description: Mapping[str, Any]
    networks: Mapping[int, MultimodalNetwork]

    @property
    def cell(self) -> Cell:
        """The cell whose networks these are."""
        return Cell(**self.description["cell"])

    def moments(self, seed: int) -> TargetMoments:
        """Return the moments of the training target of a seed."""
        return TargetMoments.from_json(self.description["target"][str(seed)])


def save_cells(cells: Sequence[TrainedCell], path: str | Path) -> None:
    """Write trained cells into one file; the same networks give the same bytes.

    Parameters
    ----------
    cells : sequence of TrainedCell
    path : str or Path
    """
    networks = {
        f"{index}/{seed}": network
        for index, cell in enumerate(cells)
        for seed, network in cell.networks.items()
    }
    save_networks(path, networks, {"cells": [dict(cell.description) for cell in cells]}, FORMAT)


def load_cells(path: str | Path) -> list[TrainedCell]:
    """Read what `save_cells` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    list of TrainedCell

    Raises
    ------
    DataError
        If the file is missing, damaged or in another format.
    """
    description, networks = load_networks(path, _build, FORMAT, AGAIN)
    return [
        TrainedCell(facts, {int(seed): networks[f"{index}/{seed}"] for seed in facts["target"]})
        for index, facts in enumerate(description["cells"])
    ]


def _build(description: Mapping[str, Any]) -> dict[str, MultimodalNetwork]:
    return {
        f"{index}/{seed}": network
        for index, facts in enumerate(description["cells"])
        for seed, network in networks_of(
            facts, {int(seed): torch.Generator() for seed in facts["target"]}
        ).items()
    }


def networks_of(
    description: Mapping[str, Any],
    generators: Mapping[int, torch.Generator],
    absent: Collection[str] = (),
) -> dict[int, MultimodalNetwork]:
    """Build the untrained networks of a description, one per seed and generator of its weights.

    None of them is given the modalities in `absent`.
    """
    modalities = [Modality(**facts) for facts in description["modalities"]]
    fusion = {**description["fusion"], "p": number(description["fusion"]["p"])}
    scale = number(description["cell"]["scale"])
    return {
        seed: build_network(modalities, fusion, generator, scale, absent)
        for seed, generator in generators.items()
    }
