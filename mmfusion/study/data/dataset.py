"""The one on-disk contract for multimodal data: a safetensors file with a JSON description.

Words used here. A *split* is a named part of the samples (``train``, ``validation``, ``test``; the middle one
may be absent). A *modality* is one array per split: ``symbols`` (integers, shape (n, length)), ``vector``
(floats, shape (n, d)) or ``sequence`` (floats, shape (n, length, d)). A sample that lacks a modality is NaN,
or
-1, throughout. Steps that are padding have a mask of their own. *Latents* are what a generator or a
source knows about a sample besides its features and its target. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mmfusion.checksum import BLANK, CHECKSUM, check_content, with_checksum
from mmfusion.errors import DataError
from mmfusion.files import write_bytes
from mmfusion.study.intermediates import AGAIN

FORMAT = "mmfusion-dataset-2"
SPLITS = ("train", "validation", "test")
Task = Literal["binary", "multiclass", "regression"]
GROUP = "group"
"""Name of the latent that numbers the groups of samples, such as videos or speakers, where there are any."""


@dataclass(frozen=True)
class Split:
    """Samples of one split.

    Parameters
    ----------
    features : mapping of str to array
        One array per modality, first axis the samples; integers (n, length), floats (n, d) or floats
        (n, length, d), zero where padded.
    target : array, shape (n,)
        Class index (int64) for the tasks ``binary`` and ``multiclass``, float64 for ``regression``.
    latents : mapping of str to array, shape (n, ...)
        Everything else that is known per sample.
    ids : tuple of str
        Names of the samples; empty where they have none.
    real : mapping of str to array of bool, shape (n, length)
        Which steps are real, of the modalities that are padded.
    """

    features: Mapping[str, NDArray[Any]]
    target: NDArray[Any]
    latents: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    real: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.target)

    def __getitem__(self, rows: NDArray[np.intp]) -> Split:
        """Copy the samples at some positions."""
        return Split(
            features={name: values[rows] for name, values in self.features.items()},
            target=self.target[rows],
            latents={name: values[rows] for name, values in self.latents.items()},
            ids=tuple(self.ids[row] for row in rows) if self.ids else (),
            real={name: mask[rows] for name, mask in self.real.items()},
        )


@dataclass(frozen=True)
class MultimodalDataset:
    """A multimodal dataset with its splits, its planted truth and its parameters.

    Parameters
    ----------
    name : str
        Name of the dataset.
    task : {"binary", "multiclass", "regression"}
        What the target is.
    modalities : tuple of str
        Modality names, in modality order.
    splits : mapping of str to Split
        At least ``train`` and ``test``.
    planted : tuple of str
        Labels of the subsets that carry the target by construction; empty where unknown.
    parameters : mapping
        JSON-serialisable facts: seed, motifs, sources, conventions, listed repairs.
    """

    name: str
    task: Task
    modalities: tuple[str, ...]
    splits: Mapping[str, Split]
    planted: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def save(self, path: str | Path) -> None:
        """Write the dataset; the same content gives the same bytes.

        Parameters
        ----------
        path : str or Path
            Target; written under a temporary name and renamed when complete.
        """
        arrays: dict[str, NDArray[Any]] = {}
        for split, part in self.splits.items():
            arrays[f"{split}/target"] = np.ascontiguousarray(part.target)
            groups = (("features", part.features), ("latents", part.latents), ("real", part.real))
            for kind, group in groups:
                for name, values in group.items():
                    arrays[f"{split}/{kind}/{name}"] = np.ascontiguousarray(values)
        header = {
            "format": FORMAT,
            CHECKSUM: BLANK,
            "name": self.name,
            "task": self.task,
            "modalities": list(self.modalities),
            "planted": list(self.planted),
            "parameters": dict(self.parameters),
            "splits": list(self.splits),
            "ids": {split: list(part.ids) for split, part in self.splits.items() if part.ids},
        }
        # One metadata key: safetensors writes several keys in no fixed order.
        content = save(arrays, metadata={"mmfusion": json.dumps(header, sort_keys=True)})
        write_bytes(path, with_checksum(content))

    @classmethod
    def load(cls, path: str | Path) -> MultimodalDataset:
        """Read a dataset that `save` wrote.

        Parameters
        ----------
        path : str or Path
            A file in the project's dataset format.

        Returns
        -------
        MultimodalDataset

        Raises
        ------
        DataError
            If the file is missing, damaged or in another format.
        """
        if not Path(path).is_file():
            raise DataError(f"{path}: no such dataset file; create it with the workflow or save one here.")
        try:
            with safe_open(str(path), framework="numpy") as file:
                header = _header((file.metadata() or {}).get("mmfusion", "{}"))
                arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
        except SafetensorError as error:
            raise DataError(f"{path}: not a readable safetensors file ({error}); {AGAIN}.") from None
        if header.get("format") != FORMAT:
            raise DataError(f"{path}: format is {header.get('format')!r}, expected {FORMAT!r}; {AGAIN}.")
        check_content(path, AGAIN)
        try:
            return cls(
                name=header["name"],
                task=header["task"],
                modalities=tuple(header["modalities"]),
                splits={split: _split(arrays, split, header) for split in header["splits"]},
                planted=tuple(header["planted"]),
                parameters=header["parameters"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path}: the description does not fit the arrays ({error!r}), expected what "
                f"MultimodalDataset.save writes; {AGAIN}."
            ) from None


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


def _header(text: str) -> dict[str, Any]:
    """Read the description; empty if it is not a JSON object, which is another format."""
    try:
        header = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return header if isinstance(header, dict) else {}


def _split(arrays: Mapping[str, NDArray[Any]], split: str, header: Mapping[str, Any]) -> Split:
    latents, real = (
        {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
        for prefix in (f"{split}/latents/", f"{split}/real/")
    )
    return Split(
        features={name: arrays[f"{split}/features/{name}"] for name in header["modalities"]},
        target=arrays[f"{split}/target"],
        latents=latents,
        ids=tuple(header["ids"].get(split, ())),
        real=real,
    )
