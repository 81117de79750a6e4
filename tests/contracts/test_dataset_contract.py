"""What every dataset of the study must keep, and what every synthetic one must keep besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mmfusion.data.example import example_table
from mmfusion.encoders import ENCODERS, kind_of
from mmfusion.fusion.subsets import parse_subset, subset_label, subsets
from mmfusion.study.config.dataset_settings import UserDataset
from mmfusion.study.data.dataset import SPLITS, MultimodalDataset, Split
from mmfusion.study.data.mosi.mosi_dataset import mosi_dataset
from mmfusion.study.data.mosi.mosi_join import read_mosi
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS
from mmfusion.study.data.planted_settings import SYMBOLS, PlantedSettings
from mmfusion.study.data.user_dataset import user_dataset
from mmfusion.study.names import DATASET_NAMES, MOSI_TASKS, PLANTED

SIZES = {"train": 40, "validation": 12, "test": 16}
SETTINGS = PlantedSettings(length=30, sizes=SIZES)
SYNTHETIC = list(PLANTED_DATASETS)


def of_user(folder: Path) -> MultimodalDataset:
    """Read the example table as a dataset of the user's."""
    example_table(80).drop(columns="speaker").to_csv(folder / "speech.csv", index=False)
    settings = UserDataset(
        path=str(folder / "speech.csv"),
        target="agrees",
        task="classification",
        modalities={"video": "video_*", "audio": "audio_*", "text": "text_*"},
        ids="id",
    )
    return user_dataset("speech", settings.model_dump())


@pytest.fixture(params=[*SYNTHETIC, *MOSI_TASKS, "speech"])
def dataset(
    request: pytest.FixtureRequest, tmp_path: Path, mosi_folder: Any
) -> Callable[[], MultimodalDataset]:
    """Make one dataset, the same at every call."""
    name = str(request.param)
    if name in PLANTED_DATASETS:
        return lambda: generate(name, 3, SETTINGS)
    if name in MOSI_TASKS:
        return lambda: mosi_dataset(
            read_mosi(mosi_folder.path, registry=mosi_folder.registry), MOSI_TASKS[name], "published"
        )
    return lambda: of_user(tmp_path)


def arrays(part: Split) -> dict[str, NDArray[Any]]:
    groups: dict[str, Mapping[str, NDArray[Any]]] = {"features": part.features, "latents": part.latents}
    named = {
        f"{group}/{name}": values for group, content in groups.items() for name, values in content.items()
    }
    return {"target": part.target, **named}


def assert_same(one: Split, other: Split) -> None:
    first, second = arrays(one), arrays(other)
    assert first.keys() == second.keys()
    for name, values in first.items():
        assert values.dtype == second[name].dtype
        np.testing.assert_array_equal(values, second[name])
    assert one.ids == other.ids


class TestEveryDataset:
    def test_names_and_splits(self, dataset: Callable[[], MultimodalDataset]) -> None:
        data = dataset()
        assert {"train", "test"} <= set(data.splits)
        assert list(data.splits) == [split for split in SPLITS if split in data.splits]
        assert len(set(data.modalities)) == len(data.modalities) > 0
        for part in data.splits.values():
            assert tuple(part.features) == data.modalities  # the modality order, not the alphabet
            assert part.ids == () or len(set(part.ids)) == len(part)

    def test_every_array_has_a_row_per_sample(self, dataset: Callable[[], MultimodalDataset]) -> None:
        for part in dataset().splits.values():
            assert all(len(values) == len(part) for values in arrays(part).values())

    def test_kind_type_and_shape_are_those_of_all_splits(
        self, dataset: Callable[[], MultimodalDataset]
    ) -> None:
        data = dataset()
        for modality in data.modalities:
            values = [part.features[modality] for part in data.splits.values()]
            assert {(one.dtype, one.shape[1:]) for one in values} == {(values[0].dtype, values[0].shape[1:])}
            assert values[0].dtype.kind in "iu" or values[0].dtype == np.float32
            assert kind_of(values[0]) in ENCODERS

    def test_the_target_fits_the_task(self, dataset: Callable[[], MultimodalDataset]) -> None:
        data = dataset()
        for part in data.splits.values():
            assert part.target.shape == (len(part),)
            if data.task == "regression":
                assert part.target.dtype == np.float64
                assert np.isfinite(part.target).all()
            else:
                assert part.target.dtype == np.int64
                assert set(part.target) <= set(data.splits["train"].target)
        if data.task == "binary":
            assert set(data.splits["train"].target) == {0, 1}

    def test_planted_subsets_are_subsets_of_the_modalities(
        self, dataset: Callable[[], MultimodalDataset]
    ) -> None:
        data = dataset()
        possible = {subset_label(subset) for subset in subsets(data.modalities)}
        assert set(data.planted) <= possible
        assert len(set(data.planted)) == len(data.planted)

    def test_a_saved_dataset_comes_back_byte_for_byte(
        self, dataset: Callable[[], MultimodalDataset], tmp_path: Path
    ) -> None:
        data = dataset()
        data.save(tmp_path / "one")
        loaded = MultimodalDataset.load(tmp_path / "one")
        loaded.save(tmp_path / "two")
        dataset().save(tmp_path / "again")
        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
        assert (tmp_path / "one").read_bytes() == (tmp_path / "again").read_bytes()
        assert replace(loaded, splits={}) == replace(data, splits={})
        assert loaded.splits.keys() == data.splits.keys()
        for split, part in data.splits.items():
            assert_same(part, loaded.splits[split])


