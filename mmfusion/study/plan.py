"""A study as a list of cells, blocks of seeds and file names: what the workflow asks of a configuration.

A *block* is a part of the seeds. One job trains all cells of a dataset and a normalisation for a block of
seeds, and one job evaluates all cells of a dataset. A *folder* is the path of such a job's files below
``results/train`` or ``results/evaluate``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mmfusion.data.example import EXAMPLE
from mmfusion.errors import DataError
from mmfusion.study.cells import EIGEN_CELL, Cell
from mmfusion.study.config.settings import MOSI_TASKS, Encoders, OwnDataset, StudyConfig, load_config
from mmfusion.study.data.mosi.mosi_files import MOSI_FILES, find_mosi, mosi_directory

PICKLES = (".pkl", ".pickle")


class Study:
    """The cells, blocks and files of a configuration.

    Parameters
    ----------
    config : StudyConfig
        Typed settings.

    Attributes
    ----------
    mosi : Path or None
        Folder of the CMU-MOSI files; None where the study runs without them.
    cells : list of Cell
        All cells without repeats, in the order of the configuration; without MOSI if it was not found.
    blocks : list of list of int
        The seeds of each job.

    Raises
    ------
    DataError
        If CMU-MOSI is required and missing, only a part of its files is there, or the file of an own dataset
        is missing or lacks a column or array that the configuration names.
    """

    def __init__(self, config: StudyConfig) -> None:
        self.config = config
        planned = [
            Cell(dataset, norm, p, scale)
            for experiment in config.experiments.values()
            for dataset in experiment.datasets
            for norm in experiment.norms
            for p in experiment.p
            for scale in experiment.scales
        ]
        self.own = {
            name: own for name, own in config.own.items() if name in {cell.dataset for cell in planned}
        }
        _check_files(self.own)
        uses_mosi = any(cell.dataset in MOSI_TASKS for cell in planned)
        self.mosi = find_mosi(config.mosi.dir, config.mosi.mode) if uses_mosi else None
        self.cells = [c for c in dict.fromkeys(planned) if self.mosi or c.dataset not in MOSI_TASKS]
        size = len(config.seeds) if config.seeds_per_job == "all" else config.seeds_per_job
        self.blocks = [config.seeds[start : start + size] for start in range(0, len(config.seeds), size)]

    @classmethod
    def from_mapping(cls, config: Mapping[str, Any]) -> Study:
        """Check a configuration as read from YAML and make its study.

        Raises
        ------
        ConfigError
            With all mistakes of the configuration.
        DataError
            See the class.
        """
        return cls(load_config(config))

    @property
    def datasets(self) -> list[str]:
        """Datasets of all cells, in the order of the configuration."""
        return list(dict.fromkeys(cell.dataset for cell in self.cells))

    @property
    def synthetic(self) -> list[str]:
        """Those of `datasets` that are generated."""
        return [name for name in self.datasets if name not in MOSI_TASKS and name not in self.own]

    @property
    def mosi_datasets(self) -> list[str]:
        """Those of `datasets` that are CMU-MOSI."""
        return [name for name in self.datasets if name in MOSI_TASKS]

    @property
    def own_datasets(self) -> list[str]:
        """Those of `datasets` that are the user's own."""
        return [name for name in self.datasets if name in self.own]

    @property
    def mosi_files(self) -> list[str]:
        """Paths of the raw CMU-MOSI files; empty without CMU-MOSI."""
        return [str(self.mosi / name) for name in MOSI_FILES] if self.mosi else []

    @property
    def mosi_status(self) -> str:
        """One sentence on whether and why CMU-MOSI is part of the study."""
        mode = self.config.mosi.mode
        if self.mosi:
            return "CMU-MOSI is part of this study."
        if mode == "off" or not any(
            d in MOSI_TASKS for e in self.config.experiments.values() for d in e.datasets
        ):
            return "CMU-MOSI is not part of this study: the configuration leaves it out."
        folder = mosi_directory(self.config.mosi.dir)
        return (
            f"CMU-MOSI is not part of this study: no files were found in {folder} (mosi.mode: {mode}); "
            "fetch them with `snakemake --cores 1 mosi_data`, or set MMFUSION_MOSI_DIR."
        )

    def cells_of(self, dataset: str | None = None, norm: str | None = None) -> list[dict[str, str]]:
        """List the cells of a dataset and a normalisation (None: of all) as plain values."""
        return [
            asdict(cell)
            for cell in self.cells
            if dataset in (None, cell.dataset) and norm in (None, cell.norm)
        ]

    def train_folders(self, dataset: str | None = None, block: int | None = None) -> list[str]:
        """List the folders of the training jobs of a dataset and a block of seeds (None: of all)."""
        pairs = dict.fromkeys((cell["dataset"], cell["norm"]) for cell in self.cells_of(dataset))
        indices = range(len(self.blocks)) if block is None else [block]
        return [f"{name}/{norm}/block-{index}" for name, norm in pairs for index in indices]

    @property
    def evaluate_folders(self) -> list[str]:
        """Folders of the evaluation jobs."""
        return [f"{name}/block-{index}" for name in self.datasets for index in range(len(self.blocks))]

    @property
    def eigen_folders(self) -> list[str]:
        """Folders of the jobs that analyse eigenvectors; empty if the study lacks the cell for that."""
        start = f"{EIGEN_CELL.dataset}/{EIGEN_CELL.norm}/"
        return [name for name in self.train_folders() if EIGEN_CELL in self.cells and name.startswith(start)]

    def length_of_training(self, dataset: str) -> int:
        """Count the samples that training a network passes over; 0 where their number is not known before."""
        if dataset in MOSI_TASKS or dataset in self.own:
            return 0
        settings = self.config.datasets[dataset]  # type: ignore[index]  # a name from a path
        return settings.epochs * settings.sizes.train

    def data_files(self, dataset: str, block: int | None = None) -> list[str]:
        """Files that a block of seeds needs: one per seed if generated, else one; all without `block`."""
        if dataset in MOSI_TASKS or dataset in self.own:
            return [f"results/data/{dataset}.safetensors"]
        seeds = self.config.seeds if block is None else self.blocks[block]
        return [f"results/data/{dataset}/seed-{seed}.safetensors" for seed in seeds]

    def generation_settings(self, dataset: str) -> dict[str, Any]:
        """Return the settings that the generator of a dataset depends on, as plain values."""
        sizes = self.config.datasets[dataset].sizes.model_dump()  # type: ignore[index]  # a name from a path
        return {**self.config.sequences.model_dump(), "sizes": sizes}

    def own_settings(self, dataset: str) -> dict[str, Any]:
        """Return the settings that reading one of the user's own datasets depends on, as plain values."""
        return self.own[dataset].model_dump(exclude={"epochs", "max_order"})

    def training_settings(self, dataset: str) -> dict[str, Any]:
        """Return the settings that training on a dataset depends on, as plain values."""
        own: Any = self.own.get(dataset)
        if own is None:
            own = self.config.mosi if dataset in MOSI_TASKS else self.config.datasets[dataset]  # type: ignore[index]  # as above
        kinds = ["symbols"] if dataset in self.synthetic else ["vector"]
        if dataset in self.own:
            kinds = list(Encoders.model_fields)
        return {
            **self.config.training.model_dump(),
            "epochs": own.epochs,
            "max_order": own.max_order,
            "convention": self.config.convention,
            "encoders": {kind: getattr(self.config.encoders, kind).model_dump() for kind in kinds},
        }

    @property
    def config_digest(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of the configuration."""
        text = json.dumps(self.config.model_dump(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _check_files(datasets: Mapping[str, OwnDataset]) -> None:
    """Check that the files of own datasets are there, with all names that are asked of them.

    Only the names are looked at, never the values. The example's file is drawn when it is needed, and the
    names in a pickle are known only after reading.
    """
    told = [sentence for name, own in datasets.items() if (sentence := _mistake_in_file(name, own))]
    if told:
        raise DataError("\n".join(told))


def _mistake_in_file(name: str, own: OwnDataset) -> str:
    if not Path(own.path).exists():
        return (
            ""
            if own.path == EXAMPLE
            else (
                f"datasets.{name}.path: there is no file or folder {own.path} in {Path.cwd()}, expected the "
                "data; correct the path, or write it from the root of the file system on."
            )
        )
    if own.path.endswith(PICKLES):
        return ""
    # Imported here: a study without own data does not need the libraries of the formats.
    from mmfusion.data.readers.read import check_names

    try:
        check_names(own.path, own.target, own.modalities, own.groups, own.ids)
    except DataError as error:
        return f"datasets.{name}: {error}"
    return ""
