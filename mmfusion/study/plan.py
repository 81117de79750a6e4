"""A study as cells, batches of seeds and file names: what the workflow asks of a configuration.

A *batch* is a part of the seeds. One job trains all cells of a dataset and a normalisation for a batch of
seeds, and one job evaluates all cells of a dataset for a batch. A *folder* is the path of such a job's files
in ``results/train`` or ``results/evaluate``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mmfusion.errors import DataError
from mmfusion.study.cells import EIGEN_CELL, Cell, information_cell
from mmfusion.study.config.dataset_settings import Mosi, SyntheticDataset
from mmfusion.study.config.settings import Encoders, StudyConfig
from mmfusion.study.config.user_settings import UserDataset
from mmfusion.study.data.mosi.mosi_files import MOSI_FILES, find_mosi, mosi_directory
from mmfusion.study.data.mosi.sentence_encoder import INSTALL, find_encoder
from mmfusion.study.designs.drawn_cases import PEER_CASES
from mmfusion.study.evidence.peer_libraries import INSTALL_PEERS, peers_installed
from mmfusion.study.evidence.recipe_settings import FACTORS, TARGETS, value_of_study
from mmfusion.study.names import MOSI_CLEAN, MOSI_TASKS, TOY_DATASETS
from mmfusion.study.room import check_room
from mmfusion.study.user_files import check_used, modalities_in_files

MOSI_REPETITIONS = 10
"""How often peers are compared on CMU-MOSI, at most: its samples are the same for every seed."""


class Study:
    """The cells, batches and files of a configuration.

    Parameters
    ----------
    config : StudyConfig
        Typed settings.

    Attributes
    ----------
    without_encoder : bool
        Whether datasets with embedded transcripts are named, and the encoder is not installed.
    named : set of str
        Datasets that the experiments name, CMU-MOSI included where it was not found.
    mosi : Path or None
        Folder of the CMU-MOSI files; None where the study runs without them.
    cells : list of Cell
        All cells without repeats, in the order of the configuration; without MOSI if it was not found.
    user : dict of str to UserDataset
        Settings of the user's datasets.
    batches : list of list of int
        The seeds of each job.

    Raises
    ------
    ConfigError
        If a part of it does not fit into the memory of this machine, or no experiment uses a dataset of the
        user's.
    DataError
        If CMU-MOSI is required and missing, or some of its files are missing, or if the file of a user's
        dataset is missing or lacks a column or array that the configuration names.
    """

    def __init__(self, config: StudyConfig) -> None:
        self.config = config
        check_room(config)
        planned = [
            Cell(dataset, norm, p, scale)
            for experiment in config.experiments.values()
            for dataset in experiment.datasets
            for norm in experiment.norms
            for p in experiment.p
            for scale in experiment.scales
        ]
        self.named = {cell.dataset for cell in planned}
        check_used(config.user, self.named)
        self.user = config.user
        check_room(config, modalities_in_files(self.user))
        self.mosi = find_mosi(config.mosi.dir, config.mosi.mode) if self.named & set(MOSI_TASKS) else None
        self.without_encoder = bool(self.named & set(MOSI_CLEAN)) and find_encoder() is None
        if self.mosi and self.without_encoder and config.mosi.mode == "required":
            raise DataError(f"mosi.mode is required, but {self._encoder_status}")
        left_out = set() if self.mosi else set(MOSI_TASKS)
        left_out |= set(MOSI_CLEAN) if self.without_encoder else set()
        self.cells = [cell for cell in dict.fromkeys(planned) if cell.dataset not in left_out]
        size = len(config.seeds) if config.seeds_per_job == "all" else config.seeds_per_job
        self.batches = [config.seeds[start : start + size] for start in range(0, len(config.seeds), size)]

    @property
    def datasets(self) -> list[str]:
        """Datasets of all cells, in the order of the configuration."""
        return list(dict.fromkeys(cell.dataset for cell in self.cells))

    @property
    def norms(self) -> list[str]:
        """Normalisations of all cells, in the order of the configuration."""
        return list(dict.fromkeys(cell.norm for cell in self.cells))

    @property
    def synthetic(self) -> list[str]:
        """Those of `datasets` that are generated."""
        return [name for name in self.datasets if name not in MOSI_TASKS and name not in self.user]

    @property
    def mosi_datasets(self) -> list[str]:
        """Those of `datasets` that are CMU-MOSI."""
        return [name for name in self.datasets if name in MOSI_TASKS]

    @property
    def user_datasets(self) -> list[str]:
        """Those of `datasets` that are the user's."""
        return [name for name in self.datasets if name in self.user]

    @property
    def mosi_files(self) -> list[str]:
        """Paths of the raw CMU-MOSI files; empty without CMU-MOSI."""
        return [str(self.mosi / name) for name in MOSI_FILES] if self.mosi else []

    @property
    def mosi_status(self) -> str:
        """One sentence on whether and why CMU-MOSI is part of the study."""
        mode = self.config.mosi.mode
        if self.mosi:
            without = f" Its datasets with clean text are not: {self._encoder_status}"
            return f"CMU-MOSI is part of this study.{without if self.without_encoder else ''}"
        if mode == "off" or not self.named & set(MOSI_TASKS):
            return "CMU-MOSI is not part of this study: the configuration leaves it out."
        folder = mosi_directory(self.config.mosi.dir)
        return (
            f"CMU-MOSI is not part of this study: no files were found in {folder} (mosi.mode: {mode}); "
            "fetch them with `snakemake --cores 1 mosi_data` (and the same --directory, if any), or set "
            "MMFUSION_MOSI_DIR."
        )

    @property
    def _encoder_status(self) -> str:
        return f"the sentence encoder of {' and '.join(MOSI_CLEAN)} is not installed; {INSTALL}."

    def cells_of(self, dataset: str | None = None, norm: str | None = None) -> list[dict[str, str]]:
        """List the cells of a dataset and a normalisation (None: of all) as plain values."""
        return [
            asdict(cell)
            for cell in self.cells
            if dataset in (None, cell.dataset) and norm in (None, cell.norm)
        ]

    def train_folders(self, dataset: str | None = None, batch: int | None = None) -> list[str]:
        """List the folders of the training jobs of a dataset and a batch of seeds (None: of all)."""
        pairs = dict.fromkeys((cell["dataset"], cell["norm"]) for cell in self.cells_of(dataset))
        indices = range(len(self.batches)) if batch is None else [batch]
        return [f"{name}/{norm}/batch-{index}" for name, norm in pairs for index in indices]

    @property
    def evaluate_folders(self) -> list[str]:
        """Folders of the evaluation jobs."""
        return [f"{name}/batch-{index}" for name in self.datasets for index in range(len(self.batches))]

    @property
    def eigen_folders(self) -> list[str]:
        """Folders of the jobs that analyse eigenvectors; empty if the study lacks the cell for that."""
        start = f"{EIGEN_CELL.dataset}/{EIGEN_CELL.norm}/"
        return [name for name in self.train_folders() if EIGEN_CELL in self.cells and name.startswith(start)]

    @property
    def motif_folders(self) -> list[str]:
        """Folders of the jobs that look for planted motifs: of the datasets with IBN at p = 1 and scale 1."""
        found = [name for name in TOY_DATASETS if information_cell(name) in self.cells]
        return [f"{name}/batch-{index}" for name in found for index in range(len(self.batches))]

    @property
    def peer_tables(self) -> list[str]:
        """Names of the tables of peers' answers, one per job; none without planted datasets or libraries."""
        if not self.synthetic or not peers_installed():
            return []
        clean = [name for name in self.mosi_datasets if name in MOSI_CLEAN]
        return [*PEER_CASES, *self.motif_folders, *clean]

    @property
    def mosi_repetitions(self) -> list[int]:
        """Seeds of the repetitions in which peers are compared on CMU-MOSI."""
        return self.config.seeds[:MOSI_REPETITIONS]

    @property
    def peer_status(self) -> str:
        """One sentence on why the peers are not part of the target `full`; empty if they are."""
        if peers_installed():
            return ""
        return (
            "The target full would leave out the comparison with other methods: their libraries are not "
            f"installed; {INSTALL_PEERS}."
        )

    @property
    def recipe_values(self) -> dict[str, float]:
        """The study's own values of the factors of the sensitivity map; empty without its datasets."""
        if not {target.cell.dataset for target in TARGETS} <= set(self.synthetic):
            return {}
        settings = self.training_settings("XRel"), self.generation_settings("XRel")
        return {factor: value_of_study(factor, *settings) for factor in FACTORS}

    @property
    def other_seeds(self) -> list[int]:
        """Five seeds that the study does not use."""
        return [seed for seed in range(100, 105 + len(self.config.seeds)) if seed not in self.config.seeds][
            :5
        ]

    @property
    def information_seeds(self) -> list[int]:
        """Seeds whose coalitions of modalities are trained."""
        return self.config.seeds[: self.config.information.seeds]

    @property
    def information_datasets(self) -> list[str]:
        """Datasets whose coalitions of modalities are trained: those that are generated."""
        return self.synthetic if self.information_seeds else []

    def length_of_training(self, dataset: str) -> int:
        """Count the samples that training a network passes over; 0 if only the data hold their number."""
        if dataset not in self.synthetic:
            return 0
        settings = self.config.synthetic[dataset]
        return settings.epochs * settings.sizes.train

    def data_files(self, dataset: str, batch: int | None = None) -> list[str]:
        """List the files that a batch of seeds needs (None: all): one per seed if generated, else one."""
        seeds = self.config.seeds if batch is None else self.batches[batch]
        return self.files_of_seeds(dataset, seeds)

    def files_of_seeds(self, dataset: str, seeds: Sequence[int]) -> list[str]:
        """List the files with the data of some seeds: one per seed if generated, else one."""
        if dataset not in self.synthetic:
            return [f"results/data/{dataset}.safetensors"]
        return [f"results/data/{dataset}/seed-{seed}.safetensors" for seed in seeds]

    def generation_settings(self, dataset: str) -> dict[str, Any]:
        """Return the settings that the generator of a dataset depends on, as plain values."""
        sizes = self.config.synthetic[dataset].sizes.model_dump()
        return {**self.config.sequences.model_dump(), "sizes": sizes}

    def user_settings(self, dataset: str) -> dict[str, Any]:
        """Return the settings that reading one of the user's datasets depends on, as plain values."""
        return self.user[dataset].model_dump(exclude={"epochs", "max_order"})

    def answer_settings(self, dataset: str) -> dict[str, Any]:
        """Return the settings that the answer about a user's dataset depends on, as plain values."""
        settings = self.user[dataset].model_dump(exclude={"epochs", "held_out"})
        return {**settings, "device": self.config.training.recipe["device"]}

    def training_settings(self, dataset: str) -> dict[str, Any]:
        """Return the settings that training on a dataset depends on, as plain values."""
        settings: Mosi | SyntheticDataset | UserDataset
        if dataset in MOSI_TASKS:
            settings, kinds = self.config.mosi, ["vector"]
        elif dataset in self.user:
            settings, kinds = self.user[dataset], list(Encoders.model_fields)
        else:
            settings, kinds = self.config.synthetic[dataset], ["symbols"]
        return {
            **self.config.training.recipe,
            "epochs": settings.epochs,
            "max_order": settings.max_order,
            "convention": self.config.convention,
            "encoders": {kind: getattr(self.config.encoders, kind).model_dump() for kind in kinds},
        }

    @property
    def config_digest(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of the configuration."""
        text = json.dumps(self.config.model_dump(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]
