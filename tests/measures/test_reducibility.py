"""Reducibility: calibration on parts whose answer is known, an independent reference, degenerate parts."""

from functools import reduce
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from mmfusion.fusion.subsets import subsets
from mmfusion.measures import reducibility as module
from mmfusion.measures.reducibility import ALPHAS, reducibility

MEASURES = ["reducibility_single", "reducibility_within"]


def gaussian(seed=0, n=600, widths=(2, 3, 2)):
    rng = np.random.default_rng(seed)
    return {str(m + 1): rng.normal(size=(n, d)) for m, d in enumerate(widths)}


def column(features, *names):
    return np.prod([features[name][:, :1] for name in names], axis=0)


def row(parts, features, subset="1+2+3", seed=0, weight=None):
    return reducibility(parts, features, seed, weight).set_index("subset").loc[subset, MEASURES].tolist()


def test_product_of_independent_centred_features_does_not_leak():
    actual = []
    for seed in range(5):
        features = gaussian(seed, n=2000)
        parts = {s: column(features, *s) for s in (("1", "2"), ("1", "2", "3"))}
        actual.append(reducibility(parts, features, seed)[MEASURES].to_numpy())
    assert np.abs(np.mean(actual, axis=0)).max() < 0.02
    assert np.abs(actual).max() < 0.06


def test_part_of_a_single_modality_leaks_entirely():
    features = gaussian()
    parts = {
        ("1", "2"): column(features, "1"),
        ("1", "2", "3"): column(features, "2") - 3 * column(features, "3"),
    }
    table = reducibility(parts, features, seed=0)
    assert (table[MEASURES] > 0.999).all(axis=None)


def test_part_of_two_modalities_leaks_within_but_not_from_single_ones():
    features = gaussian()
    single, within = row({("1", "2", "3"): column(features, "1", "3")}, features)
    assert abs(single) < 0.05
    assert within > 0.99


@pytest.mark.parametrize("mean", [1.0, 3.0])
def test_learned_constant_leaks_its_share_of_the_variance(mean):
    # f1 (f2 + c) has variance 1 + c^2, of which f1 c explains c^2 / (1 + c^2).
    features = gaussian(n=4000)
    parts = {("1", "2"): column(features, "1") * (column(features, "2") + mean)}
    assert row(parts, features, "1+2")[0] == pytest.approx(mean**2 / (1 + mean**2), abs=0.03)


def test_dependent_modalities_leak():
    features = gaussian()
    features["2"][:, 0] = np.abs(features["1"][:, 0])
    assert (
        row({("1", "2"): np.sign(column(features, "1")) * column(features, "2")}, features, "1+2")[0] > 0.99
    )


def test_too_few_samples_say_nothing():
    features = gaussian(n=20)
    part = {("1", "2"): column(features, "1", "2")}
    known = reducibility(part, features, 0)
    few = reducibility(
        {name: x[:19] for name, x in part.items()}, {k: x[:19] for k, x in features.items()}, 0
    )
    columns = ["reducibility_single", "reducibility_within"]
    assert known[columns].notna().all(axis=None)
    assert few[columns].isna().all(axis=None)


def test_both_measures_coincide_at_order_two():
    features = gaussian(n=60)
    parts = {s: np.random.default_rng(1).normal(size=(60, 1)) for s in subsets("123", 2)}
    table = reducibility(parts, features, seed=0)
    assert table["reducibility_single"].equals(table["reducibility_within"])
    assert table["reducibility_single"].notna().tolist() == [False] * 3 + [True] * 3


def reference(part, features, products, halves, weight):
    """Direct loops: explicit leave-one-out error over the strengths, sums of squares by scikit-learn."""
    scores = []
    means = {m: np.average(f, axis=0, weights=weight) for m, f in features.items()}
    variances = {m: np.average((f - means[m]) ** 2, axis=0, weights=weight) for m, f in features.items()}
    scaled = {m: (f - means[m]) / np.sqrt(variances[m]) for m, f in features.items()}
    for fit, score in (halves, halves[::-1]):
        design = np.array(
            [
                np.concatenate(
                    [reduce(np.multiply.outer, [scaled[m][i] for m in J]).ravel() for J in products]
                )
                for i in range(len(part))
            ]
        )
        mass = weight[fit] / weight.mean()
        centred = design[fit] - np.average(design[fit], axis=0, weights=mass)
        errors = []
        for alpha in ALPHAS:
            gram = centred.T @ (mass[:, None] * centred) + alpha * np.eye(design.shape[1])
            hat = centred @ np.linalg.solve(gram, centred.T * mass) + mass / mass.sum()
            residual = part[fit] - hat @ part[fit]
            errors.append(np.mean(mass[:, None] * (residual / (1 - np.diag(hat))[:, None]) ** 2))
        model = Ridge(alpha=ALPHAS[np.argmin(errors)]).fit(design[fit], part[fit], sample_weight=mass)
        predicted = model.predict(design[score]).reshape(part[score].shape)
        scores.append(
            r2_score(part[score], predicted, multioutput="variance_weighted", sample_weight=weight[score])
        )
    return np.mean(scores)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
