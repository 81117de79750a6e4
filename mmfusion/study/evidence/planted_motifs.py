"""Whether planted motifs are found in the block that carries the target, filter by filter.

The block is the planted subset, the direction the leading eigenvector of its covariance over the test split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mmfusion.estimators.driving_motifs import FoundMotif, chance_share, driving_motifs, recovered_share
from mmfusion.fusion.subsets import parse_subset
from mmfusion.measures.spectrum import spectrum
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.names import PLANTED
from mmfusion.study.training.cell_training import prepared_splits, use_one_thread
from mmfusion.study.training.checkpoint import TrainedCell

RECOVERED = ("dataset", "seed", "modality", "motif", "recovered", "chance", "filters")
LOGO = ("dataset", "seed", "modality", "motif", "filter", "drive", "position", "bits")


@torch.no_grad()
def planted_motifs(
    trained: TrainedCell, datasets: Mapping[int, MultimodalDataset]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare what drives the planted block of every network with the planted motifs.

    Parameters
    ----------
    trained : TrainedCell
        Networks for one of `mmfusion.study.names.TOY_DATASETS`.
    datasets : mapping of int to MultimodalDataset
        The dataset of every seed.

    Returns
    -------
    recovered : DataFrame
        One row per seed, modality of the block and planted motif, with the columns `RECOVERED`: the share of
        the motif's symbols that the best of the driving filters holds, what random motifs of that length
        reach by chance, and the number of driving filters.
    logos : DataFrame
        Of the first seed, one row per modality, motif and position of the best filter, with the columns
        `LOGO` and ``symbol_0`` and so on: the position (from 0) counts from the start of the motif, the
        symbols have the shares of the windows.
    """
    use_one_thread()
    subset = parse_subset(PLANTED[trained.cell.dataset])
    recovered, logos = [], []
    for seed, network in trained.networks.items():
        data = datasets[seed]
        motifs = [np.asarray(motif) for motif in data.parameters["settings"]["motifs"]]
        test = prepared_splits(trained, seed, data)["test"]
        block = network.fusion.block_features(network.encode_all(test.inputs, test.present))[subset]
        _, direction = spectrum(block.double().numpy())
        found = driving_motifs(network, test, data.splits["test"].features, subset, direction)
        for modality in subset:
            driving = [one for one in found if one.modality == modality]
            chance = chance_share(driving, len(motifs[0]))
            for number, motif in enumerate(motifs):
                keys: dict[str, Any] = {"dataset": data.name, "seed": seed}
                keys |= {"modality": modality, "motif": number}
                share = recovered_share(driving, motif)
                recovered.append({**keys, "recovered": share, "chance": chance, "filters": len(driving)})
                if driving and seed == min(trained.networks):
                    logos.append(_logo(driving, motif).assign(**keys))
    drawn = pd.concat(logos, ignore_index=True) if logos else pd.DataFrame(columns=[*LOGO])
    symbols = [name for name in drawn.columns if str(name).startswith("symbol_")]
    return pd.DataFrame(recovered, columns=[*RECOVERED]), drawn[[*LOGO, *symbols]]


def _logo(driving: Sequence[FoundMotif], motif: NDArray[np.int64]) -> pd.DataFrame:
    """List the positions of the filter that holds most of a motif; of equal ones, that drives most."""
    best = max(driving, key=lambda one: recovered_share([one], motif))
    consensus = best.consensus
    shifts = range(-len(motif) + 1, len(consensus))
    start = max(shifts, key=lambda shift: _agreeing(consensus, motif, shift))
    share = best.counts / best.counts.sum(axis=1, keepdims=True)
    table = pd.DataFrame(share, columns=[f"symbol_{symbol}" for symbol in range(share.shape[1])])
    return table.assign(
        filter=best.filter,
        drive=best.drive,
        position=np.arange(len(consensus)) - start,
        bits=best.information,
    )


def _agreeing(consensus: NDArray[np.int64], motif: NDArray[np.int64], shift: int) -> int:
    """Count the symbols that agree if the motif begins at a position of the window."""
    places = np.arange(len(motif)) + shift
    inside = (places >= 0) & (places < len(consensus))
    return int((consensus[places[inside]] == motif[inside]).sum())
