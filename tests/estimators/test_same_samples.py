"""Samples and columns are joined by their names, in any order; without names, by position."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import cross_val_score

from mmfusion import FusionClassifier, FusionRegressor, ModalityData
from mmfusion.data.alignment import is_numbered, names_of
from mmfusion.errors import InputError
from mmfusion.estimators.inputs import same_samples
from mmfusion.notices import ChoiceWarning, told

pytestmark = pytest.mark.usefixtures("quick_baseline")
N = 300
QUICK: dict[str, Any] = {"epochs": 8, "random_state": 0, "dim": 4, "cv": None, "penalty": 0.01}
NAMES = [f"p{row:03d}" for row in range(N)]
RNG = np.random.default_rng(0)
RNA = pd.DataFrame(RNG.normal(size=(N, 4)), index=NAMES, columns=list("abcd"))
PROT = pd.DataFrame(RNG.normal(size=(N, 3)), index=NAMES, columns=list("efg"))
Y = (2 * RNA["a"] + 2 * PROT["f"] > 0).astype(int)
SHUFFLED = RNG.permutation(N)


@pytest.fixture(scope="module")
def model() -> FusionClassifier:
    return FusionClassifier(**QUICK).fit({"rna": RNA, "prot": PROT}, Y)


def probabilities(fitted: FusionClassifier) -> Any:
    return fitted.predict_proba({"rna": RNA, "prot": PROT})


# Names of samples


def test_modalities_and_target_in_another_order_are_joined(model: FusionClassifier) -> None:
    given_otherwise = FusionClassifier(**QUICK).fit({"rna": RNA, "prot": PROT.iloc[SHUFFLED]}, Y.iloc[::-1])
    np.testing.assert_array_equal(probabilities(given_otherwise), probabilities(model))
    np.testing.assert_array_equal(
        model.predict({"rna": RNA, "prot": PROT.iloc[SHUFFLED]}), model.predict({"rna": RNA, "prot": PROT})
    )


def test_groups_and_weights_are_joined_too() -> None:
    groups = pd.Series(np.arange(N) // 3, index=NAMES)
    weights = pd.Series(RNG.uniform(0.5, 2.0, N), index=NAMES)
    X = {"rna": RNA, "prot": PROT}
    one, other = (
        FusionClassifier(**QUICK | {"cv": 2}).fit(
            X, Y, groups=groups.iloc[order], sample_weight=weights.iloc[order]
        )
        for order in (np.arange(N), SHUFFLED)
    )
    pd.testing.assert_frame_equal(one.relevance_, other.relevance_)
    pd.testing.assert_frame_equal(
        one.relevance(X, Y, sample_weight=weights), one.relevance(X, Y.iloc[SHUFFLED], weights.iloc[SHUFFLED])
    )


def test_one_table_and_its_target_are_joined() -> None:
    table = pd.concat([RNA, PROT], axis=1)
    columns = {"rna": list("abcd"), "prot": list("efg")}
    one = FusionClassifier(columns, **QUICK).fit(table, Y)
    other = FusionClassifier(columns, **QUICK).fit(table, Y.iloc[SHUFFLED])
    np.testing.assert_array_equal(one.predict_proba(table), other.predict_proba(table))
    assert one.score(table, Y.iloc[SHUFFLED]) == one.score(table, Y) > 0.8


def test_scores_are_of_the_same_samples(model: FusionClassifier) -> None:
    X = {"rna": RNA, "prot": PROT}
    assert model.score(X, Y.iloc[SHUFFLED]) == model.score(X, Y) > 0.8
    numbers = 3.0 * RNA["a"]
    regressor = FusionRegressor(**QUICK).fit(X, numbers)
    assert regressor.score(X, numbers.iloc[SHUFFLED]) == regressor.score(X, numbers) > 0.3


def test_contributions_carry_the_names(model: FusionClassifier) -> None:
    table = model.contributions({"rna": RNA.iloc[:5], "prot": PROT.iloc[4::-1]})
    assert table.index.tolist() == NAMES[:5]
    np.testing.assert_allclose(
        table.sum(axis=1), model.decision_function({"rna": RNA[:5], "prot": PROT[:5]}), rtol=1e-5
    )


@pytest.mark.parametrize("place", ["prot", "y", "groups"])
def test_names_that_only_some_have_are_named(place: str) -> None:
    X, y, groups = {"rna": RNA, "prot": PROT}, Y, pd.Series(np.arange(N), index=NAMES)
    if place == "prot":
        X = {"rna": RNA, "prot": PROT.iloc[2:]}
    elif place == "y":
        y = Y.iloc[2:]
    else:
        groups = groups.iloc[2:]
    named = "X['prot']" if place == "prot" else place
    with pytest.raises(InputError) as caught:
        FusionClassifier(**QUICK | {"cv": 2}).fit(X, y, groups=groups)
    assert str(caught.value).startswith(f"{named} lacks 2 of the samples that ")
    assert "'p000', 'p001'" in str(caught.value)
    assert "unmatched='drop'" in str(caught.value)


def test_names_that_only_some_have_are_dropped_by_choice() -> None:
    model = FusionClassifier(**QUICK, unmatched="drop")
    with pytest.warns(
        ChoiceWarning, match=r"samples that only some of the values name were dropped"
    ) as caught:
        model.fit({"rna": RNA.iloc[3:], "prot": PROT.iloc[SHUFFLED]}, Y.iloc[:-2])
    assert {warning.filename for warning in caught} == {__file__}
    assert [str(warning.message).split()[0] for warning in caught] == ["3", "5"]  # within X, then with y
    kept = NAMES[3:-2]
    expected = FusionClassifier(**QUICK, unmatched="drop").fit(
        {"rna": RNA.loc[kept], "prot": PROT.loc[kept]}, Y[kept]
    )
    np.testing.assert_array_equal(probabilities(model), probabilities(expected))


def test_repeated_names_cannot_be_joined() -> None:
    repeated = PROT.rename(index={"p001": "p000"})
    with pytest.raises(InputError, match=r"X\['prot'\]: the sample 'p000' occurs several times in the index"):
        ModalityData({"rna": RNA, "prot": repeated})
    same = ModalityData(
        {"rna": RNA.set_axis(repeated.index), "prot": repeated}
    )  # in one order: nothing to join
    np.testing.assert_array_equal(same.arrays["prot"], PROT)


def test_without_any_common_name() -> None:
    with pytest.raises(InputError, match="have no sample in common by their index"):
        ModalityData({"rna": RNA, "prot": PROT.add_prefix("x", axis=0)}, unmatched="drop")


def test_arrays_go_by_position_and_a_default_index_is_no_name(model: FusionClassifier) -> None:
    arrays = {"rna": RNA.to_numpy(), "prot": PROT.reset_index(drop=True)}
    by_position = FusionClassifier(**QUICK).fit(arrays, Y.to_numpy())
    np.testing.assert_array_equal(by_position.predict_proba(arrays), probabilities(model))
    mixed = FusionClassifier(**QUICK).fit({"rna": RNA, "prot": PROT.reset_index(drop=True)}, Y.to_list())
    np.testing.assert_array_equal(mixed.predict_proba(arrays), probabilities(model))


def test_position_is_told_where_the_order_is_not_sure() -> None:
    X = {"rna": RNA, "prot": PROT.iloc[SHUFFLED]}
    with pytest.warns(ChoiceWarning, match=r"y has no names of samples, .* go by position with those of X"):
        model = FusionClassifier(**QUICK).fit(X, Y.to_numpy())
    assert model.score({"rna": RNA, "prot": PROT}, Y) > 0.8  # the order of the first modality
    table = RNA.reset_index(drop=True)
    with pytest.warns(ChoiceWarning, match=r"X has row numbers, .* with those of y"):
        FusionClassifier(**QUICK).fit({"rna": table}, Y.reset_index(drop=True).iloc[SHUFFLED])


def test_parts_of_a_table_are_joined_by_their_numbers() -> None:
    table, y = RNA.reset_index(drop=True), Y.reset_index(drop=True)
    rows = SHUFFLED[:200]
    data, aligned = same_samples(ModalityData({"rna": table.iloc[rows]}), {"y": y.iloc[np.sort(rows)]})
    np.testing.assert_array_equal(data.arrays["rna"], table.iloc[rows])
    np.testing.assert_array_equal(aligned["y"], y.iloc[rows])


def test_cross_validation_of_a_table_and_a_series() -> None:
    table = pd.concat([RNA, PROT], axis=1)
    columns = {"rna": list("abcd"), "prot": list("efg")}
    scores = cross_val_score(FusionClassifier(columns, **QUICK), table, Y, cv=3)
    assert scores.mean() > 0.75


@settings(max_examples=60, deadline=None)
@given(
    orders=st.lists(st.permutations(range(6)), min_size=2, max_size=3),
    left_out=st.lists(st.sets(st.integers(0, 5), max_size=2), min_size=3, max_size=3),
)
def test_joining_is_pandas_inner_join(orders: list[list[int]], left_out: list[set[int]]) -> None:
    values = [
        pd.DataFrame(
            {str(m): [10.0 * m + row for row in order if row not in gone]},
            index=[f"s{row}" for row in order if row not in gone],
        )
        for m, (order, gone) in enumerate(zip(orders, left_out, strict=False))
    ]
    expected = pd.concat(values, axis=1, join="inner").loc[
        [s for s in values[0].index if all(s in v.index for v in values)]
    ]
    complete = all(len(value) == len(set().union(*(v.index for v in values))) for value in values)
    arrays = {f"m{m}": value for m, value in enumerate(values)}
    if not complete:
        if len(expected) == 0:
            return
        with pytest.raises(InputError, match="lacks"):
            ModalityData(arrays)
    with told():
        data = ModalityData(arrays, unmatched="drop")
    np.testing.assert_array_equal(np.column_stack(list(data.arrays.values())), expected)
    assert data.ids is not None
    assert data.ids.tolist() == expected.index.tolist()


def test_what_is_a_name() -> None:
    assert names_of(np.zeros(3)) is None
    assert names_of(pd.Series([1, 2])) is None
    assert names_of(pd.DataFrame({"a": [1, 2, 3]})[1:]) is not None
    assert is_numbered(pd.Index([2, 0, 1]))
    assert is_numbered(pd.Index([5, 9, 7]))
    assert not is_numbered(pd.Index([0, 1, 2]))
    assert not is_numbered(pd.Index(["b", "a"]))
    with pytest.raises(InputError, match="unmatched: 'keep' is unknown, expected one of error, drop"):
        ModalityData({"rna": RNA.to_numpy()}, unmatched="keep")


# Names of columns and modalities


def test_columns_and_modalities_in_another_order_are_put_right(
    model: FusionClassifier, tmp_path: Path
) -> None:
    otherwise = {"prot": PROT[["g", "e", "f"]], "rna": RNA[RNA.columns[::-1]]}
    np.testing.assert_array_equal(model.predict_proba(otherwise), probabilities(model))
    assert model.columns_ == {"rna": tuple("abcd"), "prot": tuple("efg")}
    model.save(tmp_path / "model.safetensors")
    loaded = FusionClassifier.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict_proba(otherwise), probabilities(model))
    assert loaded.columns_ == model.columns_
    data = ModalityData(otherwise)
    np.testing.assert_array_equal(model.predict_proba(data), probabilities(model))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (
            {"rna": RNA.rename(columns={"a": "x"}), "prot": PROT},
            r"X\['rna'\] lacks 'a' and has 'x', expected the col",
        ),
        (
            {"rna": RNA[["a", "b"]], "prot": PROT},
            r"X\['rna'\] lacks 'c', 'd', expected the columns of training",
        ),
        ({"rna": RNA.assign(z=1.0), "prot": PROT}, r"X\['rna'\] has 'z', expected the columns of training"),
        ({"rna": RNA}, "X has the modalities rna, expected rna, prot, as in training"),
        (
            {"rna": RNA, "prot": PROT, "cells": PROT},
            "X has the modalities rna, prot, cells, expected rna, prot",
        ),
        (
            {"rna": RNA, "prot": PROT.to_numpy()[:, :2]},
            r"X\['prot'\] has shape \(300, 2\), expected 3 columns",
        ),
    ],
)
def test_other_columns_are_refused(model: FusionClassifier, X: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        model.predict(X)


def test_arrays_without_names_go_by_the_position_of_their_columns(model: FusionClassifier) -> None:
    np.testing.assert_array_equal(
        model.predict_proba({"rna": RNA.to_numpy(), "prot": PROT}), probabilities(model)
    )


def test_columns_of_one_table_in_another_order_or_with_others() -> None:
    table = pd.concat([RNA, PROT], axis=1).add_prefix("m_")
    model = FusionClassifier({"all": "m_*"}, **QUICK).fit(table, Y)
    expected = model.predict_proba(table)
    np.testing.assert_array_equal(model.predict_proba(table[table.columns[::-1]].assign(target=1)), expected)
    with pytest.raises(InputError, match=r"X\['all'\] has 'm_new', expected the columns of training"):
        model.predict(table.assign(m_new=0.0))


def test_two_level_columns_are_known_after_loading(tmp_path: Path) -> None:
    table = pd.concat({"rna": RNA, "prot": PROT}, axis=1)
    model = FusionClassifier(**QUICK).fit(table, Y)
    model.save(tmp_path / "model")
    loaded = FusionClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(
        loaded.predict_proba(table[table.columns[::-1]]), model.predict_proba(table)
    )


def test_a_value_is_named_by_its_own_column_after_reordering(model: FusionClassifier) -> None:
    spoilt = RNA.copy()
    spoilt.loc["p007", "b"] = np.inf
    for columns in (list("abcd"), list("dcba")):
        with pytest.raises(
            InputError, match=r"row 7 \(counted from 0; sample 'p007'\), column 'b': the value is inf"
        ):
            model.predict({"rna": spoilt[columns], "prot": PROT})


def test_an_arrow_table_is_one_table() -> None:
    table = pd.concat([RNA, PROT], axis=1).reset_index(drop=True)
    columns = {"rna": list("abcd"), "prot": list("efg")}
    model = FusionClassifier(columns, **QUICK).fit(pa.Table.from_pandas(table), Y.to_numpy())
    np.testing.assert_array_equal(model.predict(pa.Table.from_pandas(table)), model.predict(table))


def test_rows_that_were_cut_out_meet_a_default_index() -> None:
    """A table split from another may have lost its row numbers: the message names the position instead."""
    table, y = RNA.reset_index(drop=True), Y.reset_index(drop=True)
    for X, target in (
        (table.iloc[SHUFFLED[:200]].reset_index(drop=True), y.iloc[np.sort(SHUFFLED[:200])]),
        (table.iloc[:-5], y.iloc[5:]),
        (table.iloc[5:], y.iloc[:-5]),
    ):
        with pytest.warns(
            ChoiceWarning, match="has row numbers, which are no names of samples, so that its rows go"
        ):
            FusionClassifier(**QUICK | {"epochs": 1}).fit({"rna": X}, target)


def test_row_numbers_beside_names_go_by_position() -> None:
    """Cross-validation cuts a Series with the default index into parts with row numbers."""
    data = ModalityData({"rna": RNA, "prot": PROT})
    y = Y.reset_index(drop=True)
    with pytest.warns(ChoiceWarning, match=r"y has row numbers, which are no names"):
        scores = cross_val_score(FusionClassifier(**QUICK), data, y, cv=3)
    assert scores.mean() > 0.75


@pytest.mark.parametrize(
    "index", [[0.5, 1.5, np.nan], pd.Index([1, 2, pd.NA], dtype="Int64"), ["a", "b", None]]
)
def test_a_missing_name_is_told(index: Any) -> None:
    one = pd.DataFrame({"x": [1.0, 2.0, 3.0]}, index=index)
    with pytest.raises(InputError, match="a sample has no name in the index"):
        ModalityData({"a": one, "b": one.iloc[::-1]})


def test_lengths_and_masks_are_joined_too() -> None:
    steps = np.ones((3, 4, 2))
    data = ModalityData(
        {"a": RNA.iloc[:3]}, present={"a": pd.Series([False, True, True], index=["p002", "p000", "p001"])}
    )
    assert data.present["a"].tolist() == [True, True, False]
    with pytest.raises(InputError, match=r"lacks 1 of the samples that present\['a'\] has: 'x'"):
        ModalityData(
            {"a": RNA.iloc[:3]}, present={"a": pd.Series([True, True, True], index=["p002", "p000", "x"])}
        )
    for mask in (["True", "False", "True"], [1.0, np.nan, 0.0], [2, 0, 1]):
        with pytest.raises(InputError, match=r"present\['s'\], row .* is not a truth value"):
            ModalityData({"s": steps}, present={"s": mask})


def test_an_unnamed_modality_beside_names_in_another_order_is_told() -> None:
    shuffled = PROT.iloc[SHUFFLED]
    for prot in (shuffled.to_numpy(), shuffled.reset_index(drop=True)):
        with pytest.warns(
            ChoiceWarning, match=r"X\['prot'\] has .*, so that its rows go by position with those of"
        ):
            FusionClassifier(**QUICK | {"epochs": 1}).fit({"rna": RNA, "prot": prot}, Y.iloc[SHUFFLED])
    FusionClassifier(**QUICK | {"epochs": 1}).fit(
        {"rna": RNA, "prot": PROT.to_numpy()}, Y
    )  # one order: no warning


def test_disjoint_names_show_one_of_each() -> None:
    with pytest.raises(
        InputError, match=r"no sample in common by their index \(X\['rna'\] has 'p000' and X\['prot'\]"
    ):
        ModalityData({"rna": RNA, "prot": PROT.rename(index=str.upper)})


def test_a_mask_with_names_selects_by_them() -> None:
    data = ModalityData({"rna": RNA})
    mask = pd.Series(np.arange(N) < 5, index=NAMES)
    for chosen in (mask, mask.iloc[SHUFFLED]):
        assert data[chosen].ids.tolist() == NAMES[:5]  # type: ignore[union-attr]  # they have names
    with pytest.raises(InputError, match="the mask lacks 1 of the samples that X has"):
        _ = data[mask.iloc[1:]]
    with pytest.raises(InputError, match=r"select\['prot'\]: there is no such modality, expected one of rna"):
        data.select(["prot"])