@pytest.mark.parametrize("name", SYNTHETIC)
class TestEverySyntheticDataset:
    def test_the_size_of_a_split_changes_no_other_split(self, name: str) -> None:
        base = generate(name, 3, SETTINGS)
        for split in ("train", "validation"):
            sizes = {**SIZES, split: SIZES[split] + 7}
            other = generate(name, 3, replace(SETTINGS, sizes=sizes))
            for unchanged in set(SIZES) - {split}:
                assert_same(base.splits[unchanged], other.splits[unchanged])
        without = generate(name, 3, replace(SETTINGS, sizes={"train": 40, "test": 16}))
        assert_same(base.splits["test"], without.splits["test"])

    def test_seeds_splits_and_datasets_have_their_own_streams(self, name: str) -> None:
        data = generate(name, 3, replace(SETTINGS, sizes=dict.fromkeys(SPLITS, 40)))
        views = [part.features["1"].tobytes() for part in data.splits.values()]
        views.append(generate(name, 4, SETTINGS).splits["train"].features["1"].tobytes())
        for other in set(SYNTHETIC) - {name}:
            views.append(generate(other, 3, SETTINGS).splits["train"].features["1"].tobytes())
        assert len(set(views)) == len(views)

    def test_its_parameters_draw_it_again(self, name: str, tmp_path: Path) -> None:
        generate(name, 3, SETTINGS).save(tmp_path / "data")
        loaded = MultimodalDataset.load(tmp_path / "data")
        again = generate(name, loaded.parameters["seed"], PlantedSettings(**loaded.parameters["settings"]))
        for split, part in loaded.splits.items():
            assert_same(part, again.splits[split])

    def test_modalities_are_numbered_symbols(self, name: str) -> None:
        data = generate(name, 3, SETTINGS)
        assert data.modalities == tuple(str(view + 1) for view in range(len(data.modalities)))
        for part in data.splits.values():
            for values in part.features.values():
                assert (values.dtype, values.shape) == (np.uint8, (len(part), SETTINGS.length))
                assert values.max() < SYMBOLS

    def test_latents_agree_with_target_and_views(self, name: str) -> None:
        spec, width = PLANTED_DATASETS[name], len(SETTINGS.motifs[0])
        coins_of = {view: coins for view, coins, _ in spec.drawn(SETTINGS.presence)}
        for part in generate(name, 3, SETTINGS).splits.values():
            assert np.array_equal(part.target, part.latents["y"])
            assert {"y", *spec.coins} <= set(part.latents)
            for view in part.features:
                present, position, motif = (
                    part.latents[f"{kind}/{view}"] for kind in ("presence", "position", "motif")
                )
                assert (present.dtype, position.dtype, motif.dtype) == (bool, np.int64, np.int64)
                assert np.array_equal(present, position >= 0)
                assert position.max() <= SETTINGS.length - width
                coins = coins_of.get(
                    view, coins_of[list(coins_of)[-1]]
                )  # a relabelled view is the last drawn
                index = np.bitwise_xor.reduce([part.latents[coin] for coin in coins])
                assert np.array_equal(motif, np.where(present, index, -1))

    def test_the_planted_views_alone_give_the_target(self, name: str) -> None:
        data = generate(name, 3, SETTINGS)
        for part in data.splits.values():
            for label in data.planted:
                views = parse_subset(label)
                present = np.all([part.latents[f"presence/{view}"] for view in views], axis=0)
                motifs = [part.latents[f"motif/{view}"] for view in views]
                assert np.array_equal(np.bitwise_xor.reduce(motifs)[present], part.target[present])

    def test_tables_and_figures_know_it(self, name: str) -> None:
        planted = generate(name, 3, SETTINGS).planted
        assert name in DATASET_NAMES
        assert PLANTED.get(name) == (planted[0] if len(planted) == 1 else None)
