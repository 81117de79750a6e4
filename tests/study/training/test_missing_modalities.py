"""Missing modalities in a study: from a file with gaps to trained networks and their tables."""

from __future__ import annotations

import numpy as np
import pytest

from mmfusion.data.example import example_table
from mmfusion.data.missing import missing_rows
from mmfusion.fusion.subsets import subset_label
from mmfusion.study.cells import Cell
from mmfusion.study.config.dataset_settings import UserDataset
from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.data.user_dataset import user_dataset
from mmfusion.study.tables.evaluate import evaluate_cells
from mmfusion.study.training.cell_training import prepared_splits, train_cell
from mmfusion.study.training.checkpoint import TrainedCell

SETTINGS = {
    "penalty": 0.01,
    "batch_size": 32,
    "learning_rate": 5e-3,
    "weight_decay": 0.01,
    "device": "cpu",
    "epochs": 3,
    "max_order": "auto",
    "convention": "mkl",
    "encoders": {"vector": {"hidden": 8, "dropout": 0.0, "dim": 4}},
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> MultimodalDataset:
    frame = example_table(160).drop(columns="speaker")
    frame.loc[frame.index % 4 == 0, [f"audio_{position}" for position in range(4)]] = np.nan
    path = tmp_path_factory.mktemp("data") / "speech.csv"
    frame.to_csv(path, index=False)
    modalities = {name: f"{name}_*" for name in ("text", "audio", "video")}
    given = {"path": str(path), "target": "agrees", "task": "classification", "modalities": modalities}
    return user_dataset("speech", UserDataset.model_validate(given).model_dump())


@pytest.fixture(scope="module")
def block(dataset: MultimodalDataset) -> TrainedCell:
    return train_cell(Cell("speech", "ibn", "1", "1"), {0: dataset, 1: dataset}, SETTINGS, False)[0]


def test_the_part_of_a_missing_modality_is_its_mean_over_the_training_samples_that_have_it(
    dataset: MultimodalDataset, block: TrainedCell
) -> None:
    network = block.networks[0]
    samples = prepared_splits(block, 0, dataset)
    parts = {}
    for split, given in samples.items():
        features = network.encode_all(given.inputs, given.present)
        contributions = network.fusion.contributions(features)
        parts[split] = {subset_label(key): x.detach().numpy() for key, x in contributions.items()}
    known = ~missing_rows(dataset.splits["train"].features["audio"])
    mean = parts["train"]["audio"][known].mean()
    for split, group in parts.items():
        gone = missing_rows(dataset.splits[split].features["audio"])
        assert gone.any()
        np.testing.assert_allclose(group["audio"][gone], mean, atol=1e-6)
        assert np.ptp(group["audio"][~gone]) > 0


def test_tables_have_no_gaps(dataset: MultimodalDataset, block: TrainedCell) -> None:
    tables = evaluate_cells([block], {0: dataset, 1: dataset}, halves_seed=0)
    assert np.isfinite(tables["runs"][["loss_train", "loss_validation", "loss_test", "accuracy_test"]]).all(
        axis=None
    )
    measures = ["beta", "loss_rise", "covariance_share"]
    assert np.isfinite(tables["subsets"][measures].to_numpy(dtype=float)).all()
    assert len(tables["subsets"]) == 2 * 7


def test_what_stands_in_the_gaps_of_the_file_does_not_matter(
    dataset: MultimodalDataset, block: TrainedCell
) -> None:
    split = dataset.splits["test"]
    gone = missing_rows(split.features["audio"])
    samples = prepared_splits(block, 1, dataset)["test"]
    np.testing.assert_array_equal(samples.present["audio"].numpy(), ~gone)
    assert not samples.inputs["audio"].numpy()[gone].any()
