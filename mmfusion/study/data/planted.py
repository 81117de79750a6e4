"""Drawing synthetic datasets, whose relevant modalities are known by construction.

A view is a sequence of symbols 0 to 3, uniform and independent; where its recipe in
`mmfusion.study.data.planted_datasets` says so, a motif is written over them at a uniformly drawn position.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.study.data.dataset import SPLITS, MultimodalDataset, Split
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS, PlantedSpec
from mmfusion.study.data.planted_settings import SYMBOLS, PlantedSettings
from mmfusion.study.streams import stream


def generate(dataset: str, seed: int, settings: PlantedSettings) -> MultimodalDataset:
    """Draw a synthetic dataset; equal arguments give equal data.

    Every split has its own random stream, seeded by `seed` and the names of the dataset and the split.
    The size of one split therefore never changes another.

    Parameters
    ----------
    dataset : str
        A key of `PLANTED_DATASETS`.
    seed : int
        At least 0.
    settings : PlantedSettings

    Returns
    -------
    MultimodalDataset
        Task ``binary``; modalities ``"1"``, ``"2"``, ... of shape (n, length), uint8. Latents per sample:
        every coin, ``y`` included (int64), and per view ``presence/<view>`` (bool), ``position/<view>``
        (int64, first position of the motif, -1 if none) and ``motif/<view>`` (int64, index of the motif, -1
        if none). The parameters hold ``seed``, ``settings`` and the ``generator`` in words.

    Examples
    --------
    >>> data = generate("XOR", seed=0, settings=PlantedSettings(sizes={"train": 3, "test": 2}))
    >>> data.modalities, data.planted, data.splits["train"].features["1"].shape
    (('1', '2', '3'), ('1+2',), (3, 100))
    """
    spec = PLANTED_DATASETS[dataset]
    splits = {
        split: _draw_split(spec, settings, settings.sizes[split], stream(seed, dataset, split))
        for split in SPLITS
        if split in settings.sizes
    }
    modalities = tuple(splits["train"].features)
    return MultimodalDataset(
        name=dataset,
        task="binary",
        modalities=modalities,
        splits=splits,
        planted=spec.planted or modalities,
        parameters={"seed": int(seed), "settings": asdict(settings), "generator": spec.statement},
    )


def _draw_split(spec: PlantedSpec, settings: PlantedSettings, size: int, rng: np.random.Generator) -> Split:
    latents: dict[str, NDArray[Any]] = {name: rng.integers(0, 2, size) for name in ("y", *spec.coins)}
    features: dict[str, NDArray[Any]] = {}
    for view, coins, rho in spec.drawn(settings.presence):
        index = np.bitwise_xor.reduce([latents[coin] for coin in coins])  # (n,)
        present = rng.random(size) < rho  # (n,), always true at rho = 1
        features[view], position = _draw_view(np.where(present, index, -1), settings, rng)
        latents[f"presence/{view}"] = present
        latents[f"position/{view}"] = position
        latents[f"motif/{view}"] = np.where(present, index, -1)
    if spec.relabelled:
        last = len(features)
        features[str(last + 1)] = features[str(last)] ^ np.uint8(settings.constant)
        for kind in ("presence", "position", "motif"):
            latents[f"{kind}/{last + 1}"] = latents[f"{kind}/{last}"].copy()
    return Split(features=features, target=latents["y"].copy(), latents=latents)


def _draw_view(
    motif: NDArray[np.int64], settings: PlantedSettings, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw (n, length) symbols with ``motifs[motif]`` written over them where `motif` is not -1."""
    motifs = np.asarray(settings.motifs, dtype=np.uint8)  # (2, width)
    size, width = len(motif), motifs.shape[1]
    symbols = rng.integers(0, SYMBOLS, (size, settings.length), dtype=np.uint8)
    position = rng.integers(0, settings.length - width + 1, size)
    rows = np.flatnonzero(motif >= 0)
    symbols[rows[:, None], position[rows, None] + np.arange(width)] = motifs[motif[rows]]
    return symbols, np.where(motif >= 0, position, -1)
