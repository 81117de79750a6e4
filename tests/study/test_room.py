"""Sizes of a study that no machine has room for are refused together with the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mmfusion.errors import ConfigError
from mmfusion.measures.information import coalitions_of
from mmfusion.study import room
from mmfusion.study.config.settings import StudyConfig, load_config
from mmfusion.study.plan import Study
from mmfusion.study.room import MOST_JOBS, check_room, count_coalitions

CONFIG = Path(__file__).parents[2] / "config/config.yaml"
HUGE = 10**15
MINE = {"path": "a.csv", "target": "y"}


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine of 16 GiB, and a folder without data."""
    monkeypatch.setattr(room.psutil, "virtual_memory", lambda: type("Memory", (), {"total": 2**34}))
    monkeypatch.delenv("MMFUSION_MOSI_DIR", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def config() -> dict[str, Any]:
    """The paper study."""
    content: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    return content


def changed(config: dict[str, Any], changes: dict[str, Any]) -> StudyConfig:
    """Put values at paths such as ``sequences.length`` and check the result."""
    for path, value in changes.items():
        *groups, key = path.split(".")
        inner = config
        for group in groups:
            inner = inner[group]
        inner[key] = value
    return load_config(config)


def one_grid(name: str) -> dict[str, Any]:
    return {"toy": {"datasets": [name], "norms": ["ibn"], "p": ["1"], "scales": ["1"]}}


SIZES = {"train": 4000, "validation": 2000, "test": 2000}
OF_MINE = {f"m{number}": f"m{number}_*" for number in range(40)}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"sequences.length": 10**12},
            "sequences.length: data of ConditionallyIndependent for 10 seeds, which",
        ),
        ({"sequences.length": HUGE**30}, "need about 1e"),
        (
            {"datasets.XRel.sizes": {**SIZES, "train": HUGE}},
            "datasets.XRel.sizes: data of XRel for 10 seeds, which one job reads, need about 1e9 GiB of "
            "memory, expected at most the 16.0 GiB of this machine; lower it, or seeds_per_job.",
        ),
        ({"datasets.XRel.sizes": {**SIZES, "validation": HUGE}}, "datasets.XRel.sizes: data of XRel for 10"),
        (
            {"datasets.XRel.sizes": {**SIZES, "test": HUGE}},
            "datasets.XRel.sizes: data of XRel for 10 seeds, ",
        ),
        (
            {"datasets.XRel.epochs": 10**30},
            "datasets.XRel.epochs: the history of 30 networks over so many epochs needs about 1e24 GiB",
        ),
        ({"mosi.epochs": 10**12}, "mosi.epochs: the history of 30 networks over so many epochs needs about"),
        (
            {"encoders.symbols.dim": 10**9},
            "encoders.symbols: the weights of one such encoder need about 715.3 GiB of memory, expected at "
            "most the 16.0 GiB of this machine; lower the largest of its numbers.",
        ),
        ({"encoders.symbols.channels": 10**12}, "encoders.symbols: the weights of one such encoder need"),
        ({"encoders.vector.dim": 10**9}, "encoders.vector: the weights of one such encoder need about"),
        ({"encoders.vector.hidden": 10**12}, "encoders.vector: the weights of one such encoder need about"),
        (
            {"encoders.sequence.width": 10**12},
            "encoders.sequence: the weights of one such encoder need about",
        ),
        (
            {"encoders.symbols.dim": 10**5},
            "datasets.XRelIrrXOR.max_order: 30 networks in one job: max_order=3: 7 subsets of 3 modalities",
        ),
        (
            {
                "sequences.presence": [0.5] * 40,
                "datasets.ConditionallyIndependent": {"sizes": SIZES, "epochs": 1},
            },
            "datasets.ConditionallyIndependent.max_order: 50 networks in one job: max_order=40: "
            "1099511627775 subsets of 40 modalities need about",
        ),
        (
            {"sequences.presence": [0.5] * 1001},
            "sequences.presence: it has 1,001 views, expected at most 1,000;",
        ),
        (
            {"information.networks": 10**9},
            "information.networks: 11000000000 networks of coalitions of the modalities of "
            "ConditionallyIndependent need about",
        ),
        ({"analysis.resamples": 10**15}, "analysis.resamples: so many resamples of 10 seeds need about 149"),
        (
            {"seeds": list(range(40_000))},
            "experiments: they have 3,040,000 networks (cells times seeds), expected at most 1,000,000;",
        ),
        (
            {"seeds": list(range(5000)), "seeds_per_job": 1, "experiments": one_grid("XRel")},
            "",
        ),
        (
            {"seeds": list(range(10_001)), "seeds_per_job": 1, "experiments": one_grid("XRel")},
            f"seeds_per_job: it makes 10,001 jobs that train, expected at most {MOST_JOBS:,}; raise it.",
        ),
        (
            {
                "experiments.normalisations.p": [str(number) for number in range(1, 2001)],
                "experiments.normalisations.scales": [str(number) for number in range(1, 2001)],
            },
            "experiments: they have 800,000,",
        ),
        (
            {
                "experiments": one_grid("mine"),
                "datasets.mine": {**MINE, "modalities": OF_MINE, "max_order": "all"},
            },
            "datasets.mine.max_order: 10 networks in one job: max_order=40: 1099511627775 subsets of 40 "
            "modalities need about 1e31 GiB of memory, this machine has 16.0 GiB, expected fewer; "
            "max_order=3 has 10700 subsets and fits.",
        ),
        (
            {"experiments": one_grid("mine"), "datasets.mine": {**MINE, "epochs": 10**30}},
            "datasets.mine.epochs: the history of 10 networks over so many epochs needs about",
        ),
        ({"seeds_per_job": 10**30, "information.seeds": 10**30, "training.batch_size": 10**30}, ""),
        ({"datasets.XRel.max_order": 10**30, "mosi.max_order": 10**30}, ""),
        ({"experiments": one_grid("mine"), "datasets.mine": {**MINE, "max_order": 10**30}}, ""),
    ],
)
def test_what_is_larger_than_a_machine_is_refused(
    config: dict[str, Any], changes: dict[str, Any], sentence: str
) -> None:
    study = changed(config, changes)
    if not sentence:
        check_room(study)
        return
    with pytest.raises(ConfigError) as caught:
        check_room(study)
    assert any(sentence in problem for problem in caught.value.problems), caught.value.problems
    with pytest.raises(ConfigError):
        Study(study)


def test_modalities_are_counted_in_the_file_where_none_are_written(config: dict[str, Any]) -> None:
    Path("many").mkdir()
    for number in range(40):
        np.save(f"many/m{number}.npy", np.zeros((4, 2)))
    np.save("many/y.npy", np.arange(4.0))
    entry = {"path": "many", "target": "y", "max_order": "all"}
    study = changed(config, {"datasets.mine": entry, "experiments": one_grid("mine")})
    check_room(study)
    with pytest.raises(ConfigError, match=r"datasets\.mine\.max_order: 10 networks .* of 40 modalities need"):
        Study(study)
    Study(changed(config, {"datasets.mine": {**entry, "max_order": "auto"}}))


def test_coalitions_are_counted_as_they_are_listed() -> None:
    for modalities in range(1, 8):
        assert count_coalitions(modalities) == len(coalitions_of([str(name) for name in range(modalities)]))


def test_the_committed_study_fits(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.psutil, "virtual_memory", lambda: type("Memory", (), {"total": 2**29}))
    check_room(load_config(config))
