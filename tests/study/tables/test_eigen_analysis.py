"""Eigenvector analysis: references, planted directions, invariances, tidy rows."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from mmfusion.study.tables.definitions import check_table
from mmfusion.study.tables.eigen import eigen_analysis
from mmfusion.study.tables.eigen_cells import eigen_tables

KEYS = {"dataset": "XRelIrrXOR", "norm": "ibn", "p": "1", "scale": "1", "seed": 3}


def random_block(seed=0, n=50, width=6):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, width)) @ rng.normal(size=(width, width)) + rng.normal(size=width), np.arange(
        n
    ) % 2


def test_agrees_with_singular_values():
    block, label = random_block()
    result = eigen_analysis(block, label)
    _, singular, directions = np.linalg.svd(block - block.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(result.eigenvalues, singular**2 / len(block), rtol=1e-9)
    assert abs(result.vector @ directions[0]) == pytest.approx(1.0)
    assert result.variance_share == pytest.approx(singular[0] ** 2 / (singular**2).sum())
    np.testing.assert_allclose(result.projection, block @ result.vector)
    area = roc_auc_score(label, result.projection)
    assert result.auroc == pytest.approx(max(area, 1 - area))


@given(st.integers(0, 10**6), st.integers(1, 8))
def test_properties(seed, width):
    block, label = random_block(seed, 20, width)
    result = eigen_analysis(block, label)
    assert (np.diff(result.eigenvalues) <= 0).all()
    assert result.eigenvalues.sum() == pytest.approx(block.var(axis=0).sum())
    assert np.var(result.projection) == pytest.approx(result.eigenvalues[0])
    assert np.linalg.norm(result.vector) == pytest.approx(1.0)
    assert result.vector[np.argmax(np.abs(result.vector))] > 0
    assert 1 / width - 1e-12 <= result.variance_share <= 1 + 1e-12
    assert 0.5 <= result.auroc <= 1
    assert 0 < result.p_value <= 1


@given(st.integers(0, 10**6), st.sampled_from([-1.0, 1e-3, 1e3]), st.floats(-10, 10))
def test_scale_sign_and_offset_do_not_matter(seed, factor, offset):
    block, label = random_block(seed, 30, 4)
    expected = eigen_analysis(block, label)
    result = eigen_analysis(factor * (block + offset), label)
    np.testing.assert_allclose(result.eigenvalues, factor**2 * expected.eigenvalues, rtol=1e-6, atol=1e-12)
    assert result.variance_share == pytest.approx(expected.variance_share)
    assert result.auroc == pytest.approx(expected.auroc)
    assert result.p_value == pytest.approx(expected.p_value)


def test_planted_class_direction_is_found():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 400)
    direction = np.array([0.6, 0.0, -0.8])
    block = 4.0 * label[:, None] * direction + 0.5 * rng.normal(size=(400, 3))
    result = eigen_analysis(block, label)
    np.testing.assert_allclose(result.vector, -direction, atol=0.05)
    assert result.variance_share > 0.8
    assert result.auroc > 0.99
    assert result.p_value < 1e-30


def test_leading_direction_without_class_is_not_significant():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 400)
    block = rng.normal(size=(400, 3)) * np.array([5.0, 1.0, 1.0])
    block[:, 1] += 3 * label  # the class is in the block, but not in its leading direction
    result = eigen_analysis(block, label)
    assert result.vector[0] > 0.99
    assert result.auroc < 0.6
    assert result.p_value > 0.05


@pytest.mark.parametrize("width", [8, 63, 64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_equal_rows_have_equal_projections(width, order):
    # A matrix-vector product of BLAS does not keep this: it sums the last rows in another order.
    rng = np.random.default_rng(0)
    rows, which = rng.normal(size=(5, width)), np.arange(31) % 5
    block = np.asarray(rows[which], order=order)
    projection = eigen_analysis(block, np.arange(31) % 2).projection
    assert len(np.unique(projection)) == 5


def test_constant_block_separates_nothing():
    block = np.tile([0.1, 1 / 3, 1e6 / 7], (31, 1))
    result = eigen_analysis(block, np.arange(31) % 2)
    assert result.eigenvalues.tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(result.variance_share)
    assert (result.auroc, result.p_value) == (0.5, 1.0)


def test_more_coordinates_than_samples_leave_no_negative_eigenvalue():
    block, label = random_block(1, n=5, width=30)
    result = eigen_analysis(block, label)
    assert (result.eigenvalues >= 0).all()
    assert result.eigenvalues[4:] == pytest.approx(np.zeros(26), abs=1e-9)


def test_constant_label_leaves_the_spectrum():
    block, label = random_block()
    result = eigen_analysis(block, np.ones_like(label))
    assert np.isnan([result.auroc, result.p_value]).all()
    assert np.isfinite(result.eigenvalues).all()


def test_a_diverged_network_gives_nan():
    block, label = random_block()
    block[3, 2] = np.inf
    result = eigen_analysis(block, label)
    assert np.isnan([*result.eigenvalues, result.variance_share, result.auroc, result.p_value]).all()
    check_table("eigen", eigen_tables({("1",): result}, label, KEYS)[0])


def test_same_block_same_result_and_frozen():
    block, label = random_block()
    first, second = (eigen_analysis(block, label) for _ in range(2))
    for field in dataclasses.fields(first):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name))
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.auroc = 1.0


def test_tidy_rows():
    block, label = random_block()
    results = {("1",): eigen_analysis(block, label), ("2", "3"): eigen_analysis(block[:, :2], label)}
    table, spectrum, projections = eigen_tables(results, label, KEYS)
    for name, frame in (("eigen", table), ("eigen_spectrum", spectrum), ("eigen_projections", projections)):
        check_table(name, frame)
        assert frame[list(KEYS)].drop_duplicates().to_dict("records") == [KEYS]
    assert table["subset"].tolist() == ["1", "2+3"]
    assert table["n"].tolist() == [50, 50]
    assert spectrum.groupby("subset")["share"].sum().tolist() == pytest.approx([1.0, 1.0])
    assert spectrum["component"].tolist() == [1, 2, 3, 4, 5, 6, 1, 2]
    assert table["eigenvalue"].tolist() == spectrum.loc[spectrum["component"] == 1, "eigenvalue"].tolist()
    second = projections[projections["subset"] == "2+3"]
    assert second["sample"].tolist() == list(range(50))
    assert second["label"].tolist() == label.tolist()
    assert second["projection"].tolist() == results[("2", "3")].projection.tolist()


def test_labels_of_other_classes_are_refused():
    with pytest.raises(ValueError, match="other than 0 and 1"):
        eigen_analysis(np.zeros((2, 2)), np.array([0, 2]))
