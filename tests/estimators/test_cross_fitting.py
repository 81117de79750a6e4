"""Every sample is measured by networks that have not seen it, and predicted by all networks together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold, ShuffleSplit

from mmfusion import FusionClassifier, FusionRegressor, ModalityData
from mmfusion.errors import InputError
from mmfusion.estimators import ensemble, estimator

pytestmark = pytest.mark.usefixtures("no_linear_baseline")
N = 90
RNG = np.random.default_rng(0)
X = {"a": RNG.normal(size=(N, 3)), "b": RNG.normal(size=(N, 2))}
Y = (X["a"][:, 0] + 0.3 * RNG.normal(size=N) > 0).astype(int)
NUMBERS = 50.0 + 9.0 * X["a"][:, 0] + RNG.normal(size=N)
QUICK: dict[str, Any] = {"epochs": 3, "batch_size": 16, "dim": 3, "random_state": 0, "penalty": 0.01}
THIRDS = [(np.flatnonzero(np.arange(N) % 3 != fold), np.arange(fold, N, 3)) for fold in range(3)]
Array = NDArray[Any]
Folds = Sequence[tuple[Array, Array]]


@pytest.fixture
def out_of_fold(monkeypatch: pytest.MonkeyPatch) -> list[Array]:
    """Out-of-fold scores (n, outputs) of every fit, those that are compared with the target."""
    seen: list[Array] = []
    quality = ensemble.prediction_quality
    monkeypatch.setattr(
        ensemble, "prediction_quality", lambda scores, *rest: seen.append(scores) or quality(scores, *rest)
    )
    return seen


def by_network(model: Any, given: dict[str, Array] = X) -> list[Array]:
    """Scores (n, outputs) of every network, in the unit of the target."""
    samples = model._prepared(ModalityData(given))
    scores = (network.scores(samples.inputs, samples.present) for network in model.ensemble_.networks)
    return [model.ensemble_.moments.restore(score.double().numpy()) for score in scores]


def by_hand(model: Any, folds: Folds, outputs: int = 1, given: dict[str, Array] = X) -> tuple[Array, Array]:
    """Rows that are held out in some fold, and the mean score of the networks of all such folds."""
    sums, counts, scores = np.zeros((N, outputs)), np.zeros((N, 1)), by_network(model, given)
    for fold, (_, held_out) in enumerate(folds):
        for score in scores[model.n_seeds * fold : model.n_seeds * (fold + 1)]:
            sums[held_out] += score[held_out]
            counts[held_out] += 1
    rows = np.flatnonzero(counts)
    return rows, sums[rows] / counts[rows]


def unmoved(one: Array, other: Array) -> list[int]:
    return np.flatnonzero((one == other).all(axis=1)).tolist()


# Who has seen what


@pytest.mark.parametrize("fold", range(3))
def test_targets_of_a_fold_do_not_move_its_scores_and_move_all_others(
    fold: int, out_of_fold: list[Array]
) -> None:
    held_out = THIRDS[fold][1]
    other = Y.copy()
    other[held_out] = 1 - Y[held_out]
    for y in (Y, other):
        FusionClassifier(**QUICK, cv=THIRDS, n_seeds=2).fit(X, y)
    assert unmoved(*out_of_fold) == held_out.tolist()


def test_features_of_a_fold_do_not_move_the_scores_of_its_other_samples(out_of_fold: list[Array]) -> None:
    """No mean or standard deviation of features crosses from the held-out samples to those of training."""
    held_out = THIRDS[1][1]
    changed, kept = held_out[::2], held_out[1::2]
    other = {name: values.copy() for name, values in X.items()}
    for values in other.values():
        values[changed] = 5.0 - 3.0 * values[changed]
    for given in (X, other):
        FusionClassifier(**QUICK, cv=THIRDS).fit(given, Y)
    assert unmoved(*out_of_fold) == kept.tolist()


def test_missing_modalities_of_a_fold_do_not_move_the_scores_of_its_other_samples(
    out_of_fold: list[Array],
) -> None:
    held_out = THIRDS[2][1]
    present = np.arange(N) % 4 != 0
    other = present.copy()
    other[held_out[::2]] = ~present[held_out[::2]]
    for mask in (present, other):
        FusionClassifier(**QUICK, cv=THIRDS).fit(ModalityData(X, present={"b": mask}), Y)
    assert unmoved(*out_of_fold) == held_out[1::2].tolist()


def test_numbers_of_a_fold_do_not_move_its_scores(out_of_fold: list[Array]) -> None:
    """Up to their mean and deviation, by which all targets are standardised: they are kept here."""
    held_out = THIRDS[0][1]
    other = NUMBERS.copy()
    other[held_out] = NUMBERS[held_out[::-1]]
    for y in (NUMBERS, other):
        FusionRegressor(**QUICK, cv=THIRDS).fit(X, y)
    one, two = out_of_fold
    np.testing.assert_allclose(two[held_out], one[held_out], rtol=1e-5, atol=1e-6)
    moved = np.abs(two - one)[np.setdiff1d(np.arange(N), held_out)]
    assert (moved > 1e-4).all()


def test_groups_are_whole(out_of_fold: list[Array]) -> None:
    groups = RNG.permutation(N) // 6
    other = np.where(groups == 3, 1 - Y, Y)
    for y in (Y, other):
        FusionClassifier(**QUICK, cv=GroupKFold(4)).fit(X, y, groups=groups)
    same = unmoved(*out_of_fold)
    assert set(np.flatnonzero(groups == 3)) <= set(same)
    assert {*same} == {*np.flatnonzero(np.isin(groups, groups[same]))}
    assert len(same) < N / 2
    with pytest.raises(InputError, match=r"the group .* is both trained on and held out"):
        FusionClassifier(**QUICK, cv=THIRDS).fit(X, Y, groups=groups)


def test_intervals_and_tests_are_over_groups() -> None:
    groups = np.arange(N) // 6
    pairs = list(GroupKFold(3).split(np.zeros(N), None, groups))
    model = FusionClassifier(**QUICK | {"epochs": 10}, cv=pairs).fit(X, Y)
    grouped = FusionClassifier(**QUICK | {"epochs": 10}, cv=GroupKFold(3)).fit(X, Y, groups=groups)
    same = ["beta", "loss_rise", "covariance_share", "variance_share"]
    pd.testing.assert_frame_equal(grouped.relevance_[same], model.relevance_[same], check_exact=True)
    for name in ("loss_rise_low", "loss_rise_high", "p_value"):
        assert (grouped.relevance_[name] != model.relevance_[name]).all()
    assert (grouped.summary_.groups, model.summary_.groups) == (15, None)


# What is computed from it


@pytest.mark.parametrize(
    "cv",
    [
        KFold(3),
        RepeatedKFold(n_splits=2, n_repeats=2, random_state=0),
        ShuffleSplit(2, test_size=0.3, random_state=0),
    ],
    ids=lambda cv: type(cv).__name__,
)
def test_losses_and_scores_by_hand(cv: Any, out_of_fold: list[Array]) -> None:
    """Repeated splits average over all networks that have not seen a sample."""
    model = FusionClassifier(**QUICK, cv=cv, n_seeds=2).fit(X, Y)
    folds = list(cv.split(np.zeros(N)))
    rows, scores = by_hand(model, folds)
    np.testing.assert_allclose(out_of_fold[0], scores, rtol=1e-5, atol=1e-6)
    assert len(model.ensemble_.networks) == 2 * len(folds)
    logits, truth = scores[:, 0], Y[rows]
    shares = np.zeros(N)
    for train, held_out in folds:
        share = Y[train].mean()
        shares[held_out] += np.log(share / (1 - share))
    constant = shares[rows] / np.bincount(np.concatenate([held for _, held in folds]))[rows]
    row = model.penalties_.iloc[0]
    expected = [
        np.mean(np.logaddexp(0, logits) - truth * logits),
        np.mean(np.logaddexp(0, constant) - truth * constant),
        np.mean((logits >= 0) == truth),
    ]
    assert row[["loss", "loss_constant", "score"]].tolist() == pytest.approx(expected, rel=1e-5)
    assert [model.summary_.loss, model.summary_.score] == pytest.approx([expected[0], expected[2]], rel=1e-5)


def test_losses_of_numbers_are_shares_of_their_variance() -> None:
    model = FusionRegressor(**QUICK | {"epochs": 30}, cv=THIRDS).fit(X, NUMBERS)
    rows, scores = by_hand(model, THIRDS)
    loss = np.mean((scores[:, 0] - NUMBERS[rows]) ** 2) / NUMBERS.var()
    assert model.penalties_["loss"][0] == pytest.approx(loss, rel=1e-5)
    assert loss < 0.6 < 0.99 < model.penalties_["loss_constant"][0] < 1.2
    assert model.relevance_.loc[model.relevance_["named"], "subset"].tolist() == ["a"]


def test_a_rise_of_the_loss_by_hand() -> None:
    """Of the averaged score, the part of a subset being replaced by its mean in training."""
    model = FusionClassifier(**QUICK | {"epochs": 10}, cv=THIRDS, n_seeds=2).fit(X, Y)
    _, scores = by_hand(model, THIRDS)
    samples = model._prepared(ModalityData(X))
    without = {subset: scores[:, 0].copy() for subset in model.subsets_}
    for number, network in enumerate(model.ensemble_.networks):
        train, held_out = THIRDS[number // 2]
        parts = network.parts(network.encode_all(samples.inputs, samples.present))
        for subset, part in zip(model.subsets_, parts.values(), strict=True):
            without[subset][held_out] -= (part[held_out, 0] - part[train, 0].mean()) / 2
    loss = np.logaddexp(0, scores[:, 0]) - Y * scores[:, 0]
    table = model.relevance_.set_index("subset")
    for subset, logits in without.items():
        rises = np.logaddexp(0, logits) - Y * logits - loss
        assert table.loc[subset, "loss_rise"] == pytest.approx(rises.mean(), rel=1e-4, abs=1e-7)
        half = 1.987 * rises.std(ddof=1) / np.sqrt(N)  # the quantile of Student's t with 89 degrees
        assert table.loc[subset, "loss_rise_high"] == pytest.approx(rises.mean() + half, rel=1e-2, abs=1e-6)


def test_predictions_are_the_mean_over_all_networks() -> None:
    model = FusionClassifier(**QUICK, cv=THIRDS, n_seeds=2).fit(X, Y)
    assert len(model.ensemble_.networks) == 6
    assert model.history_.groupby(["fold", "seed"]).ngroups == 6
    assert model.history_["fold"].drop_duplicates().tolist() == [0, 1, 2]
    mean = np.mean(by_network(model), axis=0)[:, 0]
    np.testing.assert_allclose(model.decision_function(X), mean, rtol=1e-6)
    np.testing.assert_allclose(model.contributions(X).sum(axis=1), mean, rtol=1e-5, atol=1e-7)
    regressor = FusionRegressor(**QUICK, cv=2).fit(X, NUMBERS)
    expected = np.mean(by_network(regressor), axis=0)[:, 0]
    np.testing.assert_allclose(regressor.predict(X), expected, rtol=1e-6)


def test_shares_of_the_covariance_sum_to_one() -> None:
    several = np.column_stack([NUMBERS, 1000 * X["b"][:, 0]])
    for model, y in (
        (FusionClassifier(**QUICK, cv=3), Y),
        (FusionClassifier(**QUICK, cv=3), np.digitize(NUMBERS, [45, 55])),
        (FusionRegressor(**QUICK, cv=RepeatedKFold(n_splits=2, n_repeats=2, random_state=0)), several),
    ):
        table = model.fit(X, y).relevance_
        assert table["covariance_share"].sum() == pytest.approx(1.0)
        assert (table["loss_rise_low"] <= table["loss_rise"]).all()
        assert (table["p_adjusted"] >= table["p_value"]).all()


# Folds in every form, repetition, weights


def test_splitters_pairs_and_masks_are_the_same_folds() -> None:
    pairs = list(KFold(3).split(np.zeros(N)))
    masks = [tuple(np.isin(np.arange(N), part) for part in pair) for pair in pairs]
    lists = [[part.tolist() for part in pair] for pair in pairs]
    tables = [FusionClassifier(**QUICK, cv=cv).fit(X, Y).relevance_ for cv in (KFold(3), pairs, masks, lists)]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_exact=True)


def test_a_fit_is_repeated_byte_by_byte() -> None:
    settings = QUICK | {"penalty": "auto", "epochs": 1, "cv": 2, "information": True}
    one, two = (FusionClassifier(**settings).fit(X, Y) for _ in range(2))
    for name in ("relevance_", "penalties_", "history_", "information_", "modality_information_", "synergy_"):
        assert getattr(one, name).to_csv() == getattr(two, name).to_csv()
    assert one.predict_proba(X).tobytes() == two.predict_proba(X).tobytes()
    assert str(one.summary_) == str(two.summary_)


def test_a_sample_of_weight_zero_changes_nothing() -> None:
    longer = {name: np.concatenate([values, 100 + values[:30]]) for name, values in X.items()}
    y, weight = np.concatenate([Y, 1 - Y[:30]]), np.repeat([1.0, 0.0], [N, 30])
    settings = QUICK | {"cv": 3, "penalty": [0.01, 0.1]}
    plain = FusionClassifier(**settings).fit(X, Y)
    weighted = FusionClassifier(**settings).fit(longer, y, sample_weight=weight)
    pd.testing.assert_frame_equal(weighted.penalties_, plain.penalties_, rtol=1e-4)
    pd.testing.assert_frame_equal(weighted.relevance_, plain.relevance_, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(weighted.decision_function(X), plain.decision_function(X), atol=1e-4)
    assert weighted.summary_.samples == N


# The choice of lambda


def test_of_a_list_the_lambda_with_the_lowest_loss_is_kept() -> None:
    model = FusionClassifier(**QUICK | {"epochs": 20, "penalty": [100.0, 0.01, 0.1]}, cv=THIRDS).fit(X, Y)
    losses = model.penalties_.set_index("penalty")["loss"]
    assert losses.index.tolist() == [100.0, 0.01, 0.1]
    assert losses[100.0] > losses.min()
    assert model.penalty_ == losses.idxmin()
    alone = FusionClassifier(**QUICK | {"epochs": 20, "penalty": model.penalty_}, cv=THIRDS).fit(X, Y)
    np.testing.assert_allclose(alone.predict_proba(X), model.predict_proba(X), rtol=1e-4)
    pd.testing.assert_frame_equal(alone.relevance_, model.relevance_, rtol=1e-3, atol=1e-5)
    as_array = QUICK | {"epochs": 1, "penalty": np.array([0.01, 0.1])}
    assert FusionClassifier(**as_array, cv=2).fit(X, Y).penalties_["penalty"].tolist() == [0.01, 0.1]


def test_the_path_has_all_variants_and_ends_at_the_constant() -> None:
    settings = QUICK | {"penalty": "auto", "cv": 2, "epochs": 1}
    table = FusionClassifier(**settings).fit(X, Y).penalties_
    assert table["encoder"].tolist() == ["vector"] * 4 + ["linear"] * 4 + ["additive"] * 4 + [""]
    assert (np.diff(table["penalty"][:4]) > 0).all()
    assert table["penalty"].iloc[-1] == np.inf
    assert table["loss"].iloc[-1] == table["loss_constant"].iloc[-1]


@pytest.mark.parametrize(
    ("given", "names", "variants"),
    [
        ({"encoders": {"a": "vector", "b": "vector"}}, "ab", ["as given"]),
        ({"encoders": {"a": "vector"}}, "ab", ["vector", "linear"]),
        ({"max_order": 1}, "ab", ["vector", "linear"]),
        ({"penalty": [0.1, 0.2]}, "ab", ["vector"]),
        ({}, "a", ["vector", "linear"]),
    ],
)
def test_variants_are_those_that_differ(given: dict[str, Any], names: str, variants: list[str]) -> None:
    settings = QUICK | {"penalty": "auto", "cv": 2, "epochs": 1} | given
    table = FusionClassifier(**settings).fit({name: X[name] for name in names}, Y).penalties_
    assert [name for name in table["encoder"].unique() if name] == variants


@pytest.mark.parametrize("kind", [FusionClassifier, FusionRegressor])
def test_the_networks_of_the_chosen_candidate_have_its_loss(kind: Any, out_of_fold: list[Array]) -> None:
    y = Y if kind is FusionClassifier else NUMBERS
    model = kind(**QUICK | {"penalty": "auto", "epochs": 8}, cv=THIRDS).fit(X, y)
    best = model.penalties_.loc[model.penalties_["loss"].idxmin()]
    assert model.penalty_ == best["penalty"] < np.inf
    assert best["loss"] == pytest.approx(model.summary_.loss, rel=1e-5)
    assert {modality.kind for modality in model.layout_} == {best["encoder"].replace("additive", "linear")}
    _, scores = by_hand(model, THIRDS)
    moments = model.ensemble_.moments
    np.testing.assert_allclose(moments.restore(out_of_fold[0]), scores, rtol=1e-4, atol=1e-5)


def contrast() -> tuple[dict[str, Array], Array]:
    """Draw a number that is a contrast of correlated columns of two modalities."""
    rng = np.random.default_rng(5)
    columns = 3.0 * rng.normal(size=(N, 1)) + rng.normal(size=(N, 4))
    return {"a": columns[:, :2], "b": columns[:, 2:]}, columns[:, 0] - columns[:, 2] + rng.normal(size=N) / 3


@pytest.mark.parametrize("kind", [FusionClassifier, FusionRegressor])
def test_without_products_the_tables_have_them_with_weight_zero(
    kind: Any, out_of_fold: list[Array], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants = estimator.network_variants
    monkeypatch.setattr(
        estimator, "network_variants", lambda *a, **k: {"additive": variants(*a, **k)["additive"]}
    )
    given, score = contrast()
    y = score > 0 if kind is FusionClassifier else score
    model = kind(random_state=0, cv=THIRDS, information=True).fit(given, y)
    best = model.penalties_.loc[model.penalties_["loss"].idxmin()]
    assert model.penalties_["encoder"].unique().tolist() == ["additive", ""]
    assert best["loss"] == pytest.approx(model.summary_.loss, rel=1e-5)
    table = model.relevance_.set_index("subset")
    assert list(table.index) == ["a", "b", "a+b"]
    assert table["named"].tolist() == [True, True, False]
    assert table.loc["a+b", ["beta", "loss_rise", "variance_share", "block_norm"]].tolist() == [0.0] * 4
    moments = model.ensemble_.moments
    _, scores = by_hand(model, THIRDS, given=given)
    np.testing.assert_allclose(moments.restore(out_of_fold[0]), scores, rtol=1e-4, atol=1e-4)
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(kind.load(tmp_path / "model").predict(given), model.predict(given))


@pytest.fixture(scope="module")
def contrary() -> tuple[FusionClassifier, FusionRegressor]:
    """Fits in which what is learned on one half of the samples is wrong on the other."""
    half = np.arange(N) % 2 == 0
    sign = np.where(half, 1.0, -1.0) * (X["a"][:, 0] + 0.1 * X["b"][:, 0])
    settings = QUICK | {"penalty": "auto", "cv": [(half, ~half), (~half, half)], "epochs": 12}
    classifier = FusionClassifier(**settings).fit(X, np.where(sign > 0, "yes", "no"))
    return classifier, FusionRegressor(**settings).fit(X, 7.0 + sign)


@pytest.mark.parametrize("kind", [0, 1], ids=["classes", "numbers"])
def test_where_nothing_learned_holds_the_constant_predicts(contrary: Any, kind: int, tmp_path: Path) -> None:
    model, new = contrary[kind], {name: 3.0 * values[:20] for name, values in X.items()}
    assert model.penalty_ == np.inf
    best = model.penalties_.loc[model.penalties_["loss"].idxmin()]
    assert best["penalty"] == np.inf
    score = model.decision_function if kind == 0 else model.predict
    constants = [model.ensemble_.moments.restore(one)[0] for one in model.ensemble_.constants]
    np.testing.assert_allclose(score(new), np.mean(constants), rtol=1e-6)
    contributions = model.contributions(new)
    assert not contributions[model.subsets_].to_numpy().any()
    table = model.relevance_
    assert table["beta"].isna().all()
    assert (table[["loss_rise", "loss_rise_low", "loss_rise_high", "block_norm"]] == 0).all(axis=None)
    assert (table[["p_value", "p_adjusted"]] == 1).all(axis=None)
    assert not table["named"].any()
    assert "so nothing is shown about any subset or modality" in str(model.summary_)
    with pytest.raises(InputError, match="'beta' has no value"):
        model.plot_relevance()
    path = tmp_path / "model"
    model.save(path)
    loaded = type(model).load(path)
    assert loaded.penalty_ == np.inf
    np.testing.assert_array_equal(loaded.predict(new), model.predict(new))
    for name in ("relevance_", "penalties_"):
        pd.testing.assert_frame_equal(getattr(loaded, name), getattr(model, name), check_exact=True)
    assert str(loaded.summary_) == str(model.summary_)


def test_a_constant_has_the_relevance_of_nothing_on_new_samples(contrary: Any) -> None:
    model, y = contrary[0], np.where(Y == 1, "yes", "no")
    table = model.relevance(X, y)
    assert (table["loss_rise"] == 0).all()
    assert not table["named"].any()
    probability = model.predict_proba(X)[:, 1]
    assert np.ptp(probability) == 0
    assert probability[0] == pytest.approx(expit(model.decision_function(X)[0]))


# New samples


def test_relevance_of_new_samples_has_intervals_over_groups() -> None:
    model = FusionClassifier(**QUICK | {"epochs": 10}, cv=2).fit(X, Y)
    twice = {name: np.concatenate([values, values]) for name, values in X.items()}
    y, groups = np.concatenate([Y, Y]), np.concatenate([np.arange(N), np.arange(N)])
    once, copied, grouped = (
        model.relevance(X, Y),
        model.relevance(twice, y),
        model.relevance(twice, y, groups=groups),
    )
    bounds = ["loss_rise", "loss_rise_low", "loss_rise_high", "p_value", "p_adjusted"]
    pd.testing.assert_frame_equal(grouped[bounds], once[bounds], rtol=1e-5)
    width = once["loss_rise_high"] - once["loss_rise_low"]
    narrow = copied["loss_rise_high"] - copied["loss_rise_low"]
    assert (narrow < 0.8 * width).all()  # copies pretend to be new samples
    np.testing.assert_allclose(copied["loss_rise"], once["loss_rise"], rtol=1e-5)
    positional = model.relevance(twice, y, None, groups)
    pd.testing.assert_frame_equal(positional, grouped)
    with pytest.raises(InputError, match=r"groups has shape \(3,\)"):
        model.relevance(X, Y, groups=[1, 2, 3])


# Predictive information

TESTED = ["p_value", "p_adjusted", "named"]
OF_COALITIONS = [
    *("coalition", "size", "loss", "information", "information_low", "information_high", *TESTED, "penalty")
]
OF_MODALITIES = [
    "modality",
    *(
        f"{name}{end}"
        for name in ("alone", "needed", "shapley")
        for end in ("", "_low", "_high", *(f"_{test}" for test in TESTED))
    ),
]
OF_PAIRS = ["pair", "first", "second", "synergy", "synergy_low", "synergy_high", *TESTED]
FIVE = {name: np.random.default_rng(9).normal(size=(N, 2)) + 0.5 * X["a"][:, :1] for name in "abcde"}


@pytest.mark.parametrize(
    ("count", "information", "coalitions", "pairs"),
    [(1, True, 1, 0), (2, True, 3, 1), (3, True, 7, 3), (5, True, 11, 0), (5, "pairs", 21, 10)],
)
def test_tables_of_predictive_information(count: int, information: Any, coalitions: int, pairs: int) -> None:
    given = {name: FIVE[name] for name in "abcde"[:count]}
    model = FusionClassifier(**QUICK | {"information": information}, cv=2).fit(given, Y)
    table, modalities, synergy = model.information_, model.modality_information_, model.synergy_
    assert table.columns.tolist() == OF_COALITIONS
    assert modalities.columns.tolist() == OF_MODALITIES
    assert synergy.columns.tolist() == OF_PAIRS
    assert [len(table), len(modalities), len(synergy)] == [coalitions, count, pairs]
    assert table["size"].is_monotonic_increasing
    assert table["coalition"].iloc[-1] == "+".join("abcde"[:count])
    assert table["coalition"].tolist()[:count] == modalities["modality"].tolist() == list("abcde"[:count])
    assert table["penalty"].isin([0.01, np.inf]).all()
    assert (table["information"] >= 0).all()
    known = table.set_index("coalition")["information"]
    whole = known.iloc[-1]
    assert whole >= model.summary_.explained - 1e-9
    for row in modalities.itertuples():
        others = "+".join(name for name in given if name != row.modality)
        assert row.alone == pytest.approx(known[row.modality])
        assert row.needed == pytest.approx(whole - (known[others] if others else 0.0), abs=1e-9)
    if count < 5:
        assert modalities["shapley"].sum() == pytest.approx(whole)
    else:
        assert modalities.filter(like="shapley").drop(columns="shapley_named").isna().all(axis=None)
        assert not modalities["shapley_named"].any()
    for row in synergy.itertuples():
        assert row.pair == f"{row.first}+{row.second}"
        assert row.synergy == pytest.approx(known[row.pair] - known[row.first] - known[row.second], abs=1e-9)
    for part in (table, synergy):
        assert (part["p_adjusted"] >= part["p_value"]).all()


def test_information_is_in_nats_or_shares_of_the_variance_and_finds_the_modality() -> None:
    settings = QUICK | {"epochs": 15, "information": True}
    for model, y in ((FusionClassifier(**settings, cv=3), Y), (FusionRegressor(**settings, cv=3), NUMBERS)):
        model.fit(X, y)
        table = model.information_.set_index("coalition")
        unit = model.summary_.loss_constant if isinstance(model, FusionRegressor) else 1.0
        expected = (model.summary_.loss_constant - table["loss"]) / unit
        np.testing.assert_allclose(table["information"], expected, rtol=1e-5)
        assert table.index[table["named"]].tolist() == ["a", "a+b"]
        of = model.modality_information_.set_index("modality")
        for quantity in ("alone", "needed"):
            assert of[f"{quantity}_named"].tolist() == [True, False]
            assert of.loc["a", f"{quantity}_low"] > 0


def test_networks_worse_than_the_constant_do_not_look_like_synergy() -> None:
    """With a lambda of the user, noise overfits; it must not seem to help whatever stands beside it."""
    rng = np.random.default_rng(3)
    signs, noise = rng.choice([-1.0, 1.0], size=(100, 2)), rng.normal(size=(100, 12))
    y = np.where(rng.random(100) < 0.05, -1, 1) * signs.prod(axis=1) > 0
    settings = QUICK | {"penalty": 0.001, "epochs": 60, "max_order": 2, "information": True}
    model = FusionClassifier(**settings).fit({"a": signs[:, :1], "b": signs[:, 1:], "noise": noise}, y)
    pairs = model.synergy_.set_index("pair")
    assert pairs["named"].tolist() == [True, False, False]
    assert pairs.loc[["a+noise", "b+noise"], "synergy"].max() < 0.05
    assert (model.modality_information_["shapley"] >= -1e-9).all()


def test_groups_are_counted_where_they_are_held_out() -> None:
    model = FusionClassifier(**QUICK, cv=[(range(80), range(80, N))])
    answer = model.fit(X, Y, groups=np.arange(N) // 4).summary_
    assert (answer.samples, answer.groups) == (10, 3)


def test_without_information_there_are_no_tables() -> None:
    model = FusionClassifier(**QUICK, cv=2).fit(X, Y)
    assert model.information_ is model.modality_information_ is model.synergy_ is None
    with pytest.raises(InputError, match="information_ was not measured; fit with information=True"):
        model.plot_information()


def test_information_needs_folds() -> None:
    with pytest.raises(InputError, match="information: True needs samples that are held out"):
        FusionClassifier(**QUICK, cv=None, information=True).fit(X, Y)
    with pytest.raises(InputError, match="penalty: a list needs samples that are held out"):
        FusionClassifier(**QUICK | {"penalty": [0.1, 1.0]}, cv=None).fit(X, Y)
