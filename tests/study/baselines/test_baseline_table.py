"""All baselines of a dataset: per seed where data are generated, once where they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmfusion.study.baselines.baseline_table import BASELINES, BAYES_RULES, baseline_table
from mmfusion.study.baselines.bayes import bayes_latent_rows, bayes_sequence_rows
from mmfusion.study.baselines.constant import constant_rows
from mmfusion.study.baselines.linear import linear_rows
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.planted import generate
from mmfusion.study.data.planted_datasets import PLANTED_DATASETS
from mmfusion.study.data.planted_settings import PlantedSettings
from mmfusion.study.tables.definitions import check_table


def models_of(dataset: MultimodalDataset) -> list[str]:
    return [*BASELINES, *(BAYES_RULES if dataset.name in PLANTED_DATASETS else ())]


def test_what_a_paper_compares_with_is_there(
    generated: dict[int, MultimodalDataset], given: MultimodalDataset
) -> None:
    assert {"constant", "linear", "bayes_latent", "bayes_sequence"} <= set(models_of(generated[5]))
    assert {"constant", "linear"} <= set(models_of(given))
    assert {"bayes_latent", "bayes_sequence"}.isdisjoint(models_of(given))


@pytest.fixture(scope="module")
def generated() -> dict[int, MultimodalDataset]:
    small = PlantedSettings(length=12, sizes={"train": 60, "validation": 20, "test": 30})
    return {seed: generate("XRel", seed, small) for seed in (5, 2)}


@pytest.fixture(scope="module")
def given(generated: dict[int, MultimodalDataset]) -> MultimodalDataset:
    """Data of unknown origin, without a validation split."""
    splits = {name: part for name, part in generated[5].splits.items() if name != "validation"}
    return replace(generated[5], name="Mine", splits=splits, parameters={})


def test_generated_data_have_all_models_for_every_seed(generated: dict[int, MultimodalDataset]) -> None:
    table = baseline_table(generated)
    check_table("runs", table)
    assert table["model"].to_list() == 2 * models_of(generated[5])
    assert table["seed"].to_list() == [seed for seed in (5, 2) for _ in models_of(generated[5])]
    assert set(table["dataset"]) == {"XRel"}
    assert table.index.to_list() == list(range(len(table)))


def test_rows_are_those_of_the_baselines(generated: dict[int, MultimodalDataset]) -> None:
    table = baseline_table(generated)
    for seed, dataset in generated.items():
        functions = (constant_rows, linear_rows, bayes_latent_rows, bayes_sequence_rows)
        expected = pd.concat([rows(dataset, seed) for rows in functions], ignore_index=True)
        of_seed = table[(table["seed"] == seed) & table["model"].isin(expected["model"])].reset_index(
            drop=True
        )
        pd.testing.assert_frame_equal(of_seed, expected, check_exact=True)
    assert table["accuracy_test"].nunique() > 4


def test_other_data_have_one_set_of_rows_without_a_seed(given: MultimodalDataset) -> None:
    table = baseline_table({5: given, 2: given, 9: given})
    check_table("runs", table)
    assert table["model"].to_list() == models_of(given)
    assert table["seed"].isna().all()
    assert table["converged"].isna().all()
    assert set(table["norm"]) == set(table["p"]) == set(table["scale"]) == {"-"}
    assert table["accuracy_test"].notna().all()
    assert table["accuracy_validation"].isna().all()


def test_both_kinds_fit_into_one_table(
    generated: dict[int, MultimodalDataset], given: MultimodalDataset
) -> None:
    parts = [baseline_table(generated), baseline_table({0: given})]
    check_table("runs", pd.concat(parts, ignore_index=True))


def test_always_positive_is_a_floor_of_sentiment(given: MultimodalDataset) -> None:
    sentiments = {"train": np.tile([-1.0, -2.0, 0.0], 20), "test": np.tile([-1.0, 0.0, 1.5], 10)}
    splits = {
        name: replace(part, target=sentiments[name], latents={"sentiment": sentiments[name]})
        for name, part in given.splits.items()
    }
    table = baseline_table({0: replace(given, task="regression", splits=splits)}).set_index("model")
    assert table.index.to_list() == ["constant", "linear", "always_positive"]
    row = table.loc["always_positive"]
    assert row["acc2_zeros_positive_train"] == pytest.approx(1 / 3)
    assert row["acc2_zeros_positive_test"] == pytest.approx(2 / 3)
    assert row["acc2_zeros_omitted_test"] == 0.5
    assert pd.isna(row[["mae_test", "loss_test", "pearson_r_test"]]).all()
