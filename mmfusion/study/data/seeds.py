"""The datasets of several seeds at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmfusion.study.data.dataset import MultimodalDataset


def load_by_seed(paths: Sequence[str | Path], seeds: Sequence[int]) -> dict[int, MultimodalDataset]:
    """Read the dataset of every seed.

    Parameters
    ----------
    paths : sequence of str or Path
        One file per seed, in the order of the seeds, or one file for all of them.
    seeds : sequence of int

    Returns
    -------
    dict of int to MultimodalDataset

    Raises
    ------
    ValueError
        If there are several files, but not as many as seeds.
    """
    if len(paths) == 1:
        return dict.fromkeys(seeds, MultimodalDataset.load(paths[0]))
    return {seed: MultimodalDataset.load(path) for seed, path in zip(seeds, paths, strict=True)}
