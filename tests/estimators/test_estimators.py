"""What classifier and regressor promise: truth found, contributions that sum, weights, masks, repetition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, ShuffleSplit, cross_val_score

from mmfusion import FusionClassifier, FusionRegressor, ModalityData
from mmfusion.errors import DataError, InputError

pytestmark = pytest.mark.usefixtures("no_linear_baseline")
QUICK: dict[str, Any] = {
    "epochs": 6,
    "batch_size": 32,
    "dim": 4,
    "random_state": 0,
    "cv": None,
    "penalty": 0.01,
}
HELD_OUT = ["loss_rise", "p_value", "p_adjusted", "variance_share", "covariance_share"]
COLUMNS = [
    *("subset", "order", "beta", "loss_rise", "loss_rise_low", "loss_rise_high", "p_value", "p_adjusted"),
    *("named", "covariance_share", "variance_share", "reducibility_single", "reducibility_within"),
    *("block_norm", "weight_share"),
]
SPREADS = ["beta", "block_norm", "weight_share", "loss_rise", "variance_share", "covariance_share"]
FIFTH = ShuffleSplit(1, test_size=0.2, random_state=0)


def test_the_modality_that_carries_the_target_has_the_relevance(
    arrays, binary, classifier, regressor
) -> None:
    held_out = classifier.relevance_.set_index("subset")
    assert held_out["covariance_share"].idxmax() == held_out["loss_rise"].idxmax() == "audio"
    assert held_out["covariance_share"].sum() == pytest.approx(1.0)
    assert held_out.index[held_out["named"]].tolist() == ["audio"]
    # The weights say what networks rely on, learned noise included, unless lambda is large.
    sparse = QUICK | {"epochs": 20, "penalty": 0.3, "encoders": {"text": "symbols"}}
    fitted = FusionClassifier(**sparse).fit(arrays, binary)
    for model, truth in ((fitted, "audio"), (regressor, "video")):
        beta = model.relevance_.set_index("subset")["beta"]
        assert beta.idxmax() == truth
        assert beta.sum() == pytest.approx(1.0)  # p = 1


def test_tables_have_all_subsets_in_order_and_their_columns(classifier, regressor) -> None:
    expected = ["video", "audio", "text", "video+audio", "video+text", "audio+text", "video+audio+text"]
    for model in (classifier, regressor):
        assert model.subsets_ == expected
        assert model.relevance_["subset"].tolist() == expected
        assert model.relevance_["order"].tolist() == [1, 1, 1, 2, 2, 2, 3]
        table = model.relevance_
        assert table.columns[: len(COLUMNS)].tolist() == COLUMNS
        assert sorted(table.columns[len(COLUMNS) :]) == sorted(f"{name}_spread" for name in SPREADS)
        assert (table[["beta_spread", "block_norm_spread", "weight_share_spread"]] > 0).all(axis=None)
    table = regressor.relevance_  # nothing was held out
    assert table[[*HELD_OUT, "loss_rise_low", "loss_rise_high", "loss_rise_spread"]].isna().all(axis=None)
    assert table["named"].tolist() == [False] * 7
    table = classifier.relevance_
    assert table[[*HELD_OUT, "loss_rise_spread"]].notna().all(axis=None)
    rise = table["loss_rise"]
    assert ((table["loss_rise_low"] <= rise) & (rise <= table["loss_rise_high"])).all()


def test_contributions_and_intercept_sum_to_the_score(arrays, classifier, regressor) -> None:
    for model, score in ((classifier, classifier.decision_function), (regressor, regressor.predict)):
        table, scores = model.contributions(arrays), score(arrays)
        assert list(table.columns) == [*model.subsets_, "intercept"]
        np.testing.assert_allclose(table.sum(axis=1), scores, rtol=1e-6)
        assert np.ptp(table["intercept"]) == 0.0


def test_predictions_are_in_the_words_and_units_of_the_target(
    arrays, binary, numbers, classifier, regressor
) -> None:
    assert classifier.classes_.tolist() == ["no", "yes"]
    assert classifier.score(arrays, binary) > 0.9
    assert set(classifier.predict(arrays)) == {"no", "yes"}
    probability = classifier.predict_proba(arrays)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    np.testing.assert_array_equal(probability[:, 1] > 0.5, classifier.decision_function(arrays) > 0)
    assert regressor.score(arrays, numbers) > 0.8
    assert abs(regressor.predict(arrays).mean() - numbers.mean()) < 0.1 * numbers.std()


def test_several_classes(arrays) -> None:
    y = np.digitize(arrays["audio"][:, 0], [-0.5, 0.5])
    model = FusionClassifier(**QUICK | {"epochs": 20, "cv": FIFTH}).fit(arrays, y)
    scores, table = model.decision_function(arrays), model.contributions(arrays)
    assert scores.shape == (len(y), 3)
    for position, name in enumerate(model.classes_):
        np.testing.assert_allclose(table[name].sum(axis=1), scores[:, position], rtol=1e-6)
    assert model.score(arrays, y) > 0.6
    np.testing.assert_array_equal(model.predict(arrays), model.classes_[scores.argmax(axis=1)])
    assert model.relevance_.set_index("subset")["covariance_share"].idxmax() == "audio"


def test_several_labels(arrays) -> None:
    y = np.column_stack([arrays["audio"][:, 0] > 0, arrays["video"][:, 0] > 5]).astype(int)
    model = FusionClassifier(**QUICK | {"epochs": 20, "cv": FIFTH}).fit(arrays, y)
    assert model.predict(arrays).shape == model.predict_proba(arrays).shape == y.shape
    assert (model.predict(arrays) == y).mean() > 0.85
    assert set(model.relevance_.nlargest(2, "beta")["subset"]) == {"audio", "video"}
    assert model.relevance(arrays, y)["covariance_share"].sum() == pytest.approx(1.0)
    with pytest.raises(InputError, match=r"y has shape \(400,\), expected zeros and ones for 2 labels"):
        model.relevance(arrays, y[:, 0])


def test_several_targets_in_their_own_units(arrays) -> None:
    y = np.column_stack([arrays["audio"][:, 0], 1000.0 * arrays["video"][:, 0]])
    model = FusionRegressor(**QUICK | {"epochs": 20}).fit(arrays, y)
    prediction, table = model.predict(arrays), model.contributions(arrays)
    assert prediction.shape == y.shape
    for position in (0, 1):
        np.testing.assert_allclose(table[position].sum(axis=1), prediction[:, position], rtol=1e-6)
    assert model.score(arrays, y) > 0.6
    assert set(model.relevance_.nlargest(2, "beta")["subset"]) == {"audio", "video"}


def test_one_output_as_a_column_is_predicted_as_a_column(arrays, numbers) -> None:
    model = FusionRegressor(**QUICK).fit(arrays, numbers[:, np.newaxis])
    flat = FusionRegressor(**QUICK).fit(arrays, numbers)
    np.testing.assert_array_equal(model.predict(arrays)[:, 0], flat.predict(arrays))


def test_a_random_state_repeats_a_fit(arrays, binary) -> None:
    one, two = (FusionClassifier(**QUICK, n_seeds=2).fit(arrays, binary) for _ in range(2))
    pd.testing.assert_frame_equal(one.relevance_, two.relevance_)
    np.testing.assert_array_equal(one.predict_proba(arrays), two.predict_proba(arrays))
    other = FusionClassifier(**QUICK | {"random_state": 1}, n_seeds=2).fit(arrays, binary)
    assert not np.array_equal(other.predict_proba(arrays), one.predict_proba(arrays))


@pytest.mark.parametrize(
    ("modalities", "max_order", "expected"),
    [(3, "auto", 7), (4, "auto", 15), (5, "auto", 15), (4, None, 15), (4, 1, 4)],
)
def test_subsets_of_the_default_and_of_others(modalities: int, max_order: Any, expected: int) -> None:
    rng = np.random.default_rng(0)
    X = {str(m): rng.normal(size=(40, 2)) for m in range(modalities)}
    model = FusionRegressor(**QUICK | {"epochs": 1}, max_order=max_order).fit(X, rng.normal(size=40))
    assert len(model.relevance_) == len(model.subsets_) == expected


def test_weights_of_zero_are_samples_left_out(arrays, binary) -> None:
    weight = np.ones(len(binary))
    weight[100:] = 0.0
    nonsense = binary.copy()
    nonsense[100:] = "no"
    weighted = FusionClassifier(**QUICK).fit(arrays, nonsense, sample_weight=weight)
    kept = FusionClassifier(**QUICK).fit({name: x[:100] for name, x in arrays.items()}, binary[:100])
    np.testing.assert_allclose(
        weighted.predict_proba(arrays), kept.predict_proba(arrays), rtol=1e-3, atol=1e-4
    )


def test_equal_weights_change_nothing_and_unequal_ones_do(arrays, binary) -> None:
    plain = FusionClassifier(**QUICK).fit(arrays, binary)
    equal = FusionClassifier(**QUICK).fit(arrays, binary, sample_weight=np.full(len(binary), 3.0))
    np.testing.assert_array_equal(plain.predict_proba(arrays), equal.predict_proba(arrays))
    heavy = FusionClassifier(**QUICK).fit(arrays, binary, sample_weight=9.0 * (binary == "yes") + 1.0)
    assert heavy.predict_proba(arrays)[:, 1].mean() > plain.predict_proba(arrays)[:, 1].mean() + 0.05


@pytest.mark.parametrize("how", ["mask", "nan"])
def test_missing_modalities_by_mask_or_by_rows_of_nan(arrays, binary, how: str) -> None:
    gone = np.arange(len(binary)) % 3 == 0
    if how == "mask":
        changed = {**arrays, "video": np.where(gone[:, np.newaxis], 1e9, arrays["video"])}
        data = ModalityData(changed, present={"video": ~gone})
    else:
        data = ModalityData({**arrays, "video": np.where(gone[:, np.newaxis], np.nan, arrays["video"])})
    model = FusionClassifier(**QUICK).fit(data, binary)
    alone = model.contributions(data)["video"]
    assert np.abs(alone[gone]).max() <= 1e-5 * max(1e-12, np.abs(alone[~gone]).max()) + 1e-9
    zeros = ModalityData(
        {**arrays, "video": np.where(gone[:, np.newaxis], 0.0, arrays["video"])}, present={"video": ~gone}
    )
    same = FusionClassifier(**QUICK).fit(zeros, binary)
    np.testing.assert_allclose(same.predict_proba(zeros), model.predict_proba(data), rtol=1e-6)


def test_symbols_of_minus_one_are_a_missing_sequence(arrays, binary) -> None:
    text = arrays["text"].copy()
    text[::4] = -1
    model = FusionClassifier(**QUICK, encoders={"text": "symbols"}).fit({**arrays, "text": text}, binary)
    masked = ModalityData(arrays, present={"text": np.arange(len(text)) % 4 != 0}, kinds={"text": "symbols"})
    np.testing.assert_array_equal(
        model.predict_proba({**arrays, "text": text}),
        FusionClassifier(**QUICK).fit(masked, binary).predict_proba(masked),
    )


# Selection of lambda, and scikit-learn's own tools


def test_lambda_is_chosen_by_the_out_of_fold_loss(arrays, binary) -> None:
    model = FusionClassifier(**QUICK | {"cv": 2, "penalty": [0.01, 100.0]}).fit(arrays, binary)
    assert model.penalties_.columns.tolist() == ["encoder", "penalty", "loss", "loss_constant", "score"]
    assert model.penalties_["penalty"].tolist() == [0.01, 100.0]
    assert model.penalty_ == 0.01
    losses = model.penalties_["loss"]
    assert losses[0] < losses[1]
    assert (losses[0] < model.penalties_["loss_constant"]).all()
    assert model.penalties_["score"].between(0, 1).all()
    assert model.relevance_[HELD_OUT].notna().all(axis=None)


def test_groups_stay_on_one_side(arrays, binary, monkeypatch: pytest.MonkeyPatch) -> None:
    from mmfusion.estimators import estimator as base

    actual: list[Any] = []
    make = base.make_folds
    monkeypatch.setattr(base, "make_folds", lambda *given: actual.append(make(*given)) or actual[-1])
    groups = np.arange(len(binary)) // 8
    FusionClassifier(**QUICK | {"epochs": 1, "cv": 3}).fit(arrays, binary, groups=groups)
    assert len(actual[0]) == 3
    for train, held_out in actual[0]:
        assert set(groups[train]).isdisjoint(groups[held_out])
        assert len(train) + len(held_out) == len(binary)


def test_a_column_of_classes_is_read_as_classes(arrays, binary, classifier) -> None:
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        actual = classifier.relevance(arrays, binary[:, np.newaxis])
    pd.testing.assert_frame_equal(actual, classifier.relevance(arrays, binary))
    with pytest.raises(ValueError, match="y should be a 1d array"):
        classifier.relevance(arrays, np.column_stack([binary, binary]))


@pytest.mark.parametrize("nothing", [None, np.nan])
def test_a_missing_group_is_reported(arrays, binary, nothing: Any) -> None:
    groups = pd.Series(range(len(binary)), dtype=object)
    groups[3] = nothing
    with pytest.raises(InputError, match=r"groups, row 3 \(counted from 0\): the value is missing"):
        FusionClassifier(**QUICK | {"cv": 2}).fit(arrays, binary, groups=groups)


def test_groups_without_effect_are_reported(arrays, binary) -> None:
    groups = np.arange(len(binary)) // 8
    model = FusionClassifier(**QUICK | {"epochs": 1})
    with pytest.warns(UserWarning, match=r"groups: nothing is held out \(cv=None\), so that") as told:
        model.fit(arrays, binary, groups=groups)
    assert told[0].filename == __file__
    model.set_params(cv=2).fit(arrays, binary, groups=groups)  # a warning is an error here
    with pytest.raises(InputError, match=r"groups is the text 'patient', .* such as groups=X\['patient'\]"):
        model.fit(arrays, binary, groups="patient")


def test_patterns_of_columns(arrays, binary) -> None:
    table = pd.DataFrame(arrays["video"], columns=["v_0", "v_1", "v_2"]).assign(age=arrays["audio"][:, 0])
    model = FusionClassifier({"video": "v_*", "age": "age"}, **QUICK | {"epochs": 2}).fit(table, binary)
    named = FusionClassifier({"video": ["v_0", "v_1", "v_2"], "age": ["age"]}, **QUICK | {"epochs": 2})
    np.testing.assert_array_equal(model.predict_proba(table), named.fit(table, binary).predict_proba(table))
    assert clone(model).get_params()["modalities"] == {"video": "v_*", "age": "age"}


def test_a_row_of_a_table_is_reported_with_its_label(arrays, binary) -> None:
    table = pd.DataFrame(
        arrays["video"], index=[f"p{row}" for row in range(len(binary))], columns=list("abc")
    )
    table.iloc[7, 1] = np.inf
    model = FusionClassifier({"video": list("abc")}, **QUICK)
    with pytest.raises(InputError, match=r"row 7 \(counted from 0; sample 'p7'\), column 'b': the value is"):
        model.fit(table, binary)
    with pytest.raises(InputError, match=r"row 7 \(counted from 0\), column 'b': the value is infinity"):
        model.fit(table.reset_index(drop=True), binary)


def test_search_and_cross_validation(arrays, binary) -> None:
    data = ModalityData(arrays)
    grid = {"p": [1.0, 2.0], "penalty": [0.01, 1.0], "norm": ["ibn", "none"], "max_order": [1]}
    search = GridSearchCV(FusionClassifier(**QUICK | {"epochs": 2}), grid, cv=2).fit(data, binary)
    assert len(search.cv_results_["params"]) == 8
    assert search.best_estimator_.relevance_["subset"].tolist() == ["video", "audio", "text"]
    table = pd.DataFrame(np.column_stack([arrays["video"], arrays["audio"]]), columns=list("abcde"))
    model = FusionClassifier({"video": list("abc"), "audio": list("de")}, **QUICK)
    assert cross_val_score(model, table, binary, cv=2).shape == (2,)


def test_a_raw_mapping_in_cross_validation_raises(arrays, binary) -> None:
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[3, 400\]"):
        cross_val_score(FusionClassifier(**QUICK), arrays, binary, error_score="raise")


def test_clone_and_parameters(arrays) -> None:
    model = FusionClassifier(p=2.0, penalty=[0.1, 1.0], encoders={"text": {"kind": "symbols", "width": 5}})
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy.set_params(p=1.5, norm="dbn").get_params()["p"] == 1.5
    with pytest.raises(NotFittedError):
        copy.predict(arrays)
    with pytest.raises(NotFittedError):
        copy.contributions(arrays)


def test_encoders_by_name_and_with_arguments(arrays, binary) -> None:
    model = FusionClassifier(
        **QUICK, encoders={"text": {"kind": "symbols", "width": 5, "dim": 2}, "video": "vector"}
    )
    model.fit(arrays, binary)
    assert model.ensemble_.networks[0].fusion.dims == {"video": 4, "audio": 4, "text": 2}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"norm": "batch"}, "norm: 'batch', expected one of none"),
        ({"p": 0.5}, "p: 0.5 is out of range"),
        ({"penalty": -1}, "penalty: -1, expected 'auto', a number, 0 or more"),
        ({"penalty": "path"}, "penalty: 'path', expected 'auto', a number"),
        ({"penalty": [0.1, np.inf]}, r"penalty: \[0.1, inf\], expected 'auto', a number"),
        ({"penalty": []}, "penalty: the list is empty"),
        ({"max_order": 0}, "max_order: 0, expected a whole number"),
        ({"dim": 1.5}, "dim: 1.5, expected a whole number, at least 1"),
        ({"n_seeds": 10**9}, "n_seeds: 1000000000, expected a whole number from 1 to 10000"),
        ({"batch_size": 1}, "batch_size: 1, expected a whole number, at least 2"),
        ({"epochs": 0}, "epochs: 0"),
        ({"learning_rate": 0}, "learning_rate: 0, expected a finite number above 0"),
        (
            {"cv": 1},
            "cv: 1, expected a whole number of folds, at least 2, a splitter, pairs of rows, or None",
        ),
        ({"cv": 0.25}, "cv: 0.25, expected a whole number of folds"),
        ({"cv": True}, "cv: True, expected a whole number of folds"),
        ({"cv": "all"}, "cv: 'all', expected a number of folds"),
        ({"floor": 1.0}, "floor: 1.0, expected a number of at least 0 and below 1"),
        ({"information": "all"}, "information: 'all', expected True, False or 'pairs'"),
        ({"norm": ["ibn"]}, r"norm: \['ibn'\], expected one of none"),
        ({"max_order": np.array([1, 2])}, r"max_order: array\(\[1, 2\]\), expected a whole number"),
        ({"information": np.array([True, False])}, "information: array.*, expected True, False or 'pairs'"),
        ({"nonfinite": np.array(["zero"])}, "nonfinite: array.*, expected one of error"),
        ({"convention": np.array(["mkl"])}, "convention: array.* is unknown, expected one of mkl"),
        ({"verbose": "yes"}, "verbose: 'yes', expected True or False"),
        ({"random_state": -1}, r"random_state: -1, expected a whole number from 0 to 2\*\*32 - 1"),
        ({"random_state": [1]}, r"random_state: \[1\], expected a whole number"),
        ({"encoders": {"texts": "vector"}}, r"encoders\['texts'\]: there is no such modality"),
        ({"encoders": {"text": "cnn"}}, r"encoders\['text'\]: 'cnn' is unknown"),
        (
            {"encoders": {"audio": "symbols"}},
            "is not a symbol, expected whole numbers; correct it, or do not call the modality symbols",
        ),
        ({"encoders": {"audio": {"kind": "vector", "depth": 3}}}, r"encoders\['audio'\]: .*depth"),
    ],
)
def test_parameters_that_cannot_be(arrays, binary, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError if "p" not in change else ValueError, match=message):
        FusionClassifier(**QUICK | change).fit(arrays, binary)


@pytest.mark.parametrize("factor", [1e308, 1e-308])
def test_weights_of_any_scale_count_alike(arrays, binary, factor: float) -> None:
    weight = np.linspace(0.25, 1.0, len(binary))
    first, second = (
        FusionClassifier(**QUICK).fit(arrays, binary, sample_weight=scale * weight) for scale in (1.0, factor)
    )
    np.testing.assert_allclose(first.predict_proba(arrays), second.predict_proba(arrays), rtol=1e-4)


def test_weights_too_far_apart_are_refused(arrays, binary) -> None:
    weight = np.ones(len(binary))
    weight[0] = 1e300
    with pytest.raises(
        InputError, match=r"sample_weight: in fold ., at most one sample to train on has a weight"
    ):
        FusionClassifier(**QUICK | {"cv": 2}).fit(arrays, binary, sample_weight=weight)


def test_more_subsets_than_memory_allows_are_reported_before_anything_is_built() -> None:
    X = {str(m): np.zeros((40, 2)) + np.arange(40)[:, None] for m in range(8)}
    with pytest.raises(
        InputError, match=r"max_order=8: 255 subsets of 8 modalities need about .* max_order=\d has"
    ):
        FusionClassifier(dim=64, max_order=None).fit(X, np.arange(40) % 2)


def test_an_order_above_the_number_of_modalities_is_refused() -> None:
    X = {"one": np.zeros((40, 2)), "other": np.ones((40, 2))}
    with pytest.raises(InputError, match="max_order=3 is above the number of modalities, 2; write at"):
        FusionClassifier(max_order=3).fit(X, np.arange(40) % 2)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(400), "one class only"),
        ("mood", r"y is the text 'mood', expected a value for each sample; .* y=X\['mood'\]"),
        (np.linspace(0, 1, 400), "use FusionRegressor for numbers"),
        (
            np.column_stack([np.arange(400) % 2, np.zeros(400, dtype=int)]),
            "y, column 1: all samples have the value 0",
        ),
    ],
)
def test_classes_that_cannot_be(arrays, y: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FusionClassifier(**QUICK).fit(arrays, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.ones(400), "the target is constant"),
        (np.where(np.arange(400) == 7, np.nan, 1.0), r"y, row 7 \(counted from 0\): the value is missing"),
        (["a"] * 400, "values that are not numbers"),
        ("mood", "y is the text 'mood'"),
    ],
)
def test_numbers_that_cannot_be(arrays, y: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FusionRegressor(**QUICK).fit(arrays, y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(3), r"sample_weight has shape \(3,\)"),
        (np.full(400, -1.0), r"sample_weight, row 0 \(counted from 0\): -1.0"),
        (["heavy"] * 400, "sample_weight holds values that are not numbers"),
        ("weight", r"sample_weight is the text 'weight', expected a value .*sample_weight=X\['weight'\]"),
        (np.zeros(400), "zero weight"),
        ((np.arange(400) == 3) * 1.0, "zero weight"),
    ],
)
def test_weights_that_cannot_be(arrays, binary, weight: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FusionClassifier(**QUICK).fit(arrays, binary, sample_weight=weight)


def test_other_data_than_in_training_is_reported(arrays, classifier) -> None:
    with pytest.raises(InputError, match="X has the modalities audio, video, expected video, audio, text"):
        classifier.predict({name: arrays[name] for name in ("audio", "video")})
    with pytest.raises(InputError, match=r"X\['audio'\] has shape \(400, 1\), expected 2 columns"):
        classifier.predict({**arrays, "audio": arrays["audio"][:, :1]})
    with pytest.raises(InputError, match="there is a symbol 9, expected 0 to 3"):
        classifier.predict({**arrays, "text": np.full((400, 20), 9)})
    with pytest.raises(InputError, match=r"y, row 2 \(counted from 0\): 'maybe' is not a class of training"):
        classifier.relevance(arrays, np.array(["no", "yes", "maybe"] * 133 + ["no"]))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        classifier.relevance(arrays, np.array(["no"] * 399))
    with pytest.raises(DataError, match=r"text: symbols have shape \(400, 1\), expected"):
        classifier.predict({**arrays, "text": arrays["text"][:, :1]})


def test_a_mapping_after_a_table_forgets_the_columns_of_the_table(arrays, binary) -> None:
    table = pd.DataFrame(arrays["video"], columns=list("abc"))
    model = FusionClassifier({"video": list("abc")}, **QUICK | {"epochs": 1}).fit(table, binary)
    model.set_params(modalities=None).fit(arrays, binary)
    assert not hasattr(model, "feature_names_in_")
    assert len(model.predict(arrays)) == len(binary)


def test_a_fit_that_fails_leaves_the_earlier_one() -> None:
    rng = np.random.default_rng(0)
    X = {"a": rng.normal(size=(40, 2)), "b": rng.normal(size=(40, 2))}
    model = FusionClassifier(epochs=1, cv=2, penalty=0.01).fit(X, np.arange(40) % 2)
    before = model.predict(X)
    broken = {**X, "b": np.where(np.arange(40)[:, None] == 3, np.inf, X["b"])}
    with pytest.raises(InputError):
        model.fit(broken, np.array(["cat", "dog", "owl", "cow"])[np.arange(40) % 4])
    np.testing.assert_array_equal(model.predict(X), before)
    assert model.classes_.tolist() == [0, 1]
