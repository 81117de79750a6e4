"""The eigenvector analysis of trained networks, computed again from their features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmfusion.study.data.dataset import MultimodalDataset
from mmfusion.study.tables.definitions import check_table
from mmfusion.study.tables.eigen import separation
from mmfusion.study.tables.eigen_cells import eigen_cell
from mmfusion.study.training.cell_training import prepared_splits
from mmfusion.study.training.checkpoint import TrainedCell

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
Views = dict[int, MultimodalDataset]
LABELS = ["1", "2", "3", "1+2", "1+3", "2+3", "1+2+3"]
WIDTHS = [3, 3, 3, 9, 9, 9, 27]


@pytest.fixture(scope="module")
def tables(block: TrainedCell, views: Views) -> Tables:
    return eigen_cell(block, views)


def test_tables_fit_their_definitions(tables: Tables) -> None:
    for name, table in zip(("eigen", "eigen_spectrum", "eigen_projections"), tables, strict=True):
        check_table(name, table)
        assert set(table["norm"]) == {"ibn"}
        assert table["seed"].unique().tolist() == [3, 1]


def test_all_subsets_of_every_seed_in_the_order_of_the_block(tables: Tables) -> None:
    eigen, spectrum, projections = tables
    assert eigen["subset"].to_list() == 2 * LABELS
    assert spectrum.groupby(["seed", "subset"], sort=False).size().to_list() == 2 * WIDTHS
    assert projections.groupby(["seed", "subset"], sort=False).size().to_list() == 14 * [30]
    assert set(eigen["n"]) == {30}


def test_numbers_are_those_of_the_features_on_the_test_split(
    tables: Tables, block: TrainedCell, views: Views
) -> None:
    eigen, spectrum, projections = (table[table["seed"] == 3].set_index("subset") for table in tables)
    network, test = block.networks[3], prepared_splits(block, 3, views[3])["test"]
    features = network.fusion.block_features(network.encode_all(test.inputs))
    for subset, phi in features.items():
        label, values = "+".join(subset), phi.detach().double().numpy()
        expected = np.linalg.eigvalsh(np.cov(values.T, bias=True))[::-1]
        found = spectrum.loc[label]
        assert np.allclose(found["eigenvalue"], expected, rtol=1e-9, atol=1e-12)
        assert found["component"].to_list() == list(range(1, len(expected) + 1))
        assert eigen.loc[label, "eigenvalue"] == found["eigenvalue"].iloc[0]
        assert eigen.loc[label, "variance_share"] == pytest.approx(expected[0] / expected.sum())
        projection = projections.loc[label, "projection"]
        assert projection.var(ddof=0) == pytest.approx(expected[0])
        coordinates = np.linalg.lstsq(values, projection, rcond=None)[0]
        assert np.allclose(values @ coordinates, projection, atol=1e-9)


def test_labels_and_samples_are_those_of_the_test_split(tables: Tables, views: Views) -> None:
    projections = tables[2]
    for (seed, _), rows in projections.groupby(["seed", "subset"]):
        assert rows["sample"].to_list() == list(range(30))
        assert rows["label"].to_list() == views[seed].splits["test"].target.tolist()


def test_p_values_are_those_of_the_projections(tables: Tables) -> None:
    eigen, _, projections = tables
    groups = projections.groupby(["seed", "subset"], sort=False)
    expected = [separation(rows["projection"].to_numpy(), rows["label"].to_numpy()) for _, rows in groups]
    assert list(eigen[["auroc", "p_value"]].itertuples(index=False, name=None)) == expected


def test_a_seed_does_not_depend_on_those_that_share_its_block(
    tables: Tables, block: TrainedCell, views: Views
) -> None:
    for seed in block.networks:
        part = replace(block, networks={seed: block.networks[seed]})
        alone = eigen_cell(part, {seed: views[seed]})
        for one, all_of_them in zip(alone, tables, strict=True):
            own = all_of_them[all_of_them["seed"] == seed].reset_index(drop=True)
            pd.testing.assert_frame_equal(one, own, check_exact=True)


def test_max_order(train_views: Callable[..., TrainedCell], views: Views) -> None:
    block = train_views(seeds=[1], max_order=1)
    eigen, spectrum, _ = eigen_cell(block, views)
    assert eigen["subset"].to_list() == ["1", "2", "3"]
    assert np.allclose(spectrum.groupby("subset")["share"].sum(), 1)
