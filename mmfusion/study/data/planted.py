"""Sequences with planted motifs: five datasets whose relevant modalities are known by construction.

Words used here. A *view* is a modality: a sequence of symbols 0 to 3, uniform and independent, over which one
of two fixed *motifs* is written at a uniformly drawn position where the dataset says so. *Coins* are fair,
independent bits; one of them is the target y. The motif of a view is the one whose index is the XOR of the
view's coins.

The idea and the names of the first three datasets are those of Ledent, Mustafa, Mehta, Vandermeulen, Kloft,
"Interpretability in Multimodal Deep Learning", poster, TU Kaiserslautern. The poster does not print its
generators: `ConditionallyIndependent`, `XRel` and `XRelIrrXOR` are our reading of its names and of its table.
`XOR` and `Parity` are positive controls that it lacks: without them a method that always answers "order one"
would pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmfusion.errors import ConfigError
from mmfusion.study.data.dataset import SPLITS, MultimodalDataset, Split
from mmfusion.study.data.planted_settings import SYMBOLS, SequenceSettings
from mmfusion.study.streams import stream

__all__ = ["SEQUENCE_DATASETS", "SYMBOLS", "SequenceSettings", "SequenceSpec", "generate"]


@dataclass(frozen=True)
class SequenceSpec:
    """How one dataset is drawn.

    Parameters
    ----------
    coins : tuple of str
        Latent coins beside the target ``y``.
    views : tuple of tuple of str
        Per drawn view, the coins whose XOR is the index of its motif.
    planted : tuple of str
        Labels of the subsets that carry the target; empty for `sparse`: every single view.
    statement : str
        The generator in one sentence.
    sparse : bool
        Whether the one entry of `views` is repeated for every probability in ``SequenceSettings.presence``
        (default: every drawn view carries its motif with certainty).
    relabelled : bool
        Whether one more view follows, the last drawn one XOR ``SequenceSettings.constant``.
    """

    coins: tuple[str, ...]
    views: tuple[tuple[str, ...], ...]
    planted: tuple[str, ...]
    statement: str
    sparse: bool = False
    relabelled: bool = False

    def drawn(self, settings: SequenceSettings) -> list[tuple[str, tuple[str, ...], float]]:
        """List the drawn views: name, coins of the motif's index, probability of presence."""
        views = self.views * len(settings.presence) if self.sparse else self.views
        presence = settings.presence if self.sparse else (1.0,) * len(views)
        return [
            (str(number), coins, rho)
            for number, (coins, rho) in enumerate(zip(views, presence, strict=True), start=1)
        ]


SEQUENCE_DATASETS: Mapping[str, SequenceSpec] = MappingProxyType(
    {
        "ConditionallyIndependent": SequenceSpec(
            coins=(),
            views=(("y",),),
            planted=(),
            statement="View m carries motif[y] with probability presence[m], independently given y.",
            sparse=True,
        ),
        "XRel": SequenceSpec(
            coins=("t",),
            views=(("y",), ("t",)),
            planted=("1",),
            statement="View 1 carries motif[y], view 2 motif[t].",
        ),
        "XRelIrrXOR": SequenceSpec(
            coins=("t",),
            views=(("y",), ("t",)),
            planted=("1",),
            statement="View 1 carries motif[y], view 2 motif[t]; view 3 is view 2 XOR the constant.",
            relabelled=True,
        ),
        "XOR": SequenceSpec(
            coins=("t1", "t"),
            views=(("t1",), ("t1", "y"), ("t",)),
            planted=("1+2",),
            statement="View 1 carries motif[t1], view 2 motif[t1 xor y], view 3 motif[t].",
        ),
        "Parity": SequenceSpec(
            coins=("t1", "t2"),
            views=(("t1",), ("t2",), ("t1", "t2", "y")),
            planted=("1+2+3",),
            statement="View 1 carries motif[t1], view 2 motif[t2], view 3 motif[t1 xor t2 xor y].",
        ),
    }
)
"""The five datasets by name."""


def generate(dataset: str, seed: int, settings: SequenceSettings | None = None) -> MultimodalDataset:
    """Draw one of the five datasets; equal arguments give equal data.

    Every split has a random stream of its own, seeded by `seed` and the names of the dataset and the split.
    The size of one split therefore never changes another.

    Parameters
    ----------
    dataset : str
        A key of `SEQUENCE_DATASETS`.
    seed : int
        At least 0.
    settings : SequenceSettings, optional
        Default: ``SequenceSettings()``.

    Returns
    -------
    MultimodalDataset
        Task ``binary``; modalities ``"1"``, ``"2"``, ... of shape (n, length), uint8. Latents per sample:
        every coin, ``y`` included (int64), and per view ``presence/<view>`` (bool), ``position/<view>``
        (int64, first position of the motif, -1 if none) and ``motif/<view>`` (int64, index of the motif, -1
        if none). The parameters hold ``seed``, ``settings`` and the ``generator`` in words.

    Raises
    ------
    ConfigError
        If the dataset is unknown or the seed is negative.

    Examples
    --------
    >>> data = generate("XOR", seed=0, settings=SequenceSettings(sizes={"train": 3, "test": 2}))
    >>> data.modalities, data.planted, data.splits["train"].features["1"].shape
    (('1', '2', '3'), ('1+2',), (3, 100))
    """
    settings = SequenceSettings() if settings is None else settings
    spec = SEQUENCE_DATASETS.get(dataset)
    problems = []
    if spec is None:
        problems.append(f"dataset: {dataset!r} is unknown, expected one of {', '.join(SEQUENCE_DATASETS)}.")
    if seed < 0:
        problems.append(f"seed: {seed!r} is negative, expected a whole number from 0 on.")
    if problems or spec is None:
        raise ConfigError(problems, source="sequences")
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
        parameters={"seed": int(seed), "settings": settings.as_parameters(), "generator": spec.statement},
    )


def _draw_split(spec: SequenceSpec, settings: SequenceSettings, size: int, rng: np.random.Generator) -> Split:
    latents: dict[str, NDArray[Any]] = {name: rng.integers(0, 2, size) for name in ("y", *spec.coins)}
    features: dict[str, NDArray[Any]] = {}
    for view, coins, rho in spec.drawn(settings):
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
    motif: NDArray[np.int64], settings: SequenceSettings, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw (n, length) symbols with ``motifs[motif]`` written over them where `motif` is not -1."""
    motifs = np.asarray(settings.motifs, dtype=np.uint8)  # (2, width)
    size, width = len(motif), motifs.shape[1]
    symbols = rng.integers(0, SYMBOLS, (size, settings.length), dtype=np.uint8)
    position = rng.integers(0, settings.length - width + 1, size)
    rows = np.flatnonzero(motif >= 0)
    symbols[rows[:, None], position[rows, None] + np.arange(width)] = motifs[motif[rows]]
    return symbols, np.where(motif >= 0, position, -1)