def test_agrees_with_loops(outputs, weighted):
    n, seed, names = 61, 4, ("1", "2", "3")
    features = gaussian(5, n, (2, 1, 2))
    rng = np.random.default_rng(6)
    noise = rng.normal(size=(n, outputs))
    part = features["1"] @ rng.normal(size=(2, outputs)) + column(features, "1", "2") * noise[:1] + noise
    order = np.random.default_rng(seed).permutation(n)
    centred = part
    smaller = [J for size in (1, 2) for J in combinations(names, size)]
    weight = rng.uniform(0.1, 9.0, n) if weighted else np.ones(n)
    halves = (order[:30], order[30:])
    expected = [reference(centred, features, js, halves, weight) for js in (smaller[:3], smaller)]
    chosen = weight if weighted else None
    assert row({names: part}, features, seed=seed, weight=chosen) == pytest.approx(expected, rel=1e-6)


def test_outputs_weigh_by_their_variance():
    features = gaussian(n=2000)
    loud, quiet = 10 * column(features, "1"), column(features, "1", "2")
    zero = np.zeros_like(loud)
    part = np.hstack([loud, quiet, zero]) - (loud + quiet) / 3  # the mean over classes is zero
    single, _ = row({("1", "2"): part}, features, "1+2")
    assert single == pytest.approx(100 / 101, abs=0.005)


def test_does_not_depend_on_scale_and_offset_of_features_and_part():
    features = gaussian(n=80)
    part = column(features, "1") + column(features, "2", "3")
    moved = {m: 1e3 * f - 7 for m, f in features.items()}
    expected = row({("1", "2", "3"): part}, features)
    assert row({("1", "2", "3"): 1e-4 * part + 5}, moved) == pytest.approx(expected, rel=1e-6)


def test_seed_decides_the_halves():
    features = gaussian(n=50)
    parts = {("1", "2"): column(features, "1", "2")}
    assert row(parts, features, "1+2", 0) == row(parts, features, "1+2", 0)
    assert row(parts, features, "1+2", 0) != row(parts, features, "1+2", 1)


def test_constant_features_are_ignored():
    features = gaussian(n=80)
    part = column(features, "1") + column(features, "1", "2")
    expected = row({("1", "2"): part}, features, "1+2")
    noise = np.float32(0.1) + np.zeros((80, 1), dtype=np.float32)
    noise[::2] += np.float32(1e-8)
    padded = {m: np.hstack([f, np.full((80, 1), 0.1), np.zeros((80, 1)), noise]) for m, f in features.items()}
    assert row({("1", "2"): part}, padded, "1+2") == pytest.approx(expected)


def test_dead_encoders_explain_nothing():
    features = {"1": np.zeros((40, 3)), "2": np.full((40, 3), 1 / 3)}
    parts = {("1", "2"): np.random.default_rng(0).normal(size=(40, 1))}
    assert -0.2 < row(parts, features, "1+2")[0] <= 0


def test_repeated_features_are_no_trouble():
    features = {m: np.hstack([f, f]) for m, f in gaussian(n=60).items()}
    assert row({("1", "2", "3"): column(features, "1")}, features)[0] > 0.99


def test_more_products_than_samples():
    features = gaussian(n=40, widths=(6, 6, 6))
    assert np.isfinite(row({("1", "2", "3"): column(features, "1", "2", "3")}, features)).all()


def test_negligible_blocks_are_left_out():
    features = gaussian(n=80)
    loud = {("1",): 1e4 * column(features, "1"), ("2", "3"): np.full((80, 1), 0.1)}
    table = reducibility({**loud, ("1", "2"): column(features, "1")}, features, seed=0)
    assert table[MEASURES].isna().all(axis=None)
    assert row({**loud, ("1", "2"): 100 * column(features, "1")}, features, "1+2")[0] > 0.9


def test_zero_score_has_no_reducibility():
    features = gaussian(n=20)
    table = reducibility({s: np.full((20, 1), 0.1) for s in subsets("123")}, features, seed=0)
    assert table["subset"].tolist() == ["1", "2", "3", "1+2", "1+3", "2+3", "1+2+3"]
    assert table[MEASURES].isna().all(axis=None)


def test_half_without_variance_has_no_reducibility():
    features = gaussian(n=20)
    order = np.random.default_rng(0).permutation(20)
    part = np.zeros((20, 1))
    part[order[0]] = 1.0
    assert np.isnan(row({("1", "2"): part}, features, "1+2")).all()


