"""Reading the datasets of several seeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmfusion.errors import DataError
from mmfusion.study.data.dataset import load_by_seed
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_settings import PlantedSettings

SEEDS = (7, 0, 3)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One file per seed, in the order of the seeds."""
    folder = tmp_path_factory.mktemp("data")
    files = [folder / f"seed-{seed}.safetensors" for seed in SEEDS]
    settings = PlantedSettings(length=10, sizes={"train": 8, "test": 4})
    for seed, path in zip(SEEDS, files, strict=True):
        generate("XRel", seed, settings).save(path)
    return files


def test_every_seed_has_its_file_in_the_given_order(paths: list[Path]) -> None:
    datasets = load_by_seed(paths, SEEDS)
    assert list(datasets) == list(SEEDS)
    for seed, dataset in datasets.items():
        assert dataset.parameters["seed"] == seed


def test_one_file_serves_all_seeds_and_is_read_once(paths: list[Path]) -> None:
    datasets = load_by_seed([str(paths[0])], SEEDS)
    assert list(datasets) == list(SEEDS)
    assert len({id(dataset) for dataset in datasets.values()}) == 1
    assert datasets[3].parameters["seed"] == 7


def test_one_file_and_one_seed(paths: list[Path]) -> None:
    by_seed = load_by_seed(paths[1:2], [0])
    assert list(by_seed) == [0]
    whole = load_by_seed(paths, SEEDS)[0]
    assert np.array_equal(by_seed[0].splits["train"].features["1"], whole.splits["train"].features["1"])


@pytest.mark.parametrize("seeds", [(7, 0), (7, 0, 3, 4)])
def test_other_numbers_of_files_and_seeds_do_not_fit(paths: list[Path], seeds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="zip"):
        load_by_seed(paths, seeds)


def test_missing_file(paths: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such dataset file"):
        load_by_seed([paths[0], tmp_path / "gone.safetensors"], [7, 0])