def test_feature_that_is_active_in_a_handful_of_samples():
    """In one half it is nearly constant: with its scale there, predictions for the other half explode."""
    n = 400
    features = gaussian(n=n)
    order = np.random.default_rng(0).permutation(n)
    rare = np.zeros(n)
    rare[order[:8]] = 1.0
    rare[order[n // 2]] = 1e-4
    features["1"] = np.column_stack([features["1"][:, :1], rare])
    part = features["1"][:, :1] + 0.05 * np.random.default_rng(1).normal(size=(n, 1))
    single, _ = row({("1", "2"): part}, features, "1+2")
    assert single > 0.99


def test_a_diverged_network_gives_nan():
    features = gaussian(n=20)
    parts = {("1",): np.full((20, 1), np.inf), ("1", "2"): column(features, "1")}
    parts[("1",)][0] = np.nan
    features["1"][3, 0] = np.nan
    assert reducibility(parts, features, seed=0)[MEASURES].isna().all(axis=None)


# Weights of the samples


@pytest.mark.parametrize("share", [0.01, 0.5, 0.8, 0.99])
def test_heavy_samples_decide_what_is_reducible(share):
    """f1 at this share of the weights, else f1 f2: the regression has the slope share, R^2 = share^2."""
    features = gaussian(n=4000)
    main = np.arange(4000) < 2000
    part = np.where(main[:, None], column(features, "1"), column(features, "1", "2"))
    weight = np.where(main, share, 1 - share)
    actual, _ = row({("1", "2"): part}, features, "1+2", weight=weight)
    assert actual == pytest.approx(share**2, abs=0.05)


def test_a_sample_of_zero_weight_is_left_out_before_the_rest_is_halved():
    features = gaussian(n=80)
    parts = {s: np.random.default_rng(3).normal(size=(80, 2)) for s in subsets("123")}
    weight = np.random.default_rng(4).integers(0, 3, 80).astype(float)
    kept = weight > 0
    some_parts, some_features = (
        {key: values[kept] for key, values in arrays.items()} for arrays in (parts, features)
    )
    actual, expected = (
        reducibility(parts, features, 0, weight),
        reducibility(some_parts, some_features, 0, weight[kept]),
    )
    assert actual.equals(expected)


@given(st.floats(1e-6, 1e6))
def test_the_scale_of_the_weights_does_not_matter(factor):
    features = gaussian(n=60)
    part = column(features, "1") + column(features, "2", "3")
    weight = np.random.default_rng(4).uniform(0.1, 3.0, 60)
    expected = row({("1", "2", "3"): part}, features, weight=weight)
    assert row({("1", "2", "3"): part}, features, weight=factor * weight) == pytest.approx(expected, rel=1e-6)
    equal = np.full(60, factor)
    assert row({("1", "2", "3"): part}, features, weight=equal) == pytest.approx(
        row({("1", "2", "3"): part}, features), rel=1e-6
    )


@pytest.mark.parametrize("alpha", [0.01, 1.0, 100.0])
def test_a_weight_is_a_number_of_copies_in_given_halves(alpha, monkeypatch):
    """At one strength: leaving out one of several copies is another error than leaving out all of them."""
    monkeypatch.setattr(module, "ALPHAS", np.array([alpha]))
    features, rng = gaussian(n=40), np.random.default_rng(2)
    part, weight = column(features, "1") + rng.normal(size=(40, 2)), rng.integers(1, 5, 40)
    halves = [(np.arange(20), np.arange(20, 40)), (np.arange(20, 40), np.arange(20))]
    copies = np.repeat(np.arange(40), weight)
    where = [tuple(np.flatnonzero(np.isin(copies, half)) for half in pair) for pair in halves]
    predictors = [("1",), ("2",)]
    actual = module._crossed_r2(part, features, predictors, halves, weight.astype(float))
    repeated = {name: values[copies] for name, values in features.items()}
    assert actual == pytest.approx(module._crossed_r2(part[copies], repeated, predictors, where), rel=1e-9)
    assert actual != pytest.approx(module._crossed_r2(part, features, predictors, halves), rel=1e-3)


def test_half_without_weighted_variance_has_no_reducibility():
    features = gaussian(n=20)
    order = np.random.default_rng(0).permutation(20)
    part = np.full((20, 1), 1 / 3)
    part[order[0]] = 1.0
    weight = np.random.default_rng(1).uniform(0.1, 1.0, 20)
    assert np.isnan(row({("1", "2"): part}, features, "1+2", weight=weight)).all()


def test_blocks_that_vary_in_light_samples_only_are_negligible():
    features = gaussian(n=80)
    heavy = np.arange(80) < 40
    parts = {
        ("1",): column(features, "1"),
        ("1", "2"): np.where(heavy[:, None], 0.1, column(features, "1")),
    }
    weight = np.where(heavy, 1.0, 1e-8)
    assert np.isnan(row(parts, features, "1+2", weight=weight)).all()
    assert np.isfinite(row(parts, features, "1+2")).all()
